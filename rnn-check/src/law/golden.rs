//! Values and gradients that PyTorch computed in f64, kept in `goldens/`: `|a − b| ≤ 1e-12 · max(1, |b|)`.

use super::{Context, Evidence, Failure, Stop, Verdict, all, fail};
use crate::case::{Case, Layout, Problem, X, biases};
use crate::drive::{Backward, Before, Forward};
use crate::oracle::{Activation, Cell, Dims, Reset};
use rnn_kernels::{Accum, AffineBackward, AffineForward, Bias, Direction, MatMut, MatRef, SoftmaxCrossEntropy};
use serde::Deserialize;

macro_rules! files {
    ($($name:literal)*) => { &[$(($name, include_str!(concat!("../../goldens/", $name, ".json")))),*] };
}

const FILES: &[(&str, &str)] = files![
    "elman_identity_single_dense" "elman_identity_single_reverse_ragged_zero" "elman_identity_stack_ragged_zero"
    "elman_relu_single_dense" "elman_relu_single_reverse_ragged_zero" "elman_relu_stack_ragged"
    "elman_relu_stack_ragged_no_bias" "elman_sigmoid_single_dense" "elman_sigmoid_single_reverse_ragged_zero"
    "elman_sigmoid_stack_ragged_zero" "elman_tanh_single_dense" "elman_tanh_single_reverse_ragged_zero"
    "elman_tanh_stack_ragged" "elman_tanh_stack_ragged_no_bias" "elman_tanh_stack_ragged_zero_one_bias"
    "gru_after_single_dense" "gru_after_single_reverse_ragged_zero" "gru_after_stack_ragged"
    "gru_after_stack_ragged_no_bias" "gru_after_stack_ragged_zero_one_bias" "gru_before_single_dense"
    "gru_before_single_reverse_ragged_zero" "gru_before_stack_ragged_zero" "gru_before_stack_ragged_zero_no_bias"
    "gru_before_stack_ragged_zero_one_bias" "lstm_single_dense" "lstm_single_reverse_ragged_zero" "lstm_stack_ragged"
    "lstm_stack_ragged_no_bias" "lstm_stack_ragged_zero_one_bias"
];

/// An array with its gradient (inputs) or its cotangent (outputs).
#[derive(Clone, Debug, Deserialize)]
struct Array {
    /// Values, row-major.
    data: Vec<f64>,
    /// `∂L/∂…` of an input.
    #[serde(default)]
    grad: Vec<f64>,
    /// The cotangent an output was given.
    #[serde(default)]
    cotangent: Vec<f64>,
}

/// One case of `goldens/`; its README says what each field is.
#[derive(Clone, Debug, Deserialize)]
struct Golden {
    /// The file's name.
    name: String,
    cell: String,
    activation: Option<String>,
    reset: Option<String>,
    bias: String,
    layers: usize,
    bidirectional: bool,
    reverse: bool,
    steps: usize,
    rows: usize,
    input: usize,
    hidden: usize,
    /// Of each row; `None` is `T`.
    lengths: Option<Vec<usize>>,
    /// In PyTorch's order.
    params: Vec<Array>,
    /// `[T, N, C]`.
    x: Array,
    /// `[D·L, N, H]`.
    h0: Array,
    /// `[D·L, N, H]`, of an LSTM.
    c0: Option<Array>,
    /// `[T, N, D·H]`.
    y: Array,
    /// `[D·L, N, H]`.
    h_n: Array,
    /// `[D·L, N, H]`, of an LSTM.
    c_n: Option<Array>,
}

/// Every case of `goldens/`.
fn goldens() -> Vec<Golden> {
    FILES.iter().map(|(name, text)| serde_json::from_str(text).unwrap_or_else(|e| panic!("{name}: {e}"))).collect()
}

