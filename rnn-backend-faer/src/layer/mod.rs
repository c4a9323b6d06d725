//! Whole passes of any cell over a block of rows: products from panels, units while the pre-activations are in the cache.
//!
//! Rows of a batch are independent of each other, so a thread takes some of them through all steps and meets the others
//! only at the end; of a single row it takes some units, where the cell is one of those it knows, and meets them after every stage. Every element is computed by the same operations in the same order whatever the number of rows and
//! threads: the biases, then the products one after another in the order of the form.

mod backward;
pub mod compiled;
mod forward;
mod infer;
mod lanes;
mod pass;
pub mod provided;
mod shared;
mod single;
mod units;
mod units_backward;
mod weights;

pub use backward::backward;
pub use forward::forward;
pub use infer::infer;
pub use weights::pack;

use rnn_kernels::{BufferLens, Spec, Use, sequence};

use crate::faer::Faer;
use crate::number::Number;

/// The lengths of all buffers; the reserve is that of every backend.
pub fn lens<T: Number>(backend: &Faer, spec: &Spec<T>, steps: usize, rows: usize) -> BufferLens {
    let mut lens = sequence::lens(spec, steps, rows);
    (lens.packed_infer, lens.packed_train) = (weights::len(spec, Use::Infer), weights::len(spec, Use::Train));
    lens.infer = infer::workspace(backend, spec, steps, rows);
    lens.backward = backward::workspace(spec, steps, rows);
    lens
}
