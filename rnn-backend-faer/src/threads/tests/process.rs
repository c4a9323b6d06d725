//! One test of this program in a process of its own, where it may crash or hang without taking the others along.

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// Longer than any of these tests takes on a busy machine; only one that hangs waits for it.
const PATIENCE: Duration = Duration::from_secs(60);

/// Runs the ignored test `name` in a process of its own; `limit`, if not empty, is a command of the shell before it.
///
/// # Panics
/// Unless the test passes, with what it wrote.
pub fn passes_alone(name: &str, limit: &str) {
    let this = std::env::current_exe().expect("a test is a program");
    let mut command = Command::new("sh");
    command.args(["-c", &format!("{limit}\nexec \"$@\""), "sh"]).arg(this);
    command.args(["--exact", name, "--ignored", "--nocapture", "--test-threads=1"]);
    let mut child = command.stdout(Stdio::null()).spawn().expect("a shell starts");
    let started = Instant::now();
    let status = loop {
        match child.try_wait().expect("a child can be waited for") {
            Some(status) => break status,
            None if started.elapsed() < PATIENCE => std::thread::sleep(Duration::from_millis(5)),
            None => {
                child.kill().expect("a child can be killed");
                child.wait().expect("a child can be waited for");
                panic!("{name} hangs");
            }
        }
    };
    assert!(status.success(), "{name}: {status}");
}
