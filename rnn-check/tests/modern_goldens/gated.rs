//! Li-GRU and the three functions that are called a minimal gated unit.

use super::golden::Golden;
use super::layer::Layer;
use rnn_kernels::cells::{LiGru, Mgu, MguReset, Update};
use rnn_kernels::{Bias, Equations};

/// pytorch-kaldi: a matrix and a bias for each gate, `z` before `h`, the bias on the input's side.
fn is_that_of_kaldi(name: &str, cell: &impl Equations) {
    let golden = Golden::read(name);
    let [h] = golden.sizes(["H"]);
    let layer = Layer::new(&golden, cell, Bias::Input)
        .with("wz.0.weight", |i| ("weight_ih", i[0], i[1]))
        .with("wh.0.weight", |i| ("weight_ih", h + i[0], i[1]))
        .with("wz.0.bias", |i| ("bias_ih", i[0], 0))
        .with("wh.0.bias", |i| ("bias_ih", h + i[0], 0))
        .with("uz.0.weight", |i| ("weight_hh", i[0], i[1]))
        .with("uh.0.weight", |i| ("weight_hh", h + i[0], i[1]));
    layer.compare_all("h", &["h"]);
}

#[test]
fn li_gru_is_that_of_the_reference() {
    is_that_of_kaldi("ligru", &LiGru::default());
}

#[test]
fn li_gru_goes_on_from_a_state_like_the_equations_of_the_reference() {
    is_that_of_kaldi("ligru-state", &LiGru::default());
}

#[test]
fn mgu_with_the_update_of_the_old_state_is_pytorch_kaldis() {
    is_that_of_kaldi("mgu-kaldi", &Mgu { reset: MguReset::Before, update: Update::Old });
}

#[test]
fn mgu_is_that_of_the_paper() {
    let golden = Golden::read("mgu");
    let [h] = golden.sizes(["H"]);
    // The weights of the paper act on the state and the input, one behind the other.
    let place = |gate: usize, i: &[usize]| {
        let row = gate * h + i[0];
        if i[1] < h { ("weight_hh", row, i[1]) } else { ("weight_ih", row, i[1] - h) }
    };
    let layer = Layer::new(&golden, &Mgu::default(), Bias::Input)
        .with("W_f", |i| place(0, i))
        .with("W_h", |i| place(1, i))
        .with("b_f", |i| ("bias_ih", i[0], 0))
        .with("b_h", |i| ("bias_ih", h + i[0], 0));
    layer.compare_all("h", &["h"]);
}

/// Flax keeps a kernel `[in, out]`, the transpose of ours.
fn flax<'g>(golden: &'g Golden, reset: MguReset, bias: Bias) -> Layer<'g> {
    let [h] = golden.sizes(["H"]);
    Layer::new(golden, &Mgu { reset, update: Update::Old }, bias)
        .with("if/kernel", |i| ("weight_ih", i[1], i[0]))
        .with("in/kernel", |i| ("weight_ih", h + i[1], i[0]))
        .with("if/bias", |i| ("bias_ih", i[0], 0))
        .with("in/bias", |i| ("bias_ih", h + i[0], 0))
        .with("hf/kernel", |i| ("weight_hh", i[1], i[0]))
        .with("hn/kernel", |i| ("weight_hh", h + i[1], i[0]))
}

#[test]
fn mgu_with_the_reset_after_the_product_is_that_of_flax() {
    let golden = Golden::read("mgu-flax");
    let [h] = golden.sizes(["H"]);
    // The second bias is the candidate's alone; that of the gate, which Flax lacks, is 0.
    let layer = flax(&golden, MguReset::After, Bias::Both).with("hn/bias", |i| ("bias_hh", h + i[0], 0));
    layer.compare_all("h", &["h"]);
}

#[test]
fn mgu_without_a_reset_is_that_of_flax() {
    let golden = Golden::read("mgu-flax-noreset");
    flax(&golden, MguReset::None, Bias::Input).compare_all("h", &["h"]);
}
