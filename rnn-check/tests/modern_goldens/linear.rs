//! Recurrences whose gates see the input alone: RG-LRU, and HGRN with what its layer puts behind it.

use super::golden::{Golden, Judge, Kind};
use super::layer::Layer;
use super::plain::Affine;
use rnn_kernels::Bias;
use rnn_kernels::cells::{Hgrn, RgLru};

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

/// `x̂ = (x − mean) / √(var + 1e-5)` of one row, and the root.
fn standardised(x: &[f64]) -> (Vec<f64>, f64) {
    let mean = |x: &[f64]| x.iter().sum::<f64>() / x.len() as f64;
    let centre = mean(x);
    let squares: Vec<f64> = x.iter().map(|x| (x - centre).powi(2)).collect();
    let root = (mean(&squares) + 1e-5).sqrt();
    (x.iter().map(|x| (x - centre) / root).collect(), root)
}

/// `silu(a)` and its derivative.
fn silu(a: f64) -> [f64; 2] {
    let s = 1.0 / (1.0 + (-a).exp());
    [a * s, s + a * s * (1.0 - s)]
}

#[test]
fn hgrn_with_norm_gate_and_projection_is_the_layer_of_the_reference() {
    let golden = Golden::read("hgrn-real");
    let [h] = golden.sizes(["H"]);
    let parameter = |name: &str| &golden.parameter(name).data[..];
    let mut layer = Layer::new(&golden, &Hgrn::default(), Bias::Input)
        .with("lambda_proj.weight", |i| ("weight_ih", i[0], i[1]))
        .with("input_proj.weight", |i| ("weight_ih", h + i[0], i[1]))
        .with("lambda_proj.bias", |i| ("bias_ih", i[0], 0))
        .with("input_proj.bias", |i| ("bias_ih", h + i[0], 0))
        .with("lower_bound", |i| ("lower_bound", i[0], 0));

    // out = (norm(y) ⊙ silu(gate(x))) W_outᵀ + b_out
    let ran = layer.forward(None);
    let gate = Affine { w: parameter("gate.weight"), b: parameter("gate.bias") };
    let project = Affine { w: parameter("out_proj.weight"), b: parameter("out_proj.bias") };
    let (w, b) = (parameter("norm.weight"), parameter("norm.bias"));
    let pre = gate.forward(golden.x());
    let rows: Vec<(Vec<f64>, f64)> = ran.y.chunks(h).map(standardised).collect();
    let normed = |m: usize, j: usize| w[j] * rows[m].0[j] + b[j];
    let gated: Vec<f64> = pre.iter().enumerate().map(|(at, &a)| normed(at / h, at % h) * silu(a)[0]).collect();

    let [d_gated, d_project_w, d_project_b] = project.backward(&gated, golden.d_output("out"));
    let (mut d_w, mut d_b) = (vec![0.0; h], vec![0.0; h]);
    let (mut d_y, mut d_pre) = (vec![0.0; ran.y.len()], vec![0.0; pre.len()]);
    for (m, (x, root)) in rows.iter().enumerate() {
        let mut d_x = vec![0.0; h];
        for j in 0..h {
            let at = m * h + j;
            let [y, slope] = silu(pre[at]);
            let d = d_gated[at] * y;
            d_pre[at] = d_gated[at] * normed(m, j) * slope;
            d_w[j] += d * x[j];
            d_b[j] += d;
            d_x[j] = d * w[j];
        }
        let mean = d_x.iter().sum::<f64>() / h as f64;
        let along = d_x.iter().zip(x).map(|(d, x)| d * x).sum::<f64>() / h as f64;
        for j in 0..h {
            d_y[m * h + j] = (d_x[j] - mean - x[j] * along) / root;
        }
    }
    let gradients = layer.backward(&ran, &d_y, None);
    let [through_gate, d_gate_w, d_gate_b] = gate.backward(golden.x(), &d_pre);
    let d_x: Vec<f64> = gradients.x.iter().zip(&through_gate).map(|(a, b)| a + b).collect();

    Judge::all(&golden, |judge| {
        judge.compare(Kind::Output, "out", &project.forward(&gated));
        judge.compare(Kind::InputGradient, "x", &d_x);
        layer.compare_parameters(judge, &gradients);
        for (name, got) in [
            ("gate.weight", d_gate_w),
            ("gate.bias", d_gate_b),
            ("out_proj.weight", d_project_w),
            ("out_proj.bias", d_project_b),
            ("norm.weight", d_w),
            ("norm.bias", d_b),
        ] {
            judge.compare(Kind::ParameterGradient, name, &got);
        }
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
