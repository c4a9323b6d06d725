//! States that are matrices: mLSTM, the gated delta rule, the selective scan. What their layers compute from an input is the input
//! here, through a matrix of ones on the diagonal.

use super::golden::Golden;
use super::layer::Layer;
use rnn_kernels::cells::{GatedDelta, Mamba, Mlstm};

#[test]
fn mlstm_is_the_recurrence_of_the_reference() {
    for name in ["mlstm-core", "mlstm-core-h-only"] {
        let golden = Golden::read(name);
        let [heads, head] = golden.sizes(["heads", "DH"]);
        let hidden = heads * head;
        // Rows are `i f q k v`, inputs `q k v i f`.
        let of = move |row: usize| Some(if row < 2 * heads { 3 * hidden + row } else { row - 2 * heads });
        Layer::of_inputs(&golden, &Mlstm { head, output_gate: false }, (&["q", "k", "v", "i", "f"], hidden), of)
            .compare_all_but_output_state("h", &["C", "n", "m"]);
    }
}

#[test]
fn gated_delta_rule_is_that_of_the_reference() {
    let golden = Golden::read("gated-delta-gates");
    let [heads, key, value] = golden.sizes(["heads", "K", "V"]);
    let keys_and_values = heads * (2 * key + value);
    // Rows are `a b q k v`, inputs `q k v a b`.
    let of = move |row: usize| Some(if row < 2 * heads { keys_and_values + row } else { row - 2 * heads });
    Layer::of_inputs(&golden, &GatedDelta { key, value }, (&["q", "k", "v", "a", "b"], heads * value), of)
        .with("A_log", |i| ("A_log", i[0], 0))
        .with("dt_bias", |i| ("dt_bias", i[0], 0))
        .compare_all_but_output_state("o", &["S"]);
}

#[test]
fn selective_scan_is_that_of_the_reference() {
    for name in ["mamba-scan", "mamba-step"] {
        let golden = Golden::read(name);
        let [hidden, states] = golden.sizes(["H", "state"]);
        Layer::of_inputs(&golden, &Mamba { states }, (&["delta", "u", "z", "B", "C"], hidden), Some)
            .with("A_log", |i| ("A_log", i[0] * states + i[1], 0))
            .with("D", |i| ("D", i[0], 0))
            .with("delta_bias", |i| ("bias_ih", i[0], 0))
            .compare_all_but_output_state("y", &["h"]);
    }
}
