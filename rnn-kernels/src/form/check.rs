//! Whether a form is one: everything it refers to is there, and is written before it is read.

use super::{Factor, Form, Product, Slot, Stage};
use crate::equations::{CellError, Fault};
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

impl Form {
    /// Whether this can be the form of a cell, whatever its equation is.
    pub(crate) fn check(&self) -> Result<(), CellError> {
        let whole = |fault| Err(self.error(None, fault));
        if self.states.is_empty() {
            return whole(Fault::NoState);
        }
        if self.stages.is_empty() {
            return whole(Fault::NoStage);
        }
        self.check_names().or_else(whole)?;
        let mut written = Vec::new();
        for (s, stage) in self.stages.iter().enumerate() {
            self.check_stage(stage, &mut written).map_err(|fault| self.error(Some(s), fault))?;
        }
        let states = (0..self.states.len()).map(Slot::New);
        if let Some(slot) = states.chain((0..self.values.len()).map(Slot::Value)).find(|slot| !written.contains(slot)) {
            return whole(Fault::NeverWritten { slot: self.slot_name(slot) });
        }
        self.check_matrices().or_else(whole)
    }

    pub(crate) fn error(&self, stage: Option<usize>, fault: Fault) -> CellError {
        CellError { cell: self.name.clone(), stage, fault }
    }

    /// Blocks of parameters among themselves, states among themselves, gates of a stage among themselves.
    fn check_names(&self) -> Result<(), Fault> {
        let blocks = self.matrices.iter().flat_map(|m| [Some(&m.name), m.bias.as_ref()]).flatten();
        let blocks: Vec<_> = blocks.chain(self.vectors.iter().map(|v| &v.0)).collect();
        let states: Vec<_> = self.states.iter().map(|s| &s.0).collect();
        let gates = self.stages.iter().map(|stage| stage.gates.iter().collect::<Vec<_>>());
        for names in [blocks, states].into_iter().chain(gates) {
            if let Some((_, name)) = names.iter().enumerate().find(|(i, name)| names[..*i].contains(name)) {
                return Err(Fault::NameTwice { name: (*name).clone() });
            }
        }
        Ok(())
    }

    fn check_stage(&self, stage: &Stage, written: &mut Vec<Slot>) -> Result<(), Fault> {
        for product in &stage.products {
            self.check_read(product.of, written)?;
            let factor = self.factor_name(product)?;
            match (product.of, product.factor.matrix()) {
                (Slot::Mask(_), _) => return Err(Fault::ProductOfMask { factor }),
                (Slot::X, None) => return Err(Fault::MapOfInput { factor }),
                _ => {}
            }
            let into = product.into.as_deref().unwrap_or_default();
            for (at, &gate) in into.iter().enumerate() {
                let name = stage.gates.get(gate).ok_or(missing("gate", gate, stage.gates.len()))?;
                if into[..at].contains(&gate) {
                    return Err(Fault::GateTwice { gate: name.clone(), factor });
                }
            }
            if product.factor.matrix().is_none() && into.windows(2).any(|pair| pair[0] + 1 != pair[1]) {
                return Err(Fault::GatesApart { factor });
            }
        }
        for (g, gate) in stage.gates.iter().enumerate() {
            if !stage.products.iter().any(|product| product.into.as_ref().is_none_or(|into| into.contains(&g))) {
                return Err(Fault::GateWithoutProduct { gate: gate.clone() });
            }
        }
        for (at, &slot) in stage.reads.iter().enumerate() {
            self.check_read(slot, written)?;
            self.check_unit(stage, &stage.reads[..at], slot)?;
        }
        for (at, &v) in stage.vectors.iter().enumerate() {
            let (name, width) = self.vectors.get(v).ok_or(missing("vector", v, self.vectors.len()))?;
            let slot = || format!("vector `{name}`");
            if stage.vectors[..at].contains(&v) {
                return Err(Fault::Twice { slot: slot() });
            }
            if *width != stage.width {
                return Err(Fault::Width { slot: slot() });
            }
        }
        for (at, &slot) in stage.writes.iter().enumerate() {
            if !matches!(slot, Slot::New(_) | Slot::Value(_)) {
                return Err(Fault::NotWritable { slot: self.slot_name(slot) });
            }
            self.check_exists(slot)?;
            if written.contains(&slot) {
                return Err(Fault::Twice { slot: self.slot_name(slot) });
            }
            self.check_unit(stage, &stage.writes[..at], slot)?;
        }
        written.extend_from_slice(&stage.writes);
        Ok(())
    }

    /// A slot that is read exists, and a stage before has written it.
    fn check_read(&self, slot: Slot, written: &[Slot]) -> Result<(), Fault> {
        self.check_exists(slot)?;
        let ready = !matches!(slot, Slot::New(_) | Slot::Value(_)) || written.contains(&slot);
        if ready { Ok(()) } else { Err(Fault::NotYetWritten { slot: self.slot_name(slot) }) }
    }

    fn check_exists(&self, slot: Slot) -> Result<(), Fault> {
        let (what, index, count) = match slot {
            Slot::X => return Ok(()),
            Slot::Old(k) | Slot::New(k) => ("state", k, self.states.len()),
            Slot::Value(v) => ("value", v, self.values.len()),
            Slot::Mask(m) => ("mask", m, self.masks.len()),
        };
        if index < count { Ok(()) } else { Err(missing(what, index, count)) }
    }

    /// A slot of the units of a stage is there once and as wide as the stage; the input shows its width with the sizes.
    fn check_unit(&self, stage: &Stage, before: &[Slot], slot: Slot) -> Result<(), Fault> {
        let slot_name = || self.slot_name(slot);
        if before.contains(&slot) {
            return Err(Fault::Twice { slot: slot_name() });
        }
        let fits = self.slot_width(slot).is_none_or(|width| width == stage.width);
        if fits { Ok(()) } else { Err(Fault::Width { slot: slot_name() }) }
    }

    /// What a product multiplies by, as people say it.
    fn factor_name(&self, product: &Product) -> Result<String, Fault> {
        Ok(match product.factor {
            Factor::Matrix(m) | Factor::Heads { matrix: m, .. } => {
                let matrix = self.matrices.get(m).ok_or(missing("matrix", m, self.matrices.len()))?;
                format!("matrix `{}`", matrix.name)
            }
            Factor::Spread { .. } => "the spread".into(),
            Factor::Sum { .. } => "the sum".into(),
            Factor::Mean { .. } => "the mean".into(),
            Factor::Part { at, of } if at >= of => return Err(missing("part", at, of)),
            Factor::Part { .. } => "the part".into(),
        })
    }

    /// Every matrix is used, by slots of one width, in one way.
    fn check_matrices(&self) -> Result<(), Fault> {
        for (m, matrix) in self.matrices.iter().enumerate() {
            let products = self.stages.iter().flat_map(|stage| &stage.products);
            let mut uses = products.filter(|product| product.factor.matrix() == Some(m));
            let Some(first) = uses.next() else { return Err(Fault::MatrixUnused { matrix: matrix.name.clone() }) };
            let width = self.slot_width(first.of);
            if uses.any(|product| self.slot_width(product.of) != width || product.factor != first.factor) {
                return Err(Fault::MatrixColumns { matrix: matrix.name.clone() });
            }
        }
        Ok(())
    }

    /// Gate `g` of a stage as people say it.
    pub(crate) fn gate_name(stage: &Stage, g: usize) -> String {
        format!("gate `{}`", stage.gates[g])
    }
}

fn missing(what: &'static str, index: usize, count: usize) -> Fault {
    Fault::Missing { what, index, count }
}
