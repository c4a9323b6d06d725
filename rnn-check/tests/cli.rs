//! The command line: what it prints, what it writes, and how it ends.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

fn rnn_check(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_rnn-check")).args(arguments).output().expect("the program runs")
}

fn printed(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).expect("it prints text")
}

fn complaint(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).expect("it prints text")
}

/// A folder of this test alone.
fn folder() -> tempfile::TempDir {
    tempfile::tempdir().expect("there is room for a folder")
}

fn text(path: &Path) -> String {
    std::fs::read_to_string(path).expect("it was written")
}

fn document(folder: &Path) -> PathBuf {
    let path = folder.join("TABLES.md");
    let section = |name: &str| format!("<!-- begin: {name} -->\n<!-- end: {name} -->\n");
    let sections = ["kill-matrix", "detection-floors", "registry"].map(section);
    std::fs::write(&path, format!("# Tables\n\n{}\nThe end.\n", sections.join("\nBetween.\n\n")))
        .expect("it is written");
    path
}

#[test]
fn list_names_laws_bugs_and_backends() {
    let output = rnn_check(&["list"]);
    assert_eq!(output.status.code(), Some(0), "{}", complaint(&output));
    let text = printed(&output);
    for part in ["replace_never_reads_c", "ReplaceTimesZero: product:", "faer-parallel:2", "Compensated", "f64 only"] {
        assert!(text.contains(part), "{part} is not in\n{text}");
    }
}

#[test]
fn a_backend_that_keeps_a_law_passes_and_the_report_is_written() {
    let folder = folder();
    let json = folder.path().join("report.json");
    let path = json.to_str().expect("a plain path");
    for backend in ["naive", "matrixmultiply", "faer", "faer-fast", "faer-parallel:3"] {
        let output =
            rnn_check(&["run", "--backend", backend, "--law", "replace_never_reads_c", "--seed", "7", "--json", path]);
        assert_eq!(output.status.code(), Some(0), "{}{}", printed(&output), complaint(&output));
        assert!(printed(&output).contains("1 laws"), "{}", printed(&output));
        let reports: Vec<rnn_check::Report> = serde_json::from_str(&text(&json)).expect("reports");
        assert_eq!(reports.len(), 2);
        assert!(reports.iter().all(|report| report.passes() && report.seed == 7));
    }
}

#[test]
fn all_backends_together_are_the_sum_of_each() {
    let counts = |arguments: &[&str]| {
        let output = rnn_check(&[&["run", "--law", "replace_never_reads_c"], arguments].concat());
        assert_eq!(output.status.code(), Some(0), "{}{}", printed(&output), complaint(&output));
        let text = printed(&output);
        let before = |line: &str, word: &str| {
            let words: Vec<_> = line.split([' ', ',']).filter(|part| !part.is_empty()).collect();
            let at = words.iter().position(|part| *part == word).unwrap_or_else(|| panic!("{word} is not in {line}"));
            words[at - 1].parse::<usize>().expect("a number")
        };
        let lines = text.lines().filter(|line| line.contains("comparisons"));
        lines.map(|line| ["laws", "cases", "comparisons"].map(|word| before(line, word))).collect::<Vec<_>>()
    };
    let all = counts(&["--all"]);
    let backends = ["naive", "matrixmultiply", "faer", "faer-fast", "faer-parallel"];
    let each: Vec<_> = backends.iter().flat_map(|backend| counts(&["--backend", backend])).collect();
    let (sums, reports) = all.split_last().expect("it prints lines");
    assert_eq!(reports, each);
    let [cases, comparisons] = [1, 2].map(|k| each.iter().map(|counts| counts[k]).sum::<usize>());
    assert_eq!(*sums, [1, cases, comparisons]);
}

#[test]
fn what_cannot_be_done_is_said_in_one_line_and_ends_with_2() {
    let missing = folder().path().join("missing.md");
    let missing = missing.to_str().expect("a plain path");
    for arguments in [
        &["run", "--backend", "fear"][..],
        &["run", "--backend", "naive", "--law", "no_such_law"],
        &["run"],
        &["run", "--all", "--backend", "naive"],
        &["matrix", "--law", "no_such_law"],
        &["matrix", "--law", "replace_never_reads_c", "--check", missing],
        &["matrix", "--markdown", "a", "--check", "b"],
        &["report", "--html", "/no/such/folder/page.html", "--law", "no_such_law"],
        &["replay", "nonsense", "--backend", "naive"],
        &["frobnicate"],
    ] {
        let output = rnn_check(arguments);
        let complaint = complaint(&output);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {complaint}");
        assert_eq!(complaint.lines().count(), 1, "{arguments:?}: {complaint}");
        assert!(complaint.starts_with("rnn-check: "), "{complaint}");
    }
}

#[test]
fn outputs_that_cannot_be_written_or_are_each_other_are_refused_before_the_work() {
    let folder = folder();
    let document = document(folder.path());
    let plain = folder.path().join("plain.md");
    std::fs::write(&plain, "no sections\n").expect("it is written");
    let missing = folder.path().join("missing").join("file");
    let [document, plain, missing] = [&document, &plain, &missing].map(|path| path.to_str().expect("a plain path"));
    let here = folder.path().to_str().expect("a plain path");
    for (arguments, complains) in [
        // None of these could end within the time of a test if the work came first.
        (&["run", "--all", "--profile", "exhaustive", "--json", missing][..], "writing"),
        (&["run", "--all", "--profile", "exhaustive", "--json", here], "expected a regular file"),
        (&["report", "--profile", "exhaustive", "--html", missing], "writing"),
        (&["matrix", "--json", missing], "writing"),
        (&["matrix", "--markdown", plain], "begin: kill-matrix"),
        (&["matrix", "--markdown", document, "--json", document], "another file than that of --json"),
        (&["matrix", "--check", document, "--json", document], "another file than that of --check"),
        (&["activations", "--exhaustive", "--markdown", plain], "begin: activations"),
    ] {
        let before = text(Path::new(document));
        let output = rnn_check(arguments);
        let complaint = complaint(&output);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {complaint}");
        assert!(complaint.contains(complains) && complaint.lines().count() == 1, "{arguments:?}: {complaint}");
        assert_eq!(text(Path::new(document)), before);
    }
}

