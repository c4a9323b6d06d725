//! The oracle and its tape are PyTorch: every output and every gradient of every golden case, `|a − b| ≤ 1e-12 max(1, |b|)`.

use rnn_check::derivative;
use rnn_check::number::Number;
use rnn_check::oracle::{
    Activation, Cell, Dims, Direction, Layer, Params, Pass, Reset, affine, softmax_cross_entropy, stack,
};
use serde::Deserialize;

#[derive(Deserialize)]
struct Parameter {
    name: String,
    data: Vec<f64>,
    #[serde(default)]
    grad: Vec<f64>,
}

#[derive(Deserialize)]
struct Input {
    data: Vec<f64>,
    grad: Vec<f64>,
}

#[derive(Deserialize)]
struct Output {
    data: Vec<f64>,
    cotangent: Vec<f64>,
}

#[derive(Deserialize)]
struct Golden {
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
    lengths: Option<Vec<usize>>,
    params: Vec<Parameter>,
    x: Input,
    h0: Input,
    c0: Option<Input>,
    y: Output,
    h_n: Output,
    c_n: Option<Output>,
}

impl Golden {
    fn cell(&self) -> Cell {
        match (self.cell.as_str(), self.activation.as_deref(), self.reset.as_deref()) {
            ("elman", Some("tanh"), _) => Cell::Elman(Activation::Tanh),
            ("elman", Some("relu"), _) => Cell::Elman(Activation::Relu),
            ("elman", Some("sigmoid"), _) => Cell::Elman(Activation::Sigmoid),
            ("elman", Some("identity"), _) => Cell::Elman(Activation::Identity),
            ("lstm", ..) => Cell::Lstm,
            ("gru", _, Some("after")) => Cell::Gru(Reset::After),
            ("gru", _, Some("before")) => Cell::Gru(Reset::Before),
            unknown => panic!("{}: {unknown:?}", self.name),
        }
    }

    fn biases(&self) -> usize {
        match self.bias.as_str() {
            "both" => 2,
            "input" => 1,
            "none" => 0,
            unknown => panic!("{}: bias {unknown}", self.name),
        }
    }

    fn directions(&self) -> &'static [Direction] {
        match (self.bidirectional, self.reverse) {
            (true, _) => &[Direction::Forward, Direction::Reverse],
            (false, true) => &[Direction::Reverse],
            (false, false) => &[Direction::Forward],
        }
    }

    /// `params ++ x ++ h0 ++ c0 ↦ y ++ h_n ++ c_n`
    fn evaluate<S: Number>(&self, flat: &[S]) -> Vec<S> {
        let (cell, biases, directions) = (self.cell(), self.biases(), self.directions());
        let (mut params, rest) = flat.split_at(self.params.iter().map(|p| p.data.len()).sum());
        let (x, rest) = rest.split_at(self.x.data.len());
        let (h0, c0) = rest.split_at(self.h0.data.len());
        let state = self.rows * self.hidden;
        let dims = Dims { steps: self.steps, batch: self.rows, input: self.input, hidden: self.hidden };
        let mut layers = Vec::new();
        for layer in 0..self.layers {
            let input = if layer == 0 { self.input } else { directions.len() * self.hidden };
            let dims = Dims { input, ..dims };
            let pass = |(d, &direction): (usize, &Direction)| {
                let own;
                (own, params) = params.split_at(Params::<S>::len(cell, dims, biases));
                let at = (layer * directions.len() + d) * state;
                let of = |states: &[S]| states.get(at..at + state).unwrap_or_default().to_vec();
                Pass { direction, params: Params::from_flat(cell, dims, biases, own), h0: of(h0), c0: of(c0) }
            };
            let passes = directions.iter().enumerate().map(pass).collect();
            layers.push(Layer { cell, hidden: self.hidden, passes });
        }
        assert!(params.is_empty());
        let all = stack(&layers, dims, x, self.lengths.as_deref());
        let h_n = all.parts.iter().flat_map(|part| &part.h_n);
        let c_n = all.parts.iter().flat_map(|part| &part.c_n);
        all.y.iter().chain(h_n).chain(c_n).copied().collect()
    }
}

/// The largest `|a − b| / max(1, |b|)`.
fn distance(got: &[f64], want: &[f64]) -> f64 {
    assert_eq!(got.len(), want.len());
    let gaps = got.iter().zip(want).map(|(a, b)| (a - b).abs() / b.abs().max(1.0));
    gaps.fold(0.0, |m, gap| if gap <= m { m } else { gap })
}

fn read(name: &str) -> String {
    let path = format!("{}/goldens/{name}", env!("CARGO_MANIFEST_DIR"));
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"))
}

