//! Networks of one pre-activation: independent units, leaky units.

use super::golden::Golden;
use super::layer::Layer;
use rnn_kernels::Bias;
use rnn_kernels::cells::{IndRnn, Leak, Leaky, Nonlinearity, Rate};

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
