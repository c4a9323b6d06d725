//! Variants of the LSTM and the GRU against torch: its own LSTM with a projection, the others in its operations.

use super::golden::{Golden, Judge, Kind};
use super::layer::Layer;
use rnn_kernels::cells::{Clips, Forget, GruVariant, LstmPeephole, LstmVariant, Nonlinearity};
use rnn_kernels::{Bias, Equations, GruReset, Size};

/// Its parameters have our names and layouts.
fn layer<'g>(golden: &'g Golden, cell: &impl Equations, vectors: &[&'static str]) -> Layer<'g> {
    let mut layer = Layer::new(golden, cell, Bias::Both)
        .with("weight_ih", |i| ("weight_ih", i[0], i[1]))
        .with("weight_hh", |i| ("weight_hh", i[0], i[1]))
        .with("bias_ih", |i| ("bias_ih", i[0], 0))
        .with("bias_hh", |i| ("bias_hh", i[0], 0));
    for &vector in vectors {
        layer = layer.with(vector, move |i| (vector, i[0], 0));
    }
    layer
}

#[test]
fn a_projection_narrower_than_the_state_is_that_of_torch() {
    let golden = Golden::read("torch-lstm-projection");
    let [c, h, units] = golden.sizes(["C", "H", "units"]);
    let cell = LstmVariant { projection: true, ..LstmVariant::default() };
    let layer = Layer::of_size(&golden, &cell, Size::new(c, units).with_output(h));
    let mut layer = layer
        .with("weight_ih_l0", |i| ("weight_ih", i[0], i[1]))
        .with("weight_hh_l0", |i| ("weight_hh", i[0], i[1]))
        .with("bias_ih_l0", |i| ("bias_ih", i[0], 0))
        .with("bias_hh_l0", |i| ("bias_hh", i[0], 0))
        .with("weight_hr_l0", |i| ("weight_hr", i[0], i[1]));
    // The two states differ in their widths.
    let (states, rows) = (["h", "c"], golden.sizes(["N"])[0]);
    let initial = golden.initial(&states);
    let ran = layer.forward(initial.as_deref());
    let gradients = layer.backward(&ran, golden.d_output("h"), golden.d_last(&states).as_deref());
    Judge::all(&golden, |judge| {
        judge.compare(Kind::Output, "h", &ran.y);
        judge.compare(Kind::InputGradient, "x", &gradients.x);
        layer.compare_parameters(judge, &gradients);
        for (kind, all) in [(Kind::LastState, &ran.last), (Kind::InitialStateGradient, &gradients.initial)] {
            let (h, c) = all.split_at(rows * h);
            judge.compare(kind, "h", h);
            judge.compare(kind, "c", c);
        }
    });
}

#[test]
fn coupled_gates_with_peepholes_are_those_of_torch_operations() {
    let golden = Golden::read("torch-lstm-coupled");
    let cell = LstmVariant { forget: Forget::Coupled, peepholes: true, ..LstmVariant::default() };
    layer(&golden, &cell, &["peephole_i", "peephole_o"]).compare_all("h", &["h", "c"]);
}

#[test]
fn limits_without_a_forget_gate_are_those_of_torch_operations() {
    let golden = Golden::read("torch-lstm-1997");
    let clip = Clips { pre_activations: Some(1.5), state: Some(0.75), ..Clips::default() };
    let cell = LstmVariant { forget: Forget::One, clip, ..LstmVariant::default() };
    layer(&golden, &cell, &[]).compare_all("h", &["h", "c"]);
}

#[test]
fn peepholes_are_those_of_torch_operations_by_both_names() {
    let golden = Golden::read("torch-lstm-peepholes");
    let vectors = ["peephole_i", "peephole_f", "peephole_o"];
    layer(&golden, &LstmPeephole, &vectors).compare_all("h", &["h", "c"]);
    let cell = LstmVariant { peepholes: true, ..LstmVariant::default() };
    layer(&golden, &cell, &vectors).compare_all("h", &["h", "c"]);
}

#[test]
fn functions_of_an_lstm_are_those_of_torch() {
    let golden = Golden::read("torch-lstm-functions");
    let cell = LstmVariant {
        gate: Nonlinearity::HardSigmoid { slope: 0.2, offset: 0.5 },
        candidate: Nonlinearity::Elu { alpha: 0.75 },
        state: Nonlinearity::Softsign,
        ..LstmVariant::default()
    };
    layer(&golden, &cell, &[]).compare_all("h", &["h", "c"]);
}

#[test]
fn functions_of_a_gru_are_those_of_torch() {
    let golden = Golden::read("torch-gru-functions");
    let gate = Nonlinearity::HardSigmoid { slope: 1.0 / 6.0, offset: 0.5 };
    let candidate = Nonlinearity::LeakyRelu { slope: 0.125 };
    let cell = GruVariant { reset: GruReset::After, gate, candidate, ..GruVariant::default() };
    layer(&golden, &cell, &[]).compare_all("h", &["h"]);
    let golden = Golden::read("torch-gru-softplus");
    let (gate, candidate) = (Nonlinearity::Sigmoid, Nonlinearity::Softplus);
    let cell = GruVariant { reset: GruReset::Before, gate, candidate, ..GruVariant::default() };
    layer(&golden, &cell, &[]).compare_all("h", &["h"]);
}
