//! One recurrent layer by itself, ready to use: a network without a head, parameters named as those of PyTorch's own layer.
//!
//! Each is a type with what one layer needs; what else a [`Network`] can do it does by [`Lstm::network`] or, given away for good, by
//! [`Lstm::into_network`]. Stacks, other directions, biases and cells are configurations: [`RecurrentSpec`].
//!
//! ```
//! # #[cfg(feature = "_backend")]
//! # fn main() -> recurrent::Result<()> {
//! use recurrent::{Batch, Lstm, Workspace};
//!
//! // torch.nn.LSTM(3, 5), 4 steps of 2 rows
//! let lstm = Lstm::<f32>::new(3, 5, 1)?;
//! let (mut workspace, mut state) = (Workspace::new(), lstm.state(2)?);
//! let x = [0.5; 4 * 2 * 3];
//! let y = lstm.infer(&mut workspace, &Batch::features(&x, [4, 2, 3])?, &mut state)?;
//! assert_eq!(y.shape(), [4, 2, 5]);
//! assert_eq!(lstm.parameters().get("weight_hh_l0").unwrap().len(), 4 * 5 * 5);
//! # Ok(())
//! # }
//! # #[cfg(not(feature = "_backend"))]
//! # fn main() {}
//! ```

use crate::backend::DefaultBackend;
use crate::error::Result;
use crate::interop::{Element, LoadOptions, SaveOptions};
use crate::network::{Batch, Config, Cotangents, Network, Parameters, RecurrentSpec, State, Workspace};
use rnn_kernels::{Activation, Backend, MatRef, Scalar, SeqRef};
use std::path::Path;
use std::sync::Arc;

