//! minGRU and minLSTM of lucidrains/minGRU-pytorch: no bias, and a projection of the output, which stands here.
//!
//! The forms in logarithms are the same functions: the reference takes them for whole sequences, the plain ones for a
//! single step. A logarithm needs a state above 0, or none.

use super::golden::{Golden, Judge, Kind};
use super::layer::Layer;
use super::plain::Affine;
use rnn_kernels::cells::{MinGru, MinLstm};
use rnn_kernels::{Bias, Equations};

/// `out = h W_outᵀ`; the last state is `h` itself.
fn is_that_of_the_reference(name: &str, cell: &impl Equations, weight: &str) {
    let golden = Golden::read(name);
    let mut layer = Layer::new(&golden, cell, Bias::None).with(weight, |i| ("weight_ih", i[0], i[1]));
    let zeros = vec![0.0; golden.sizes(["C"])[0]];
    let to_out = Affine { w: &golden.parameter("to_out.weight").data, b: &zeros };
    let initial = golden.initial(&["h"]);

    let ran = layer.forward(initial.as_deref());
    let [d_y, d_out, _] = to_out.backward(&ran.y, golden.d_output("out"));
    let gradients = layer.backward(&ran, &d_y, golden.d_last(&["h"]).as_deref());

    Judge::all(&golden, |judge| {
        judge.compare(Kind::Output, "out", &to_out.forward(&ran.y));
        judge.compare(Kind::LastState, "h", &ran.last);
        judge.compare(Kind::InputGradient, "x", &gradients.x);
        judge.compare(Kind::ParameterGradient, "to_out.weight", &d_out);
        layer.compare_parameters(judge, &gradients);
        if initial.is_some() {
            judge.compare(Kind::InitialStateGradient, "h", &gradients.initial);
        }
    });
}

#[test]
fn min_gru_is_that_of_the_reference() {
    is_that_of_the_reference("mingru", &MinGru::default(), "to_hidden_and_gate.weight");
}

#[test]
fn min_gru_is_the_references_form_in_logarithms() {
    is_that_of_the_reference("mingru-log", &MinGru::default(), "to_hidden_and_gate.weight");
}

#[test]
fn min_lstm_is_that_of_the_reference() {
    is_that_of_the_reference("minlstm", &MinLstm::default(), "to_hidden_and_f_i_gate.weight");
}

#[test]
fn min_lstm_is_the_references_form_in_logarithms() {
    is_that_of_the_reference("minlstm-log", &MinLstm::default(), "to_hidden_and_f_i_gate.weight");
}