impl Golden {
    /// The equations.
    fn cell(&self) -> Cell {
        match (self.cell.as_str(), self.activation.as_deref(), self.reset.as_deref()) {
            ("elman", Some("tanh"), _) => Cell::Elman(Activation::Tanh),
            ("elman", Some("relu"), _) => Cell::Elman(Activation::Relu),
            ("elman", Some("sigmoid"), _) => Cell::Elman(Activation::Sigmoid),
            ("elman", Some("identity"), _) => Cell::Elman(Activation::Identity),
            ("lstm", ..) => Cell::Lstm,
            ("gru", _, Some("after")) => Cell::Gru(Reset::After),
            ("gru", _, Some("before")) => Cell::Gru(Reset::Before),
            other => panic!("{}: no cell {other:?}", self.name),
        }
    }

    /// Which biases there are.
    fn bias(&self) -> Bias {
        match self.bias.as_str() {
            "both" => Bias::Both,
            "input" => Bias::Input,
            _ => Bias::None,
        }
    }

    /// `T N C H` of the first layer.
    fn dims(&self) -> Dims {
        Dims { steps: self.steps, batch: self.rows, input: self.input, hidden: self.hidden }
    }

    /// The directions of each layer.
    fn directions(&self) -> Vec<Direction> {
        match (self.bidirectional, self.reverse) {
            (true, _) => vec![Direction::Forward, Direction::Reverse],
            (false, true) => vec![Direction::Reverse],
            (false, false) => vec![Direction::Forward],
        }
    }

    /// Layers × directions in PyTorch's order: `(layer, direction, flat parameters, their gradient)`.
    fn parts(&self) -> Vec<(usize, Direction, Vec<f64>, Vec<f64>)> {
        let blocks = 2 + biases(self.bias());
        let parts = (0..self.layers).flat_map(|layer| self.directions().into_iter().map(move |d| (layer, d)));
        parts
            .zip(self.params.chunks(blocks))
            .map(|((layer, direction), blocks)| {
                let join = |of: fn(&Array) -> &Vec<f64>| blocks.iter().flat_map(of).copied().collect::<Vec<f64>>();
                (layer, direction, join(|b| &b.data), join(|b| &b.grad))
            })
            .collect()
    }

    /// Part `k` of a `[D·L, N, H]` array.
    fn state<'a>(&self, all: &'a [f64], k: usize) -> &'a [f64] {
        let size = self.rows * self.hidden;
        &all[k * size..(k + 1) * size]
    }

    /// The directions of a layer side by side, `[T·N, D·H]`.
    fn concat(&self, parts: &[&[f64]]) -> Vec<f64> {
        let rows = 0..self.steps * self.rows;
        rows.flat_map(|r| parts.iter().flat_map(move |p| p[r * self.hidden..(r + 1) * self.hidden].iter().copied()))
            .collect()
    }
}

/// `|got − want| ≤ tolerance · max(1, |want|)`.
fn close(name: &str, block: &str, got: &[f64], want: &[f64], tolerance: f64) -> Verdict {
    if got.len() != want.len() {
        return Err(fail(format!("{name} {block}: {} elements instead of {}", got.len(), want.len())));
    }
    let mut worst = 0.0f64;
    for (i, (got, want)) in got.iter().zip(want).enumerate() {
        let (error, bound) = ((got - want).abs(), tolerance * want.abs().max(1.0));
        if error.is_nan() || error > bound {
            let numbers =
                format!("got {got:e} want {want:e} |err| {error:e} bound {bound:e} RATIO {:.3}", error / bound);
            let place = format!("golden {name}: {block}[{i}]");
            return Err(Stop::Fail(Box::new(Failure { place, numbers, ratio: Some(error / bound), pattern: None })));
        }
        worst = worst.max(error / bound);
    }
    Ok(Evidence::measured(got.len(), worst))
}

const TOLERANCE: f64 = 1e-12;

pub(super) fn pytorch_agrees(ctx: &Context<'_, f64>, _: &Case) -> Verdict {
    all(goldens().iter().map(|golden| agrees(ctx, golden)))
}

