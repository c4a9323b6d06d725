//! Reading texts: what is not a text is a typed error that says where.

use recurrent::{Error, text};

#[test]
fn empty_missing_and_non_utf8_files_are_errors() {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, bytes: &[u8]| {
        let path = folder.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        text::read(&path)
    };
    assert_eq!(file("good", "grün\n".as_bytes()).unwrap(), "grün\n");
    let empty = file("empty", b"").unwrap_err();
    assert!(matches!(empty, Error::Format { .. }) && empty.to_string().ends_with("found an empty file"), "{empty}");
    let broken = file("broken", b"abc\xffdef").unwrap_err().to_string();
    assert!(broken.ends_with("broken: expected UTF-8 text, found byte 0xff at offset 3"), "{broken}");
    assert!(matches!(text::read(folder.path().join("missing")), Err(Error::Io { doing: "reading", .. })));
    assert!(matches!(text::read(folder.path()), Err(Error::Format { .. })));
}
