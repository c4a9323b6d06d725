//! A program that is killed while it saves leaves the old checkpoint or the new one, and the next save cleans up.
//!
//! 20 kills by default, `RNN_KILLS=1000` for more.

use crate::checkpoint::{Small, names, small};
use recurrent::checkpoint::Limits;
use recurrent::optim::{Optimiser, Rule, Sgd};
use recurrent::rng::Rng;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

/// Parameters and their velocity: 8 MB of numbers.
const PARAMETERS: usize = 1_000_000;

/// All numbers of version `k` say so.
#[allow(clippy::cast_precision_loss)] // below 2²⁴
fn version(k: u64) -> Small {
    Small {
        parameters: vec![k as f32; PARAMETERS],
        optimiser: Optimiser::new(Rule::Sgd(Sgd::default()), PARAMETERS).unwrap(),
        step: k,
        ..small()
    }
}

/// The version at `path`, if it is one.
fn whole(path: &Path) -> Result<u64, String> {
    let found = Small::read(path, Limits::default()).map_err(|error| error.to_string())?;
    let step = found.step;
    if found == version(step) { Ok(step) } else { Err(format!("a mixture with step {step}")) }
}

/// Does nothing unless the test below runs it in a process of its own.
#[test]
fn the_program_that_saves() {
    let Some(path) = std::env::var_os("RNN_SAVE_TO") else { return };
    let mut checkpoint = version(1);
    for k in 2.. {
        checkpoint.write(&path).unwrap();
        checkpoint.parameters.fill(f32::from(u16::try_from(k % 1000).unwrap()));
        checkpoint.step = k % 1000;
    }
}

#[test]
fn a_kill_at_any_time_leaves_a_whole_version_and_the_next_save_leaves_nothing_else() {
    let kills: u64 = std::env::var("RNN_KILLS").map_or(20, |kills| kills.parse().expect("RNN_KILLS is a number"));
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run.ckpt");
    let (mut rng, mut broken, mut parts, mut leftovers) = (Rng::seed(7), Vec::new(), 0, 0);
    for kill in 0..kills {
        version(0).write(&path).unwrap();
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "kill_during_save::the_program_that_saves"])
            .env("RNN_SAVE_TO", &path)
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        // From when its first part is there, if it writes beside the file at all; what it does then takes some tens of
        // milliseconds for each version.
        for _ in 0..2000 {
            assert!(child.try_wait().unwrap().is_none(), "the program that saves ended by itself");
            if names(folder.path()).len() > 1 {
                break;
            }
            std::thread::sleep(Duration::from_millis(1));
        }
        std::thread::sleep(Duration::from_micros(rng.below(60_000) as u64));
        child.kill().unwrap();
        child.wait().unwrap();
        parts += names(folder.path()).len() - 1;
        broken.extend(whole(&path).err().map(|what| format!("kill {kill}: {what}")));
        version(0).write(&path).unwrap();
        leftovers += names(folder.path()).len() - 1;
    }
    println!("{kills} kills: {} broken files, {parts} parts left, {leftovers} after the next save", broken.len());
    assert!(broken.is_empty(), "{broken:#?}");
    assert!(parts > 0 || kills < 20, "no kill came while a file was being written");
    assert_eq!(leftovers, 0);
}