/// One layer in one direction as the driver takes it: outputs and cotangents are column blocks of a wider buffer.
fn problem(golden: &Golden, k: usize, input: usize, x: &[f64], d_y: Option<Vec<f64>>) -> Problem<f64> {
    let (_, direction, params, _) = golden.parts().swap_remove(k);
    let state = |a: &Option<Array>, of: fn(&Array) -> &Vec<f64>| a.as_ref().map(|a| golden.state(of(a), k).to_vec());
    Problem {
        cell: golden.cell(),
        bias: golden.bias(),
        direction,
        dims: Dims { input, ..golden.dims() },
        lengths: golden.lengths.clone(),
        holes: None,
        start: 0,
        params,
        x: X::Dense(x.to_vec()),
        masks: vec![],
        h0: Some(golden.state(&golden.h0.data, k).to_vec()),
        c0: state(&golden.c0, |a| &a.data),
        d_y,
        d_h_n: Some(golden.state(&golden.h_n.cotangent, k).to_vec()),
        d_c_n: state(&golden.c_n, |a| &a.cotangent),
        layout: Layout::ColumnBlock,
        d_x_accum: Accum::Add,
        clip: None,
    }
}

fn agrees(ctx: &Context<'_, f64>, golden: &Golden) -> Verdict {
    let (rig, name, width) = (ctx.rig(), &golden.name, golden.directions().len());
    let (hidden, rows) = (golden.hidden, golden.steps * golden.rows);
    let mut verdicts = Vec::new();
    let mut xs = vec![golden.x.data.clone()];
    let mut forwards: Vec<Forward<f64>> = Vec::new();
    let input = |layer: usize| if layer == 0 { golden.input } else { width * hidden };
    for layer in 0..golden.layers {
        let x = &xs[layer];
        let layer_forwards: Vec<_> =
            (0..width).map(|d| rig.forward(&problem(golden, layer * width + d, input(layer), x, None))).collect();
        let ys: Vec<&[f64]> = layer_forwards.iter().map(|f| &f.y[..]).collect();
        let y = golden.concat(&ys);
        forwards.extend(layer_forwards);
        xs.push(y);
    }
    verdicts.push(close(name, "y", &xs[golden.layers], &golden.y.data, TOLERANCE));
    let mut d_out = golden.y.cotangent.clone();
    for layer in (0..golden.layers).rev() {
        // Both directions add into one d_x.
        let mut d_x = vec![0.0; rows * input(layer)];
        for d in 0..width {
            let k = layer * width + d;
            let d_y = (0..rows).flat_map(|r| d_out[(r * width + d) * hidden..][..hidden].to_vec()).collect();
            let problem = problem(golden, k, input(layer), &xs[layer], Some(d_y));
            let before = Before { d_x: d_x.clone(), ..problem.zeros() };
            let Backward { d_params, d_x: sum, d_h0, d_c0, .. } =
                rig.backward_into(&problem, &forwards[k].reserve, &before);
            d_x = sum;
            let Forward { h_n, c_n, .. } = &forwards[k];
            verdicts.push(close(name, &format!("h_n of part {k}"), h_n, golden.state(&golden.h_n.data, k), TOLERANCE));
            verdicts.push(close(
                name,
                &format!("d_h0 of part {k}"),
                &d_h0,
                golden.state(&golden.h0.grad, k),
                TOLERANCE,
            ));
            if let (Some(want), Some(initial)) = (&golden.c_n, &golden.c0) {
                verdicts.push(close(name, &format!("c_n of part {k}"), c_n, golden.state(&want.data, k), TOLERANCE));
                verdicts.push(close(
                    name,
                    &format!("d_c0 of part {k}"),
                    &d_c0,
                    golden.state(&initial.grad, k),
                    TOLERANCE,
                ));
            }
            verdicts.push(close(name, &format!("gradient of part {k}"), &d_params, &golden.parts()[k].3, TOLERANCE));
        }
        d_out = d_x;
    }
    verdicts.push(close(name, "d_x", &d_out, &golden.x.grad, TOLERANCE));
    all(verdicts)
}

#[derive(Deserialize)]
struct Named {
    data: Vec<f64>,
}

#[derive(Deserialize)]
struct Training {
    steps: usize,
    rows: usize,
    input: usize,
    hidden: usize,
    classes: usize,
    lr: f64,
    params: Vec<Named>,
    final_params: Vec<Named>,
    x: Named,
    targets: Vec<Vec<u32>>,
    losses: Vec<f64>,
}

