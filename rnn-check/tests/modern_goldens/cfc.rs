//! Closed-form continuous-time networks of ncps, two layers of seven units before a state of six.

use super::golden::{Golden, Judge, Kind};
use super::layer::Layer;
use rnn_kernels::cells::{Cfc, CfcMode, Elapsed};
use rnn_kernels::{Bias, Size};

/// A layer whose backbone is that of the golden: the first matrix sees `x` and `h` side by side.
fn layer(golden: &Golden, mode: CfcMode) -> Layer<'_> {
    let [c, h, units, layers] = golden.sizes(["C", "H", "backbone", "layers"]);
    let cell = Cfc { layers, mode, elapsed: Elapsed::Given };
    let layer = Layer::of_size(golden, &cell, Size::new(c, units).with_output(h).with_bias(Bias::Both));
    layer
        .with(
            "backbone.0.weight",
            move |i| {
                if i[1] < c { ("weight_ih", i[0], i[1]) } else { ("weight_hh", i[0], i[1] - c) }
            },
        )
        .with("backbone.0.bias", |i| ("bias_ih", i[0], 0))
        .with("backbone.2.weight", |i| ("weight_2", i[0], i[1]))
        .with("backbone.2.bias", |i| ("bias_2", i[0], 0))
}

/// Compares everything but the gradient of the elapsed times, which are a mask of the run and have none.
fn compare(mut layer: Layer<'_>, golden: &Golden) {
    let [h] = golden.sizes(["H"]);
    // One number for each row and step, seen by all units.
    let elapsed: Vec<f64> = golden.input("ts").iter().flat_map(|&ts| vec![ts; h]).collect();
    layer.masks = vec![elapsed];
    let initial = golden.initial(&["h"]);
    let ran = layer.forward(initial.as_deref());
    let gradients = layer.backward(&ran, golden.d_output("h"), golden.d_last(&["h"]).as_deref());
    Judge::all(golden, |judge| {
        judge.compare(Kind::Output, "h", &ran.y);
        judge.compare(Kind::InputGradient, "x", &gradients.x);
        judge.leave_out(Kind::InputGradient, "ts");
        layer.compare_parameters(judge, &gradients);
        judge.compare_states(Kind::LastState, &["h"], &ran.last);
        judge.compare_states(Kind::InitialStateGradient, &["h"], &gradients.initial);
    });
}

fn gated(golden: &Golden, mode: CfcMode) {
    let [h] = golden.sizes(["H"]);
    let mut layer = layer(golden, mode);
    let names = [
        ("ff1.weight", "ff1.bias"),
        ("ff2.weight", "ff2.bias"),
        ("time_a.weight", "time_a.bias"),
        ("time_b.weight", "time_b.bias"),
    ];
    for (gate, (weight, bias)) in names.into_iter().enumerate() {
        layer = layer.with(weight, move |i| ("weight_out", gate * h + i[0], i[1]));
        layer = layer.with(bias, move |i| ("bias_out", gate * h + i[0], 0));
    }
    compare(layer, golden);
}

#[test]
fn cfc_is_that_of_the_reference() {
    gated(&Golden::read("cfc"), CfcMode::Gated);
}

#[test]
fn cfc_without_a_gate_is_that_of_the_reference() {
    gated(&Golden::read("cfc-no-gate"), CfcMode::NoGate);
}

#[test]
fn cfc_in_its_pure_form_is_that_of_the_reference() {
    let golden = Golden::read("cfc-pure");
    let layer = layer(&golden, CfcMode::Pure)
        .with("ff1.weight", |i| ("weight_out", i[0], i[1]))
        .with("ff1.bias", |i| ("bias_out", i[0], 0))
        .with("w_tau", |i| ("w_tau", i[1], 0))
        .with("A", |i| ("a", i[1], 0));
    compare(layer, &golden);
}
