//! Weights in the layout the backend computes fastest with, and the number that says which weights they are.

use super::parameters::Parameters;
use super::plan::Plan;
use crate::buffer::Aligned;
use crate::error::{Error, Result};
use crate::finite::first_non_finite;
use rnn_kernels::{Backend, Scalar, Use};
use std::sync::atomic::{AtomicU64, Ordering};

/// What packed weights are kept for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Purpose {
    /// Training and inference.
    #[default]
    Both,
    /// Training only: `infer`, `step` and `evaluate` are then errors.
    Train,
    /// Inference only: `forward` and `backward` are then errors.
    Infer,
}

impl Purpose {
    fn includes(self, usage: Use) -> bool {
        matches!((self, usage), (Purpose::Both, _) | (Purpose::Train, Use::Train) | (Purpose::Infer, Use::Infer))
    }
}

/// Packed weights of every direction of every recurrent layer.
#[derive(Clone, Debug)]
pub(crate) struct Packed<T> {
    purpose: Purpose,
    /// By slot.
    infer: Vec<Aligned<T>>,
    /// By slot.
    train: Vec<Aligned<T>>,
    generation: u64,
    /// `None` while the parameters are being changed.
    packed: Option<u64>,
    /// The first parameter that is not finite.
    non_finite: Option<usize>,
}

/// One sequence of numbers for all networks, so that a workspace never takes one network for another.
fn next_generation() -> u64 {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    NEXT.fetch_add(1, Ordering::Relaxed)
}

impl<T: Scalar> Packed<T> {
    pub fn new<B: Backend<T> + ?Sized>(
        backend: &B,
        plan: &Plan<T>,
        parameters: &Parameters<T>,
        purpose: Purpose,
    ) -> Result<Self> {
        let buffers = |usage| {
            plan.ways()
                .map(|(layer, _)| {
                    // The length of packed weights does not depend on the size of a batch.
                    let len = backend.lens(&layer.spec, 1, 1).packed(usage);
                    Aligned::zeros("packed weights", if purpose.includes(usage) { len } else { 0 })
                })
                .collect::<Result<Vec<_>>>()
        };
        let (infer, train) = (buffers(Use::Infer)?, buffers(Use::Train)?);
        let mut packed = Self { purpose, infer, train, generation: next_generation(), packed: None, non_finite: None };
        packed.fill(backend, plan, parameters);
        Ok(packed)
    }

    pub fn generation(&self) -> u64 {
        self.generation
    }

    pub fn purpose(&self) -> Purpose {
        self.purpose
    }

    /// The parameters are about to change. If the change is interrupted, the old packed weights stay unusable.
    pub fn invalidate(&mut self) {
        self.generation = next_generation();
        self.packed = None;
    }

    /// Packs the parameters.
    pub fn fill<B: Backend<T> + ?Sized>(&mut self, backend: &B, plan: &Plan<T>, parameters: &Parameters<T>) {
        for (layer, way) in plan.ways() {
            let params = &parameters[way.params.clone()];
            for (usage, buffers) in [(Use::Infer, &mut self.infer), (Use::Train, &mut self.train)] {
                if self.purpose.includes(usage) {
                    backend.pack(&layer.spec, usage, params, &mut buffers[way.slot]);
                }
            }
        }
        self.non_finite = first_non_finite(parameters);
        self.packed = Some(self.generation);
    }

    /// `Ok` if every parameter was finite when they were packed.
    pub fn check_finite(&self, parameters: &Parameters<T>) -> Result<()> {
        self.non_finite.map_or(Ok(()), |index| Err(parameters.not_finite("parameters", index)))
    }

    /// The packed weights by slot, if they are those of the present parameters.
    pub fn get(&self, call: &'static str, usage: Use) -> Result<&[Aligned<T>]> {
        let error = |expected: &str, found: String| Err(Error::Order { call, expected: expected.into(), found });
        if self.packed != Some(self.generation) {
            return error("packed weights of these parameters", "an update that did not finish".into());
        }
        if !self.purpose.includes(usage) {
            return error("weights packed for it", format!("weights packed for {:?} only", self.purpose));
        }
        Ok(match usage {
            Use::Infer => &self.infer,
            Use::Train => &self.train,
        })
    }
}
