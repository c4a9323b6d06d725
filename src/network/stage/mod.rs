//! The stages of a network, forward and backward side by side. They know the plan and nothing of a pass over all stages.

pub(super) mod dense;
pub(super) mod final_states;
pub(super) mod last_step;
pub(super) mod merge;
pub(super) mod recurrent;