/// `θ ← θ − lr ∂L/∂θ`, fifty times: a two-layer LSTM and a linear head on every step.
pub(super) fn fifty_steps_of_sgd_follow_pytorch(ctx: &Context<'_, f64>, _: &Case) -> Verdict {
    let text = include_str!("../../goldens/sgd_two_layer_lstm.json");
    let training: Training = serde_json::from_str(text).map_err(|e| fail(format!("sgd golden: {e}")))?;
    let Training { steps, rows, input, hidden, classes, lr, params, final_params, x, targets, losses } = training;
    let (m, rig, x, targets) = (steps * rows, ctx.rig(), x.data, targets.concat());
    let join = |blocks: &[Named]| blocks.iter().flat_map(|b| b.data.iter().copied()).collect::<Vec<f64>>();
    let mut layers = [join(&params[..4]), join(&params[4..8])];
    let (mut w, mut b) = (params[8].data.clone(), params[9].data.clone());
    let mut verdicts = Vec::new();
    let cell = |layer: usize, params: &[f64], x: &[f64], d_y: Option<Vec<f64>>| Problem {
        cell: Cell::Lstm,
        bias: Bias::Both,
        direction: Direction::Forward,
        dims: Dims { steps, batch: rows, input: if layer == 0 { input } else { hidden }, hidden },
        lengths: None,
        holes: None,
        start: 0,
        params: params.to_vec(),
        x: X::Dense(x.to_vec()),
        masks: vec![],
        h0: None,
        c0: None,
        d_y,
        d_h_n: None,
        d_c_n: None,
        layout: Layout::TimeMajor,
        d_x_accum: Accum::Replace,
        clip: None,
    };
    for (step, &want) in losses.iter().enumerate() {
        let first = rig.forward(&cell(0, &layers[0], &x, None));
        let second = rig.forward(&cell(1, &layers[1], &first.y, None));
        let (mut logits, mut d_logits, mut loss) = (vec![0.0; m * classes], vec![0.0; m * classes], vec![0.0; m]);
        let (features, weights) = (MatRef::new(&second.y, m, hidden), MatRef::new(&w, classes, hidden));
        let y = MatMut::new(&mut logits, m, classes);
        ctx.backend.affine_forward(AffineForward { x: features, w: weights, b: Some(&b), y });
        ctx.backend.softmax_cross_entropy(SoftmaxCrossEntropy {
            logits: MatRef::new(&logits, m, classes),
            targets: &targets,
            loss: &mut loss,
            d_logits: Some(MatMut::new(&mut d_logits, m, classes)),
            scale: 1.0 / m as f64,
        });
        let mean = loss.iter().sum::<f64>() / m as f64;
        verdicts.push(close("sgd_two_layer_lstm", &format!("loss before update {step}"), &[mean], &[want], 1e-10));
        let (mut d_w, mut d_b, mut d_y) = (vec![0.0; w.len()], vec![0.0; b.len()], vec![0.0; m * hidden]);
        ctx.backend.affine_backward(AffineBackward {
            x: features,
            w: weights,
            d_y: MatRef::new(&d_logits, m, classes),
            d_w: Some(MatMut::new(&mut d_w, classes, hidden)),
            d_b: Some(&mut d_b),
            d_x: Some(MatMut::new(&mut d_y, m, hidden)),
            d_x_accum: Accum::Replace,
        });
        let upper = rig.backward(&cell(1, &layers[1], &first.y, Some(d_y)), &second.reserve);
        let lower = rig.backward(&cell(0, &layers[0], &x, Some(upper.d_x)), &first.reserve);
        let update = |p: &mut [f64], d: &[f64]| p.iter_mut().zip(d).for_each(|(p, d)| *p -= lr * d);
        update(&mut layers[0], &lower.d_params);
        update(&mut layers[1], &upper.d_params);
        update(&mut w, &d_w);
        update(&mut b, &d_b);
    }
    let end = [&layers[0][..], &layers[1], &w, &b].concat();
    verdicts.push(close("sgd_two_layer_lstm", "parameters after the last update", &end, &join(&final_params), 1e-10));
    all(verdicts)
}
