//! The claim of calls without heap allocation is kept by the reference and refuted where it is not.

use rnn_check::planted::Plain;
use rnn_check::{Claims, Plan, Report};
use rnn_kernels::{Accum, Backend, MatMut, MatRef, Scalar};

/// A right backend that allocates in every product.
#[derive(Debug)]
struct Allocates;

impl<T: Scalar> Backend<T> for Allocates {
    fn matmul(&self, c: MatMut<'_, T>, accum: Accum, a: MatRef<'_, T>, b: MatRef<'_, T>) {
        let scratch = std::hint::black_box(vec![T::ZERO; a.cols() + 1]);
        Plain.matmul(c, accum, a, b);
        drop(scratch);
    }
}

fn report(backend: &dyn Backend<f32>, plan: Plan) -> Report {
    let claims = Claims::new().batch_invariant().allocation_free();
    rnn_check::run(backend, &claims, &plan.without_shrinking().only("no_allocation"))
}

fn counting() -> Plan {
    Plan::full().count_allocations(|call| allocation_counter::measure(call).count_total)
}

#[test]
fn the_reference_keeps_the_claim() {
    let report = report(&Plain, counting());
    report.assert_passes();
    assert!(report.counts()[2] > 0, "{report}");
}

#[test]
fn a_backend_that_allocates_is_refuted() {
    assert!(!report(&Allocates, counting()).passes());
}

#[test]
fn without_a_way_to_count_the_law_is_skipped_and_says_so() {
    let report = report(&Plain, Plan::quick());
    assert!(report.laws[0].skips.contains_key("the program cannot count allocations"));
    assert_eq!(report.laws[0].cases, 0);
}
