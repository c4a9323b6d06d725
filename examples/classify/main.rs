//! Which class is a sequence of? `cargo run --release --example classify`, or `-- --data FILE --key COLUMN --class COLUMN`.
//!
//! Ragged sequences of several features are read by networks of which the last step, the final states or every step decides; several seeds
//! of each kind, alone and together. Beside them stand the class whose mean is nearest and the sequence whose mean is nearest, and the
//! confusion matrices are drawn. Its own data are nine speakers' vowels.

#[path = "../progress/bar.rs"]
mod bar;
mod chart;
mod confusion;
mod data;
mod nearest;
mod network;
mod options;

use bar::Bar;
use clap::Parser;
use confusion::Confusion;
use data::{Data, classes, files};
use network::{add, decide, log_probabilities, train};
use options::{Options, Output};
use recurrent::file::{check_outputs, in_folder, write_atomically};
use recurrent::{Error, Result};
use serde::Serialize;
use serde_json::json;
use std::io::Write;
use std::process::ExitCode;
use std::time::Instant;

/// What others reached on the vowels, in the same two parts; `japanese_vowels/README.md` has where it is from.
const PUBLISHED: [(&str, f64); 2] = [
    ("passing-through regions (Kudo, Toyama & Shimbo 1999)", 0.941),
    ("hidden Markov model of five states (the same)", 0.962),
];

/// What networks with one kind of output reached.
#[derive(Debug, Serialize)]
struct Reached {
    output: Output,
    /// The share of right decisions of each seed.
    accuracies: Vec<f64>,
    /// The loss of each seed on the sequences that chose its epoch, which are none of the test.
    validation: Vec<f64>,
    /// Of the probabilities of all seeds, multiplied.
    together: f64,
    confusion: Confusion,
    seconds: f64,
}

