//! Where files may go is known before the work, and finding it out leaves nothing behind.

use crate::checkpoint::names;
use recurrent::Error;
use recurrent::file::{check_new, check_outputs, check_writable, in_folder, set_aside, write_atomically};
use std::path::Path;

#[test]
fn what_is_said_to_be_writable_is_written() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    write_atomically(path("old"), b"old").unwrap();
    let real = folder.path().canonicalize().unwrap();
    for name in ["new", "old"] {
        assert_eq!(check_writable(path(name)).unwrap(), real.join(name));
        write_atomically(path(name), b"new").unwrap();
    }
    assert!(matches!(check_writable(path("missing/new")), Err(Error::Io { doing: "writing", .. })));
    assert!(matches!(check_writable(folder.path()), Err(Error::Io { doing: "writing", .. })));
    assert!(matches!(check_writable(""), Err(Error::Io { doing: "writing", .. })));
    assert_eq!(names(folder.path()), ["new", "old"]);
}

#[cfg(unix)]
#[test]
fn links_are_followed_and_what_could_not_be_replaced_is_refused() {
    use std::os::unix::fs::{PermissionsExt, symlink};
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    std::fs::create_dir(path("deep")).unwrap();
    symlink("deep/file", path("link")).unwrap();
    let real = folder.path().canonicalize().unwrap();
    assert_eq!(check_writable(path("link")).unwrap(), real.join("deep/file"));
    std::fs::write(path("kept"), "kept").unwrap();
    std::fs::set_permissions(path("kept"), std::fs::Permissions::from_mode(0o444)).unwrap();
    let error = check_writable(path("kept")).unwrap_err().to_string();
    assert!(error.contains("permission denied"), "{error}");
    assert!(std::process::Command::new("mkfifo").arg(path("pipe")).status().unwrap().success());
    let error = check_writable(path("pipe")).unwrap_err().to_string();
    assert!(error.contains("expected a regular file, found a FIFO"), "{error}");
    let ([link, file], check) = (["link", "deep/file"].map(path), |[a, b]: [&Path; 2]| {
        check_outputs([], [("--a", Some(a)), ("--b", Some(b))]).unwrap_err().to_string()
    });
    for error in [check([&link, &file]), check([&file, &link])] {
        assert!(error.starts_with("--b: expected another file than that of --a, found "), "{error}");
    }
}

#[test]
fn no_output_is_an_input_or_another_output() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    std::fs::write(path("text"), "text").unwrap();
    let (text, a, round) = (path("text"), path("a"), folder.path().join(".").join("a"));
    let check = |first: &Path, second: Option<&Path>| {
        let outputs = [("--first", Some(first)), ("--second", second)];
        check_outputs([("the text", &*text)], outputs).map_err(|error| error.to_string())
    };
    assert_eq!((check(&a, None), check(&a, Some(&path("b")))), (Ok(()), Ok(())));
    assert!(check(&a, Some(&round)).unwrap_err().starts_with("--second: expected another file than that of --first"));
    assert!(check(&text, None).unwrap_err().starts_with("--first: expected another file than that of the text"));
    let missing = path("missing");
    let error = check_outputs([("the text", &*missing)], [("--first", Some(&*a))]).unwrap_err();
    assert!(matches!(error, Error::Io { doing: "reading", .. }));
    assert_eq!(names(folder.path()), ["text"]);
}

#[test]
fn an_old_file_is_asked_for_or_set_aside() {
    let folder = tempfile::tempdir().unwrap();
    let path = in_folder(folder.path().join("made/for it"), "run.ckpt").unwrap();
    check_new("--checkpoint", &path, "--overwrite").unwrap();
    assert_eq!(set_aside(&path).unwrap(), None);
    for content in ["first", "second"] {
        std::fs::write(&path, content).unwrap();
        let error = check_new("--checkpoint", &path, "--overwrite").unwrap_err().to_string();
        assert!(error.starts_with("--checkpoint: expected a new file, or --overwrite, found "), "{error}");
        let previous = set_aside(&path).unwrap().unwrap();
        assert_eq!(previous, path.with_file_name("run.previous.ckpt"));
        assert_eq!(std::fs::read_to_string(previous).unwrap(), content);
        check_new("--checkpoint", &path, "--overwrite").unwrap();
    }
    let bare = folder.path().join("bare");
    std::fs::write(&bare, "").unwrap();
    assert_eq!(set_aside(&bare).unwrap(), Some(folder.path().join("bare.previous")));
}
