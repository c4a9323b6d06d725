//! `θ₀`: initial values of the parameters.
//!
//! A scheme fills one weight matrix of one gate: the `G` gates of a layer are drawn one after the other, each as a
//! matrix `[H, C]` or `[H, H]` of its own. Everything comes from one generator, in the order of the flat buffer, so
//! that a seed gives the same parameters on every machine.

mod chrono;
mod forget;
mod matrix;
mod orthonormal;
mod torch;
mod vector;

pub(crate) use chrono::{Place, Task, chrono};
pub use forget::ForgetBias;
pub(crate) use matrix::{Matrix, draw};
pub(crate) use torch::Torch;
pub(crate) use vector::{follows, start};

use serde::{Deserialize, Serialize};

/// The initial values of all parameters; by default PyTorch's.
///
/// ```
/// # #[cfg(feature = "_backend")]
/// # fn main() -> recurrent::Result<()> {
/// use recurrent::Activation;
/// use recurrent::init::Init;
/// use recurrent::network::{Config, Network, RecurrentSpec};
///
/// // An IRNN: rectifiers that keep what they have until something is learnt.
/// let layer = RecurrentSpec::elman(3, Activation::Relu);
/// let network = Network::<f32>::new(&Config::features(2).recurrent(layer).linear(1).init(Init::irnn()), 1)?;
/// let w_hh = network.parameters().get("rnn.weight_hh_l0").unwrap();
/// assert_eq!(w_hh, [1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0]);
/// # Ok(())
/// # }
/// # #[cfg(not(feature = "_backend"))]
/// # fn main() {}
/// ```
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Init {
    /// The matrices of recurrent layers that the input is multiplied by: `W_ih`.
    pub input: Scheme,
    /// The other matrices of recurrent layers: `W_hh`, each gate by itself, and each head of a block-diagonal matrix. Projections and
    /// the matrices between stages of a cell are among them. `{"identity": {}}` makes each of them the identity, which needs a square
    /// one to be it.
    pub recurrent: Scheme,
    /// The weights of dense layers and of the head.
    pub dense: Scheme,
    /// The embedding table.
    pub embedding: Scheme,
    /// Every bias. Other vectors of a cell, such as peepholes, are drawn from `U(−1/√H, 1/√H)`, but for these: the recurrent weights of
    /// `ind_rnn` from `U(0, 1)`; `a_param` of `rg_lru` so that an open gate keeps 0.9 to 0.999 of the state, to the eighth power;
    /// `lower_bound` of `hgrn` is 0, `a` of `cfc` 1; the `theta` of `hgrn` is from 1 down to 10⁻⁸, evenly in the logarithm; eigenvalues of `lru`
    /// fill the ring between the moduli 0.9 and 0.999 evenly, and `gamma_log` is the logarithm of `√(1 − |λ|²)` of the same unit; weights of layer
    /// norms are 1 and their biases 0; `A_log` of `mamba` is `ln 1, ln 2, …` in every channel and `D` 1; in `gated_delta` the decay is
    /// up to 16 and the step 0.001 to 0.1, evenly in the logarithm.
    pub bias: BiasScheme,
    /// The bias of gates that keep a state, which is drawn as every other without it.
    pub forget_bias: Option<ForgetBias>,
}

impl Init {
    /// `W_hh = I`, biases 0, all other weights of layers from `N(0, 0.001²)`: Le, Jaitly & Hinton 2015, for `elman` with relu.
    ///
    /// An error is handed back as it is at first, however far, as long as units are positive.
    #[must_use]
    pub fn irnn() -> Self {
        let small = Scheme::Normal { std: 0.001 };
        let recurrent = Scheme::Identity { scale: 1.0 };
        Self { input: small, recurrent, dense: small, bias: BiasScheme::Zero, ..Self::default() }
    }

    /// The same with these biases of gates that keep a state: a number, or [`ForgetBias::Chrono`].
    #[must_use]
    pub fn forget_bias(self, bias: impl Into<ForgetBias>) -> Self {
        Self { forget_bias: Some(bias.into()), ..self }
    }
}

/// How a weight matrix `[rows, columns]` is drawn: `fan_in` is its columns, `fan_out` its rows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Scheme {
    /// PyTorch's default: `U(−1/√H, 1/√H)` in recurrent layers, `U(−1/√fan_in, 1/√fan_in)` in dense layers, `N(0, 1)`
    /// in embeddings.
    #[default]
    Pytorch,
    /// `U(−a, a)` with `a = gain · √(6 / (fan_in + fan_out))` (Glorot & Bengio 2010).
    XavierUniform {
        /// The gain.
        #[serde(default = "one")]
        gain: f64,
    },
    /// `N(0, s²)` with `s = gain · √(2 / (fan_in + fan_out))` (Glorot & Bengio 2010).
    XavierNormal {
        /// The gain.
        #[serde(default = "one")]
        gain: f64,
    },
    /// `gain · Q` with orthonormal rows or columns, uniform over all such matrices (Saxe et al. 2014).
    ///
    /// Costs `4 s² l` operations and `8 s l` bytes of scratch for the shorter side `s` and the longer `l`.
    Orthogonal {
        /// The gain.
        #[serde(default = "one")]
        gain: f64,
    },
    /// `scale · I`, as in an [IRNN](Init::irnn); `scale` on the diagonal if the matrix is not square.
    Identity {
        /// The scale.
        #[serde(default = "one")]
        scale: f64,
    },
    /// A square matrix of `N(0, 1)` entries, scaled to this spectral radius.
    ///
    /// Costs about `10 H³` operations and `24 H²` bytes of scratch.
    SpectralRadius {
        /// `ρ`, the largest modulus of an eigenvalue.
        radius: f64,
    },
    /// Zero.
    Zero,
    /// `N(0, std²)`.
    Normal {
        /// The standard deviation.
        std: f64,
    },
}

/// How a bias is drawn.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BiasScheme {
    /// PyTorch's default: the same distribution as the weights of its layer.
    #[default]
    Pytorch,
    /// Zero.
    Zero,
}

fn one() -> f64 {
    1.0
}
