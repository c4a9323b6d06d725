//! `files and arrays → batches`: ragged rows with their targets, padded, ordered, scaled, read from tables.
//!
//! | from | by | to |
//! |---|---|---|
//! | rows of any lengths | [`Sequences::push`], [`Sequences::push_labelled`] | [`Sequences`] |
//! | a file of comma-separated values | [`read_csv`], [`Table::sequences`] | [`Sequences`] |
//! | a series `[M, C]` to forecast | [`windows`] | [`Sequences`] |
//! | [`Sequences`] | [`Sequences::split`] | rows to train on, to choose by, to test with |
//! | features | [`Normaliser`] | the same on one scale |
//! | rows of an epoch | [`Order::batches`] | the rows of each batch |
//! | [`Sequences`] and the rows of a batch | [`Padded::load`] | [`Batch`](crate::Batch) and [`Targets`](crate::Targets) |
//! | arrays that are batch-first | [`time_major`] | the same in time order |
//!
//! A long text that is read with a carried state is [`text::Streams`](crate::text::Streams).

mod csv;
mod layout;
mod normaliser;
mod order;
mod padded;
mod row;
mod sequences;
mod split;
mod table;
mod target_kind;
mod windows;

pub use self::csv::{CsvOptions, read_csv};
pub use layout::time_major;
pub use normaliser::{Normaliser, Scaling};
pub use order::{Batches, Order};
pub use padded::Padded;
pub use row::{Input, Label};
pub use sequences::Sequences;
pub use table::Table;
pub use target_kind::TargetKind;
pub use windows::{Windows, windows};