#[test]
fn every_output_and_gradient_of_every_golden_case_agrees() {
    let mut cases = 0;
    for entry in std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/goldens")).unwrap() {
        let file = entry.unwrap().file_name().into_string().unwrap();
        if !file.ends_with(".json") || file.starts_with("sgd_") {
            continue;
        }
        let golden: Golden = serde_json::from_str(&read(&file)).unwrap_or_else(|error| panic!("{file}: {error}"));
        let inputs = [Some(&golden.x), Some(&golden.h0), golden.c0.as_ref()].into_iter().flatten();
        let outputs = [Some(&golden.y), Some(&golden.h_n), golden.c_n.as_ref()].into_iter().flatten();
        let mut point: Vec<f64> = golden.params.iter().flat_map(|p| p.data.clone()).collect();
        let mut grad: Vec<f64> = golden.params.iter().flat_map(|p| p.grad.clone()).collect();
        point.extend(inputs.clone().flat_map(|i| &i.data));
        grad.extend(inputs.flat_map(|i| &i.grad));
        let want: Vec<f64> = outputs.clone().flat_map(|o| o.data.clone()).collect();
        let cotangent: Vec<f64> = outputs.flat_map(|o| o.cotangent.clone()).collect();

        let (y, d) = derivative::vjp(&point, &cotangent, |flat| golden.evaluate(flat));
        let (forward, backward) = (distance(&y, &want), distance(&d, &grad));
        assert!(forward <= 1e-12 && backward <= 1e-12, "{file}: outputs {forward:e}, gradients {backward:e}");
        cases += 1;
    }
    assert!(cases >= 30, "only {cases} cases were found");
}

#[derive(Deserialize)]
struct Training {
    steps: usize,
    rows: usize,
    input: usize,
    hidden: usize,
    lr: f64,
    params: Vec<Parameter>,
    final_params: Vec<Parameter>,
    x: Data,
    targets: Vec<Vec<usize>>,
    losses: Vec<f64>,
}

#[derive(Deserialize)]
struct Data {
    data: Vec<f64>,
}

#[test]
fn fifty_steps_of_gradient_descent_follow_the_golden_curve() {
    let golden: Training = serde_json::from_str(&read("sgd_two_layer_lstm.json")).unwrap();
    let targets: Vec<Option<usize>> = golden.targets.concat().into_iter().map(Some).collect();
    let (cell, hidden) = (Cell::Lstm, golden.hidden);
    let dims = Dims { steps: golden.steps, batch: golden.rows, input: golden.input, hidden };
    let head = golden.params.iter().position(|p| p.name == "head.weight").unwrap();
    let head: usize = golden.params[..head].iter().map(|p| p.data.len()).sum();
    let classes = golden.params.last().unwrap().data.len();

    fn loss<S: Number>(
        golden: &Training,
        dims: Dims,
        cell: Cell,
        params: &[S],
        head: &[S],
        targets: &[Option<usize>],
        classes: usize,
    ) -> S {
        let zeros = vec![S::from_f64(0.0); dims.batch * dims.hidden];
        let first = Params::<S>::len(cell, dims, 2);
        let layer = |input: usize, params: &[S]| {
            let params = Params::from_flat(cell, Dims { input, ..dims }, 2, params);
            let pass = Pass { direction: Direction::Forward, params, h0: zeros.clone(), c0: zeros.clone() };
            Layer { cell, hidden: dims.hidden, passes: vec![pass] }
        };
        let layers = [layer(dims.input, &params[..first]), layer(dims.hidden, &params[first..])];
        let x: Vec<S> = golden.x.data.iter().map(|&x| S::from_f64(x)).collect();
        let y = stack(&layers, dims, &x, None).y;
        let (w, b) = head.split_at(classes * dims.hidden);
        let sum = softmax_cross_entropy(&affine(&y, w, Some(b), dims.hidden), targets, classes);
        sum / S::from_f64((dims.steps * dims.batch) as f64)
    }

    let mut point: Vec<f64> = golden.params.iter().flat_map(|p| p.data.clone()).collect();
    assert_eq!(golden.losses.len(), 50);
    for (k, &want) in golden.losses.iter().enumerate() {
        let (got, d) = derivative::gradient(&point, |flat| {
            let (params, head) = flat.split_at(head);
            loss(&golden, dims, cell, params, head, &targets, classes)
        });
        assert!((got - want).abs() <= 1e-10, "step {k}: {got} {want}");
        point.iter_mut().zip(d).for_each(|(p, d)| *p -= golden.lr * d);
    }
    let want: Vec<f64> = golden.final_params.iter().flat_map(|p| p.data.clone()).collect();
    assert!(distance(&point, &want) <= 1e-10);
}
