//! `θ = [matrices with a bias | their biases | other matrices | vectors]`: the flat parameters of a cell.

use super::Size;
use crate::equations::Cell;
use crate::form::{Factor, Form, Name, Product, Slot};
use crate::params::Bias;
use alloc::vec::Vec;
use core::ops::Range;

/// A named block of the flat parameters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParamBlock {
    /// Its name, without layer and direction.
    pub name: Name,
    /// Rows; a vector has one element a row.
    pub rows: usize,
    /// Columns; 1 for a vector.
    pub cols: usize,
    /// Whether this is a vector `[rows]` rather than a matrix.
    pub is_vector: bool,
    /// Where it lies in the flat buffer.
    pub range: Range<usize>,
}

/// The blocks, and which of them belong to which matrix or vector of the form.
#[derive(Clone, Debug)]
pub(super) struct Blocks {
    pub(super) all: Vec<ParamBlock>,
    matrices: Vec<usize>,
    biases: Vec<Option<usize>>,
    vectors: Vec<usize>,
}

impl Blocks {
    /// `None` if a length overflows.
    pub(super) fn new(cell: &Cell, size: Size) -> Option<Self> {
        let form = cell.form();
        let mut all: Vec<ParamBlock> = Vec::new();
        let mut push = |name: &Name, rows: usize, cols: usize, is_vector| {
            let start = all.last().map_or(0, |block| block.range.end);
            let range = start..start.checked_add(rows.checked_mul(cols)?)?;
            all.push(ParamBlock { name: name.clone(), rows, cols, is_vector, range });
            Some(all.len() - 1)
        };
        let count = form.matrices.len();
        let (mut matrices, mut biases) = (alloc::vec![0; count], alloc::vec![None; count]);
        let of = |with_bias: bool| (0..count).filter(move |&m| form.matrices[m].bias.is_some() == with_bias);
        for m in of(true) {
            matrices[m] = push(&form.matrices[m].name, rows(form, size, m)?, cols(form, size, m), false)?;
        }
        for m in of(true).filter(|&m| has_bias(form, size.bias, m)) {
            let name = form.matrices[m].bias.as_ref().expect("those with a bias");
            biases[m] = Some(push(name, rows(form, size, m)?, 1, true)?);
        }
        for m in of(false) {
            matrices[m] = push(&form.matrices[m].name, rows(form, size, m)?, cols(form, size, m), false)?;
        }
        let mut vectors = Vec::new();
        for (name, width) in &form.vectors {
            vectors.push(push(name, size.width(*width), 1, true)?);
        }
        Some(Self { all, matrices, biases, vectors })
    }

    pub(super) fn matrix(&self, m: usize) -> &ParamBlock {
        &self.all[self.matrices[m]]
    }

    pub(super) fn bias(&self, m: usize) -> Option<&ParamBlock> {
        self.biases[m].map(|at| &self.all[at])
    }

    pub(super) fn vector(&self, v: usize) -> Range<usize> {
        self.all[self.vectors[v]].range.clone()
    }

    pub(super) fn len(&self) -> usize {
        self.all.last().map_or(0, |block| block.range.end)
    }
}

/// One bias is that of the input; a matrix of anything else then has none.
fn has_bias(form: &Form, bias: Bias, m: usize) -> bool {
    match bias {
        Bias::Both => true,
        Bias::Input => slot_of(form, m) == Some(Slot::X),
        Bias::None => false,
    }
}

fn rows(form: &Form, size: Size, m: usize) -> Option<usize> {
    let mut rows = 0_usize;
    for stage in &form.stages {
        for p in (0..stage.products.len()).filter(|&p| stage.products[p].factor.matrix() == Some(m)) {
            rows = rows.checked_add(stage.gates_of(p).checked_mul(size.width(stage.width))?)?;
        }
    }
    Some(rows)
}

fn cols(form: &Form, size: Size, m: usize) -> usize {
    if let Some(Factor::Heads { columns, .. }) = first_product(form, m).map(|product| product.factor) {
        return columns;
    }
    let width = slot_of(form, m).and_then(|slot| form.slot_width(slot));
    width.map_or(size.input, |width| size.width(width))
}

/// What a matrix is multiplied by first; every other slot is as wide.
fn slot_of(form: &Form, m: usize) -> Option<Slot> {
    first_product(form, m).map(|product| product.of)
}

fn first_product(form: &Form, m: usize) -> Option<&Product> {
    form.stages.iter().flat_map(|stage| &stage.products).find(|product| product.factor.matrix() == Some(m))
}
