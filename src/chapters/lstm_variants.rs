//! `c = f ⊙ c₋₁ + i ⊙ g` with another `f`, other eyes, another way out: the options of an LSTM, each of them another equation.
//!
#![doc = include_str!("pictures/lstm_variants.svg")]
//!
//! | option of `lstm` | what it changes | source |
//! |---|---|---|
//! | `"forget": "one"` | `f = 1`: no forget gate | Hochreiter & Schmidhuber 1997 |
//! | `"forget": "coupled"` | `f = 1 − i` (CIFG) | Greff et al. 2015 |
//! | `"peepholes": true` | `i`, `f` also see `p ⊙ c₋₁`, `o` sees `p ⊙ c`; also the cell `lstm_peephole` | Gers & Schmidhuber 2000 |
//! | `"projection": true, "output": P` | `h = W_hr (o ⊙ tanh(c))`, narrower than `c` | Sak et al. 2014 |
//! | `"clip": {"state": 3.0}` | limits of pre-activations, of `c`, of the output | ONNX, TensorFlow |
//! | `"gate"`, `"candidate"`, `"state"` | other functions than σ and tanh | ONNX |
//!
//! The cell `lstm_blocks` is the one of 1997: memory cells of a block share their gates, and none forgets.
//!
//! *Shapes*: those of an LSTM, without the rows of a gate that is not there; `peephole_i`, `peephole_f`, `peephole_o [H]`; `weight_hr [P, H]`.
//!
//! *When to use which*: peepholes where exact times count, since a shut output gate hides `c` from the other gates; a projection where `H` is large and the product with `W_hh` is the price;
//! coupled gates to save a quarter. None of them is better than the plain cell in general, which is what Greff et al. measured.
//!
//! *Gradients*: with `f = 1` the line has a factor of exactly 1: nothing vanishes there, and `c` can grow without bound, so clip it. In `lstm_blocks` a
//! gradient lasts: 0.07 of it is left after 50 steps and 1.2 after 200, the rest of the way through `h`. After 100 steps:
//!
//! ```
//! # #[cfg(feature = "_backend")]
//! # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/chapters/back.rs"));
//! # #[cfg(feature = "_backend")]
//! # fn main() -> recurrent::Result<()> {
//! use recurrent::{init::Init, network::{CellSpec, RecurrentSpec}};
//!
//! let left = |forget: &str| {
//!     let lstm = CellSpec::lstm().with("forget", forget);
//!     back(RecurrentSpec::new(lstm, 8), Init::default(), "c", 100)
//! };
//! assert!(left("one")? > 1.0 && left("learned")? < 1e-20);
//! # Ok(())
//! # }
//! # #[cfg(not(feature = "_backend"))]
//! # fn main() {}
//! ```
//!
//! *Types*: [`LstmVariant`](crate::kernels::cells::LstmVariant), [`Forget`](crate::kernels::cells::Forget), [`Clips`](crate::kernels::cells::Clips), [`LstmPeephole`](crate::kernels::cells::LstmPeephole), [`LstmBlocks`](crate::kernels::cells::LstmBlocks). *Laws*: all about any cell;
//! `tests/library/families.rs`. *Example*: `cargo run --release --example cells -- --cell '{"lstm": {"forget": "coupled"}}' --cell lstm_peephole --cell lstm_blocks`.
