//! C7 for two forms of one backend: the same bits, whatever the number of threads.

use crate::case::{Case, covering};
use crate::law::same_results;
use crate::oracle::Dims;
use crate::plan::Plan;
use crate::real::Real;
use rnn_kernels::Backend;

/// Checks that two backends give equal bits in every result, weight gradients included: `sequential()` and `parallel(n)`.
///
/// Each case of the covering list is run as it is and at a size at which work is shared out. Returns how many runs were
/// compared.
///
/// # Errors
/// The first difference, with its case.
pub fn same_bits<T: Real>(a: &dyn Backend<T>, b: &dyn Backend<T>, plan: &Plan) -> Result<usize, String> {
    let mut compared = 0;
    for case in covering().iter().step_by(plan.stride) {
        let Dims { steps, batch, input, hidden } = case.dims;
        let large = Dims { steps, batch: 8 * batch + 1, input, hidden: 4 * hidden };
        for case in [*case, Case { dims: large, ..*case }] {
            same_results(a, b, &case.problem())
                .map_err(|difference| format!("{a:?} and {b:?} differ\n case {case}\n {difference}"))?;
            compared += 1;
        }
    }
    Ok(compared)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::planted::{Correct, Plain, Way};

    #[test]
    fn a_backend_has_its_own_bits_and_another_order_of_summation_others() {
        assert!(same_bits::<f32>(&Plain, &Plain, &Plan::quick()).is_ok_and(|compared| compared > 50));
        let difference = same_bits::<f32>(&Plain, &Correct(Way::Reversed), &Plan::quick());
        assert!(difference.is_err_and(|text| text.contains("differ in their bits") && text.contains("case")));
    }
}
