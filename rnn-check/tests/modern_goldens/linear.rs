//! Recurrences that are linear in the state, and whose gates, if any, see the input alone: RG-LRU and LRU; and one without a cell.

use super::golden::{Golden, Judge, Kind};
use super::layer::Layer;
use rnn_check::planted::Plain;
use rnn_kernels::cells::{Lru, RgLru};
use rnn_kernels::{Backend, Bias, Direction, LinearBackward, LinearForward, SeqMut, SeqRef, Size};

#[test]
fn rg_lru_with_gates_of_two_heads_is_that_of_the_reference() {
    let golden = Golden::read("rglru");
    let [h, width] = golden.sizes(["H", "DH"]);
    // The reference has a matrix [in, out] for each head: blocks on the diagonal of ours, which is 0 elsewhere.
    let weight = |gate: usize, i: &[usize]| {
        let (head, from, to) = (i[0], i[1], i[2]);
        ("weight_ih", gate * h + head * width + to, head * width + from)
    };
    let bias = |gate: usize, i: &[usize]| ("bias_ih", gate * h + i[0] * width + i[1], 0);
    let layer = Layer::new(&golden, &RgLru::default(), Bias::Input)
        .with("a_gate.w", |i| weight(0, i))
        .with("input_gate.w", |i| weight(1, i))
        .with("a_gate.b", |i| bias(0, i))
        .with("input_gate.b", |i| bias(1, i))
        .with("a_param", |i| ("a_param", i[0], 0));
    layer.compare_all("y", &["h"]);
}

/// `y` is as wide as `x`, whatever the width of the state is.
fn lru(golden: &Golden) -> Layer<'_> {
    let [c, h] = golden.sizes(["C", "H"]);
    let mut layer = Layer::of_size(golden, &Lru::default(), Size::new(c, h).with_output(c));
    for matrix in ["B_re", "B_im", "C_re", "C_im"] {
        layer = layer.with(matrix, move |i| (matrix, i[0], i[1]));
    }
    for vector in ["nu_log", "theta_log", "gamma_log", "D"] {
        layer = layer.with(vector, move |i| (vector, i[0], 0));
    }
    layer
}

#[test]
fn lru_is_that_of_the_reference() {
    let golden = Golden::read("lru");
    lru(&golden).compare_all("y", &[]);
}

#[test]
fn lru_goes_on_from_a_state_like_the_equations_of_the_reference() {
    let golden = Golden::read("lru-state");
    let [n, c] = golden.sizes(["N", "C"]);
    let states = ["h_re", "h_im"];
    // The first state of the cell, its output, is read by no step.
    let behind_y = |states: Option<Vec<f64>>| [vec![0.0; n * c], states.expect("two states")].concat();
    let mut layer = lru(&golden);
    let ran = layer.forward(Some(&behind_y(golden.initial(&states))));
    let gradients = layer.backward(&ran, golden.d_output("y"), Some(&behind_y(golden.d_last(&states))));
    assert_eq!(ran.last[..n * c], ran.y[ran.y.len() - n * c..]);
    assert_eq!(gradients.initial[..n * c], vec![0.0; n * c]);
    Judge::all(&golden, |judge| {
        judge.compare(Kind::Output, "y", &ran.y);
        judge.compare(Kind::InputGradient, "x", &gradients.x);
        layer.compare_parameters(judge, &gradients);
        judge.compare_states(Kind::LastState, &states, &ran.last[n * c..]);
        judge.compare_states(Kind::InitialStateGradient, &states, &gradients.initial[n * c..]);
    });
}

#[test]
fn rg_lru_in_heads_is_that_of_the_reference() {
    let golden = Golden::read("rglru");
    let [h, width] = golden.sizes(["H", "DH"]);
    let row = move |gate: usize, head: usize, to: usize| gate * h + head * width + to;
    Layer::new(&golden, &RgLru { head: Some(width) }, Bias::Input)
        .with("a_gate.w", |i| ("weight_ih", row(0, i[0], i[2]), i[1]))
        .with("input_gate.w", |i| ("weight_ih", row(1, i[0], i[2]), i[1]))
        .with("a_gate.b", |i| ("bias_ih", row(0, i[0], i[1]), 0))
        .with("input_gate.b", |i| ("bias_ih", row(1, i[0], i[1]), 0))
        .with("a_param", |i| ("a_param", i[0], 0))
        .compare_all("y", &["h"]);
}

/// The recurrence alone, whose coefficients the reference is given: `h = e^g ⊙ h₋₁ + x`.
#[test]
fn the_recurrence_of_hgrn_is_that_of_the_reference() {
    let golden = Golden::read("hgrn-core");
    let [t, n, h] = golden.sizes(["T", "N", "H"]);
    let a: Vec<f64> = golden.input("g").iter().map(|g| g.exp()).collect();
    let a = SeqRef::new(&a, t, n, h);
    let (direction, initial) = (Direction::Forward, golden.initial(&["h"]));
    let mut states = vec![f64::NAN; (t + 1) * n * h];
    Plain.linear_forward(LinearForward {
        direction,
        a,
        b: SeqRef::new(golden.input("x"), t, n, h),
        initial: initial.as_deref(),
        h: SeqMut::new(&mut states, t + 1, n, h),
    });
    let [mut d_a, mut d_b] = [(); 2].map(|()| vec![f64::NAN; t * n * h]);
    let mut d_initial = vec![f64::NAN; n * h];
    Plain.linear_backward(LinearBackward {
        direction,
        a,
        h: SeqRef::new(&states, t + 1, n, h),
        d_h: SeqRef::new(golden.d_output("o"), t, n, h),
        d_last: golden.d_last(&["h"]).as_deref(),
        d_a: SeqMut::new(&mut d_a, t, n, h),
        d_b: SeqMut::new(&mut d_b, t, n, h),
        d_initial: Some(&mut d_initial),
    });
    let d_g: Vec<f64> = d_a.iter().zip(golden.input("g")).map(|(d, g)| d * g.exp()).collect();
    Judge::all(&golden, |judge| {
        judge.compare(Kind::Output, "o", &states[n * h..]);
        judge.compare(Kind::LastState, "h", &states[t * n * h..]);
        judge.compare(Kind::InputGradient, "x", &d_b);
        judge.compare(Kind::InputGradient, "g", &d_g);
        judge.compare(Kind::InitialStateGradient, "h", &d_initial);
    });
}
