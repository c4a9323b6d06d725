//! Every cell of the library in its family, with what is said of its gradients.

use super::cases::{Case, RADII, by_name, case, chrono, forget_biases, linear, radii};
use recurrent::Activation;
use recurrent::init::{Init, Scheme};
use recurrent::network::RecurrentSpec;

/// Networks of which the same is said.
#[derive(Clone, Debug)]
pub struct Family {
    pub title: &'static str,
    /// What introductions say of their gradients; of what they leave out, theory.
    pub said: &'static str,
    pub cases: Vec<Case>,
}

/// All families, of so many units.
pub fn families(hidden: usize) -> [Family; 4] {
    let named = |names: &[&str]| -> Vec<Case> { names.iter().map(|name| by_name(name, hidden)).collect() };
    let elman = |name: &str, activation, init| case(name, RecurrentSpec::elman(hidden, activation), init);
    let relu = elman("elman, relu", Activation::Relu, Init::default());
    let irnn = elman("elman, IRNN", Activation::Relu, Init::irnn());
    let orthogonal = Init { recurrent: Scheme::Orthogonal { gain: 1.0 }, ..Init::default() };
    let orthogonal = elman("tanh, orthogonal", Activation::Tanh, orthogonal);
    [
        Family {
            title: "Plain recurrent networks",
            said: "Introductions: small factors multiplied over many steps vanish, large ones explode.",
            cases: [radii(hidden), named(&["elman"]), vec![relu], named(&["jordan", "deep_transition", "cfc"])]
                .concat(),
        },
        Family {
            title: "Gated cells",
            said: "Introductions: gates remember or forget selectively, which keeps long dependencies (LSTM, GRU).",
            cases: [
                named(&["lstm"]),
                forget_biases(hidden),
                vec![chrono("lstm", hidden)],
                named(&["lstm_peephole", "lstm_blocks", "lstm_layer_norm", "gru"]),
                vec![chrono("gru", hidden)],
                named(&["mgu", "li_gru", "slstm"]),
            ]
            .concat(),
        },
        Family {
            title: "Initial weights and shorter ways back",
            said: "Theory: ρ Q without a function is ρ^d; units that rest, leak or skip multiply by 1 now and then.",
            cases: [
                RADII.map(|radius| linear(radius, hidden)).to_vec(),
                vec![orthogonal, irnn],
                named(&["ind_rnn", "leaky", "skip", "clockwork"]),
            ]
            .concat(),
        },
        Family {
            title: "Recurrences linear in their state",
            said: "Theory: no product of matrices and no factor above 1, so nothing explodes; it fades as the state does.",
            cases: [
                named(&["min_gru", "min_lstm", "hgrn"]),
                ["min_gru", "min_lstm", "hgrn"].map(|name| chrono(name, hidden)).to_vec(),
                named(&["rg_lru", "lru", "mamba", "mlstm", "gated_delta"]),
            ]
            .concat(),
        },
    ]
}
