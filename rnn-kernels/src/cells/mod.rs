//! Cells beyond the three that backends know by name, one file each: form, equation, options.
//!
//! Each is plain equations: every backend runs it, the library names it in a configuration, rnn-check proves its gradient. A name in
//! the literature is often several functions; each file says which one it is, and options name the others.
//!
//! *Laws*: every law of rnn-check that is about any cell, f32 and f64, both directions, ragged rows, windows. *Equations*: an
//! independent statement of the source's equations that a step of the cell is compared with. *Values*: outputs and all gradients
//! that the reference implementation computed in f64, within 1e-10. *RTRL*: the gradient by real-time recurrent learning equals that of
//! backpropagation through time. Every cell here has laws, equations and RTRL. *Example*: what `cargo run --release --example cells --
//! --cell …` of the crate recurrent trains on the adding problem, and what a configuration there says.
//!
//! | cell or option | type | beside laws, equations, RTRL | source | example |
//! |---|---|---|---|---|
//! | simple recurrent network, any activation | [`Elman`](crate::Elman) | PyTorch's values | Elman 1990 | `elman` |
//! | LSTM with forget gate | [`Lstm`](crate::Lstm) | PyTorch's values | Gers et al. 2000 | `lstm` |
//! | LSTM of blocks without one | [`LstmBlocks`] | | Hochreiter & Schmidhuber 1997 | `lstm_blocks` |
//! | LSTM without one, one cell to a block | [`LstmVariant`], [`Forget::One`] | values of torch operations | Hochreiter & Schmidhuber 1997 | `{"lstm": {"forget": "one"}}` |
//! | coupled gates (CIFG) | [`LstmVariant`], [`Forget::Coupled`] | values of torch operations | Greff et al. 2015 | `{"lstm": {"forget": "coupled"}}` |
//! | peepholes | [`LstmPeephole`], [`LstmVariant`] | ONNX' values, torch operations | Gers & Schmidhuber 2000 | `{"lstm": {"peepholes": true}}` |
//! | projection | [`LstmVariant`] | PyTorch's values at `P ≠ H` | Sak et al. 2014 | `{"lstm": {"projection": true, "output": 8}}` |
//! | clip of pre-activations, state, output | [`Clips`] | values of torch operations, but for the output | ONNX, TensorFlow | `{"lstm": {"clip": {"state": 3.0}}}` |
//! | other functions of gates | [`Nonlinearity`] in [`LstmVariant`], [`GruVariant`] | values of torch, each function by itself | ONNX | `{"gru": {"gate": "hard_tanh"}}` |
//! | zoneout; dropout of the candidate; dropout of the seen state | [`Noise`] in [`ElmanVariant`], [`LstmVariant`], [`GruVariant`] | | Krueger et al. 2017, Semeniuta et al. 2016, Gal & Ghahramani 2016 | `{"lstm": {"noise": "zoneout", "masks": {"zoneout_h": 0.1, "zoneout_c": 0.1}}}` |
//! | GRU, both places of the reset gate | [`Gru`](crate::Gru) | PyTorch's and ONNX' values | Cho et al. 2014 | `gru` |
//! | MGU, three published functions | [`Mgu`] | values of all three | Zhou et al. 2016 | `mgu` |
//! | Li-GRU | [`LiGru`] | values, also behind a batch norm | Ravanelli et al. 2018 | `li_gru` |
//! | minGRU, minLSTM | [`MinGru`], [`MinLstm`] | values | Feng et al. 2024 | `min_gru`, `min_lstm` |
//! | RG-LRU, gates in heads | [`RgLru`] | values of two heads, in blocks and in one matrix | De et al. 2024 | `rg_lru` |
//! | HGRN, real and complex | [`Hgrn`], [`Phase`] | values of the layers | Qin et al. 2023 | `hgrn` |
//! | LRU, with and without `D` | [`Lru`], [`Feedthrough`] | values of the former, also from a state | Orvieto et al. 2023 | `lru` |
//! | sLSTM, in heads | [`Slstm`] | values of two heads, in blocks and in one matrix | Beck et al. 2024 | `slstm` |
//! | mLSTM | [`Mlstm`] | values of the recurrence, two heads | Beck et al. 2024 | `mlstm` |
//! | gated DeltaNet | [`GatedDelta`] | values of recurrence and gates, two heads | Yang et al. 2024 | `gated_delta` |
//! | Mamba's selective scan | [`Mamba`] | values of scan and step | Gu & Dao 2023 | `mamba` |
//! | layer norm inside the gates, three arrangements | [`LstmLayerNorm`] | values of all three | Ba et al. 2016 | `lstm_layer_norm` |
//! | layer norm of each gate by itself | [`LstmLayerNorm`], [`Normed::Gates`] | | TensorFlow 1 | `{"lstm_layer_norm": {"normed": "gates"}}` |
//! | CfC: gated, without gate, pure; with elapsed times | [`Cfc`] | values of all three, and in turn with an LSTM | Hasani et al. 2022 | `cfc` |
//! | IndRNN | [`IndRnn`] | values | Li et al. 2018 | `ind_rnn` |
//! | leaky units, three places, fixed or learned | [`Leaky`] | values of one place | Jaeger 2001 | `leaky` |
//! | clockwork, any periods | [`Clockwork`] | values of three modules | Koutník et al. 2014 | `clockwork` |
//! | connections over `d` steps | [`Skip`] | | Lin et al. 1996 | `skip` |
//! | Jordan; output to hidden only (`α = 0`) | [`Jordan`] | | Jordan 1986 | `jordan` |
//! | deep transition, with shortcuts | [`DeepTransition`] | the paper's parameter counts | Pascanu et al. 2014 | `deep_transition` |
//!
//! Rows and matrices take part as fixed maps between widths ([`Factor`](crate::Factor)): the mean of a row, a number of a head given to
//! its units, the outer product of two vectors, parts of one vector. Equations stay those of one number.
//!
//! Not there: rounding with a straight-through gradient (Skip RNN) and batch norm over time.
//! Convolutions, norms and gates around a recurrence (blocks of mLSTM, gated DeltaNet, Mamba) are layers, not cells.

