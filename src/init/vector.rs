//! Where vectors of cells begin that are no weights of order `1/√H`.

use std::f64::consts::TAU;

/// The first value of an element of a vector of a cell, the `nth` of its unit, of a number `u` that is uniform between 0 and 1;
/// `None` if it is drawn as weights are.
pub(crate) fn start(cell: &str, vector: &str, nth: usize, u: f64) -> Option<f64> {
    match (cell, vector) {
        // A unit that remembers (Li et al. 2018).
        ("ind_rnn", "weight_hh") => Some(u),
        // An open gate keeps 0.9 to 0.999 of the state, but for the factor 8 (De et al. 2024): a = e^−ln(1 + e^λ).
        ("rg_lru", "a_param") => Some((1.0 / (0.9 + 0.099 * u) - 1.0).ln()),
        // The bound of a first layer (Qin et al. 2023).
        ("hgrn", "lower_bound") => Some(0.0),
        // |λ|² is uniform between 0.9² and 0.999², so that eigenvalues fill a ring evenly; their angle is, all around (Orvieto et al. 2023).
        ("lru", "nu_log") => Some((-0.5 * (0.81 + u * (0.998_001 - 0.81)).ln()).ln()),
        ("lru", "theta_log") => Some((TAU * (1.0 - u)).ln()),
        // From 1 down to 10⁻⁸, evenly in the logarithm (Qin et al. 2023).
        ("hgrn", "theta") => Some(10_000f64.powf(-2.0 * u)),
        // The state that a step of length 0 leads to (Hasani et al. 2022).
        ("cfc", "a") => Some(1.0),
        // A norm alone (Ba et al. 2016).
        ("lstm_layer_norm", name) => Some(if name.ends_with("weight") { 1.0 } else { 0.0 }),
        // Decays of 1, 2, 3, …, and the input as it is (Gu & Dao 2023).
        ("mamba", "A_log") => Some((1.0 + nth as f64).ln()),
        ("mamba", "D") => Some(1.0),
        // Decays up to 16, steps of 0.001 to 0.1, drawn evenly over orders of magnitude: ln(eᵈ − 1) (Yang et al. 2024).
        ("gated_delta", "A_log") => Some((16.0 * u.max(1e-4)).ln()),
        ("gated_delta", "dt_bias") => Some((1e-3 * 100f64.powf(u)).exp_m1().ln()),
        _ => None,
    }
}

/// Of one number.
type Function = fn(f64) -> f64;

/// The vector that another one of a cell begins with, and how: element by element.
pub(crate) fn follows(cell: &str, vector: &str) -> Option<(&'static str, Function)> {
    match (cell, vector) {
        // ln √(1 − |λ|²) of |λ| = e^−e^ν: a state of variance 1 for an input of variance 1 (Orvieto et al. 2023).
        ("lru", "gamma_log") => Some(("nu_log", |nu| 0.5 * (-(-2.0 * nu.exp()).exp_m1()).ln())),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::{follows, start};

    #[test]
    fn a_gated_linear_unit_begins_with_a_decay_in_its_ring() {
        for (u, decay) in [(0.0, 0.9), (0.5, 0.9495), (1.0, 0.999)] {
            let lambda = start("rg_lru", "a_param", 0, u).unwrap();
            let found = (-(lambda.exp().ln_1p())).exp();
            assert!((found - decay).abs() < 1e-12, "{found}");
        }
    }

    #[test]
    fn steps_of_a_delta_rule_begin_between_a_thousandth_and_a_tenth() {
        for (u, step) in [(0.0, 1e-3), (0.5, 1e-2), (1.0, 1e-1)] {
            let found = start("gated_delta", "dt_bias", 0, u).unwrap().exp().ln_1p();
            assert!((found / step - 1.0).abs() < 1e-12, "{found}");
        }
    }

    #[test]
    fn a_complex_linear_unit_begins_in_its_ring_with_the_gain_of_its_modulus() {
        for (u, square) in [(0.0_f64, 0.81), (0.5, 0.904_000_5), (1.0, 0.998_001)] {
            let nu = start("lru", "nu_log", 0, u).unwrap();
            assert!(((-2.0 * nu.exp()).exp() - square).abs() < 1e-12, "{nu}");
            let (of, gain) = follows("lru", "gamma_log").unwrap();
            assert_eq!(of, "nu_log");
            assert!(((2.0 * gain(nu)).exp() - (1.0 - square)).abs() < 1e-12, "{nu}");
        }
        for (u, phase) in [(0.0, std::f64::consts::TAU), (0.75, std::f64::consts::FRAC_PI_2)] {
            assert!((start("lru", "theta_log", 0, u).unwrap().exp() - phase).abs() < 1e-12);
        }
    }

    #[test]
    fn peepholes_are_drawn_as_weights_are() {
        assert_eq!(start("lstm_peephole", "peephole_i", 0, 0.5), None);
        assert_eq!(start("lstm", "peephole_i", 0, 0.5), None);
    }
}
