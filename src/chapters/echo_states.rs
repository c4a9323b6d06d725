//! `h_t = (1 − α) h_{t−1} + α tanh(W_in [1, x_t] + W h_{t−1})`, `y_t = W_out [1, x_t, h_t]`: a recurrence that is drawn and never trained, and a readout by regression.
//!
#![doc = include_str!("pictures/echo_states.svg")]
//!
//! A large, sparse, random network echoes what it hears. The readout is linear, so that the best one is the solution of a system of equations: no gradient, no rate, no epochs (Jaeger 2001).
//!
//! *Shapes*: `units` of the reservoir, `W_in [units, 1 + inputs]`, `W [units, units]` sparse, `W_out [outputs, 1 + inputs + units]`. Numbers are f64.
//!
//! *When to use it*: for time series that are smooth or chaotic, with little data and less time; as a baseline in any case, since it takes seconds. What must be *learnt* to be remembered (which of two marks
//! counts?) it cannot.
//!
//! *The settings*: the spectral radius says how long echoes last, below 1 as a rule; the leak `α` how fast units are; `λ` how large weights may be; a washout leaves out what depends on the beginning.
//! Without biases (`bias_scale` 0) a reservoir is an odd function, and repeats what it heard a few steps before with a tenth of the error (`examples/classic_tasks`).
//! See the fields of [`EchoStateConfig`](crate::echo_state::EchoStateConfig).
//!
//! *Gradients*: none is computed. What they would be is what decides all the same: echoes fade as gradients vanish, by the spectral radius. Two states that begin apart meet:
//!
//! ```
//! # #[cfg(feature = "_backend")]
//! # fn main() -> recurrent::Result<()> {
//! use recurrent::echo_state::{EchoState, EchoStateConfig};
//!
//! let network = EchoState::new(&EchoStateConfig::new(1, 1, 50, 1))?;
//! let x: Vec<f64> = (0..200).map(|t| (0.2 * f64::from(t)).sin()).collect();
//! let (mut a, mut b) = (network.start(), vec![0.5; 50]);
//! network.run(&mut a, &x)?;
//! network.run(&mut b, &x)?;
//! let apart = a.iter().zip(&b).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
//! assert!(apart < 1e-6);
//! # Ok(())
//! # }
//! # #[cfg(not(feature = "_backend"))]
//! # fn main() {}
//! ```
//!
//! *Types*: [`EchoState`](crate::echo_state::EchoState), [`nrmse`](crate::echo_state::nrmse). *Tests*: `tests/library/echo_state.rs`. *Examples*: that of [`echo_state`](crate::echo_state), which goes on with a sine by itself;
//! `examples/classic_tasks`, delays and a sine beside published figures.
