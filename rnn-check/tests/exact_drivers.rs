//! The provided drivers and equations, run modulo a prime: no rounding, no bound, every number equal to the oracle's.

use rnn_check::Claims;
use rnn_check::number::Modular;
use rnn_check::planted::{Bug, Correct, Plain, Planted, Way};
use rnn_check::{Backend, Plan, exact_drivers, single_follows_double};

fn plan() -> Plan {
    Plan::quick()
}

#[test]
fn the_provided_drivers_are_exact_for_every_cell_and_33_steps() {
    let compared = exact_drivers(&Plain, &Plan::full()).unwrap_or_else(|difference| panic!("{difference}"));
    println!("{compared} numbers modulo 2^61 - 1");
    assert!(compared > 100_000, "{compared}");
}

#[test]
fn no_order_of_summation_and_no_windows_change_a_residue() {
    // An f64 cannot hold a residue.
    for way in Way::ALL.into_iter().filter(|&way| way != Way::WideAccumulator) {
        exact_drivers(&Correct(way), &plan()).unwrap_or_else(|difference| panic!("{way:?}: {difference}"));
    }
}

#[test]
fn bugs_of_drivers_and_equations_show_without_any_rounding() {
    let seen = |bug: &&Bug| {
        let planted = Planted::new(**bug);
        let run = || exact_drivers(&planted as &dyn Backend<Modular>, &plan());
        // A bug may panic where another backend would return a wrong number.
        std::panic::catch_unwind(std::panic::AssertUnwindSafe(run)).map_or(true, |result| result.is_err())
    };
    let (seen, unseen): (Vec<_>, Vec<_>) = Bug::ALL.iter().partition(seen);
    println!("seen {}: {seen:?}\nunseen {}: {unseen:?}", seen.len(), unseen.len());
    for bug in [
        Bug::ScaledByMillionth,
        Bug::CarryUsesInputGate,
        Bug::InnerBiasMerged,
        Bug::RecurrentBiasSkipsFirst,
        Bug::JacobiansInForwardOrder,
        Bug::PackedTailLeft,
    ] {
        assert!(seen.contains(&&bug), "{bug:?}");
    }
    assert!(seen.len() > 50, "{}", seen.len());
}

#[test]
fn f32_follows_f64_and_a_bug_in_one_of_them_shows() {
    let claims = Claims::new();
    let compared = single_follows_double(&Plain, &Plain, &claims, &plan());
    let compared = compared.unwrap_or_else(|difference| panic!("{difference}"));
    assert!(compared > 3_000, "{compared}");
    let (single, double) = (Planted::new(Bug::ScaledByTenThousandth), Plain);
    let difference = single_follows_double(&single, &double, &claims, &plan());
    assert!(difference.is_err_and(|text| text.contains("bound") && text.contains("case")));
}
