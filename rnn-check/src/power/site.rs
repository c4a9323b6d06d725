//! Where one number of an otherwise correct backend is changed.

use serde::{Deserialize, Serialize};
use std::fmt;

macro_rules! sites {
    ($($(#[doc = $doc:literal])+ $name:ident = $short:literal,)*) => {
        /// Which number is changed: always the one in the middle of its array.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum Site { $($(#[doc = $doc])+ $name,)* }

        impl Site {
            /// All of them, forward before backward.
            pub const ALL: &'static [Self] = &[$(Self::$name),*];

            /// In words.
            #[must_use]
            pub fn description(self) -> &'static str {
                match self { $(Self::$name => concat!($($doc),+).trim_ascii()),* }
            }

            /// In one word.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self { $(Self::$name => $short),* }
            }
        }
    };
}

sites! {
    /// an entry of each product
    Product = "product",
    /// an entry of every other product
    EveryOtherProduct = "every other product",
    /// a pre-activation of each step
    PreActivation = "pre-activation",
    /// a gate of each step
    Gate = "gate",
    /// a value of each dense activation
    Activation = "activation",
    /// an entry of y
    Output = "y",
    /// an entry of h_n
    FinalState = "h_n",
    /// an entry of the state after inference
    Inference = "inference",
    /// an entry of d_pre of each step
    GateCotangent = "d_pre",
    /// an entry of the gradient of w_hh
    WeightGradient = "d_w_hh",
    /// an entry of d_x
    InputGradient = "d_x",
    /// an entry of d_h0
    StateGradient = "d_h0",
    /// an entry of a looked-up row
    Embedding = "embedding",
    /// an entry of an embedding's gradient
    EmbeddingGradient = "d_table",
    /// a loss
    Loss = "loss",
    /// an entry of the gradient of a loss
    LossGradient = "d_logits",
}

impl fmt::Display for Site {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.description())
    }
}