#[cfg(unix)]
#[test]
fn a_file_that_is_replaced_keeps_its_permissions_and_its_links() {
    use std::os::unix::fs::{PermissionsExt, symlink};
    let folder = folder();
    let [real, link, kept] = ["real.json", "link.json", "kept.json"].map(|name| folder.path().join(name));
    let mode = |path: &Path| std::fs::metadata(path).expect("it exists").permissions().mode() & 0o777;
    let set_mode = |path: &Path, mode| {
        std::fs::write(path, "before").expect("it is written");
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).expect("it is ours");
    };
    set_mode(&real, 0o640);
    set_mode(&kept, 0o444);
    symlink("real.json", &link).expect("links exist");
    let run = |json: &Path| {
        let json = json.to_str().expect("a plain path");
        rnn_check(&["run", "--backend", "naive", "--law", "replace_never_reads_c", "--json", json])
    };
    let through = run(&link);
    assert_eq!(through.status.code(), Some(0), "{}", complaint(&through));
    assert!(link.is_symlink() && text(&real).starts_with('['));
    assert_eq!(mode(&real), 0o640);
    let refused = run(&kept);
    assert_eq!(refused.status.code(), Some(2), "{}", complaint(&refused));
    assert_eq!(text(&kept), "before");
}

#[test]
fn a_document_is_kept_up_to_date_and_an_altered_table_is_found() {
    let folder = folder();
    let path = document(folder.path());
    let name = path.to_str().expect("a plain path");
    // A law of one case: what is tried here is the document.
    let matrix = |how| rnn_check(&["matrix", "--law", "gates_are_in_pytorch_order", how, name]);

    let stale = matrix("--check");
    assert_eq!(stale.status.code(), Some(1), "{}", complaint(&stale));
    // One law cannot kill every bug, so writing the tables reports survivors.
    let written = matrix("--markdown");
    assert_eq!(written.status.code(), Some(1), "{}", complaint(&written));
    let fresh = text(&path);
    assert!(fresh.starts_with("# Tables\n") && fresh.ends_with("The end.\n") && fresh.contains("\nBetween.\n"));
    assert!(fresh.contains("| `variant::gates_are_in_pytorch_order` | bits |"), "{fresh}");

    let same = matrix("--check");
    assert_eq!(same.status.code(), Some(0), "{}", printed(&same));
    let line = fresh.lines().position(|line| line.contains("TailDropped")).expect("the bug has a line");
    std::fs::write(&path, fresh.replace("TailDropped", "HeadDropped")).expect("it is written");
    let altered = matrix("--check");
    assert_eq!(altered.status.code(), Some(1));
    let difference = printed(&altered);
    for part in [&format!("line {}", line + 1), "- | HeadDropped", "+ | TailDropped"] {
        assert!(difference.contains(part), "{part} is not in\n{difference}");
    }
}

#[test]
fn the_matrix_is_written_as_json() {
    let folder = folder();
    let path = folder.path().join("matrix.json");
    let output = rnn_check(&["matrix", "--law", "foreign::", "--json", path.to_str().expect("a plain path")]);
    assert_eq!(output.status.code(), Some(1), "{}", complaint(&output));
    assert!(printed(&output).contains("# fails in f32 and f64"));
    let value: serde_json::Value = serde_json::from_str(&text(&path)).expect("json");
    let number = |key: &str| value[key].as_u64().expect(key);
    assert_eq!(number("planted"), rnn_check::planted::Bug::ALL.len() as u64);
    assert!(number("killed") > 0 && number("correct_variants") == rnn_check::planted::Way::ALL.len() as u64);
    assert_eq!(value["rejected_variants"], serde_json::json!([]));
    let killed = &value["sole_killers"]["foreign::other_libraries_orders_are_permutations"];
    assert!(killed.as_array().is_some_and(|bugs| !bugs.is_empty()));
    for key in ["survivors", "largest_ratios", "defence_in_depth", "bugs", "floors"] {
        assert!(!value[key].is_null(), "{key}");
    }
}

#[test]
fn the_page_needs_nothing_else() {
    let folder = folder();
    let path = folder.path().join("page.html");
    let output = rnn_check(&["report", "--html", path.to_str().expect("a plain path"), "--law", "foreign::"]);
    // One law cannot kill every bug.
    assert_eq!(output.status.code(), Some(1), "{}", complaint(&output));
    let page = text(&path);
    assert!(page.starts_with("<!DOCTYPE html>") && page.ends_with("</html>"));
    assert_eq!(page.matches("<svg").count(), 4);
    let law = "foreign::other_libraries_orders_are_permutations";
    for part in ["class=\"matrix\"", "TailDropped", law, "class=\"bar\"", "tanh in f64"] {
        assert!(page.contains(part), "{part}");
    }
    // The one address is the name of the SVG namespace.
    let addresses = page.replace("http://www.w3.org/2000/svg", "");
    for outside in ["http:", "https:", "src=", "href=", "@import", "url(", "<script", "<link"] {
        assert!(!addresses.contains(outside), "{outside}");
    }
}
