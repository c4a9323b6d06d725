//! The LSTM with layer norms: as the paper writes it, and as PyTorch and TensorFlow Addons compute it.

use super::golden::Golden;
use super::layer::Layer;
use rnn_kernels::Bias;
use rnn_kernels::cells::{Carried, LstmLayerNorm};

#[test]
fn the_norms_of_pytorch_carry_a_normalised_state() {
    let golden = Golden::read("lnlstm-pytorch");
    let cell = LstmLayerNorm { carried: Carried::Normalised, bias: false, ..LstmLayerNorm::default() };
    Layer::new(&golden, &cell, Bias::None)
        .with("weight_ih", |i| ("weight_ih", i[0], i[1]))
        .with("weight_hh", |i| ("weight_hh", i[0], i[1]))
        .with("layernorm_i.weight", |i| ("layernorm_i_weight", i[0], 0))
        .with("layernorm_i.bias", |i| ("layernorm_i_bias", i[0], 0))
        .with("layernorm_h.weight", |i| ("layernorm_h_weight", i[0], 0))
        .with("layernorm_h.bias", |i| ("layernorm_h_bias", i[0], 0))
        .with("layernorm_c.weight", |i| ("layernorm_c_weight", i[0], 0))
        .with("layernorm_c.bias", |i| ("layernorm_c_bias", i[0], 0))
        .compare_all("h", &["h", "c"]);
}

#[test]
fn the_norms_of_tensorflow_addons_have_a_bias_and_another_epsilon() {
    let golden = Golden::read("lnlstm-tfa");
    let cell = LstmLayerNorm { carried: Carried::Normalised, epsilon: 1e-3, ..LstmLayerNorm::default() };
    Layer::new(&golden, &cell, Bias::None)
        .with("kernel", |i| ("weight_ih", i[1], i[0]))
        .with("recurrent_kernel", |i| ("weight_hh", i[1], i[0]))
        .with("bias", |i| ("bias", i[0], 0))
        .with("kernel_norm/gamma", |i| ("layernorm_i_weight", i[0], 0))
        .with("kernel_norm/beta", |i| ("layernorm_i_bias", i[0], 0))
        .with("recurrent_norm/gamma", |i| ("layernorm_h_weight", i[0], 0))
        .with("recurrent_norm/beta", |i| ("layernorm_h_bias", i[0], 0))
        .with("state_norm/gamma", |i| ("layernorm_c_weight", i[0], 0))
        .with("state_norm/beta", |i| ("layernorm_c_bias", i[0], 0))
        .compare_all("h", &["h", "c"]);
}

#[test]
fn the_norms_of_the_paper_carry_the_state_itself() {
    let golden = Golden::read("lnlstm-paper");
    let [h] = golden.sizes(["H"]);
    // Gates are `f i o g` there, `i f g o` here.
    let row = move |row: usize| [1, 0, 3, 2][row / h] * h + row % h;
    Layer::new(&golden, &LstmLayerNorm::default(), Bias::None)
        .with("W_x", |i| ("weight_ih", row(i[0]), i[1]))
        .with("W_h", |i| ("weight_hh", row(i[0]), i[1]))
        .with("b", |i| ("bias", row(i[0]), 0))
        .with("alpha1", |i| ("layernorm_h_weight", row(i[0]), 0))
        .with("beta1", |i| ("layernorm_h_bias", row(i[0]), 0))
        .with("alpha2", |i| ("layernorm_i_weight", row(i[0]), 0))
        .with("beta2", |i| ("layernorm_i_bias", row(i[0]), 0))
        .with("alpha3", |i| ("layernorm_c_weight", i[0], 0))
        .with("beta3", |i| ("layernorm_c_bias", i[0], 0))
        .compare_all("h", &["h", "c"]);
}
