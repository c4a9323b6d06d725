//! The text: training part, held-out part, and its digest.

use recurrent::checkpoint::Digest;
use recurrent::text::{self, NGrams, Vocabulary};
use recurrent::{Error, Result};
use std::path::{Path, PathBuf};

/// A text as symbols; the last tenth is held out.
#[derive(Clone, Debug)]
pub struct Corpus {
    /// Where it was read.
    pub files: Vec<PathBuf>,
    /// All of it.
    pub symbols: Vec<u32>,
    /// Where the held-out part begins.
    pub held_out: usize,
    /// Its characters.
    pub vocabulary: Vocabulary,
    /// Of its bytes.
    pub digest: Digest,
}

/// Bits per character of the held-out part without a network.
#[derive(Clone, Copy, Debug)]
pub struct Baselines {
    pub uniform: f64,
    pub unigram: f64,
    pub bigram: f64,
}

impl Corpus {
    /// The text of a file, or of the checkout.
    pub fn read(file: Option<&Path>) -> Result<Self> {
        if let Some(file) = file {
            return Ok(Self { files: vec![file.into()], ..Self::new(&text::read(file)?)? });
        }
        let files = checkout(Path::new(env!("CARGO_MANIFEST_DIR")))?;
        let mut text = String::new();
        for file in &files {
            text += &text::read(file)?;
            text.push('\n');
        }
        Ok(Self { files, ..Self::new(&text)? })
    }

    pub fn new(text: &str) -> Result<Self> {
        let vocabulary = Vocabulary::of(text)?;
        let symbols = vocabulary.encode(text)?;
        let held_out = symbols.len() - symbols.len() / 10;
        if held_out == symbols.len() {
            let (expected, found) = ("at least 10 characters, to hold a tenth out".into(), symbols.len().to_string());
            return Err(Error::Format { what: "text".into(), expected, found });
        }
        Ok(Self { files: vec![], symbols, held_out, vocabulary, digest: Digest::of(text.as_bytes()) })
    }

    pub fn train(&self) -> &[u32] {
        &self.symbols[..self.held_out]
    }

    pub fn baselines(&self) -> Result<Baselines> {
        let (train, validation) = self.symbols.split_at(self.held_out);
        let counts = NGrams::fit(train, self.vocabulary.len())?;
        Ok(Baselines {
            uniform: counts.uniform(),
            unigram: counts.unigram(validation)?,
            bigram: counts.bigram(train[train.len() - 1], validation)?,
        })
    }
}

/// Documents at the root, then Rust sources folder by folder, each sorted by path: the same text for the same checkout.
fn checkout(root: &Path) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    list(root, "md", false, &mut files)?;
    let folders = [
        "src",
        "examples",
        "tests",
        "rnn-backend-naive/src",
        "rnn-backend-faer/src",
        "rnn-check/src",
        "rnn-kernels/src",
    ];
    for folder in folders.map(|folder| root.join(folder)).iter().filter(|folder| folder.is_dir()) {
        list(folder, "rs", true, &mut files)?;
    }
    Ok(files)
}

/// Appends the files with this extension, sorted by path.
fn list(folder: &Path, extension: &str, deep: bool, files: &mut Vec<PathBuf>) -> Result<()> {
    let io = |source| Error::Io { doing: "reading", path: folder.into(), source };
    let entries = std::fs::read_dir(folder).map_err(io)?;
    let mut paths = entries.map(|entry| entry.map(|entry| entry.path())).collect::<Result<Vec<_>, _>>().map_err(io)?;
    paths.sort();
    for path in paths {
        if path.is_dir() && deep {
            list(&path, extension, deep, files)?;
        } else if path.is_file() && path.extension().is_some_and(|found| found == extension) {
            files.push(path);
        }
    }
    Ok(())
}
