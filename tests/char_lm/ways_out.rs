//! Whatever ends a run, what it has learnt is in a file, and the exit status tells how it ended. What a panic or an error in the middle of a step
//! leaves is in `tests/library/runs.rs`.

use crate::char_lm::run::Saved;
use crate::program::{Program, rescued};
use crate::{Desk, NEVER, TINY};
use recurrent::checkpoint::Limits;
use recurrent::signals::is_ignored;
use std::path::Path;
use std::time::{Duration, Instant};

/// Longer than any test runs: only what is under test ends the run, and only the way out saves.
const ENDLESS: [&str; 4] = ["--seconds", "600", "--save-every", "1000000"];

fn read(path: &Path) -> Saved {
    Saved::read(path, Limits::default()).unwrap()
}

fn wait_for(path: &Path) {
    let begin = Instant::now();
    while !path.exists() {
        assert!(begin.elapsed() < Duration::from_secs(60), "{} does not appear", path.display());
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[cfg(unix)]
#[test]
fn signals_save_and_the_status_tells_which_it_was() {
    for (signal, number) in [("INT", 2), ("TERM", 15), ("HUP", 1), ("XCPU", 24)] {
        // A shell lets the programs it starts in the background ignore SIGINT, and a program keeps to that.
        if is_ignored(number) {
            println!("skipped: SIG{signal} is ignored by whoever started the tests");
            continue;
        }
        let desk = Desk::new();
        let mut program = Program::start(&desk, &ENDLESS);
        program.begun();
        program.signal(signal);
        let (status, said) = program.end();
        assert_eq!(status, Some(128 + number), "SIG{signal}: {said}");
        assert!(said.contains("go on with --resume"), "{said}");
        read(&desk.path("run.ckpt"));
        desk.run(&["--resume", "--steps", "1"]).unwrap();
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_signal_that_the_caller_ignores_stays_ignored() {
    let desk = Desk::new();
    let nohup = ["sh", "-c", "trap '' HUP; exec \"$0\" \"$@\""];
    let mut program = Program::start_by(&desk, &nohup, &["--steps", "1000"]);
    program.begun();
    program.signal("HUP");
    let (status, said) = program.end();
    assert_eq!(status, Some(0), "{said}");
    assert_eq!(read(&desk.path("run.ckpt")).step, 1000);
}

#[cfg(unix)]
#[test]
fn what_was_saved_on_the_way_outlives_a_kill() {
    for every in ["1", "0.001s"] {
        let desk = Desk::new();
        let program = Program::start(&desk, &["--seconds", "600", "--save-every", every]);
        wait_for(&desk.path("run.ckpt"));
        program.signal("KILL");
        assert_eq!(program.end().0, None);
        assert!(read(&desk.path("run.ckpt")).step > 0);
        desk.run(&["--resume", "--steps", "1"]).unwrap();
    }
}

#[cfg(unix)]
#[test]
fn a_folder_that_is_gone_for_a_while_costs_nothing_but_a_message() {
    let desk = Desk::new();
    let [kept, away] = ["kept", "away"].map(|name| desk.path(name));
    std::fs::create_dir(&kept).unwrap();
    let mut program = Program::start_in(&desk, "kept/run.ckpt", &["--seconds", "600", "--save-every", "1"]);
    wait_for(&kept.join("run.ckpt"));
    std::fs::rename(&kept, &away).unwrap();
    let told = program.says("will try again");
    std::fs::rename(&away, &kept).unwrap();
    program.signal("TERM");
    let (status, said) = program.end();
    assert_eq!(status, Some(143), "{said}");
    let step: u64 = told.split_whitespace().find_map(|word| word.trim_end_matches(',').parse().ok()).unwrap();
    assert!(read(&kept.join("run.ckpt")).step >= step, "{told}");
}

#[cfg(unix)]
#[test]
fn a_run_whose_folder_stays_away_is_saved_elsewhere_and_fails() {
    let desk = Desk::new();
    let kept = desk.path("kept");
    std::fs::create_dir(&kept).unwrap();
    let mut program = Program::start_in(&desk, "kept/run.ckpt", &ENDLESS);
    program.begun();
    std::fs::remove_dir(&kept).unwrap();
    program.signal("TERM");
    let (status, said) = program.end();
    assert_eq!(status, Some(1), "{said}");
    assert!(said.contains("instead") && said.contains("kept/run.ckpt"), "{said}");
    read(&rescued(&desk));
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_at_the_end_does_not_cost_the_run() {
    let desk = Desk::new();
    let kept = desk.path("kept");
    std::fs::create_dir(&kept).unwrap();
    // A file system of 8 KiB that this program alone sees; its checkpoint is larger.
    let mount = "mount -t tmpfs -o size=8k tmpfs \"$0\" || exit 97; exec \"$@\"";
    let by = ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", mount, kept.to_str().unwrap()];
    let allowed = std::process::Command::new(by[0]).args(&by[1..]).arg("true").output();
    if !allowed.is_ok_and(|output| output.status.success()) {
        println!("skipped: this system does not let its users mount a file system");
        return;
    }
    let (status, said) = Program::start_all(&desk, &by, "kept/run.ckpt", &["--steps", "5"]).end();
    assert_eq!(status, Some(1), "{said}");
    assert!(said.contains("No space left on device") && said.contains("instead"), "{said}");
    assert_eq!(read(&rescued(&desk)).step, 5);
}

#[cfg(target_os = "linux")]
#[test]
fn a_file_size_limit_is_an_error_and_leaves_the_old_checkpoint() {
    let desk = Desk::new();
    desk.fresh().unwrap();
    let before = std::fs::read(desk.path("run.ckpt")).unwrap();
    let limited = ["sh", "-c", "ulimit -f 4; exec \"$0\" \"$@\""];
    let (status, said) = Program::start_by(&desk, &limited, &["--steps", "7", "--overwrite"]).end();
    assert_eq!(status, Some(1), "{said}");
    assert!(said.contains("not saved elsewhere either"), "{said}");
    assert!(std::fs::read(desk.path("run.ckpt")).unwrap() == before);
}

#[test]
fn a_reader_that_is_gone_does_not_cost_the_files() {
    let desk = Desk::new();
    let mut program = Program::start(&desk, &["--steps", "300"]);
    program.begun();
    program.close_stdout();
    let (status, said) = program.end();
    assert_eq!(status, Some(1), "{said}");
    assert!(said.contains("standard output"), "{said}");
    assert_eq!(desk.files(), ["run.ckpt", "run.json", "run.svg", "spare"]);
}

#[test]
fn a_chart_that_cannot_be_written_does_not_cost_the_weights() {
    let desk = Desk::new();
    let folder = desk.path("charts");
    std::fs::create_dir(&folder).unwrap();
    let mut options = desk.options(&[&TINY[..], &["--seconds", "2"]].concat());
    options.svg = Some(folder.join("run.svg"));
    let remover = std::thread::spawn(move || {
        std::thread::sleep(Duration::from_millis(400));
        std::fs::remove_dir(folder).unwrap();
    });
    assert!(crate::run(&options, &NEVER).unwrap_err().to_string().contains("run.svg"));
    remover.join().unwrap();
    assert!(read(&desk.path("run.ckpt")).step > 0);
}
