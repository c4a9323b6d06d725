//! The example `char_lm` from its command line to its files.

#[allow(dead_code)]
#[path = "../../examples/char_lm/main.rs"]
mod char_lm;
mod program;
mod refused;
mod resume;
mod ways_out;

use char_lm::options::Options;
use char_lm::session::{checkout, run};
use clap::Parser;
use recurrent::{Error, text::Corpus};
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

static NEVER: AtomicBool = AtomicBool::new(false);
static AT_ONCE: AtomicBool = AtomicBool::new(true);

const TINY: [&str; 8] = ["--hidden", "8", "--batch", "2", "--window", "10", "--backend", "naive"];

/// A folder with a text, and a command line of a tiny run in it.
struct Desk(tempfile::TempDir);

impl Desk {
    fn new() -> Self {
        let desk = Self(tempfile::tempdir().unwrap());
        let lines = (0..80).map(|i| format!("line {i}: {} sheep\n", i * i));
        std::fs::write(desk.path("text"), lines.collect::<String>()).unwrap();
        desk
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn options(&self, more: &[&str]) -> Options {
        Options::parse_from(self.line(more))
    }

    fn line(&self, more: &[&str]) -> Vec<OsString> {
        let [text, checkpoint, svg, summary] = ["text", "run.ckpt", "run.svg", "run.json"].map(|name| self.path(name));
        let mut line: Vec<OsString> = vec!["char_lm".into(), "--text".into(), text.into()];
        line.extend(["--checkpoint".into(), checkpoint.into(), "--svg".into(), svg.into()]);
        line.extend(["--summary".into(), summary.into(), "--sample".into(), "20".into()]);
        line.extend(more.iter().map(Into::into));
        line
    }

    fn run(&self, more: &[&str]) -> Result<bool, Error> {
        run(&self.options(more), &NEVER)
    }

    fn fresh(&self) -> Result<bool, Error> {
        self.run(&[&TINY[..], &["--steps", "5"]].concat())
    }

    /// The files beside the text.
    fn files(&self) -> Vec<String> {
        let entries = std::fs::read_dir(self.0.path()).unwrap().map(|entry| entry.unwrap().file_name());
        let mut names: Vec<_> = entries.map(|name| name.into_string().unwrap()).filter(|name| name != "text").collect();
        names.sort();
        names
    }

    fn refused(&self, more: &[&str], message: &str) {
        self.refuses(&self.options(more), message);
    }

    fn refuses(&self, options: &Options, message: &str) {
        let before = self.files();
        let error = run(options, &NEVER).expect_err("a bad call was accepted").to_string();
        assert!(error.contains(message), "{error:?} does not say {message:?}");
        assert!(!error.contains('\n'), "more than one line: {error:?}");
        assert_eq!(self.files(), before, "something was left behind");
    }
}

fn json(path: &Path) -> serde_json::Value {
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

#[test]
fn a_run_leaves_a_checkpoint_a_chart_and_a_summary_with_exactly_its_keys() {
    let desk = Desk::new();
    desk.fresh().unwrap();
    assert_eq!(desk.files(), ["run.ckpt", "run.json", "run.svg"]);
    let summary = json(&desk.path("run.json"));
    let mut keys: Vec<_> = summary.as_object().unwrap().keys().map(String::as_str).collect();
    keys.sort_unstable();
    let expected = [
        "backend",
        "bigram",
        "bits_per_char",
        "cell",
        "chars_per_second",
        "parameters",
        "seed",
        "steps",
        "text_digest",
        "uniform",
        "unigram",
    ];
    assert_eq!(keys, expected);
    assert_eq!((&summary["backend"], &summary["cell"]), (&"naive".into(), &"lstm".into()));
    assert_eq!((summary["steps"].as_u64(), summary["seed"].as_u64()), (Some(5), Some(1)));
    let svg = std::fs::read_to_string(desk.path("run.svg")).unwrap();
    for label in ["bits per character", "held-out text", "bigram", "‖∂L/∂h‖", "after training"] {
        assert!(svg.contains(label), "the chart lacks {label:?}");
    }
}

#[test]
fn resumed_on_the_command_line_a_run_goes_on_where_it_stopped() {
    let desk = Desk::new();
    let whole = Desk::new();
    let tiny = ["--hidden", "8", "--batch", "2", "--window", "10", "--backend", "naive", "--cell", "gru"];
    whole.run(&[&tiny[..], &["--steps", "12"]].concat()).unwrap();
    desk.run(&[&tiny[..], &["--steps", "7"]].concat()).unwrap();
    desk.run(&["--resume", "--steps", "5", "--backend", "naive"]).unwrap();
    assert_eq!(json(&desk.path("run.json"))["steps"], 12);
    let bits = |desk: &Desk| json(&desk.path("run.json"))["bits_per_char"].as_f64().unwrap().to_bits();
    assert_eq!(bits(&desk), bits(&whole));
    assert!(std::fs::read(desk.path("run.ckpt")).unwrap() == std::fs::read(whole.path("run.ckpt")).unwrap());
    desk.run(&["--sample-only"]).unwrap();
}

#[test]
fn stopped_it_saves_and_leaves() {
    let desk = Desk::new();
    let done = run(&desk.options(&["--hidden", "8", "--batch", "2", "--window", "10"]), &AT_ONCE).unwrap();
    assert!(!done);
    assert_eq!(desk.files(), ["run.ckpt"]);
    desk.run(&["--resume", "--steps", "1"]).unwrap();
}

#[test]
fn the_checkout_itself_is_a_text_and_the_same_each_time() {
    let read = || Corpus::read(&checkout().unwrap(), 10).unwrap();
    let corpus = read();
    assert!(corpus.symbols().len() > 100_000 && corpus.vocabulary().len() > 90);
    assert_eq!((corpus.held_out().len(), corpus.digest()), (corpus.symbols().len() / 10, read().digest()));
    let baselines = corpus.baselines().unwrap();
    assert!(baselines.uniform > baselines.unigram && baselines.unigram > baselines.bigram);
}

#[test]
fn texts_that_are_none_are_refused() {
    let desk = Desk::new();
    let text = desk.path("text");
    for (bytes, message) in [
        (&b""[..], "found an empty file"),
        (b"abc\xff\xfe", "expected UTF-8 text, found byte 0xff at offset 3"),
        (b"abc", "expected at least 10 characters"),
        (b"only a few characters", "expected at least 16 rows of 32 characters"),
    ] {
        std::fs::write(&text, bytes).unwrap();
        desk.refused(&["--steps", "1"], message);
    }
    std::fs::remove_file(&text).unwrap();
    desk.refused(&["--steps", "1"], "reading");
}

#[test]
fn paths_that_cannot_be_written_are_refused_before_the_work() {
    let desk = Desk::new();
    let missing = desk.path("missing").join("file");
    for option in ["--checkpoint", "--svg", "--summary"] {
        let mut options = desk.options(&["--steps", "1", "--batch", "2", "--window", "10"]);
        let path = match option {
            "--checkpoint" => &mut options.checkpoint,
            "--svg" => &mut options.svg,
            _ => &mut options.summary,
        };
        *path = Some(missing.clone());
        let error = run(&options, &NEVER).unwrap_err();
        assert!(matches!(error, Error::Io { doing: "writing", .. }), "{option}: {error}");
        assert!(desk.files().is_empty(), "{option}: {:?}", desk.files());
    }
}

#[test]
fn bad_checkpoints_and_contradicting_options_are_refused() {
    let desk = Desk::new();
    desk.refused(&["--resume"], "reading");
    desk.fresh().unwrap();
    let checkpoint = desk.path("run.ckpt");
    let good = std::fs::read(&checkpoint).unwrap();

    desk.refused(&["--resume", "--cell", "gru"], "--cell: expected lstm, as in the checkpoint to resume, found gru");
    desk.refused(&["--resume", "--hidden", "9"], "--hidden: expected 8");
    std::fs::write(&checkpoint, &good[..good.len() / 2]).unwrap();
    desk.refused(&["--resume"], "truncated: expected");
    desk.refused(&["--sample-only"], "truncated: expected");
    let mut altered = good.clone();
    altered[good.len() / 2] ^= 1;
    std::fs::write(&checkpoint, altered).unwrap();
    desk.refused(&["--resume"], "altered: expected digest");
    let mut future = good.clone();
    future[8] = 9;
    std::fs::write(&checkpoint, future).unwrap();
    desk.refused(&["--resume"], "unknown format version: expected at most 2, found 9");
    std::fs::write(&checkpoint, b"something else entirely").unwrap();
    desk.refused(&["--resume"], "not a checkpoint");

    std::fs::write(&checkpoint, &good).unwrap();
    std::fs::write(desk.path("text"), "another text ".repeat(100)).unwrap();
    desk.refused(&["--resume"], "checkpoint, text: expected the text with digest");
    desk.refused(&["--sample-only", "--prime", "日"], "text, character 0");
}
