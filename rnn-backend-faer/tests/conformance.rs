//! `Faer` obeys every law of the contract, sequential and parallel, in f32 and f64, on every instruction set there is.

use rnn_backend_faer::simd::Isa;
use rnn_backend_faer::{Accuracy, Faer, simd};
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

/// A third of the cases, one of each cell of the families: they go through the same passes on one thread, which sees all, and a test
/// below compares the bits.
fn plan_of_threads() -> Plan {
    Plan::quick().count_allocations(|call| allocation_counter::measure(call).count_total)
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
fn fast_gates_conform_to_their_own_claims_and_to_no_sharper_ones() {
    let backend = Faer::sequential().with_accuracy(Accuracy::Fast);
    let fast = claims()
        .sigmoid_ulp(simd::fast::SIGMOID_F32_ULP, simd::fast::SIGMOID_F64_ULP)
        .tanh_ulp(simd::fast::TANH_F32_ULP, simd::fast::TANH_F64_ULP);
    rnn_check::run::<f32>(&backend, &fast, &plan_of_threads()).assert_passes();
    rnn_check::run::<f64>(&backend, &fast, &plan_of_threads()).assert_passes();
    let sharper = rnn_check::run::<f32>(&backend, &claims(), &Plan::quick().only("activations_keep_their_ulp"));
    assert!(!sharper.passes());
}

#[test]
fn fast_gates_give_the_same_bits_for_every_number_of_threads() {
    let fast = |backend: Faer| backend.with_accuracy(Accuracy::Fast);
    let (one, two) = (fast(Faer::sequential()), fast(Faer::parallel(2)));
    let single = rnn_check::same_bits::<f32>(&one, &two, &Plan::quick());
    let double = rnn_check::same_bits::<f64>(&one, &two, &Plan::quick());
    assert!([single, double].into_iter().all(|compared| compared.is_ok_and(|compared| compared > 0)));
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
