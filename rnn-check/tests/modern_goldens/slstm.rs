//! sLSTM of NX-AI/xlstm with two heads: `y c n m` are the states `h c n m` of the cell, gates are `i f z o` in both.

use super::golden::{Golden, Judge, Kind};
use super::layer::Layer;
use rnn_kernels::Bias;
use rnn_kernels::cells::Slstm;

const STATES: [&str; 4] = ["y", "c", "n", "m"];

/// The recurrent kernel is `[head, gate · DH + out, in]`: blocks on the diagonal of each gate's matrix, which is 0
/// elsewhere.
fn layer(golden: &Golden) -> Layer<'_> {
    let [h, width] = golden.sizes(["H", "DH"]);
    Layer::new(golden, &Slstm::default(), Bias::Input)
        .with("W", |i| ("weight_ih", i[0], i[1]))
        .with("_bias_", |i| ("bias_ih", i[0], 0))
        .with("_recurrent_kernel_", |i| {
            let (head, gate, to, from) = (i[0], i[1] / width, i[1] % width, i[2]);
            ("weight_hh", gate * h + head * width + to, head * width + from)
        })
}

#[test]
fn slstm_of_two_heads_is_that_of_the_reference() {
    let golden = Golden::read("slstm");
    layer(&golden).compare_all("y", &STATES);
}

#[test]
fn slstm_with_cotangents_of_the_output_alone_is_that_of_the_reference() {
    let golden = Golden::read("slstm-y-only");
    layer(&golden).compare_all("y", &STATES);
}

/// Where `n` is 0, the reference sets `m = i`, whatever `m` was; the cell takes the larger one of `i` and `ln σ(f) + m`.
/// With a first `m` far below every `i` that is `i` as well, and the forget gate `exp(ln σ(f) + m − i)` is exactly 0. In
/// the reference it is not, but it multiplies a `c` and an `n` of 0. So the two agree in all states and all gradients.
#[test]
fn slstm_from_an_m_far_below_zero_is_the_first_step_of_the_reference() {
    let golden = Golden::read("slstm-zero");
    assert!(golden.initial(&STATES).is_none());
    let [n, h] = golden.sizes(["N", "H"]);
    let mut initial = vec![0.0; STATES.len() * n * h];
    initial[3 * n * h..].fill(-1e4);
    let mut layer = layer(&golden);
    let ran = layer.forward(Some(&initial));
    let d_last = golden.d_last(&STATES).expect("cotangents of four states");
    let gradients = layer.backward(&ran, golden.d_output("y"), Some(&d_last));

    Judge::all(&golden, |judge| {
        judge.compare(Kind::Output, "y", &ran.y);
        judge.compare_states(Kind::LastState, &STATES, &ran.last);
        judge.compare(Kind::InputGradient, "x", &gradients.x);
        layer.compare_parameters(judge, &gradients);
    });
}

#[test]
fn slstm_in_heads_is_that_of_the_reference() {
    for name in ["slstm", "slstm-y-only"] {
        let golden = Golden::read(name);
        let [h, width] = golden.sizes(["H", "DH"]);
        Layer::new(&golden, &Slstm { head: Some(width) }, Bias::Input)
            .with("W", |i| ("weight_ih", i[0], i[1]))
            .with("_bias_", |i| ("bias_ih", i[0], 0))
            .with("_recurrent_kernel_", |i| ("weight_hh", i[1] / width * h + i[0] * width + i[1] % width, i[2]))
            .compare_all("y", &STATES);
    }
}