fn main() -> ExitCode {
    match run(&Options::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "classify: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(options: &Options) -> Result<()> {
    let begun = Instant::now();
    let product = || in_folder(concat!(env!("CARGO_MANIFEST_DIR"), "/target/classify"), "classify.svg");
    let svg = options.svg.clone().map_or_else(product, Ok)?;
    let (train_file, test_file) = files(options);
    let inputs = std::iter::once(&train_file).chain(&test_file).map(|path| ("the data", path.as_path()));
    check_outputs(inputs, [("--svg", Some(&*svg)), ("--summary", options.summary.as_deref())])?;

    let data = Data::read(options)?;
    let judge = |decided: &[u32]| Confusion::of(classes(&data.test), decided, data.classes);
    let nearest_class = judge(&nearest::by_class(&data.train, &data.test, data.classes)).accuracy();
    let nearest_sequence = judge(&nearest::by_sequence(&data.train, &data.test)).accuracy();
    let bar = Bar::new(options.output.len() as u64 * u64::from(options.seeds) * options.epochs);
    let outputs = (0..).zip(&options.output);
    let reached = outputs.map(|(k, output)| reach(&data, options, *output, &bar, k)).collect::<Result<Vec<_>>>()?;
    drop(bar);

    let caption = |kind: &Reached| format!("{}: {:.1} % right", kind.output.name(), 100.0 * kind.together);
    let matrices: Vec<_> = reached.iter().map(|kind| (caption(kind), &kind.confusion)).collect();
    write_atomically(&svg, chart::draw(&matrices)?.as_bytes())?;
    let published = if options.data.is_none() { &PUBLISHED[..] } else { &[] };
    if let Some(path) = &options.summary {
        let summary = json!({
            "train": data.train.len(), "test": data.test.len(), "classes": data.classes, "cell": options.cell,
            "seed": options.seed, "nearest_class": nearest_class, "nearest_sequence": nearest_sequence,
            "published": published, "outputs": reached, "seconds": begun.elapsed().as_secs_f64(),
        });
        write_atomically(path, format!("{summary:#}\n").as_bytes())?;
    }

    let (sequences, known) = (data.test.len(), data.train.len());
    let mut text = format!("% right of {sequences} sequences, learnt from {known}\n");
    let mut line = |accuracy: f64, name: &str| text += &format!("  {:5.1}  {name}\n", 100.0 * accuracy);
    line(nearest_class, "nearest mean of a class");
    line(nearest_sequence, "nearest mean of a sequence");
    published.iter().for_each(|(name, accuracy)| line(*accuracy, name));
    for Reached { output, accuracies, together, .. } in &reached {
        let each: Vec<_> = accuracies.iter().map(|accuracy| format!("{:.1}", 100.0 * accuracy)).collect();
        line(
            *together,
            &format!("{} of {}, {} seeds together ({})", output.name(), options.cell, each.len(), each.join(", ")),
        );
    }
    text += &format!("{:.1} s, picture {}\n", begun.elapsed().as_secs_f64(), svg.display());
    std::io::stdout().write_all(text.as_bytes()).map_err(|source| Error::io("writing", "standard output", source))
}

/// Networks of all seeds with this output, the `k`-th.
fn reach(data: &Data, options: &Options, output: Output, bar: &Bar, k: u64) -> Result<Reached> {
    let (begun, seeds) = (Instant::now(), u64::from(options.seeds));
    let mut sums = vec![vec![0.0; data.classes]; data.test.len()];
    let judge = |log_p: &[Vec<f64>]| {
        let decided: Vec<u32> = log_p.iter().map(|log_p| decide(log_p)).collect();
        Confusion::of(classes(&data.test), &decided, data.classes)
    };
    let (mut accuracies, mut validation) = (vec![], vec![]);
    for n in 0..seeds {
        let seed = options.seed.wrapping_add(n);
        let (done, name) = ((k * seeds + n) * options.epochs, output.name());
        let epoch = |epoch| bar.at(done + epoch, &format!("{name}, seed {seed}"));
        let (network, score) = train(data, options, output, seed, epoch)?;
        let log_p = log_probabilities(&network, &data.test, output)?;
        sums.iter_mut().zip(&log_p).for_each(|(sum, log_p)| add(sum, log_p));
        accuracies.push(judge(&log_p).accuracy());
        validation.push(score);
        let (right, seconds) = (100.0 * judge(&log_p).accuracy(), begun.elapsed().as_secs_f64());
        bar.say(&format!("{name}, seed {seed}: {right:.1} % right after {seconds:.1} s"));
    }
    let confusion = judge(&sums);
    let (together, seconds) = (confusion.accuracy(), begun.elapsed().as_secs_f64());
    Ok(Reached { output, accuracies, validation, together, confusion, seconds })
}

#[cfg(test)]
mod tests {
    use super::*;

    const TINY: [&str; 7] = ["classify", "--seeds", "2", "--epochs", "2", "--hidden", "4"];

    fn summary(desk: &tempfile::TempDir, more: &[&str]) -> Result<serde_json::Value> {
        let [svg, json] = ["a.svg", "a.json"].map(|name| desk.path().join(name).display().to_string());
        run(&Options::parse_from([&TINY[..], &["--svg", &svg, "--summary", &json], more].concat()))?;
        Ok(serde_json::from_slice(&std::fs::read(json).unwrap()).unwrap())
    }

    #[test]
    fn a_run_leaves_a_picture_and_a_summary_with_exactly_its_keys() {
        let desk = tempfile::tempdir().unwrap();
        let summary = summary(&desk, &["--output", "pooled,last"]).unwrap();
        let mut keys: Vec<_> = summary.as_object().unwrap().keys().map(String::as_str).collect();
        keys.sort_unstable();
        let expected = [
            "cell",
            "classes",
            "nearest_class",
            "nearest_sequence",
            "outputs",
            "published",
            "seconds",
            "seed",
            "test",
            "train",
        ];
        assert_eq!(keys, expected);
        assert_eq!((summary["outputs"][0]["output"].as_str(), summary["test"].as_u64()), (Some("pooled"), Some(370)));
        // As an independent computation has it.
        assert!((summary["nearest_class"].as_f64().unwrap() - 342.0 / 370.0).abs() < 1e-12);
        assert!((summary["nearest_sequence"].as_f64().unwrap() - 352.0 / 370.0).abs() < 1e-12);
        let svg = std::fs::read_to_string(desk.path().join("a.svg")).unwrap();
        for label in ["pooled steps", "last step", "decided"] {
            assert!(svg.contains(label), "the picture lacks {label:?}");
        }
    }

    #[test]
    fn a_table_of_ones_own_is_cut_in_two_and_a_class_must_be_a_whole_number() {
        let desk = tempfile::tempdir().unwrap();
        let table = |class: fn(u32) -> String| {
            let lines = (0..40).flat_map(|n| (0..3 + n % 4).map(move |t| format!("{n},{},{t}\n", class(n))));
            format!("id,kind,x\n{}", lines.collect::<String>())
        };
        let csv = desk.path().join("own.csv").display().to_string();
        let own = ["--data", &csv, "--key", "id", "--class", "kind", "--output", "final"];
        std::fs::write(&csv, table(|n| (n % 2).to_string())).unwrap();
        let found = summary(&desk, &own).unwrap();
        assert_eq!(
            (found["train"].as_u64(), found["test"].as_u64(), found["classes"].as_u64()),
            (Some(30), Some(10), Some(2))
        );
        assert_eq!(found["published"], json!([]));
        std::fs::write(&csv, table(|n| format!("{n}.5"))).unwrap();
        let error = summary(&desk, &own).unwrap_err().to_string();
        assert!(error.contains("expected a whole number"), "{error}");
    }
}
