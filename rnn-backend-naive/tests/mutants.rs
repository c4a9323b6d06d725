//! The suite on the yardstick in seconds, law by law, so that the first broken one ends it: what `.ci/mutants` runs on
//! every change of the reference kernels that a machine can think of. `cargo test` leaves it out; `conformance` is wider.

use rnn_backend_naive::Naive;
use rnn_check::{Checked, Claims, Plan};

fn every_law_holds<T: Checked>() {
    for law in T::all_laws() {
        let plan = Plan::quick().without_shrinking().only(law.id);
        rnn_check::run::<T>(&Naive, &Claims::new().batch_invariant(), &plan).assert_passes();
    }
}

#[test]
fn every_law_holds_in_f32() {
    every_law_holds::<f32>();
}

#[test]
fn every_law_holds_in_f64() {
    every_law_holds::<f64>();
}
