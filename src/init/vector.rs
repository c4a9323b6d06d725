//! Where vectors of cells begin that are no weights of order `1/√H`.

/// The first value of an element of a vector of a cell, of a number `u` that is uniform between 0 and 1; `None` if it is drawn as
/// weights are.
pub(crate) fn start(cell: &str, vector: &str, u: f64) -> Option<f64> {
    match (cell, vector) {
        // A unit that remembers (Li et al. 2018).
        ("ind_rnn", "weight_hh") => Some(u),
        // An open gate keeps 0.9 to 0.999 of the state, but for the factor 8 (De et al. 2024): a = e^−ln(1 + e^λ).
        ("rg_lru", "a_param") => Some((1.0 / (0.9 + 0.099 * u) - 1.0).ln()),
        // The bound of a first layer (Qin et al. 2023).
        ("hgrn", "lower_bound") => Some(0.0),
        // The state that a step of length 0 leads to (Hasani et al. 2022).
        ("cfc", "a") => Some(1.0),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::start;

    #[test]
    fn a_gated_linear_unit_begins_with_a_decay_in_its_ring() {
        for (u, decay) in [(0.0, 0.9), (0.5, 0.9495), (1.0, 0.999)] {
            let lambda = start("rg_lru", "a_param", u).unwrap();
            let found = (-(lambda.exp().ln_1p())).exp();
            assert!((found - decay).abs() < 1e-12, "{found}");
        }
    }

    #[test]
    fn peepholes_are_drawn_as_weights_are() {
        assert_eq!(start("lstm_peephole", "peephole_i", 0.5), None);
        assert_eq!(start("lstm", "peephole_i", 0.5), None);
    }
}
