//! The example as a process of its own: this test program, started again with a command line in its environment.

use crate::char_lm::options::Options;
use crate::{Desk, TINY, char_lm};
use clap::Parser;
use std::io::{BufRead, BufReader, Read};
use std::path::PathBuf;
use std::process::{Child, ChildStderr, ChildStdout, Command, Stdio};

const LINE: &str = "CHAR_LM_LINE";

#[test]
#[ignore = "the program that other tests start"]
fn as_a_program() {
    if let Ok(line) = std::env::var(LINE) {
        std::process::exit(char_lm::call(&Options::parse_from(line.split('\n'))).into());
    }
}

/// A running program and what it prints.
pub struct Program {
    child: Child,
    stdout: Option<BufReader<ChildStdout>>,
    stderr: BufReader<ChildStderr>,
}

impl Program {
    /// A tiny run; temporary files go into the folder `spare` of the desk.
    pub fn start(desk: &Desk, more: &[&str]) -> Self {
        Self::start_by(desk, &[], more)
    }

    /// The same with the checkpoint elsewhere at the desk.
    pub fn start_in(desk: &Desk, checkpoint: &str, more: &[&str]) -> Self {
        Self::start_all(desk, &[], checkpoint, more)
    }

    /// The same, started by another program, which takes what it is to start after these arguments.
    pub fn start_by(desk: &Desk, by: &[&str], more: &[&str]) -> Self {
        Self::start_all(desk, by, "run.ckpt", more)
    }

    pub fn start_all(desk: &Desk, by: &[&str], checkpoint: &str, more: &[&str]) -> Self {
        std::fs::create_dir_all(desk.path("spare")).unwrap();
        let line = desk.line(&[&TINY[..], more].concat());
        let mut line: Vec<_> = line.into_iter().map(|word| word.into_string().unwrap()).collect();
        let option = line.iter().position(|word| word == "--checkpoint").unwrap();
        line[option + 1] = desk.path(checkpoint).into_os_string().into_string().unwrap();
        let this = std::env::current_exe().unwrap().into_os_string().into_string().unwrap();
        let words = [by, &[this.as_str(), "program::as_a_program", "--exact", "--ignored", "--nocapture"]].concat();
        let mut child = Command::new(words[0])
            .args(&words[1..])
            .env(LINE, line.join("\n"))
            .env("TMPDIR", desk.path("spare"))
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let stdout = child.stdout.take().map(BufReader::new);
        let stderr = BufReader::new(child.stderr.take().unwrap());
        Self { child, stdout, stderr }
    }

    /// Waits until the training begins: everything before it is done.
    pub fn begun(&mut self) {
        let lines = self.stdout.as_mut().unwrap().lines().map(Result::unwrap);
        assert!(lines.take(20).any(|line| line.contains(" parameters on ")), "{}", self.said());
    }

    /// Nobody reads what it prints any more.
    pub fn close_stdout(&mut self) {
        self.stdout = None;
    }

    /// Sends a signal, such as `TERM`.
    pub fn signal(&self, name: &str) {
        let sent = Command::new("kill").args(["-s", name, &self.child.id().to_string()]).status().unwrap();
        assert!(sent.success(), "no signal {name}");
    }

    /// The next line on standard error with these words.
    pub fn says(&mut self, words: &str) -> String {
        let mut lines = self.stderr.by_ref().lines().map(Result::unwrap);
        lines.find(|line| line.contains(words)).unwrap_or_else(|| panic!("it never said {words:?}"))
    }

    fn said(&mut self) -> String {
        let mut text = String::new();
        self.stderr.read_to_string(&mut text).unwrap();
        text
    }

    /// Its exit status, `None` if a signal ended it, and what it said on standard error since it was last asked.
    pub fn end(mut self) -> (Option<i32>, String) {
        let said = self.said();
        (self.child.wait().unwrap().code(), said)
    }
}

/// A test that fails leaves no program behind that trains on.
impl Drop for Program {
    fn drop(&mut self) {
        // It has ended already unless the test failed.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The one checkpoint that was saved among the temporary files.
pub fn rescued(desk: &Desk) -> PathBuf {
    let folders: Vec<_> = std::fs::read_dir(desk.path("spare")).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert_eq!(folders.len(), 1, "{folders:?}");
    folders[0].join("char_lm.ckpt")
}
