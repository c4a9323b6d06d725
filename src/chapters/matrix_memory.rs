//! `S = α S₋₁ + k vᵀ`, `h = Sᵀ q`: a memory of keys and values, and gates that may be larger than 1.
//!
#![doc = include_str!("pictures/matrix_memory.svg")]
//!
//! | cell | memory | source |
//! |---|---|---|
//! | `mlstm` | `C = f C₋₁ + i k vᵀ`, `n = f n₋₁ + i k`, `h = Cᵀ q / max(abs(nᵀ q), e^−m)` | Beck et al. 2024 (xLSTM) |
//! | `gated_delta` | `S = α S₋₁ + β k (v − (α S₋₁)ᵀ k)ᵀ`, `h = Sᵀ q / √K` | Yang et al. 2024 (gated DeltaNet) |
//! | `slstm` | `c = f c₋₁ + i tanh(z)`, `n = f n₋₁ + i`, `h = σ(o) c / n`: no matrix, the same gates | Beck et al. 2024 (xLSTM) |
//!
//! The exponential gates of `mlstm` and `slstm` have no upper bound, so that a new input may outweigh all before; a third state `m` keeps them within the numbers, and `h` does not depend on it.
//! `gated_delta` corrects what the memory answers at a key in the place of adding to it.
//!
//! *Shapes*: heads of `D` units with a state `[D, D]` each (`mlstm`), or `[K, V]` (`gated_delta`): the states are what is large. Options `head`, or `key` and `value`.
//!
//! *When to use which*: where many pairs are to be remembered and asked for by content; `gated_delta` where values of a key change; `slstm` where states must see states. For few numbers to remember
//! they are a waste.
//!
//! *Gradients*: `mlstm` and `gated_delta` are linear in their memory: `∂C/∂C₋₁ = f`, and `α (1 − β k kᵀ)`, which shrinks since keys have the length 1. As drawn,
//! half is gone in 1.0 steps of `mlstm`, 1.4 of `slstm` and 25 of `gated_delta`. After 20 steps:
//!
//! ```
//! # #[cfg(feature = "_backend")]
//! # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/chapters/back.rs"));
//! # #[cfg(feature = "_backend")]
//! # fn main() -> recurrent::Result<()> {
//! use recurrent::{init::Init, network::{CellSpec, RecurrentSpec}};
//!
//! let mlstm = RecurrentSpec::new(CellSpec::new("mlstm").with("head", 4), 8);
//! let gated = RecurrentSpec::new(CellSpec::new("gated_delta").with("key", 4).with("value", 4), 8);
//! let (mlstm, gated) = (back(mlstm, Init::default(), "C", 20)?, back(gated, Init::default(), "S", 20)?);
//! assert!(mlstm < 1e-6 && gated > 0.05 && gated <= 1.0);
//! # Ok(())
//! # }
//! # #[cfg(not(feature = "_backend"))]
//! # fn main() {}
//! ```
//!
//! *Types*: [`Mlstm`](crate::kernels::cells::Mlstm), [`GatedDelta`](crate::kernels::cells::GatedDelta), [`Slstm`](crate::kernels::cells::Slstm). *Laws*: all about any cell; `tests/library/families.rs`. *Examples*:
//! `cargo run --release --example cells -- --cell mlstm --cell gated_delta --cell slstm`, which gives them heads that fit its 16 units.
