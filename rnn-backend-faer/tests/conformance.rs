//! `Faer` obeys every law of the contract, sequential and parallel, in f32 and f64, on every instruction set there is.

use rnn_backend_faer::simd::Isa;
use rnn_backend_faer::{Faer, simd};
use rnn_check::{Claims, Plan};

/// What `Faer` promises: the accuracy of its own vector activations, and no allocation after a thread's first call.
fn claims() -> Claims {
    Claims::new()
        .sigmoid_ulp(simd::math::SIGMOID_F32_ULP, simd::math::SIGMOID_F64_ULP)
        .tanh_ulp(simd::math::TANH_F32_ULP, simd::math::TANH_F64_ULP)
        .allocation_free()
}

fn plan() -> Plan {
    Plan::full().count_allocations(|call| allocation_counter::measure(call).count_total)
}

rnn_check::conformance! {
    sequential { backend: Faer::sequential(), claims: claims(), plan: plan() }
    parallel { backend: Faer::parallel(2), claims: claims(), plan: plan() }
}

#[test]
fn every_instruction_set_of_this_machine_conforms_and_the_others_are_counted() {
    let mut skipped = 0;
    for isa in Isa::ALL {
        let Some(backend) = Faer::sequential().with_isa(isa) else {
            println!("skipped: this machine has no {isa:?}");
            skipped += 1;
            continue;
        };
        rnn_check::run::<f32>(&backend, &claims(), &Plan::quick()).assert_passes();
        rnn_check::run::<f64>(&backend, &claims(), &Plan::quick()).assert_passes();
    }
    println!("{} instruction sets conform, {skipped} skipped", Isa::ALL.len() - skipped);
    assert!(skipped < Isa::ALL.len());
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