macro_rules! single_layer {
    ($(#[$doc:meta])* $name:ident, $spec:expr) => {
        $(#[$doc])*
        ///
        /// `x [T, N, C]` to `h [T, N, H]`. The parameters are `weight_ih_l0 [G·H, C]`, `weight_hh_l0 [G·H, H]`, `bias_ih_l0 [G·H]` and
        /// `bias_hh_l0 [G·H]`, gates in PyTorch's order, drawn from `U(−1/√H, 1/√H)`.
        #[derive(Debug)]
        pub struct $name<T, B: ?Sized = DefaultBackend> {
            network: Network<T, B>,
            input: usize,
            hidden: usize,
        }

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
            pub fn with_backend(
                input: usize,
                hidden: usize,
                seed: u64,
                backend: impl Into<Arc<B>>,
            ) -> Result<Self> {
                let network = Network::with_backend(&Self::config(input, hidden), seed, backend)?;
                Ok(Self { network, input, hidden })
            }

            /// `C`.
            #[must_use]
            pub fn input(&self) -> usize {
                self.input
            }

            /// `H`.
            #[must_use]
            pub fn hidden(&self) -> usize {
                self.hidden
            }

            /// `θ`, by name or flat.
            #[must_use]
            pub fn parameters(&self) -> &Parameters<T> {
                self.network.parameters()
            }

            /// Zeros with the layout of the parameters, to accumulate gradients in.
            ///
            /// # Errors
            /// Those of [`Network::gradients`].
            pub fn gradients(&self) -> Result<Parameters<T>> {
                self.network.gradients()
            }

            /// The zero state of `rows` rows.
            ///
            /// # Errors
            /// Those of [`Network::state`].
            pub fn state(&self, rows: usize) -> Result<State<T>> {
                self.network.state(rows)
            }

            /// `h = layer(x, state)`, keeping what [`backward`](Self::backward) needs; the state moves in place.
            ///
            /// # Errors
            /// Those of [`Network::forward`].
            pub fn forward<'w>(
                &self,
                workspace: &'w mut Workspace<T>,
                x: &Batch<'_, T>,
                state: &mut State<T>,
            ) -> Result<SeqRef<'w, T>> {
                self.network.forward(workspace, x, state)
            }

            /// `gradients += ∂L/∂θ` from the cotangents of the last [`forward`](Self::forward) in this workspace, which then has `∂L/∂state`
            /// and, if it [records](Workspace::record_d_input) it, `∂L/∂x`.
            ///
            /// # Errors
            /// Those of [`Network::backward`].
            pub fn backward(
                &self,
                workspace: &mut Workspace<T>,
                cotangents: Cotangents<'_, T>,
                gradients: &mut Parameters<T>,
            ) -> Result<()> {
                self.network.backward(workspace, cotangents, gradients)
            }

            /// `h = layer(x, state)` without what backward needs; the state moves in place.
            ///
            /// # Errors
            /// Those of [`Network::infer`].
            pub fn infer<'w>(
                &self,
                workspace: &'w mut Workspace<T>,
                x: &Batch<'_, T>,
                state: &mut State<T>,
            ) -> Result<SeqRef<'w, T>> {
                self.network.infer(workspace, x, state)
            }

            /// One step of `N` streams, `x [N, C]` to `h [N, H]`. Allocates nothing once the workspace has seen one.
            ///
            /// # Errors
            /// Those of [`Network::step_features`].
            pub fn step<'w>(
                &self,
                workspace: &'w mut Workspace<T>,
                x: &[T],
                state: &mut State<T>,
            ) -> Result<MatRef<'w, T>> {
                self.network.step_features(workspace, x, state)
            }

            /// Changes the parameters.
            ///
            /// # Panics
            /// Those of [`Network::update`].
            pub fn update<R>(&mut self, change: impl FnOnce(&mut Parameters<T>) -> R) -> R {
                self.network.update(change)
            }

            /// The layer as a network, for all that a network can be asked.
            #[must_use]
            pub fn network(&self) -> &Network<T, B> {
                &self.network
            }

            /// The network that it is.
            #[must_use]
            pub fn into_network(self) -> Network<T, B> {
                self.network
            }
        }

        impl<T: Element, B: Backend<T> + ?Sized> $name<T, B> {
            /// Takes the parameters from a safetensors file of PyTorch's layer, whole or not at all.
            ///
            /// # Errors
            /// Those of [`Network::load_safetensors`].
            pub fn load_safetensors<'s>(
                &mut self,
                source: impl Into<crate::interop::Source<'s>>,
                options: &LoadOptions,
            ) -> Result<()> {
                self.network.load_safetensors(source, options)
            }

            /// Writes the parameters to a safetensors file that PyTorch's layer takes.
            ///
            /// # Errors
            /// Those of [`Network::save_safetensors`].
            pub fn save_safetensors(&self, path: impl AsRef<Path>, options: impl Into<SaveOptions>) -> Result<()> {
                self.network.save_safetensors(path, options)
            }
        }

        impl<T, B: ?Sized> $name<T, B> {
            /// The configuration of its network.
            #[must_use]
            pub fn config(input: usize, hidden: usize) -> Config {
                let spec: fn(usize) -> RecurrentSpec = $spec;
                Config::features(input).recurrent(spec(hidden).name(""))
            }
        }

        impl<T: Scalar, B: ?Sized> Clone for $name<T, B> {
            fn clone(&self) -> Self {
                Self { network: self.network.clone(), input: self.input, hidden: self.hidden }
            }
        }
    };
}

single_layer!(
    /// `c = f ⊙ c_prev + i ⊙ g`, `h = o ⊙ tanh(c)`: an LSTM, `G = 4` gates `i f g o`.
    Lstm,
    RecurrentSpec::lstm
);
single_layer!(
    /// `h = (1 − z) ⊙ n + z ⊙ h_prev`: a GRU with its reset gate after the product, `G = 3` gates `r z n`.
    Gru,
    RecurrentSpec::gru
);
single_layer!(
    /// `h = tanh(W_ih x + W_hh h_prev + b)`: an Elman network, `G = 1`.
    Elman,
    |hidden| RecurrentSpec::elman(hidden, Activation::Tanh)
);
