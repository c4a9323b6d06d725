//! Cyclic structure, hidden state, shared parameters, sequential structure, output: five principles, each as something that one can look at.
//!
#![doc = include_str!("pictures/principles.svg")]
//!
//! 1. **Cyclic structure.** A step reads the input and what the step before has left. In the library: a cell reads [`Slot::Old`](crate::kernels::Slot) and writes `Slot::New`, and a
//!    driver hands one to the other.
//! 2. **Hidden state.** All that a network remembers is one value, a [`State`](crate::State), with the numbers of every state of every layer. Whoever holds it may stop, go on later,
//!    or go on twice.
//! 3. **Shared parameters.** `θ` has the same size for any `T`, and rows of one batch may have different lengths
//!    ([`Batch::with_lengths`](crate::Batch::with_lengths)). The gradient of a shared parameter is the sum of its gradients over the steps.
//! 4. **Sequential structure.** A step waits for the one before. One pass over a sequence and single steps give the same numbers, so that a trained network
//!    can be [streamed](crate::Stream).
//! 5. **Output.** At every step (language models), or once for each row, from the last step ([`Config::last_step`](crate::Config::last_step), classification) or from the final
//!    states ([`Config::final_states`](crate::Config::final_states)). The losses follow: `L = Σ_t L_t`, or `L = L_T`. Targets may be left out, step by step, by
//!    [`IGNORE`](crate::IGNORE).
//!
//! Three of them in one test: a state carries on, the same `θ` runs over any length, and two rows of lengths 3 and 1 do not see each other.
//!
//! ```
//! # #[cfg(feature = "_backend")]
//! # fn main() -> recurrent::Result<()> {
//! use recurrent::network::{Config, Network, RecurrentSpec};
//! use recurrent::{Batch, Workspace};
//!
//! let network = Network::<f64>::new(&Config::one_hot(3).recurrent(RecurrentSpec::lstm(5)).softmax(3), 1)?;
//! let mut workspace = Workspace::new();
//! let mut infer = |symbols: &[u32], shape, lengths: &[usize], state: &mut recurrent::State<f64>| {
//!     let batch = Batch::symbols(symbols, shape)?.with_lengths(lengths)?;
//!     Ok::<_, recurrent::Error>(network.infer(&mut workspace, &batch, state)?.at(shape[0] - 1).row(0).to_vec())
//! };
//! // Three steps at once, and one after another: the state is all that goes between.
//! let whole = infer(&[0, 1, 2], [3, 1], &[3], &mut network.state(1)?)?;
//! let mut state = network.state(1)?;
//! for symbol in [0, 1] {
//!     infer(&[symbol], [1, 1], &[1], &mut state)?;
//! }
//! assert_eq!(infer(&[2], [1, 1], &[1], &mut state)?, whole);
//! // Beside a row of one step, in a batch [T, N] = [3, 2].
//! assert_eq!(infer(&[0, 2, 1, 0, 2, 0], [3, 2], &[3, 1], &mut network.state(2)?)?, whole);
//! # Ok(())
//! # }
//! # #[cfg(not(feature = "_backend"))]
//! # fn main() {}
//! ```
//!
//! *Gradients*: principle 3 is why they can explode: one matrix, `W_hh`, is multiplied with itself once a step. Principle 5 says where they come from.
//!
//! *Laws*: `layer::a_step_at_a_time_is_the_sequence`, `structure::padding_never_matters`, `structure::a_ragged_row_is_its_own_short_run`,
//! `oracle::parameter_gradients_accumulate_within_their_bounds`; `tests/library/network_readout.rs`, `tests/library/streaming.rs`. *Examples*: `examples/quickstart.rs` (the
//! end alone), `examples/char_lm` (every step), `examples/amplifier` (a stream).
