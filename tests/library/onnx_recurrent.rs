//! Recurrent nodes of ONNX: every attribute against equations written from ONNX' text, and against ONNX Runtime.
//!
//! A case is computed three times: here, from the text of the operators, with a bound on the error of each number; by this crate; by ONNX
//! Runtime. This crate has to be within the bound of what it documents of its functions, ONNX Runtime within that of what was measured of its
//! (benches/record/accuracy.md: σ and tanh within 1.8e-7, absolutely, in a sample; twice that is taken for all numbers there are), and both
//! within the sum of each other.

#![allow(clippy::cast_possible_truncation)] // of numbers that were f32, and of small ones

use recurrent::graph::{Graph, Tensor};
use recurrent::interop::onnx::{Clip, Limits, Model, Options};
use rnn_backend_naive::{MatrixMultiply, Naive};
use rnn_check::bound::{Bounded, Precision};
use rnn_check::number::Number;
use rnn_kernels::Backend;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::sync::Arc;

#[derive(Deserialize)]
struct File {
    sizes: [usize; 4],
    cases: Vec<Case>,
}

#[derive(Deserialize)]
pub struct Case {
    pub name: String,
    op: String,
    attributes: Attributes,
    weights: BTreeMap<String, Array>,
    feeds: BTreeMap<String, Array>,
    expected: BTreeMap<String, Array>,
    model: String,
}

#[derive(Deserialize, Default, Clone)]
#[serde(deny_unknown_fields, default)]
struct Attributes {
    direction: Option<String>,
    clip: Option<f64>,
    layout: usize,
    input_forget: u8,
    linear_before_reset: u8,
    activations: Option<Vec<String>>,
    activation_alpha: Vec<f64>,
    activation_beta: Vec<f64>,
}

#[derive(Deserialize, Clone)]
struct Array {
    shape: Vec<usize>,
    data: Vec<f64>,
}

impl Case {
    pub fn bytes(&self) -> Vec<u8> {
        let digits = self.model.as_bytes().chunks(2);
        digits.map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap()).collect()
    }

    pub fn feeds(&self) -> Vec<(&str, Tensor)> {
        self.feeds.iter().map(|(name, array)| (&name[..], array.tensor(name == "sequence_lens"))).collect()
    }
}

impl Array {
    fn tensor(&self, whole: bool) -> Tensor {
        if whole {
            Tensor::i32(&self.shape, self.data.iter().map(|&x| x as i32).collect::<Vec<_>>()).unwrap()
        } else {
            Tensor::f32(&self.shape, self.data.iter().map(|&x| x as f32).collect::<Vec<_>>()).unwrap()
        }
    }
}

fn file() -> File {
    serde_json::from_str(include_str!("../data/onnx/recurrent.json")).unwrap()
}

pub fn cases() -> Vec<Case> {
    file().cases
}

/// How accurate functions are.
#[derive(Clone, Copy, PartialEq)]
enum Functions {
    Ours,
    OnnxRuntime,
}

/// A function of an activation, which takes its numbers from both lists.
#[derive(Clone)]
struct Function {
    name: String,
    alpha: f64,
    beta: f64,
}

fn functions(attributes: &Attributes, defaults: &[&str], ways: usize) -> Vec<Vec<Function>> {
    let names = attributes
        .activations
        .clone()
        .unwrap_or_else(|| defaults.repeat(ways).iter().map(ToString::to_string).collect());
    let (mut alphas, mut betas) = (attributes.activation_alpha.iter(), attributes.activation_beta.iter());
    let all: Vec<_> = names
        .iter()
        .map(|name| {
            let name = name.to_lowercase();
            let (alpha, beta) = match &name[..] {
                "leakyrelu" => (Some(0.01), None),
                "elu" => (Some(1.0), None),
                "thresholdedrelu" => (Some(f64::NAN), None),
                "hardsigmoid" => (Some(0.2), Some(0.5)),
                "affine" | "scaledtanh" => (Some(f64::NAN), Some(f64::NAN)),
                _ => (None, None),
            };
            // What has no number takes none of the lists. Numbers of a file have 32 bits.
            let alpha = alpha.map_or(0.0, |default| alphas.next().copied().unwrap_or(default));
            let beta = beta.map_or(0.0, |default| betas.next().copied().unwrap_or(default));
            Function { name, alpha: f64::from(alpha as f32), beta: f64::from(beta as f32) }
        })
        .collect();
    all.chunks(defaults.len()).map(<[_]>::to_vec).collect()
}

