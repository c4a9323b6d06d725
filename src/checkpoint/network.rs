//! `file → θ`: the network of a checkpoint, and nothing else of it.

use super::format::{HEADER, Opened, entries, header, open, twice};
use super::limits::SETTINGS;
use super::parts::read_settings;
use super::training::in_file;
use super::{CheckpointFault as Fault, Digest, Limits, Stored, version_1, version_2};
use crate::buffer::Aligned;
use crate::cells::{CellRecord, Cells, expect};
use crate::digest::Digesting;
use crate::error::Result;
use crate::file::{Reading, read};
use crate::finite::check_finite;
use crate::interop::element;
use crate::network::{Config, Network, Parameters};
use rnn_kernels::Backend;
use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

impl<T: Stored, B: Backend<T> + ?Sized> Network<T, B> {
    /// The network of the checkpoint at `path` with the cells of a registry: what [`Checkpoint::network`](super::Checkpoint::network) gives,
    /// in the memory of its parameters.
    ///
    /// The file is read once from its beginning to its end. Numbers go from it straight to where the network keeps them; moments, states
    /// and whatever else a run needs are held against their digests and let go, and no initial value is drawn. A file of version 1 alone is
    /// held while it is read.
    ///
    /// ```no_run
    /// # #[cfg(feature = "_backend")]
    /// # fn main() -> recurrent::Result<()> {
    /// use recurrent::checkpoint::Limits;
    /// use recurrent::network::Purpose;
    /// use recurrent::{Cells, DefaultBackend, Network};
    ///
    /// let backend = DefaultBackend::default();
    /// let mut network = Network::<f32>::from_checkpoint("run.ckpt", Limits::default(), backend, &Cells::new())?;
    /// network.keep_packed_for(Purpose::Infer)?;
    /// # Ok(())
    /// # }
    /// # #[cfg(not(feature = "_backend"))]
    /// # fn main() {}
    /// ```
    ///
    /// # Errors
    /// Those of [`Checkpoint::read`](super::Checkpoint::read), of whose faults only those are found that the digests or the network itself
    /// show, and of [`Checkpoint::network`](super::Checkpoint::network).
    pub fn from_checkpoint(
        path: impl AsRef<Path>,
        limits: Limits,
        backend: impl Into<Arc<B>>,
        cells: &Cells,
    ) -> Result<Self> {
        let path = path.as_ref();
        let Found { config, cells: records, flat } = find(path, limits)?;
        check_finite("parameters", &flat)
            .map_err(|error| in_file(path, Fault::Invalid { found: error.to_string() }))?;
        Self::with_parameters(&config, backend.into(), cells, |made, blocks| {
            if !records.is_empty() {
                expect(&records, made)?;
            }
            Parameters::of(blocks, flat)
        })
    }
}

/// What of a checkpoint is its network.
struct Found<T> {
    config: Config,
    cells: Vec<CellRecord>,
    flat: Aligned<T>,
}

fn find<T: Stored>(path: &Path, limits: Limits) -> Result<Found<T>> {
    let fault = |fault| in_file(path, fault);
    let too_large = |found| in_file(path, Fault::TooLarge { limit: limits.bytes, found });
    let mut file = Reading::open(path, limits.bytes, too_large)?;
    let first = file.bytes(file.len().min(HEADER as u64))?;
    let header = header::<T>(&first, file.len(), limits).map_err(fault)?;
    if header.version == 1 {
        return find_in_version_1(path, limits);
    }
    let table = file.bytes(header.length)?;
    header.check(&first, &table).map_err(fault)?;
    let (mut config, mut cells, mut flat) = (None, None, None);
    let (mut names, mut unknown) = (BTreeSet::new(), None);
    for entry in entries(&table, file.len()).map_err(fault)? {
        let found = match entry.name {
            "config" | "cells" if entry.length > SETTINGS => {
                return Err(fault(Fault::PartTooLarge { part: entry.name.into(), limit: SETTINGS }));
            }
            "config" | "cells" => {
                let bytes = file.bytes(entry.length)?;
                let found = Digest::of(&bytes);
                *(if entry.name == "config" { &mut config } else { &mut cells }) = Some(bytes);
                found
            }
            "parameters" => {
                let (values, found) = numbers(path, &mut file, entry.length)?;
                flat = Some(values);
                found
            }
            name => {
                if !version_2::is_known(name) && !entry.may_be_skipped() {
                    unknown.get_or_insert(name);
                }
                let mut digesting = Digesting::default();
                file.chunks(entry.length, |chunk| digesting.add(chunk))?;
                digesting.finish()
            }
        };
        entry.check(found).map_err(fault)?;
        if !names.insert(entry.name) {
            return Err(fault(twice(entry.name)));
        }
    }
    file.finish()?;
    if let Some(name) = unknown {
        return Err(fault(Fault::UnknownPart { found: name.into() }));
    }
    let missing = |expected| fault(Fault::MissingPart { expected });
    let config = read_settings("config", &config.ok_or_else(|| missing("config"))?).map_err(fault)?;
    let cells = cells.map(|bytes| read_settings("cells", &bytes)).transpose().map_err(fault)?.unwrap_or_default();
    Ok(Found { config, cells, flat: flat.ok_or_else(|| missing("parameters"))? })
}

/// So many bytes as numbers, and their digest.
fn numbers<T: Stored>(path: &Path, file: &mut Reading<'_>, bytes: u64) -> Result<(Aligned<T>, Digest)> {
    let size = size_of::<T>() as u64;
    if !bytes.is_multiple_of(size) {
        let found = format!("{bytes} bytes, which are no whole numbers");
        return Err(in_file(path, Fault::Malformed { part: "parameters".into(), found }));
    }
    // As many bytes as there are in the file; what no memory can hold is refused there.
    let count = usize::try_from(bytes / size).unwrap_or(usize::MAX);
    let mut values = Aligned::zeros(&format!("checkpoint {}, parameters", path.display()), count)?;
    let (mut digesting, mut rest) = (Digesting::default(), &mut values[..]);
    file.chunks(bytes, |chunk| {
        digesting.add(chunk);
        let (here, after) = std::mem::take(&mut rest).split_at_mut(chunk.len() / size_of::<T>());
        element::copy::<T, T>(here, chunk, |value| value);
        rest = after;
    })?;
    Ok((values, digesting.finish()))
}

fn find_in_version_1<T: Stored>(path: &Path, limits: Limits) -> Result<Found<T>> {
    let fault = |fault| in_file(path, fault);
    let bytes = read(path, limits.bytes, |found| in_file(path, Fault::TooLarge { limit: limits.bytes, found }))?;
    let opened = open::<T>(&bytes, limits).map_err(fault)?;
    let Opened::Version1(payload) = opened else {
        return Err(fault(Fault::UnknownVersion { expected: 1, found: 2 })); // it was replaced meanwhile
    };
    let (config, values) = version_1::network::<T>(payload).map_err(fault)?;
    let mut flat = Aligned::zeros("parameters", values.len())?;
    flat.copy_from_slice(&values);
    Ok(Found { config, cells: Vec::new(), flat })
}
