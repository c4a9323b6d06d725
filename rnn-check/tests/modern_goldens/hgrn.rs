//! HGRN with what its layer puts behind the recurrence: a norm of the features, a gate of the input, a projection.

use super::golden::{Golden, Judge, Kind};
use super::layer::{Gradients, Layer};
use super::plain::Affine;
use rnn_kernels::Bias;
use rnn_kernels::cells::{Hgrn, Phase};

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

/// What the layer makes of features, and the gradients of that.
struct Behind {
    out: Vec<f64>,
    /// Of the features.
    d_y: Vec<f64>,
    /// Of the input, by way of the gate.
    d_x: Vec<f64>,
    parameters: [(&'static str, Vec<f64>); 6],
}

/// `out = (norm(y) ⊙ silu(gate(x))) W_outᵀ + b_out`, `y [T·N, width]`.
fn behind(golden: &Golden, y: &[f64], width: usize) -> Behind {
    let parameter = |name: &str| &golden.parameter(name).data[..];
    let gate = Affine { w: parameter("gate.weight"), b: parameter("gate.bias") };
    let project = Affine { w: parameter("out_proj.weight"), b: parameter("out_proj.bias") };
    let (w, b) = (parameter("norm.weight"), parameter("norm.bias"));
    let pre = gate.forward(golden.x());
    let rows: Vec<(Vec<f64>, f64)> = y.chunks(width).map(standardised).collect();
    let normed = |m: usize, j: usize| w[j] * rows[m].0[j] + b[j];
    let gated: Vec<f64> = pre.iter().enumerate().map(|(at, &a)| normed(at / width, at % width) * silu(a)[0]).collect();

    let [d_gated, d_project_w, d_project_b] = project.backward(&gated, golden.d_output("out"));
    let (mut d_w, mut d_b) = (vec![0.0; width], vec![0.0; width]);
    let (mut d_y, mut d_pre) = (vec![0.0; y.len()], vec![0.0; pre.len()]);
    for (m, (x, root)) in rows.iter().enumerate() {
        let mut d_x = vec![0.0; width];
        for j in 0..width {
            let at = m * width + j;
            let [value, slope] = silu(pre[at]);
            let d = d_gated[at] * value;
            d_pre[at] = d_gated[at] * normed(m, j) * slope;
            d_w[j] += d * x[j];
            d_b[j] += d;
            d_x[j] = d * w[j];
        }
        let mean = d_x.iter().sum::<f64>() / width as f64;
        let along = d_x.iter().zip(x).map(|(d, x)| d * x).sum::<f64>() / width as f64;
        for j in 0..width {
            d_y[m * width + j] = (d_x[j] - mean - x[j] * along) / root;
        }
    }
    let [d_x, d_gate_w, d_gate_b] = gate.backward(golden.x(), &d_pre);
    let parameters = [
        ("gate.weight", d_gate_w),
        ("gate.bias", d_gate_b),
        ("out_proj.weight", d_project_w),
        ("out_proj.bias", d_project_b),
        ("norm.weight", d_w),
        ("norm.bias", d_b),
    ];
    Behind { out: project.forward(&gated), d_y, d_x, parameters }
}

fn compare(golden: &Golden, layer: &Layer<'_>, gradients: &Gradients, behind: &Behind) {
    let d_x: Vec<f64> = gradients.x.iter().zip(&behind.d_x).map(|(a, b)| a + b).collect();
    Judge::all(golden, |judge| {
        judge.compare(Kind::Output, "out", &behind.out);
        judge.compare(Kind::InputGradient, "x", &d_x);
        layer.compare_parameters(judge, gradients);
        for (name, got) in &behind.parameters {
            judge.compare(Kind::ParameterGradient, name, got);
        }
    });
}

#[test]
fn hgrn_with_norm_gate_and_projection_is_the_layer_of_the_reference() {
    let golden = Golden::read("hgrn-real");
    let [h] = golden.sizes(["H"]);
    let mut layer = Layer::new(&golden, &Hgrn::default(), Bias::Input)
        .with("lambda_proj.weight", |i| ("weight_ih", i[0], i[1]))
        .with("input_proj.weight", |i| ("weight_ih", h + i[0], i[1]))
        .with("lambda_proj.bias", |i| ("bias_ih", i[0], 0))
        .with("input_proj.bias", |i| ("bias_ih", h + i[0], 0))
        .with("lower_bound", |i| ("lower_bound", i[0], 0));
    let ran = layer.forward(None);
    let behind = behind(&golden, &ran.y, h);
    let gradients = layer.backward(&ran, &behind.d_y, None);
    compare(&golden, &layer, &gradients, &behind);
}

/// The norm sees both parts of the state, the output of the cell is one of them: every step is a run of its own, whose last states
/// are the features and take their cotangents.
#[test]
fn complex_hgrn_with_norm_gate_and_projection_is_the_layer_of_the_reference() {
    let golden = Golden::read("hgrn-complex");
    let [t, n, h] = golden.sizes(["T", "N", "H"]);
    // The reference has the rows of a real and an imaginary part next to each other.
    let part = |i: &[usize]| h + i[0] % 2 * h + i[0] / 2;
    let mut layer = Layer::new(&golden, &Hgrn { phase: Phase::Learned }, Bias::Input)
        .with("lambda_proj.weight", |i| ("weight_ih", i[0], i[1]))
        .with("input_proj.weight", |i| ("weight_ih", part(i), i[1]))
        .with("lambda_proj.bias", |i| ("bias_ih", i[0], 0))
        .with("input_proj.bias", |i| ("bias_ih", part(i), 0))
        .with("lower_bound", |i| ("lower_bound", i[0], 0))
        .with("theta", |i| ("theta", i[2], 0));
    let (mut runs, mut y, mut state) = (vec![], vec![], vec![0.0; 2 * n * h]);
    for step in 0..t {
        layer.steps = step..step + 1;
        let ran = layer.forward(Some(&state));
        state.clone_from(&ran.last);
        let (re, im) = state.split_at(n * h);
        y.extend(re.chunks(h).zip(im.chunks(h)).flat_map(|(re, im)| [re, im].concat()));
        runs.push(ran);
    }
    let behind = behind(&golden, &y, 2 * h);
    let mut gradients: Option<Gradients> = None;
    for (step, ran) in runs.iter().enumerate().rev() {
        layer.steps = step..step + 1;
        let d_y = &behind.d_y[step * n * 2 * h..(step + 1) * n * 2 * h];
        let of_part = |part: usize| d_y.chunks(2 * h).flat_map(move |row| row[part * h..(part + 1) * h].to_vec());
        let mut d_last: Vec<f64> = of_part(0).chain(of_part(1)).collect();
        if let Some(later) = &gradients {
            d_last.iter_mut().zip(&later.initial).for_each(|(d, later)| *d += later);
        }
        let of_step = layer.backward(ran, &vec![0.0; n * h], Some(&d_last));
        gradients = Some(match gradients {
            None => of_step,
            Some(later) => of_step.before(later),
        });
    }
    compare(&golden, &layer, &gradients.expect("five steps"), &behind);
}
