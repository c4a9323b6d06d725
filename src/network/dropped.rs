//! `y = m ⊙ x`: the dropout layers of a network, their masks drawn from the seed of a batch. The same seed draws the same masks, whatever
//! ran before.

use super::dims::Dims;
use super::plan::{Plan, Stage};
use crate::buffer::Aligned;
use crate::error::{Result, checked_product};
use crate::noise::Draw;
use crate::rng::Rng;
use rnn_kernels::{MatMut, MatRef, Scalar};

/// The seeds of the masks of a batch, one after another.
#[derive(Debug)]
pub(crate) struct Seeds(Rng);

impl Seeds {
    pub fn new(seed: u64) -> Self {
        Self(Rng::seed(seed))
    }

    /// The generator of the next mask.
    pub fn next(&mut self) -> Rng {
        Rng::seed(self.0.next_u64())
    }
}

/// The masks of the dropout layers of a network over a batch.
#[derive(Debug)]
pub(crate) struct Dropped<T> {
    /// `[T, N, W]` of each dropout layer, or `[N, W]` once rows were read out.
    masks: Vec<Aligned<T>>,
    /// Whether anything is dropped in the pass at hand.
    on: bool,
}

impl<T> Default for Dropped<T> {
    fn default() -> Self {
        Self { masks: Vec::new(), on: false }
    }
}

impl<T: Scalar> Dropped<T> {
    /// Draws the masks of a batch of these sizes, or notes that nothing is dropped.
    pub fn load(&mut self, plan: &Plan<T>, seeds: Option<&mut Seeds>, dims: Dims) -> Result<()> {
        self.on = seeds.is_some();
        let Some(seeds) = seeds else { return Ok(()) };
        let mut dims = dims;
        for stage in &plan.stages {
            match stage {
                stage if stage.reads_out() => dims = dims.read_out(),
                Stage::Dropout { width, spec, at } => {
                    self.masks.resize_with(self.masks.len().max(at + 1), Aligned::default);
                    let len = checked_product("dropout", &[dims.steps, dims.rows, *width])?;
                    self.masks[*at].grow("dropout", len)?;
                    Draw::Dropout(*spec).fill(&mut seeds.next(), &mut self.masks[*at][..len], dims.steps);
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// That of dropout layer `at`, flat over the steps of `dims`, if anything is dropped.
    pub fn mask(&self, at: usize, width: usize, dims: Dims) -> Option<&[T]> {
        self.on.then(|| &self.masks[at][dims.range(width)])
    }

    /// Every buffer, to write.
    #[cfg(test)]
    pub fn buffers_mut(&mut self) -> impl Iterator<Item = &mut Aligned<T>> {
        self.masks.iter_mut()
    }
}

/// `y = m ⊙ x`, and its pullback `d_x = m ⊙ d_y`; without a mask the identity. `y [M, W]` is overwritten.
pub(crate) fn apply<T: Scalar>(m: Option<&[T]>, x: MatRef<'_, T>, mut y: MatMut<'_, T>) {
    let width = x.cols();
    for k in 0..x.rows() {
        let (x, y) = (x.row(k), y.row_mut(k));
        match m {
            Some(m) => y.iter_mut().zip(x).zip(&m[k * width..]).for_each(|((y, &x), &m)| *y = m * x),
            None => y.copy_from_slice(x),
        }
    }
}
