//! `resume(save(run)) = run`, bit for bit: everything a training run is, in one file.
//!
//! A [`Checkpoint`] is the content, [`write_atomically`] the way any file of this crate reaches the disk, [`Limits`] what
//! both the writer and the reader of a file keep to, a [`Keeper`] saves a run on its way and whatever ends it, and a [`Run`] is
//! all that a program has of one. Whoever wants no more than the network takes
//! [`Network::from_checkpoint`](crate::Network::from_checkpoint).
//!
//! # The file
//!
//! All integers are little-endian. A header, a table of parts, then the parts one after another, and nothing else:
//!
//! | bytes | header |
//! |---|---|
//! | 8 | `89 52 4E 4E 0D 0A 1A 0A` |
//! | 4 | format version: 2 |
//! | 1 | number type: 1 is f32, 2 is f64 |
//! | 3 | 0 |
//! | 8 | length of the table, at most 65 536 |
//! | 32 | SHA-256 of the 24 bytes above and the table |
//!
//! | bytes | entry of the table, one for each part in the order of the parts |
//! |---|---|
//! | 1 | *n* |
//! | *n* | name, UTF-8; no two parts have the same |
//! | 1 | 1: a reader must know the part; 0: one that does not may skip it |
//! | 8 | length of the part |
//! | 32 | SHA-256 of the part |
//!
//! | part | content |
//! |---|---|
//! | `config` | the [`Config`](crate::Config), JSON, at most 1 MiB |
//! | `optimiser` | `rule`, `steps` and the number of `parameters`, JSON, at most 1 MiB |
//! | `run` | `schedule`, `step`, `rng`, `cursor`, `rows`, `text_digest`, JSON, at most 1 MiB |
//! | `cells` | of every recurrent layer `layer`, `cell` and `digest` of the cell's equation, JSON, at most 1 MiB; may be skipped |
//! | `application` | the application's value, bincode 2 with its standard configuration |
//! | `training` | of a trainer `settings`, `counts`, `progress` and what it has of `good` and `best`, JSON, at most 1 MiB |
//! | `epochs` | of a trainer the epochs of its fit, bincode 2 with its standard configuration |
//! | `beginning` | of a trainer the rows of the carried state that are at their beginning, if there are any, bincode 2 with its standard configuration |
//! | `parameters`, `state` | numbers of the number type |
//! | `gathered` | of a trainer the gradients since its last update, if there are any |
//! | `good parameters`, `best parameters`, and `good` or `best` before the name of a moment | of a trainer what it may go back to |
//! | `moment velocity`, `moment mean`, `moment square`, `moment sum`, `moment delta` | those that the rule has, numbers of the number type |
//!
//! Every part of today but `cells` must be known, and all of them are there but those of a trainer, which a file may be without; files
//! written before cells had digests lack `cells`, and no equation is then refused. A later version of this crate adds fields to settings
//! and parts to the table without a new version of the format: it reads what was written without them, and an older
//! one refuses by name what it does not know, unless the part says that it may be skipped.
//!
//! A reader checks in this order: size limit, magic, version, number type, length and digest of the table, length of the
//! file, digest of every part, known or not; only then does it decode, and refuses what is not finite or contradicts
//! itself. No length is believed before its bytes are seen to be there. The digests tell accidents; they do not tell
//! who wrote the file.
//!
//! **Version 1**, written by the first release, is read for ever. The 8 bytes are there the length, and the digest that
//! of the 24 bytes and of all that follows: the fields of a [`Checkpoint`] in their order, bincode 2.

mod agree;
mod compact;
mod fault;
mod format;
mod keeper;
mod limits;
mod network;
mod parts;
mod run;
mod stored;
mod trainer;
mod training;
mod version_1;
mod version_2;

pub use crate::cells::CellRecord;
pub use crate::digest::Digest;
pub use crate::file::write_atomically;
pub use agree::expect_same;
pub use fault::CheckpointFault;
pub use keeper::{Every, Keeper, Notice};
pub use limits::Limits;
pub use run::Run;
pub use stored::Stored;
pub use trainer::Training;
pub use training::Checkpoint;
