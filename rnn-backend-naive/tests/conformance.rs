//! `Naive` and `MatrixMultiply` obey every law of the contract, in f32 and f64.

use rnn_backend_naive::{MatrixMultiply, Naive};
use rnn_check::{Claims, Plan};

fn plan() -> Plan {
    Plan::from_env().count_allocations(|call| allocation_counter::measure(call).count_total)
}

/// One case of each cell of the families: but for its products, the passes are those of `Naive`.
fn plan_of_products() -> Plan {
    let mut plan = plan();
    plan.families = plan.families.min(1);
    plan
}

rnn_check::conformance! {
    naive { backend: Naive, claims: Claims::new().batch_invariant().allocation_free(), plan: plan() }
    matrix_multiply { backend: MatrixMultiply, claims: Claims::new(), plan: plan_of_products() }
}
