//! Files are replaced at once, as what they were; what is not a regular file is neither read nor replaced.

use crate::checkpoint::{Small, names, small};
use recurrent::Error;
use recurrent::checkpoint::{Limits, write_atomically};
use recurrent::interop::{LoadOptions, read_config};
use recurrent::text;
use std::io::Read;
use std::path::Path;

#[test]
fn a_reader_that_has_the_old_file_open_reads_it_to_its_end() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run");
    write_atomically(&path, b"the old content").unwrap();
    let mut reader = std::fs::File::open(&path).unwrap();
    let mut begun = [0; 3];
    reader.read_exact(&mut begun).unwrap();
    write_atomically(&path, b"another").unwrap();
    let mut rest = String::new();
    reader.read_to_string(&mut rest).unwrap();
    assert_eq!(rest, " old content");
    assert_eq!(std::fs::read(&path).unwrap(), b"another");
}

#[test]
fn an_unwritable_path_is_an_error_and_leaves_nothing_behind() {
    let folder = tempfile::tempdir().unwrap();
    let missing = folder.path().join("missing").join("run.ckpt");
    assert!(matches!(small().write(&missing), Err(Error::Io { doing: "writing", .. })));
    assert!(matches!(write_atomically("", b""), Err(Error::Io { doing: "writing", .. })));
    let taken = folder.path().join("taken");
    std::fs::create_dir(&taken).unwrap();
    let error = small().write(&taken).unwrap_err().to_string();
    assert_eq!(error, format!("{}: expected a regular file, found a folder", taken.display()));
    assert_eq!(names(folder.path()), ["taken"]);
    assert!(matches!(Small::read(&missing, Limits::default()), Err(Error::Io { doing: "reading", .. })));
}

#[test]
fn a_text_is_read_up_to_its_limit() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("text");
    std::fs::write(&path, "äh").unwrap();
    assert_eq!(text::read(&path).unwrap(), "äh");
    assert_eq!(text::read_at_most(&path, 3).unwrap(), "äh");
    let error = text::read_at_most(&path, 2).unwrap_err().to_string();
    assert_eq!(error, format!("{}: expected at most 2 bytes, found 3 bytes", path.display()));
    std::fs::write(&path, b"a\xff").unwrap();
    assert!(text::read(&path).unwrap_err().to_string().ends_with("found byte 0xff at offset 1"));
}

#[test]
fn what_a_killed_program_left_is_gone_after_the_next_write() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run.ckpt");
    std::fs::write(folder.path().join(".run.ckpt.aB3dE6gH9jK2.part"), b"half of").unwrap();
    std::fs::write(folder.path().join(".run.ckpt.part"), b"somebody's").unwrap();
    small().write(&path).unwrap();
    assert_eq!(names(folder.path()), [".run.ckpt.part", "run.ckpt"]);
}

#[test]
fn writers_of_one_file_do_not_disturb_each_other() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run");
    std::thread::scope(|scope| {
        for writer in 0..4_u8 {
            let path = &path;
            scope.spawn(move || (0..100).for_each(|_| write_atomically(path, &[writer; 10_000]).unwrap()));
        }
        for _ in 0..200 {
            let found = std::fs::read(&path).unwrap_or_default();
            assert!(found.is_empty() || found.len() == 10_000 && found.iter().all(|byte| *byte == found[0]));
        }
    });
    assert_eq!(names(folder.path()), ["run"]);
}

#[cfg(unix)]
mod unix {
    use super::*;
    use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
    use std::process::Command;

    fn mode(path: &Path) -> u32 {
        std::fs::metadata(path).unwrap().mode() & 0o7777
    }

    fn set_mode(path: &Path, mode: u32) {
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
    }

    #[test]
    fn a_new_file_has_the_permissions_of_any_new_file() {
        let folder = tempfile::tempdir().unwrap();
        let [plain, atomic] = ["plain", "atomic"].map(|name| folder.path().join(name));
        std::fs::write(&plain, b"").unwrap();
        write_atomically(&atomic, b"").unwrap();
        assert_eq!(mode(&atomic), mode(&plain));
    }

