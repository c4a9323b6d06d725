//! What is used or written after the training is examined before it.

use crate::char_lm::options::Options;
use crate::{Desk, TINY};
use clap::Parser;
use recurrent::checkpoint::Every;
use recurrent::file::set_aside;
use std::path::{Path, PathBuf};

#[test]
fn a_value_out_of_range_is_refused_with_what_was_expected() {
    for (option, values, expected) in [
        ("--temperature", &["nan", "inf", "-1", "warm"][..], "expected a finite number, 0 or above"),
        ("--seconds", &["nan", "inf", "-1", "0", "soon"], "expected a finite number above 0"),
        ("--rate", &["nan", "inf", "-1", "0", "1e39", "1e-60"], "expected a number above 0 within the range of f32"),
        ("--save-every", &["0", "0s", "nans", "-1s", "often"], "expected a number of steps above 0"),
        ("--top-k", &["0"], "0 is not in 1.."),
        ("--hidden", &["0"], "0 is not in 1.."),
        ("--layers", &["0"], "0 is not in 1.."),
        ("--layers", &["1001"], "1001 is not in 1..=1000"),
        ("--batch", &["0"], "0 is not in 1.."),
        ("--window", &["0"], "0 is not in 1.."),
        ("--horizon", &["0"], "0 is not in 1.."),
        ("--sample", &["10000001"], "10000001 is not in 0..=10000000"),
        ("--prime", &[""], "a value is required"),
    ] {
        for value in values {
            let line = ["char_lm".into(), format!("{option}={value}")];
            let error = Options::try_parse_from(line).expect_err("a bad value was accepted").to_string();
            assert!(error.contains(option) && error.contains(expected), "{option} {value}: {error}");
        }
    }
}

#[test]
fn how_often_to_save_is_said_in_steps_or_seconds() {
    assert_eq!("500".parse::<Every>().unwrap(), Every::Steps(500));
    assert_eq!("1.5s".parse::<Every>().unwrap(), Every::Seconds(1.5));
}

#[test]
fn a_prime_that_the_text_lacks_is_refused_before_the_training() {
    let desk = Desk::new();
    desk.refused(&[&TINY[..], &["--steps", "1", "--prime", "日"]].concat(), "--prime: expected characters of the text");
}

#[test]
fn a_checkpoint_is_replaced_only_if_that_is_asked_for() {
    let desk = Desk::new();
    desk.fresh().unwrap();
    let before = std::fs::read(desk.path("run.ckpt")).unwrap();
    let again = [&TINY[..], &["--steps", "7"]].concat();
    desk.refused(&again, "--checkpoint: expected a new file, or --resume to go on from it, or --overwrite");
    assert!(std::fs::read(desk.path("run.ckpt")).unwrap() == before);
    desk.run(&[&again[..], &["--overwrite"]].concat()).unwrap();
    assert!(std::fs::read(desk.path("run.ckpt")).unwrap() != before);
}

#[test]
fn without_a_name_the_checkpoint_of_the_run_before_is_kept() {
    let desk = Desk::new();
    let checkpoint = desk.path("char_lm.ckpt");
    assert_eq!(set_aside(&checkpoint).unwrap(), None);
    for run in ["first", "second"] {
        std::fs::write(&checkpoint, run).unwrap();
        let previous = set_aside(&checkpoint).unwrap().unwrap();
        assert_eq!(std::fs::read_to_string(previous).unwrap(), run);
        assert!(!checkpoint.exists());
    }
}

/// The options of a tiny run with these paths for `--checkpoint`, `--svg` and `--summary`.
fn options(desk: &Desk, paths: [&Path; 3]) -> Options {
    let mut options = desk.options(&[&TINY[..], &["--steps", "1"]].concat());
    [&mut options.checkpoint, &mut options.svg, &mut options.summary]
        .into_iter()
        .zip(paths)
        .for_each(|(option, path)| *option = Some(path.into()));
    options
}

#[test]
fn no_output_is_another_one_or_the_text() {
    let desk = Desk::new();
    let [text, a, b, c] = ["text", "a", "b", "c"].map(|name| desk.path(name));
    // The same places by other names.
    let roundabout = desk.path(".").join("a");
    for (paths, message) in [
        ([&a, &a, &c], "--svg: expected another file than that of --checkpoint"),
        ([&a, &roundabout, &c], "--svg: expected another file than that of --checkpoint"),
        ([&a, &b, &b], "--summary: expected another file than that of --svg"),
        ([&a, &b, &text], "--summary: expected another file than that of the text"),
    ] {
        desk.refuses(&options(&desk, paths.map(PathBuf::as_path)), message);
    }
    #[cfg(unix)]
    {
        use std::os::unix::fs::symlink;
        let [to_text, to_nothing_yet] = ["to-text", "to-nothing-yet"].map(|name| desk.path(name));
        symlink(&text, &to_text).unwrap();
        symlink("a", &to_nothing_yet).unwrap();
        desk.refuses(&options(&desk, [&a, &to_text, &c]), "--svg: expected another file than that of the text");
        desk.refuses(&options(&desk, [&a, &to_nothing_yet, &c]), "--svg: expected another file than that of --check");
    }
    // Without --text every file of the checkout is read.
    let readme = Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md");
    let own = Options { text: None, ..options(&desk, [&a, &readme, &c]) };
    desk.refuses(&own, "--svg: expected another file than that of the text");
}

#[cfg(unix)]
#[test]
fn what_is_read_only_or_no_regular_file_is_refused_before_the_training() {
    use std::os::unix::fs::PermissionsExt;
    let desk = Desk::new();
    let [a, b, kept, pipe] = ["a", "b", "kept", "pipe"].map(|name| desk.path(name));
    std::fs::write(&kept, "keep me").unwrap();
    std::fs::set_permissions(&kept, std::fs::Permissions::from_mode(0o444)).unwrap();
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    for (path, message) in
        [(kept.as_path(), "permission denied"), (&pipe, "expected a regular file"), (desk.0.path(), "is a directory")]
    {
        desk.refuses(&options(&desk, [&a, &b, path]), message);
    }
    assert_eq!(std::fs::read_to_string(&kept).unwrap(), "keep me");
}
