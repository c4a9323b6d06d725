//! `signal → flag`: a program that is told to end saves what it has learnt first.
//!
//! The first of SIGINT, SIGTERM, SIGHUP and SIGXCPU sets [`STOP`], which a [`Budget`](crate::train::Budget) or any observer of a fit looks at;
//! the second ends the program at once. Signals that the caller wants ignored, as `nohup` does with SIGHUP, stay ignored; who that is is known on
//! Linux only. A file that grows beyond the limit of `ulimit -f` is an error of the write instead of the end of the program.
//!
//! Elsewhere than on Unix there are SIGINT and SIGTERM alone.

use crate::error::{Error, Result};
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::flag::{register, register_conditional_shutdown, register_usize};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

/// Set by the first signal.
pub static STOP: AtomicBool = AtomicBool::new(false);
static SIGNAL: AtomicUsize = AtomicUsize::new(0);

#[cfg(unix)]
const ENDING: [i32; 4] = [SIGINT, SIGTERM, signal_hook::consts::SIGHUP, signal_hook::consts::SIGXCPU];
#[cfg(not(unix))]
const ENDING: [i32; 2] = [SIGINT, SIGTERM];

/// From here on signals set [`STOP`]. To be called once, when a program begins.
///
/// # Errors
/// [`Error::Io`] if the system refuses.
pub fn watch() -> Result<()> {
    let io = |source| Error::io("watching", "signals", source);
    for signal in ENDING.into_iter().filter(|&signal| !is_ignored(signal)) {
        register_conditional_shutdown(signal, 128 + signal, &STOP).map_err(io)?;
        register(signal, &STOP).map_err(io)?;
        register_usize(signal, &SIGNAL, usize::try_from(signal).unwrap_or(0)).map_err(io)?;
    }
    #[cfg(unix)]
    register(signal_hook::consts::SIGXFSZ, std::sync::Arc::<AtomicBool>::default()).map_err(io)?;
    Ok(())
}

/// The exit status of a program that a signal ended, as shells report it: 128 and the signal's number.
#[must_use]
pub fn exit_status() -> u8 {
    u8::try_from(128 + SIGNAL.load(Ordering::Relaxed)).unwrap_or(u8::MAX)
}

/// Whether the caller of the program wants this signal ignored; known on Linux only.
#[must_use]
pub fn is_ignored(signal: i32) -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let mask = mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or(0);
    (1..=64).contains(&signal) && mask >> (signal - 1) & 1 == 1
}
