//! Weights in the layout the backend computes fastest with, packed when a pass first asks for them, and the number that says which
//! weights they are.
//!
//! A change of the parameters makes what is packed stale and keeps its room; the next pass of a use packs for that use alone. So a
//! network that only infers never has weights packed for training, and a training run packs for inference when it validates.

use super::parameters::Parameters;
use super::plan::Plan;
use crate::buffer::Aligned;
use crate::error::{Error, Result};
use crate::finite::first_non_finite;
use crate::memory::reserve;
use rnn_kernels::{Backend, Scalar, Use};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};

/// What weights may be packed for.
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
    /// What it is made of.
    pub(super) fn uses(self) -> impl Iterator<Item = Use> {
        [Use::Infer, Use::Train].into_iter().filter(move |&usage| self.includes(usage))
    }

    fn includes(self, usage: Use) -> bool {
        matches!((self, usage), (Purpose::Both, _) | (Purpose::Train, Use::Train) | (Purpose::Infer, Use::Infer))
    }
}

/// Packed weights of every direction of every recurrent layer.
#[derive(Clone, Debug)]
pub(crate) struct Packed<T> {
    purpose: Purpose,
    infer: OfUse<T>,
    train: OfUse<T>,
    generation: u64,
    /// Not while the parameters are being changed, nor after a panic broke that off.
    whole: bool,
    /// The first parameter that is not finite.
    non_finite: Option<usize>,
}

/// Weights packed for one use, by slot.
#[derive(Debug)]
struct OfUse<T> {
    /// Those of the present parameters, once a pass has asked for them. Read by every pass: an atomic load.
    ready: OnceLock<Vec<Aligned<T>>>,
    /// Room that earlier ones had. Locked to take it or to leave it, never while a backend packs: a thread that waits for others may
    /// meet a task that needs the same weights.
    room: Mutex<Vec<Aligned<T>>>,
}

/// One sequence of numbers for all networks, so that a workspace never takes one network for another.
fn next_generation() -> u64 {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    NEXT.fetch_add(1, Ordering::Relaxed)
}

impl<T: Scalar> Packed<T> {
    /// Nothing packed yet, of these parameters.
    pub fn of(parameters: &Parameters<T>, purpose: Purpose) -> Self {
        let (infer, train, generation) = (OfUse::default(), OfUse::default(), next_generation());
        Self { purpose, infer, train, generation, whole: true, non_finite: first_non_finite(parameters) }
    }

    pub fn generation(&self) -> u64 {
        self.generation
    }

    pub fn purpose(&self) -> Purpose {
        self.purpose
    }

    /// The parameters are about to change. If the change is interrupted, no weights are packed of them.
    pub fn invalidate(&mut self) {
        self.generation = next_generation();
        self.whole = false;
        self.infer.grow_stale();
        self.train.grow_stale();
    }

    /// The parameters have changed.
    pub fn renew(&mut self, parameters: &Parameters<T>) {
        self.non_finite = first_non_finite(parameters);
        self.whole = true;
    }

    /// `Ok` if every parameter was finite when they were changed last.
    pub fn check_finite(&self, parameters: &Parameters<T>) -> Result<()> {
        self.non_finite.map_or(Ok(()), |index| Err(parameters.not_finite("parameters", index)))
    }

    /// From now on this purpose alone.
    pub fn keep_only(&mut self, purpose: Purpose) {
        self.purpose = purpose;
        for (usage, of_use) in [(Use::Infer, &mut self.infer), (Use::Train, &mut self.train)] {
            if !purpose.includes(usage) {
                *of_use = OfUse::default();
            }
        }
    }

    /// The weights by slot, packed for this use if they are not yet and may be.
    pub fn get<B: Backend<T> + ?Sized>(
        &self,
        call: &'static str,
        usage: Use,
        backend: &B,
        plan: &Plan<T>,
        parameters: &Parameters<T>,
    ) -> Result<&[Aligned<T>]> {
        if !self.purpose.includes(usage) {
            let (expected, found) =
                ("weights packed for it".into(), format!("weights packed for {:?} only", self.purpose));
            return Err(Error::Order { call, expected, found });
        }
        self.ready(call, usage, backend, plan, parameters)
    }

    /// The weights by slot, packed for this use if they are not yet.
    pub fn ready<B: Backend<T> + ?Sized>(
        &self,
        call: &'static str,
        usage: Use,
        backend: &B,
        plan: &Plan<T>,
        parameters: &Parameters<T>,
    ) -> Result<&[Aligned<T>]> {
        if !self.whole {
            let (expected, found) = ("parameters of a finished update".into(), "an update that did not finish".into());
            return Err(Error::Order { call, expected, found });
        }
        let of_use = match usage {
            Use::Infer => &self.infer,
            Use::Train => &self.train,
        };
        match of_use.ready.get() {
            Some(ready) => Ok(ready),
            None => of_use.pack(usage, backend, plan, parameters),
        }
    }
}

impl<T> Default for OfUse<T> {
    fn default() -> Self {
        Self { ready: OnceLock::new(), room: Mutex::new(Vec::new()) }
    }
}

impl<T: Clone> Clone for OfUse<T> {
    fn clone(&self) -> Self {
        Self { ready: self.ready.clone(), room: Mutex::new(Vec::new()) }
    }
}

impl<T: Scalar> OfUse<T> {
    fn grow_stale(&mut self) {
        if let Some(old) = self.ready.take() {
            *self.room.get_mut().unwrap_or_else(PoisonError::into_inner) = old;
        }
    }

    /// Packs. Threads that come here at once pack each for itself, the same numbers, and those of the first are kept.
    #[cold]
    fn pack<B: Backend<T> + ?Sized>(
        &self,
        usage: Use,
        backend: &B,
        plan: &Plan<T>,
        parameters: &Parameters<T>,
    ) -> Result<&[Aligned<T>]> {
        let room = std::mem::take(&mut *self.room.lock().unwrap_or_else(PoisonError::into_inner));
        let mut packed = if room.is_empty() { buffers(usage, backend, plan)? } else { room };
        for (layer, way) in plan.ways() {
            backend.pack(&layer.spec, usage, &parameters[way.params.clone()], &mut packed[way.slot]);
        }
        Ok(self.ready.get_or_init(|| packed))
    }
}

/// Room for the packed weights of each slot.
fn buffers<T: Scalar, B: Backend<T> + ?Sized>(usage: Use, backend: &B, plan: &Plan<T>) -> Result<Vec<Aligned<T>>> {
    const WHAT: &str = "packed weights";
    let mut buffers = Vec::new();
    reserve(WHAT, &mut buffers, plan.ways().count())?;
    for (layer, _) in plan.ways() {
        // The length of packed weights does not depend on the size of a batch.
        buffers.push(Aligned::zeros(WHAT, backend.lens(&layer.spec, 1, 1).packed(usage))?);
    }
    Ok(buffers)
}
