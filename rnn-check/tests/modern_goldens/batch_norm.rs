//! Li-GRU with what its layer puts before the recurrence: a batch norm of the input's products over all rows and steps.

use super::golden::{Golden, Judge, Kind};
use super::layer::Layer;
use super::plain::Affine;
use rnn_kernels::cells::LiGru;

/// `v̂ = (v − mean) / √(var + 1e-5)` of each column of `v [M, W]`, and the roots.
fn standardised(v: &[f64], width: usize) -> (Vec<f64>, Vec<f64>) {
    let rows = (v.len() / width) as f64;
    let column = |j: usize| v.iter().skip(j).step_by(width);
    let means: Vec<f64> = (0..width).map(|j| column(j).sum::<f64>() / rows).collect();
    let variance = |j: usize| column(j).map(|v| (v - means[j]).powi(2)).sum::<f64>() / rows;
    let roots: Vec<f64> = (0..width).map(|j| (variance(j) + 1e-5).sqrt()).collect();
    (v.iter().enumerate().map(|(at, v)| (v - means[at % width]) / roots[at % width]).collect(), roots)
}

/// The gradients of `v`, the weight and the bias from that of `w ⊙ v̂ + b`.
fn backward(d: &[f64], (normed, roots): &(Vec<f64>, Vec<f64>), weight: &[f64]) -> [Vec<f64>; 3] {
    let (width, rows) = (weight.len(), (d.len() / weight.len()) as f64);
    let (mut d_w, mut d_b) = (vec![0.0; width], vec![0.0; width]);
    for (at, (d, v)) in d.iter().zip(normed).enumerate() {
        d_w[at % width] += d * v;
        d_b[at % width] += d;
    }
    let one = |(at, (d, v)): (usize, (&f64, &f64))| {
        let j = at % width;
        weight[j] / roots[j] * (d - d_b[j] / rows - v * d_w[j] / rows)
    };
    [d.iter().zip(normed).enumerate().map(one).collect(), d_w, d_b]
}

#[test]
fn li_gru_behind_a_batch_norm_is_the_layer_of_the_reference() {
    let golden = Golden::read("ligru-bn");
    let [h] = golden.sizes(["H"]);
    let (none, names) = (vec![0.0; h], ["wz", "wh"]);
    let parameter = |name: String| &golden.parameter(&name).data[..];
    let affine = |name: &str| Affine { w: parameter(format!("{name}.0.weight")), b: &none };
    let scale = |name: &str| parameter(format!("bn_{name}.0.weight"));
    let normed = names.map(|name| standardised(&affine(name).forward(golden.x()), h));
    let row = |m: usize, gate: usize| {
        let (w, b) = (scale(names[gate]), parameter(format!("bn_{}.0.bias", names[gate])));
        let normed = &normed[gate].0[m * h..(m + 1) * h];
        w.iter().zip(normed).zip(b).map(|((w, v), b)| w * v + b).collect::<Vec<_>>()
    };
    let pre = (0..normed[0].0.len() / h).flat_map(|m| [row(m, 0), row(m, 1)].concat()).collect();
    let mut layer = Layer::of_pre(&golden, &LiGru::default(), h, pre)
        .with("uz.0.weight", |i| ("weight_hh", i[0], i[1]))
        .with("uh.0.weight", |i| ("weight_hh", h + i[0], i[1]));
    let ran = layer.forward(None);
    let gradients = layer.backward(&ran, golden.d_output("h"), None);
    let of_gate = |gate: usize| -> Vec<f64> {
        gradients.x.chunks(2 * h).flat_map(|row| row[gate * h..(gate + 1) * h].to_vec()).collect()
    };
    let behind = [0, 1].map(|gate| backward(&of_gate(gate), &normed[gate], scale(names[gate])));
    let before = [0, 1].map(|gate| affine(names[gate]).backward(golden.x(), &behind[gate][0]));
    let d_x: Vec<f64> = before[0][0].iter().zip(&before[1][0]).map(|(a, b)| a + b).collect();
    Judge::all(&golden, |judge| {
        judge.compare(Kind::Output, "h", &ran.y);
        judge.compare(Kind::InputGradient, "x", &d_x);
        layer.compare_parameters(judge, &gradients);
        let gradients = behind.iter().zip(&before);
        for ([weight, norm, bias], ([_, d_w, d_b], [_, d_matrix, _])) in
            [["wz.0.weight", "bn_wz.0.weight", "bn_wz.0.bias"], ["wh.0.weight", "bn_wh.0.weight", "bn_wh.0.bias"]]
                .into_iter()
                .zip(gradients)
        {
            judge.compare(Kind::ParameterGradient, weight, d_matrix);
            judge.compare(Kind::ParameterGradient, norm, d_w);
            judge.compare(Kind::ParameterGradient, bias, d_b);
        }
    });
}
