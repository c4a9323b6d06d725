//! One recurrent layer by itself, ready to use: a network without a head, parameters named as those of PyTorch's own layer.

use crate::backend::DefaultBackend;
use crate::error::Result;
use crate::network::{Config, Network, RecurrentSpec};
use rnn_kernels::{Activation, Backend, Scalar};
use std::ops::{Deref, DerefMut};
use std::sync::Arc;

macro_rules! single_layer {
    ($(#[$doc:meta])* $name:ident, $spec:expr) => {
        $(#[$doc])*
        ///
        /// Dereferences to [`Network`]; the parameters are `weight_ih_l0`, `weight_hh_l0`, `bias_ih_l0` and
        /// `bias_hh_l0`.
        #[derive(Debug)]
        pub struct $name<T, B: ?Sized = DefaultBackend>(Network<T, B>);

        #[cfg(feature = "_backend")]
        impl<T: Scalar> $name<T, DefaultBackend>
        where
            DefaultBackend: Backend<T>,
        {
            /// `C` input features and `H` hidden units on the default backend, parameters drawn from `seed`.
            ///
            /// # Errors
            /// Those of [`Network::new`].
            pub fn new(input: usize, hidden: usize, seed: u64) -> Result<Self> {
                Self::with_backend(input, hidden, seed, DefaultBackend::default())
            }
        }

        impl<T: Scalar, B: Backend<T> + ?Sized> $name<T, B> {
            /// `C` input features and `H` hidden units on this backend, parameters drawn from `seed`.
            ///
            /// # Errors
            /// Those of [`Network::with_backend`].
            pub fn with_backend(input: usize, hidden: usize, seed: u64, backend: impl Into<Arc<B>>) -> Result<Self> {
                let spec: fn(usize) -> RecurrentSpec = $spec;
                let config = Config::features(input).recurrent(spec(hidden).name(""));
                Ok(Self(Network::with_backend(&config, seed, backend)?))
            }

            /// The network.
            #[must_use]
            pub fn into_network(self) -> Network<T, B> {
                self.0
            }
        }

        impl<T, B: ?Sized> Deref for $name<T, B> {
            type Target = Network<T, B>;
            fn deref(&self) -> &Network<T, B> {
                &self.0
            }
        }

        impl<T, B: ?Sized> DerefMut for $name<T, B> {
            fn deref_mut(&mut self) -> &mut Network<T, B> {
                &mut self.0
            }
        }
    };
}

single_layer!(
    /// `c = f ⊙ c_prev + i ⊙ g`, `h = o ⊙ tanh(c)`.
    Lstm,
    RecurrentSpec::lstm
);
single_layer!(
    /// `h = (1 − z) ⊙ n + z ⊙ h_prev`, the reset gate after the product.
    Gru,
    RecurrentSpec::gru
);
single_layer!(
    /// `h = tanh(W_ih x + W_hh h_prev + b)`.
    Elman,
    |hidden| RecurrentSpec::elman(hidden, Activation::Tanh)
);
