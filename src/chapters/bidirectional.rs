//! `h_t = f(h_{t−1}, x_t)`, `z_t = g(z_{t+1}, x_t)`, `y_t = [h_t, z_t]`: a layer that reads from both ends.
//!
#![doc = include_str!("pictures/bidirectional.svg")]
//!
//! Two layers with parameters of their own, one forward in time and one backward; what is above sees both. So the output of a step knows all of the sequence, what comes after it too.
//!
//! *Shapes*: `y [T, N, 2H]` side by side, or `[T, N, H]` if the two are merged: [`Merge`](crate::network::Merge) has sum, average and product. Parameters of the second have the suffix `_reverse`. For one output a
//! row take [`Config::final_states`](crate::Config::final_states): each half at the end of its own way, where it has read everything.
//!
//! *When to use it*: for labelling what is there as a whole (words of a sentence, a recording, a protein). Not for forecasts and streams: what is not yet there cannot be read, and the library refuses.
//!
//! *Gradients*: two chains, one back and one forward in time, each vanishing on its own; they meet in `∂L/∂x`. The output of the first step sees the last input by the reverse half alone:
//!
//! ```
//! # #[cfg(feature = "_backend")]
//! # fn main() -> recurrent::Result<()> {
//! use recurrent::network::{Config, Cotangents, Network, RecurrentSpec};
//! use recurrent::{Batch, Workspace, kernels::SeqRef};
//!
//! let network = Network::<f64>::new(&Config::features(1).recurrent(RecurrentSpec::gru(2).bidirectional()), 1)?;
//! let (mut workspace, x) = (Workspace::new(), [0.1, 0.2, 0.3, 0.4, 0.5, 0.6]);
//! workspace.record_d_input(true);
//! let mut d_last_input = |unit: usize| {
//!     network.forward(&mut workspace, &Batch::features(&x, [6, 1, 1])?, &mut network.state(1)?)?;
//!     let mut d = [0.0; 6 * 4];
//!     d[unit] = 1.0; // of the output of step 0
//!     let output = Some(SeqRef::new(&d, 6, 1, 4));
//!     network.backward(&mut workspace, Cotangents { output, state: None }, &mut network.gradients()?)?;
//!     Ok::<_, recurrent::Error>(workspace.d_input()?.at(5).row(0)[0])
//! };
//! assert_eq!(d_last_input(0)?, 0.0); // units 0 and 1 go forward
//! assert_ne!(d_last_input(2)?, 0.0); // units 2 and 3 go backward
//! # Ok(())
//! # }
//! # #[cfg(not(feature = "_backend"))]
//! # fn main() {}
//! ```
//!
//! *Types*: [`RecurrentSpec::bidirectional`](crate::network::RecurrentSpec::bidirectional), [`RecurrentSpec::merged`](crate::network::RecurrentSpec::merged), [`Directions`](crate::network::Directions). *Laws*: `structure::reversed_time_is_the_other_direction`,
//! `layer::both_directions_share_their_buffers`, `layer::both_directions_may_run_at_once`; `tests/library/network_merge.rs`. *Example*: the code above; no program of its own.
