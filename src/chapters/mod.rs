//! From feed-forward networks to state spaces: recurrent networks chapter by chapter, each concept a type and a program.
//!
//! The chapters have nothing to import: each is an equation, the picture of its graph, when to use it, what becomes of its gradients, and an example that
//! runs. They can be read in order by who is new to recurrent networks; who looks for one thing finds it in the [table of concepts](concepts).
//!
//! # From one input to sequences
//!
//! | chapter | |
//! |---|---|
//! | [`feed_forward`] | layers, and no memory |
//! | [`recurrence`] | a layer that reads its own output of the step before |
//! | [`softmax_output`] | probabilities of a state, and the loss |
//! | [`principles`] | cyclic structure, hidden state, shared parameters, sequential structure, output |
//!
//! # Learning
//!
//! | chapter | |
//! |---|---|
//! | [`unfolding`] | a network with a cycle is a chain of copies |
//! | [`backpropagation`] | BPTT, whole and truncated |
//! | [`descent`] | SGD, its relatives, clipping |
//! | [`gradients`] | why they vanish or explode, and what helps |
//!
//! # Cells
//!
//! Every name in `code` is that of a cell of the [registry](crate::Cells), as a configuration has it.
//!
//! | chapter | cells |
//! |---|---|
//! | [`simple`] | `elman`, IRNN, `ind_rnn`, `jordan` |
//! | [`longer_paths`] | `leaky`, `skip`, `clockwork` |
//! | [`deep_transition`] | `deep_transition` |
//! | [`lstm`] | `lstm` |
//! | [`gru`] | `gru` |
//! | [`lstm_variants`] | `lstm` with options, `lstm_peephole`, `lstm_blocks` |
//! | [`minimal_gates`] | `mgu`, `li_gru` |
//! | [`normalised`] | `lstm_layer_norm` |
//! | [`linear`] | `min_gru`, `min_lstm`, `rg_lru`, `hgrn`, `lru`, `mamba` |
//! | [`matrix_memory`] | `mlstm`, `gated_delta`, `slstm` |
//! | [`continuous_time`] | `cfc` |
//! | [`noise`] | dropout, recurrent dropout, zoneout: options of `elman`, `gru`, `lstm`, and layers |
//!
//! # Architectures
//!
//! | chapter | |
//! |---|---|
//! | [`stacked`] | layers on top of each other |
//! | [`bidirectional`] | a layer that reads from both ends |
//! | [`unaligned`] | labels that are not aligned with the steps: CTC |
//! | [`generation`] | a network that writes |
//! | [`encoder_decoder`] | one network reads, another one writes |
//! | [`attending`] | a decoder that chooses what to look at |
//! | [`choosing`] | greedy search, beams, samples |
//! | [`trees`] | recursive networks |
//! | [`echo_states`] | a recurrence that is never trained |
//!
//! # What the pictures show
//!
//! Time goes from left to right, layers from below upwards. Boxes are vectors, filled boxes gates or layers, circles products and sums. Black (or white) arrows stay within a step, blue ones go
//! from step to step, orange dashed ones are gradients on their way back.

pub mod attending;
pub mod backpropagation;
pub mod bidirectional;
pub mod choosing;
pub mod concepts;
pub mod continuous_time;
pub mod deep_transition;
pub mod descent;
pub mod echo_states;
pub mod encoder_decoder;
pub mod feed_forward;
pub mod generation;
pub mod gradients;
pub mod gru;
pub mod linear;
pub mod longer_paths;
pub mod lstm;
pub mod lstm_variants;
pub mod matrix_memory;
pub mod minimal_gates;
pub mod noise;
pub mod normalised;
pub mod principles;
pub mod recurrence;
pub mod simple;
pub mod softmax_output;
pub mod stacked;
pub mod trees;
pub mod unaligned;
pub mod unfolding;