mod cfc;
mod clockwork;
mod deep_transition;
mod elman_variant;
mod gated_delta;
mod gru_variant;
mod hgrn;
mod ind_rnn;
mod jordan;
mod layer_norm;
mod leaky;
mod li_gru;
mod lru;
mod lstm_blocks;
mod lstm_layer_norm;
mod lstm_peephole;
mod lstm_variant;
mod mamba;
mod mgu;
mod min_gru;
mod min_lstm;
mod mlstm;
mod noise;
mod nonlinearity;
mod rg_lru;
mod skip;
mod slstm;

pub use cfc::{Cfc, CfcMode, Elapsed};
pub use clockwork::Clockwork;
pub use deep_transition::{DeepTransition, Shortcuts};
pub use elman_variant::ElmanVariant;
pub use gated_delta::GatedDelta;
pub use gru_variant::GruVariant;
pub use hgrn::{Hgrn, Phase};
pub use ind_rnn::IndRnn;
pub use jordan::Jordan;
pub use leaky::{Leak, Leaky, Rate};
pub use li_gru::LiGru;
pub use lru::{Feedthrough, Lru};
pub use lstm_blocks::LstmBlocks;
pub use lstm_layer_norm::{Carried, LstmLayerNorm, Normed};
pub use lstm_peephole::LstmPeephole;
pub use lstm_variant::{Clips, Forget, LstmVariant};
pub use mamba::Mamba;
pub use mgu::{Mgu, MguReset, Update};
pub use min_gru::{Candidate, MinGru};
pub use min_lstm::MinLstm;
pub use mlstm::Mlstm;
pub use noise::Noise;
pub use nonlinearity::Nonlinearity;
pub use rg_lru::RgLru;
pub use skip::Skip;
pub use slstm::Slstm;