impl Function {
    fn value(&self, x: f64) -> f64 {
        let (alpha, beta) = (self.alpha, self.beta);
        match &self.name[..] {
            "sigmoid" => 1.0 / (1.0 + (-x).exp()),
            "tanh" => x.tanh(),
            "relu" => x.max(0.0),
            "affine" => alpha * x + beta,
            "leakyrelu" => {
                if x >= 0.0 {
                    x
                } else {
                    alpha * x
                }
            }
            "thresholdedrelu" => {
                if x > alpha {
                    x
                } else {
                    0.0
                }
            }
            "scaledtanh" => alpha * (beta * x).tanh(),
            "hardsigmoid" => (alpha * x + beta).clamp(0.0, 1.0),
            "elu" => {
                if x >= 0.0 {
                    x
                } else {
                    alpha * x.exp_m1()
                }
            }
            "softsign" => x / (1.0 + x.abs()),
            "softplus" => x.exp().ln_1p(),
            other => panic!("{other}"),
        }
    }

    /// The largest slope.
    fn slope(&self) -> f64 {
        match &self.name[..] {
            "sigmoid" => 0.25,
            "affine" | "hardsigmoid" => self.alpha.abs(),
            "leakyrelu" | "elu" => self.alpha.abs().max(1.0),
            "scaledtanh" => (self.alpha * self.beta).abs(),
            _ => 1.0,
        }
    }

    /// `φ(x)` of a value that is off by `x.error`: Lipschitz, and the function's own error.
    fn of<'p>(&self, x: Bounded<'p>, whose: Functions, precision: &'p Precision) -> Bounded<'p> {
        let y = self.value(x.value);
        let ulp = |x: f64| x.abs() * 2f64.powi(-23);
        let own = match whose {
            // Two roundings, or what `Nonlinearity` says of the function, of which 3 ulp is the most; HardSigmoid's is absolute.
            Functions::Ours if self.name == "hardsigmoid" || self.name == "affine" => {
                ulp(1.0) + ulp(self.alpha * x.value)
            }
            Functions::Ours => 3.0 * ulp(y),
            Functions::OnnxRuntime => 3.6e-7 * self.alpha.abs().max(1.0) + 3.0 * ulp(y) + ulp(self.alpha * x.value),
        };
        Bounded::new(y, self.slope() * x.error + own, precision)
    }
}

/// Which reading of `clip` and of rows without steps.
#[derive(Clone, Copy, PartialEq, Debug)]
enum Reading {
    Text,
    OnnxRuntime,
}

type Number_<'p> = Bounded<'p>;

