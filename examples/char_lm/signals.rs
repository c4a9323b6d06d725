//! Signals that end a program: the first makes the run save and leave, the second ends it at once.

#[cfg(unix)]
use signal_hook::consts::{SIGHUP, SIGXCPU, SIGXFSZ};
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::flag::{register, register_conditional_shutdown, register_usize};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

/// Set by the first signal: the run ends after the step at hand.
pub static STOP: AtomicBool = AtomicBool::new(false);
static SIGNAL: AtomicUsize = AtomicUsize::new(0);
/// Nobody asks: the write fails.
#[cfg(unix)]
static FILE_TOO_LARGE: AtomicBool = AtomicBool::new(false);

#[cfg(unix)]
const ENDING: [i32; 4] = [SIGINT, SIGTERM, SIGHUP, SIGXCPU];
#[cfg(not(unix))]
const ENDING: [i32; 2] = [SIGINT, SIGTERM];

/// From here on signals set [`STOP`].
pub fn watch() -> std::io::Result<()> {
    let ignored = ignored();
    for signal in ENDING.into_iter().filter(|signal| ignored >> (signal - 1) & 1 == 0) {
        register_conditional_shutdown(signal, status(signal), &STOP)?;
        register(signal, &STOP)?;
        register_usize(signal, &SIGNAL, usize::try_from(signal).unwrap_or(0))?;
    }
    // A file that grows beyond the limit of `ulimit -f` is an error of the write then, not the end of the program.
    #[cfg(unix)]
    register(SIGXFSZ, &FILE_TOO_LARGE)?;
    Ok(())
}

/// The exit status of a run that a signal ended, as shells report it: 128 and the signal's number.
pub fn exit_status() -> u8 {
    let signal = i32::try_from(SIGNAL.load(Ordering::Relaxed)).unwrap_or(0);
    u8::try_from(status(signal)).unwrap_or(u8::MAX)
}

fn status(signal: i32) -> i32 {
    128 + signal
}

/// The signals that the caller wants ignored, as `nohup` does with SIGHUP, a bit each; known on Linux only.
pub fn ignored() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or(0)
}
