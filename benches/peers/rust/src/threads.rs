//! Every library reads its number of threads once, from `RAYON_NUM_THREADS`: a process has one for its whole life.

use std::env::{args_os, current_exe, var};
use std::io::{Error, Result};
use std::process::Command;

/// Says that the process was started here.
const OURS: &str = "RECURRENT_PEERS_THREADS";

/// The number of threads of a process that was started by [`a_process_each`].
pub fn of_this_process() -> Option<usize> {
    var(OURS).ok()?.parse().ok()
}

/// This program with the same arguments, once for each number of threads.
pub fn a_process_each(threads: &[usize]) -> Result<()> {
    for number in threads {
        let number = number.to_string();
        let mut again = Command::new(current_exe()?);
        let status = again.args(args_os().skip(1)).env(OURS, &number).env("RAYON_NUM_THREADS", &number).status()?;
        if !status.success() {
            return Err(Error::other(format!("with {number} threads: {status}")));
        }
    }
    Ok(())
}