/// `Y [T, D, N, H]`, `Y_h [D, N, H]`, `Y_c [D, N, H]`.
fn compute<'p>(
    case: &Case,
    [steps, rows, input, hidden]: [usize; 4],
    (reading, whose): (Reading, Functions),
    precision: &'p Precision,
) -> BTreeMap<&'static str, Vec<Number_<'p>>> {
    let attributes = &case.attributes;
    let (defaults, gates): (&[&str], usize) = match &case.op[..] {
        "RNN" => (&["Tanh"], 1),
        "GRU" => (&["Sigmoid", "Tanh"], 3),
        _ => (&["Sigmoid", "Tanh", "Tanh"], 4),
    };
    let both = attributes.direction.as_deref() == Some("bidirectional");
    let ways = if both { 2 } else { 1 };
    let functions = functions(attributes, defaults, ways);
    let exact = |x: f64| Bounded::exact(f64::from(x as f32), precision);
    let weight = |name: &str, at: usize| case.weights.get(name).map_or(exact(0.0), |array| exact(array.data[at]));
    let batch_first = attributes.layout == 1;
    let x = |t: usize, n: usize, c: usize| {
        let at = if batch_first { n * steps + t } else { t * rows + n };
        exact(case.feeds["X"].data[at * input + c])
    };
    let initial = |name: &str, d: usize, n: usize, j: usize| {
        let at = if batch_first { n * ways + d } else { d * rows + n };
        case.feeds.get(name).map_or(exact(0.0), |array| exact(array.data[at * hidden + j]))
    };
    let length = |n: usize| case.feeds.get("sequence_lens").map_or(steps, |array| array.data[n] as usize);
    let zero = exact(0.0);
    let limited = |x: Bounded<'p>| match attributes.clip {
        None => x,
        Some(clip) => Bounded::new(x.value.clamp(-clip, clip), x.error, precision),
    };
    let mut y = vec![zero; steps * ways * rows * hidden];
    let (mut y_h, mut y_c) = (vec![zero; ways * rows * hidden], vec![zero; ways * rows * hidden]);
    for (d, n) in (0..ways).flat_map(|d| (0..rows).map(move |n| (d, n))) {
        let reverse = d == 1 || attributes.direction.as_deref() == Some("reverse");
        let mut h: Vec<_> = (0..hidden).map(|j| initial("initial_h", d, n, j)).collect();
        let mut c: Vec<_> = (0..hidden).map(|j| initial("initial_c", d, n, j)).collect();
        for k in 0..length(n) {
            let t = if reverse { length(n) - 1 - k } else { k };
            // Row `gate · H + j` of both products with both biases; `of_h` is what R sees.
            let of_x =
                |row: usize| (0..input).map(move |i| (weight("W", (d * gates * hidden + row) * input + i), x(t, n, i)));
            let of_h = |row: usize, h: &[Bounded<'p>]| -> Vec<_> {
                (0..hidden).map(|i| (weight("R", (d * gates * hidden + row) * hidden + i), h[i])).collect()
            };
            let bias = |which: usize, row: usize| weight("B", (2 * d + which) * gates * hidden + row);
            let sum = |row: usize, h: &[Bounded<'p>], more: Option<Bounded<'p>>| {
                let terms = [bias(0, row), bias(1, row)].into_iter().chain(more);
                Bounded::dot(terms, of_x(row).chain(of_h(row, h)))
            };
            let act = |f: usize, x: Bounded<'p>| functions[d][f].of(limited(x), whose, precision);
            let one = exact(1.0);
            match &case.op[..] {
                "RNN" => h = (0..hidden).map(|j| act(0, sum(j, &h, None))).collect(),
                "GRU" => {
                    let z: Vec<_> = (0..hidden).map(|j| act(0, sum(j, &h, None))).collect();
                    let r: Vec<_> = (0..hidden).map(|j| act(0, sum(hidden + j, &h, None))).collect();
                    let reset: Vec<_> = (0..hidden).map(|j| r[j] * h[j]).collect();
                    let new = |j: usize| {
                        let row = 2 * hidden + j;
                        let n = if attributes.linear_before_reset == 0 {
                            act(1, sum(row, &reset, None))
                        } else {
                            let inner = Bounded::dot([bias(1, row)], of_h(row, &h));
                            act(1, Bounded::dot([bias(0, row), r[j] * inner], of_x(row)))
                        };
                        Bounded::blend(z[j], n, h[j])
                    };
                    h = (0..hidden).map(new).collect();
                }
                _ => {
                    // i o f c
                    let peep = |which: usize, j: usize, c: Bounded<'p>| {
                        let p = case.weights.get("P")?;
                        Some(exact(p.data[(d * 3 + which) * hidden + j]) * c)
                    };
                    let mut both = |j: usize| {
                        let i = act(0, sum(j, &h, peep(0, j, c[j])));
                        let f = if attributes.input_forget == 1 {
                            one - i
                        } else {
                            act(0, sum(2 * hidden + j, &h, peep(2, j, c[j])))
                        };
                        let new = act(1, sum(3 * hidden + j, &h, None));
                        let cell = Bounded::dot([], [(f, c[j]), (i, new)]);
                        let o = act(0, sum(hidden + j, &h, peep(1, j, cell)));
                        let seen = if reading == Reading::Text { limited(cell) } else { cell };
                        (o * functions[d][2].of(seen, whose, precision), cell)
                    };
                    let new: Vec<_> = (0..hidden).map(&mut both).collect();
                    (h, c) = new.into_iter().unzip();
                }
            }
            for j in 0..hidden {
                let at = if batch_first { (n * steps + t) * ways + d } else { (t * ways + d) * rows + n };
                y[at * hidden + j] = h[j];
            }
        }
        for j in 0..hidden {
            let at = if batch_first { n * ways + d } else { d * rows + n };
            // ONNX Runtime shows no state of a row without steps.
            let shown = reading == Reading::Text || length(n) > 0;
            (y_h[at * hidden + j], y_c[at * hidden + j]) = if shown { (h[j], c[j]) } else { (zero, zero) };
        }
    }
    BTreeMap::from([("Y", y), ("Y_h", y_h), ("Y_c", y_c)])
}

