//! Networks of one pre-activation: independent units, leaky units, modules with clocks.

use super::golden::{Golden, Judge, Kind};
use super::layer::Layer;
use rnn_kernels::Bias;
use rnn_kernels::cells::{Clockwork, IndRnn, Leak, Leaky, Nonlinearity, Rate};

#[test]
fn ind_rnn_is_that_of_the_reference() {
    let golden = Golden::read("indrnn");
    let layer = Layer::new(&golden, &IndRnn::default(), Bias::Input)
        .with("weight_ih", |i| ("weight_ih", i[0], i[1]))
        .with("bias_ih", |i| ("bias_ih", i[0], 0))
        .with("weight_hh", |i| ("weight_hh", i[0], 0));
    layer.compare_all("h", &["h"]);
}

#[test]
fn leaky_after_the_activation_is_an_echo_state_network_of_tensorflow_addons() {
    let golden = Golden::read("leaky-esn");
    let cell = Leaky { leak: Leak::AfterActivation, rate: Rate::Fixed(0.3), activation: Nonlinearity::Tanh };
    // Its kernels are [in, out].
    let layer = Layer::new(&golden, &cell, Bias::Input)
        .with("kernel", |i| ("weight_ih", i[1], i[0]))
        .with("recurrent_kernel", |i| ("weight_hh", i[1], i[0]))
        .with("bias", |i| ("bias_ih", i[0], 0));
    layer.compare_all("h", &["h"]);
}

/// The reference has one recurrent matrix with zeros, the cell a matrix for each module that is seen; the clocks are states.
#[test]
fn clockwork_is_that_of_the_reference_and_its_clocks_go_on() {
    let golden = Golden::read("clockwork");
    let [n, h] = golden.sizes(["N", "H"]);
    let (periods, units) = (vec![1, 2, 4], h / 3);
    let matrices = ["weight_hh_1", "weight_hh_2", "weight_hh_3"];
    let mut layer = Layer::new(&golden, &Clockwork { periods, ..Clockwork::default() }, Bias::Input)
        .with("W_x", |i| ("weight_ih", i[0], i[1]))
        .with("b", |i| ("bias_ih", i[0], 0))
        .with_some("W_h", |i| {
            let seen = i[1] / units;
            (i[0] / units <= seen).then(|| (matrices[seen], i[0], i[1] % units))
        });
    let with_clocks = |h: Vec<f64>| [h, vec![0.0; 2 * n]].concat();
    let initial = golden.initial(&["h"]).map(with_clocks);
    let ran = layer.forward(initial.as_deref());
    let gradients = layer.backward(&ran, golden.d_output("h"), golden.d_last(&["h"]).map(with_clocks).as_deref());
    // Five steps: one behind a multiple of 2, and of 4.
    assert_eq!(ran.last[n * h..], vec![1.0; 2 * n]);
    assert_eq!(gradients.initial[n * h..], vec![0.0; 2 * n]);
    Judge::all(&golden, |judge| {
        judge.compare(Kind::Output, "h", &ran.y);
        layer.compare_inputs(judge, &gradients);
        layer.compare_parameters(judge, &gradients);
        judge.compare(Kind::LastState, "h", &ran.last[..n * h]);
        judge.compare(Kind::InitialStateGradient, "h", &gradients.initial[..n * h]);
    });
}
