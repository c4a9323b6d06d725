//! `i, f, g, o = LN(W_ih x) + LN(W_hh h₋₁) + b`, `h = σ(o) ⊙ tanh(LN(c))`: an LSTM whose sums have mean 0 and variance 1 (Ba, Kiros & Hinton 2016).
//!
#![doc = include_str!("pictures/normalised.svg")]
//!
//! `LN(v; α, β) = α ⊙ (v − mean v) / √(var v + ε) + β`, over the numbers of one row in one step, so that it knows of no other row and no other step.
//!
//! *Shapes*: those of an LSTM without its biases, and `layernorm_i_weight`, `layernorm_i_bias`, `layernorm_h_weight`, `layernorm_h_bias [4H]`, `layernorm_c_weight`, `layernorm_c_bias [H]`. Published codes
//! differ in what is normalised together, whether the norm of `c` is carried on, and in `ε`: [`Normed`](crate::kernels::cells::Normed), [`Carried`](crate::kernels::cells::Carried).
//!
//! *When to use it*: where training is unstable, in large networks, and where inputs have no scale that one knows. It costs a pass over every row in every step. Batch norm over time is not
//! there: its steps would depend on the other rows.
//!
//! *Gradients*: they last, and grow by 1.04 a step as weights are drawn; gates do not saturate with the scale of the weights. With weights ten times as large nothing changes here, while a plain LSTM computes something else:
//!
//! ```
//! # #[cfg(feature = "_backend")]
//! # fn main() -> recurrent::Result<()> {
//! use recurrent::network::{Config, Network, RecurrentSpec};
//! use recurrent::{Batch, Workspace};
//!
//! let change_by_ten = |cell: &str| {
//!     let mut network = Network::<f64>::new(&Config::features(2).recurrent(RecurrentSpec::new(cell, 4)), 1)?;
//!     let x = [0.3, -0.1, 0.7, 0.2, -0.5, 0.4];
//!     let mut last = |network: &Network<f64>| {
//!         let (mut workspace, mut state) = (Workspace::new(), network.state(1)?);
//!         let batch = Batch::features(&x, [3, 1, 2])?;
//!         Ok::<_, recurrent::Error>(network.infer(&mut workspace, &batch, &mut state)?.at(2).row(0)[0])
//!     };
//!     let before = last(&network)?;
//!     network.update(|parameters| {
//!         for name in ["rnn.weight_ih_l0", "rnn.weight_hh_l0"] {
//!             parameters.get_mut(name).unwrap().iter_mut().for_each(|w| *w *= 10.0);
//!         }
//!     });
//!     Ok::<_, recurrent::Error>((last(&network)? - before).abs())
//! };
//! assert!(change_by_ten("lstm_layer_norm")? < 0.01 && change_by_ten("lstm")? > 0.01);
//! # Ok(())
//! # }
//! # #[cfg(not(feature = "_backend"))]
//! # fn main() {}
//! ```
//!
//! *Types*: [`LstmLayerNorm`](crate::kernels::cells::LstmLayerNorm). *Laws*: all about any cell; `tests/library/families.rs`. *Example*: `cargo run --release --example cells -- --cell lstm_layer_norm`.
