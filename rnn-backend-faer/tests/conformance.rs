//! `Faer` obeys every law of the contract, sequential and parallel, in f32 and f64, on every instruction set there is.

use rnn_backend_faer::simd::Isa;
use rnn_backend_faer::{Faer, simd};
use rnn_check::dispatch::Required;
use rnn_check::{Claims, Plan};

/// What `Faer` promises: the accuracy of its own vector activations, no allocation after a thread's first call, and
/// recurrent passes that compute a row alike whatever the other rows (heads of more than eight rows are faer's).
fn claims() -> Claims {
    Claims::new()
        .sigmoid_ulp(simd::math::SIGMOID_F32_ULP, simd::math::SIGMOID_F64_ULP)
        .tanh_ulp(simd::math::TANH_F32_ULP, simd::math::TANH_F64_ULP)
        .allocation_free()
        .batch_invariant()
}

fn plan() -> Plan {
    Plan::from_env().count_allocations(|call| allocation_counter::measure(call).count_total)
}

/// One case of each cell of the families: they go through the same passes on one thread, and a test below compares the bits.
fn plan_of_threads() -> Plan {
    let mut plan = plan();
    plan.families = plan.families.min(1);
    plan
}

rnn_check::conformance! {
    sequential { backend: Faer::sequential(), claims: claims(), plan: plan() }
    parallel { backend: Faer::parallel(2), claims: claims(), plan: plan_of_threads() }
}

#[test]
fn every_instruction_set_of_this_machine_conforms_and_the_others_are_counted() {
    let conforms = |_, backend: Faer| {
        rnn_check::run::<f32>(&backend, &claims(), &Plan::quick()).assert_passes();
        rnn_check::run::<f64>(&backend, &claims(), &Plan::quick()).assert_passes();
    };
    let paths = Required::from_env().each(Isa::ALL, |isa| Faer::sequential().with_isa(isa), conforms);
    println!("instruction sets: {}", paths.unwrap_or_else(|missing| panic!("{missing}")));
}

#[test]
fn a_required_instruction_set_that_is_missing_fails_the_test_that_forces_it() {
    let force = |required: &str, has: fn(Isa) -> bool| {
        Required::list(required).each(Isa::ALL, |isa| has(isa).then_some(isa), |_, _| ())
    };
    assert!(force("avx512", |isa| isa != Isa::Avx512).is_err_and(|message| message.contains("avx512")));
    assert!(force("avx2", |isa| isa != Isa::Avx512).is_ok_and(|paths| paths.skipped == ["avx512"]));
    // Every name there is can be required.
    assert!(force("portable,avx2,avx512", |_| true).is_ok_and(|paths| paths.ran.len() == 3));
}

#[cfg(feature = "rayon")]
#[test]
fn a_given_rayon_pool_conforms_and_gives_the_same_bits() {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(2).build().expect("the system gives two threads");
    let backend = Faer::on_rayon(std::sync::Arc::new(pool));
    assert_eq!(backend.threads(), 2);
    rnn_check::run::<f32>(&backend, &claims(), &Plan::quick()).assert_passes();
    let compared = rnn_check::same_bits::<f32>(&Faer::sequential(), &backend, &Plan::quick());
    assert!(compared.is_ok_and(|compared| compared > 0));
}

#[test]
fn sequential_and_parallel_give_the_same_bits_for_every_number_of_threads() {
    for threads in [1, 2, 3, 8] {
        let shared = Faer::parallel(threads);
        let single = rnn_check::same_bits::<f32>(&Faer::sequential(), &shared, &Plan::quick());
        let double = rnn_check::same_bits::<f64>(&Faer::sequential(), &shared, &Plan::quick());
        for compared in [single, double] {
            let compared = compared.unwrap_or_else(|difference| panic!("{threads} threads: {difference}"));
            assert!(compared > 0);
        }
    }
}
