//! Activations to the ulp, special values, and where a NaN goes.

mod activations;
mod nan;

pub(super) use activations::{activations_keep_their_ulp, special_values_of_activations};
pub(super) use nan::{
    a_nan_slope_times_a_zero_cotangent_is_nan, nan_reaches_all_it_must_and_nothing_else, the_slope_at_nan_is_nan,
};