    #[test]
    fn a_replaced_file_is_another_with_the_mode_it_had() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("run");
        std::fs::write(&path, b"old").unwrap();
        for kept in [0o600, 0o640, 0o666, 0o755, 0o200] {
            set_mode(&path, kept);
            let before = std::fs::metadata(&path).unwrap().ino();
            // Held open, so that its number is not given to the new one.
            let _old = std::fs::File::options().write(true).open(&path).unwrap();
            write_atomically(&path, b"new").unwrap();
            assert_eq!(mode(&path), kept);
            assert_ne!(std::fs::metadata(&path).unwrap().ino(), before);
        }
    }

    /// Only a privileged user may give files away.
    #[test]
    fn a_replaced_file_has_the_owner_it_had() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("run");
        std::fs::write(&path, b"old").unwrap();
        set_mode(&path, 0o620);
        if std::os::unix::fs::chown(&path, Some(12_345), Some(54_321)).is_err() {
            println!("SKIPPED: a_replaced_file_has_the_owner_it_had needs the right to give files away");
            return;
        }
        write_atomically(&path, b"new").unwrap();
        let found = std::fs::metadata(&path).unwrap();
        assert_eq!((found.uid(), found.gid(), mode(&path)), (12_345, 54_321, 0o620));
    }

    #[test]
    fn a_read_only_file_stays_as_it_is_whoever_writes() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("run");
        std::fs::write(&path, b"old").unwrap();
        for read_only in [0o444, 0o400, 0o555, 0o000] {
            set_mode(&path, read_only);
            let error = write_atomically(&path, b"new").unwrap_err();
            let Error::Io { doing: "writing", source, .. } = &error else { panic!("{error}") };
            assert_eq!(source.kind(), std::io::ErrorKind::PermissionDenied, "{error}");
            assert_eq!(mode(&path), read_only);
        }
        set_mode(&path, 0o600);
        assert_eq!(std::fs::read(&path).unwrap(), b"old");
        assert_eq!(names(folder.path()), ["run"]);
    }

    #[test]
    fn links_stay_and_what_they_lead_to_is_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        std::fs::create_dir(at("data")).unwrap();
        std::fs::write(at("data/run"), b"old").unwrap();
        set_mode(&at("data/run"), 0o600);
        symlink("data/run", at("near")).unwrap();
        symlink(at("near"), at("far")).unwrap();
        symlink("data/later", at("nowhere")).unwrap();
        write_atomically(at("far"), b"new").unwrap();
        write_atomically(at("nowhere"), b"made").unwrap();
        assert_eq!(std::fs::read(at("data/run")).unwrap(), b"new");
        assert_eq!(mode(&at("data/run")), 0o600);
        assert_eq!(std::fs::read(at("data/later")).unwrap(), b"made");
        for link in ["near", "far", "nowhere"] {
            assert!(std::fs::symlink_metadata(at(link)).unwrap().is_symlink(), "{link}");
        }
        assert_eq!(names(folder.path()), ["data", "far", "near", "nowhere"]);
        assert_eq!(names(&at("data")), ["later", "run"]);
        symlink("round", at("round")).unwrap();
        assert!(matches!(write_atomically(at("round"), b""), Err(Error::Io { .. })));
    }

    #[test]
    fn another_hard_link_keeps_the_old_bytes() {
        let folder = tempfile::tempdir().unwrap();
        let [run, other] = ["run", "other"].map(|name| folder.path().join(name));
        std::fs::write(&run, b"old").unwrap();
        std::fs::hard_link(&run, &other).unwrap();
        write_atomically(&run, b"new").unwrap();
        assert_eq!((std::fs::read(run).unwrap(), std::fs::read(other).unwrap()), (b"new".to_vec(), b"old".to_vec()));
    }

    /// A FIFO without a writer would make a reader wait for ever; a device may have no end.
    #[test]
    fn what_is_not_a_regular_file_is_neither_read_nor_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        assert!(Command::new("mkfifo").arg(at("fifo")).status().unwrap().success());
        let _socket = std::os::unix::net::UnixListener::bind(at("socket")).unwrap();
        let open = std::fs::File::create(at("open")).unwrap();
        let descriptor = format!("/dev/fd/{}", std::os::fd::AsRawFd::as_raw_fd(&open));
        let mut cases = vec![(at("fifo"), "a FIFO"), (at("socket"), "a socket"), (folder.path().into(), "a folder")];
        // A device of its own, with no end: the test must not be able to replace one of the system's.
        if Command::new("mknod").arg(at("device")).args(["c", "1", "5"]).status().unwrap().success() {
            symlink("device", at("link")).unwrap();
            cases.extend([(at("device"), "a device"), (at("link"), "a device")]);
        } else {
            println!("SKIPPED: devices are not replaced: making one needs the right to");
        }
        assert!(text::read("/dev/zero").unwrap_err().to_string().ends_with("found a device"));
        let before = names(folder.path());
        for (path, kind) in cases {
            let expected = format!("{}: expected a regular file, found {kind}", path.display());
            let found = [
                Small::read(&path, Limits::default()).unwrap_err(),
                read_config(&path, &LoadOptions::default()).unwrap_err(),
                text::read(&path).unwrap_err(),
                write_atomically(&path, b"new").unwrap_err(),
            ];
            for error in found {
                assert!(matches!(error, Error::Format { .. }), "{error}");
                assert_eq!(error.to_string(), expected);
            }
        }
        let error = write_atomically(&descriptor, b"new").unwrap_err().to_string();
        assert!(error.ends_with("found a link to an open descriptor"), "{error}");
        assert_eq!(names(folder.path()), before);
    }

    /// Runs the test `child` of this module in a process of its own, whose shell did `limits` before.
    fn limited(limits: &str, child: &str, path: &Path) -> String {
        let output = Command::new("bash")
            .args(["-c", &format!("{limits} && exec \"$0\" \"$@\"")])
            .arg(std::env::current_exe().unwrap())
            .args(["--exact", &format!("files::unix::{child}"), "--nocapture", "--test-threads=1"])
            .env("RNN_CHILD_PATH", path)
            .output()
            .unwrap();
        let text = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success() && text.contains("1 passed"), "{text}");
        text
    }

    fn child_path() -> Option<std::path::PathBuf> {
        std::env::var_os("RNN_CHILD_PATH").map(Into::into)
    }

    #[test]
    fn a_full_disk_leaves_the_old_file_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("run.ckpt");
        small().write(&path).unwrap();
        let before = std::fs::read(&path).unwrap();
        // Files may have 64 blocks of 1024 bytes: writing fails in the middle, as on a full disk.
        let said = limited("trap '' XFSZ && ulimit -f 64", "writes_a_megabyte", &path);
        assert!(said.contains("refused: writing"), "{said}");
        assert_eq!(std::fs::read(&path).unwrap(), before);
        assert_eq!(names(folder.path()), ["run.ckpt"]);
    }

    #[test]
    fn writes_a_megabyte() {
        let Some(path) = child_path() else { return };
        let error = Small { state: vec![0.0; 1 << 18], ..small() }.write(path).unwrap_err();
        assert!(matches!(error, Error::Io { doing: "writing", .. }), "{error}");
        println!("refused: {error}");
    }

    #[test]
    fn without_memory_writing_and_reading_are_errors() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("run.ckpt");
        Small { state: vec![0.5; 1 << 26], ..small() }.write(&path).unwrap();
        let before = std::fs::metadata(&path).unwrap().ino();
        let said = limited("ulimit -v 800000", "works_with_too_little_memory", &path);
        assert_eq!(said.matches("refused: ").count(), 3, "{said}");
        assert_eq!(std::fs::metadata(&path).unwrap().ino(), before);
    }

    /// 256 MiB of state fit into 800 MB twice, with the 60 to 150 MB that the program itself takes, but not three times.
    #[test]
    fn works_with_too_little_memory() {
        let Some(path) = child_path() else { return };
        let refused = |error: Error| {
            assert!(matches!(error, Error::Memory { .. }), "{error}");
            println!("refused: {error}");
        };
        let held = vec![1_u8; 1 << 28];
        refused(Small::read(&path, Limits::default()).unwrap_err());
        drop(held);
        let large = Small { state: vec![0.0; 1 << 26], ..small() };
        let held = vec![1_u8; 1 << 28];
        refused(large.write(&path).unwrap_err());
        drop((held, large));
        let config = recurrent::Config::features(1 << 16)
            .recurrent(recurrent::network::RecurrentSpec::elman(1 << 9, recurrent::Activation::Tanh));
        let naive = rnn_backend_naive::Naive;
        let network = recurrent::Network::<f32, _>::with_backend(&config, 1, naive).unwrap();
        // 134 MB of parameters, and not as much again beside these.
        let _held = vec![1_u8; 1 << 29];
        refused(network.save_safetensors(&path, recurrent::interop::Metadata::None).unwrap_err());
    }
}