pub fn backends() -> Vec<Arc<dyn Backend<f32>>> {
    vec![
        Arc::new(Naive),
        Arc::new(MatrixMultiply),
        #[cfg(feature = "faer")]
        Arc::new(recurrent::backend::Faer::default()),
    ]
}

/// What this crate makes of a case.
fn ours(case: &Case, backend: Arc<dyn Backend<f32>>, options: Options) -> BTreeMap<String, Vec<f64>> {
    let bytes = case.bytes();
    let model = Model::read(&bytes, &Limits::default()).unwrap();
    let graph: Graph<dyn Backend<f32>> = model.into_graph(backend, &options).unwrap();
    let mut session = graph.session();
    let feeds = case.feeds();
    let named: Vec<_> = feeds.iter().map(|(name, tensor)| (*name, tensor)).collect();
    let outputs = graph.run_named(&mut session, &named).unwrap();
    outputs
        .iter()
        .map(|(name, tensor)| {
            assert_eq!(tensor.shape(), case.expected[name].shape, "{}: {name}", case.name);
            (name.to_string(), tensor.as_f32().unwrap().iter().map(|&x| f64::from(x)).collect())
        })
        .collect()
}

/// The largest error over its bound.
fn within(what: &str, found: &[f64], expected: &[Bounded<'_>], slack: impl Fn(usize) -> f64) -> f64 {
    assert_eq!(found.len(), expected.len(), "{what}");
    let mut largest = 0.0_f64;
    for (k, (&found, expected)) in found.iter().zip(expected).enumerate() {
        let (off, bound) = ((found - expected.value).abs(), expected.error + slack(k));
        assert!(
            off <= bound,
            "{what}[{k}]: {found} is not {}, off by {off:e} where {bound:e} is the bound",
            expected.value
        );
        if bound > 0.0 {
            largest = largest.max(off / bound);
        }
    }
    largest
}

#[test]
fn every_attribute_of_a_recurrent_node_is_that_of_the_text_and_of_onnx_runtime() {
    let file = file();
    assert_eq!(file.cases.len(), 108);
    let precision = Precision::f32(1.0, 1.0);
    let mut used = [0.0_f64; 2];
    for case in &file.cases {
        let runtime = compute(case, file.sizes, (Reading::OnnxRuntime, Functions::OnnxRuntime), &precision);
        for (name, expected) in &case.expected {
            let what = format!("{}: {name} of ONNX Runtime", case.name);
            used[0] = used[0].max(within(&what, &expected.data, &runtime[&name[..]], |_| 0.0));
        }
        for backend in backends() {
            let readings = [(Reading::Text, Options::default()), (Reading::OnnxRuntime, Options::of_onnx_runtime())];
            for (reading, options) in readings {
                let equations = compute(case, file.sizes, (reading, Functions::Ours), &precision);
                for (name, found) in ours(case, backend.clone(), options) {
                    let what = format!("{}: {name} as {reading:?} by {backend:?}", case.name);
                    used[1] = used[1].max(within(&what, &found, &equations[&name[..]], |_| 0.0));
                    if reading == Reading::OnnxRuntime {
                        let theirs: Vec<_> =
                            case.expected[&name].data.iter().map(|&x| Bounded::new(x, 0.0, &precision)).collect();
                        let sum = |k: usize| equations[&name[..]][k].error + runtime[&name[..]][k].error;
                        within(&format!("{what} beside ONNX Runtime"), &found, &theirs, sum);
                    }
                }
            }
        }
        for (name, bounds) in &runtime {
            assert!(bounds.iter().all(|bound| bound.error < 2e-3), "{}: the bound of {name} says nothing", case.name);
        }
    }
    // Bounds that nothing comes near would prove nothing.
    assert!(used.iter().all(|&used| used > 0.05), "{used:?}");
}

#[test]
fn every_attribute_of_the_cases_matters_beyond_the_bounds() {
    let file = file();
    let precision = Precision::f32(1.0, 1.0);
    let differ = |a: &Case, b: &Case| {
        let [a, b] = [a, b].map(|case| compute(case, file.sizes, (Reading::Text, Functions::OnnxRuntime), &precision));
        a.iter().any(|(name, a)| {
            a.iter().zip(&b[name]).any(|(a, b)| (a.value - b.value).abs() > 10.0 * (a.error + b.error))
        })
    };
    let without = |case: &Case, change: &dyn Fn(&mut Case)| {
        let text = serde_json::json!({"name": "", "op": case.op, "attributes": {}, "weights": {}, "feeds": {}, "expected": {}, "model": ""});
        let mut other: Case = serde_json::from_value(text).unwrap();
        (other.attributes, other.weights, other.feeds) =
            (case.attributes.clone(), case.weights.clone(), case.feeds.clone());
        change(&mut other);
        other
    };
    let mut seen = BTreeMap::new();
    for case in &file.cases {
        let mut check = |what: &'static str, has: bool, change: &dyn Fn(&mut Case)| {
            if has && !case.name.contains("all empty") {
                assert!(differ(case, &without(case, change)), "{}: {what} changes nothing", case.name);
                *seen.entry(what).or_insert(0) += 1;
            }
        };
        let attributes = &case.attributes;
        check("clip", attributes.clip.is_some(), &|case| case.attributes.clip = None);
        check("input_forget", attributes.input_forget == 1, &|case| case.attributes.input_forget = 0);
        let linear = |case: &mut Case| case.attributes.linear_before_reset = 0;
        check("linear_before_reset", attributes.linear_before_reset == 1, &linear);
        let reverse = attributes.direction.as_deref() == Some("reverse");
        check("direction", reverse, &|case| case.attributes.direction = Some("forward".into()));
        let plain = |case: &mut Case| {
            (case.attributes.activations, case.attributes.activation_alpha) = (None, Vec::new());
        };
        check("activations", attributes.activations.is_some(), &plain);
        let remove =
            |key: &'static str| move |case: &mut Case| drop(case.weights.remove(key).or(case.feeds.remove(key)));
        for key in ["P", "B"] {
            check(key, case.weights.contains_key(key), &remove(key));
        }
        for key in ["initial_h", "initial_c", "sequence_lens"] {
            check(key, case.feeds.contains_key(key), &remove(key));
        }
    }
    assert_eq!(seen.len(), 10, "{seen:?}");
}

#[test]
fn the_two_meanings_of_clip_differ_where_the_cell_is_beyond_the_limit() {
    let cases = cases();
    let case = cases.iter().find(|case| case.name == "LSTM clipped, large cells").unwrap();
    let [text, runtime] =
        [Clip::EveryFunction, Clip::Gates].map(|clip| ours(case, Arc::new(Naive), Options::default().clip(clip)));
    let most = text["Y"].iter().zip(&runtime["Y"]).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
    assert!(most > 0.1, "{most}");
}
