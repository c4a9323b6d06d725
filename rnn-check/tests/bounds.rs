//! The derived bounds hold for every legitimate way to compute a step, are not vacuous, and reject small wrongs.

#![expect(clippy::cast_possible_truncation, reason = "rounding to f32 is what is tested")]

use std::fmt::Debug;
use std::ops::{Add, Div, Mul, Neg, Sub};

use rnn_check::bound::{Bounded, Derived, Live, Precision, Saved, compare, parameter_gradients};
use rnn_check::derivative;
use rnn_check::number::{DoubleDouble, Number};
use rnn_check::oracle::{Activation, Cell, Dims, Direction, Params, Reset, Row, Run, Step, sequence, step};

const DIMS: Dims = Dims { steps: 4, batch: 3, input: 5, hidden: 8 };

/// Seeded, in (−1, 1) and exact in f32 (SplitMix64, Steele et al. 2014).
fn random(seed: u64, len: usize) -> Vec<f64> {
    let mut state = seed;
    let mut next = || {
        state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = state;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((z ^ (z >> 31)) >> 40) as f64 / 2f64.powi(23) - 1.0
    };
    (0..len).map(|_| next()).collect()
}

/// A backend in miniature: f32 (`f64` with `WIDE`) arithmetic, summing in its own order, activations off by up to one ulp.
#[derive(Clone, Copy, Debug)]
struct Machine<const ORDER: usize, const WIDE: bool>(f64);

const FORWARD: usize = 0;
const REVERSED: usize = 1;
const FMA: usize = 2;
const LANES: usize = 3;

impl<const ORDER: usize, const WIDE: bool> Machine<ORDER, WIDE> {
    fn round(x: f64) -> Self {
        // One f64 operation on f32 values, rounded to f32, is the correctly rounded f32 operation (Figueroa 1995).
        Self(if WIDE { x } else { f64::from(x as f32) })
    }

    /// The neighbour of the rounded value away from `exact`: off by more than half an ulp, at most one.
    fn off_by_an_ulp(exact: DoubleDouble) -> Self {
        let nearest = Self::round(exact.value());
        let above = (DoubleDouble::from_f64(nearest.0) - exact).value() > 0.0;
        let moved = match (WIDE, above) {
            (true, true) => nearest.0.next_down(),
            (true, false) => nearest.0.next_up(),
            (false, true) => f64::from((nearest.0 as f32).next_down()),
            (false, false) => f64::from((nearest.0 as f32).next_up()),
        };
        Self(moved)
    }
}

impl<const O: usize, const W: bool> Add for Machine<O, W> {
    type Output = Self;
    fn add(self, b: Self) -> Self {
        Self::round(self.0 + b.0)
    }
}
impl<const O: usize, const W: bool> Sub for Machine<O, W> {
    type Output = Self;
    fn sub(self, b: Self) -> Self {
        Self::round(self.0 - b.0)
    }
}
impl<const O: usize, const W: bool> Mul for Machine<O, W> {
    type Output = Self;
    fn mul(self, b: Self) -> Self {
        Self::round(self.0 * b.0)
    }
}
impl<const O: usize, const W: bool> Div for Machine<O, W> {
    type Output = Self;
    fn div(self, b: Self) -> Self {
        Self::round(self.0 / b.0)
    }
}
impl<const O: usize, const W: bool> Neg for Machine<O, W> {
    type Output = Self;
    fn neg(self) -> Self {
        Self(-self.0)
    }
}
impl<const ORDER: usize, const WIDE: bool> Number for Machine<ORDER, WIDE> {
    fn from_f64(value: f64) -> Self {
        Self(value)
    }
    fn value(self) -> f64 {
        self.0
    }
    fn detach(self) -> Self {
        self
    }
    fn exp(self) -> Self {
        Self::off_by_an_ulp(DoubleDouble::from_f64(self.0).exp())
    }
    fn ln(self) -> Self {
        Self::off_by_an_ulp(DoubleDouble::from_f64(self.0).ln())
    }
    fn sin(self) -> Self {
        Self::off_by_an_ulp(DoubleDouble::from_f64(self.0).sin())
    }
    fn cos(self) -> Self {
        Self::off_by_an_ulp(DoubleDouble::from_f64(self.0).cos())
    }
    fn sqrt(self) -> Self {
        Self::round(self.0.sqrt())
    }
    fn tanh(self) -> Self {
        Self::off_by_an_ulp(DoubleDouble::from_f64(self.0).tanh())
    }
    fn sigmoid(self) -> Self {
        Self::off_by_an_ulp(DoubleDouble::from_f64(self.0).sigmoid())
    }
    fn dot(terms: impl IntoIterator<Item = Self>, pairs: impl IntoIterator<Item = (Self, Self)>) -> Self {
        let (terms, pairs): (Vec<Self>, Vec<_>) = (terms.into_iter().collect(), pairs.into_iter().collect());
        let products: Vec<Self> = pairs.iter().map(|&(a, b)| a * b).collect();
        let add = |sum: Self, &v: &Self| sum + v;
        let lane = |k: usize| products.iter().skip(k).step_by(4).fold(Self(0.0), add);
        match ORDER {
            FORWARD => terms.iter().chain(&products).fold(Self(0.0), add),
            REVERSED => terms.iter().chain(&products).rev().fold(Self(0.0), add),
            LANES => terms.iter().fold((lane(0) + lane(1)) + (lane(2) + lane(3)), add),
            // f32: the product is exact in f64. Its sum with an f32 is rounded twice, which costs far less than the FMA saves.
            _ => pairs.iter().fold(terms.iter().fold(Self(0.0), add), |s, (a, b)| Self::round(a.0.mul_add(b.0, s.0))),
        }
    }
}

/// What one step runs on, as the backend's own numbers: exact for the oracle.
struct Inputs {
    params: Params<f64>,
    x: Vec<f64>,
    h: Vec<f64>,
    c: Vec<f64>,
}

impl Inputs {
    fn new(cell: Cell, seed: u64, scale: f64) -> Self {
        let biases = (seed % 3) as usize;
        let flat = random(seed, Params::<f64>::len(cell, DIMS, biases));
        Self {
            params: Params::from_flat(cell, DIMS, biases, &flat).map(|w| scale * w),
            x: random(seed + 100, DIMS.input),
            h: random(seed + 200, DIMS.hidden),
            c: random(seed + 300, if cell.has_c() { DIMS.hidden } else { 0 }),
        }
    }

    fn run<S: Number>(&self, cell: Cell, lift: impl Fn(f64) -> S) -> Step<S> {
        let all = |v: &[f64]| v.iter().map(|&v| lift(v)).collect::<Vec<S>>();
        step(cell, DIMS, &self.params.map(&lift), &all(&self.x), &all(&self.h), &all(&self.c), &[])
    }
}

fn values<S: Number>(numbers: &[S]) -> Vec<f64> {
    numbers.iter().map(|v| v.value()).collect()
}

/// Asserts that all elements are within their bounds; the largest ratio.
fn within<S: Number>(precision: &Precision, got: &[f64], want: &[Bounded<'_, S>], what: impl Debug) -> f64 {
    let all = compare(precision, got, want);
    assert!(all.passes(), "{what:?}: {all}");
    all.ratio()
}

fn forward_ratio<const ORDER: usize, const WIDE: bool, S: Number>(precision: &Precision) -> f64 {
    let mut largest = 0.0f64;
    for &cell in Cell::WITH_EQUATIONS {
        for (seed, scale) in (0..60).flat_map(|seed| [0.5, 4.0].map(|scale| (seed, scale))) {
            let inputs = Inputs::new(cell, seed, scale);
            let got = inputs.run(cell, Machine::<ORDER, WIDE>);
            let want = inputs.run(cell, |v| Bounded::<S>::exact(v, precision));
            let mut check = |got: &[Machine<ORDER, WIDE>], want: &[Bounded<'_, S>]| {
                if !want.is_empty() {
                    largest = largest.max(within(precision, &values(got), want, (cell, seed, scale)));
                }
            };
            check(&got.h, &want.h);
            check(&got.c, &want.c);
            check(&got.gates, &want.gates);
            check(&got.values, &want.values);
        }
    }
    largest
}

#[test]
fn one_step_is_within_the_bound_in_every_order_with_and_without_fma() {
    let (single, double) = (Precision::f32(1.0, 1.0), Precision::f64(1.0, 1.0));
    let ratios = [
        forward_ratio::<FORWARD, false, f64>(&single),
        forward_ratio::<REVERSED, false, f64>(&single),
        forward_ratio::<LANES, false, f64>(&single),
        forward_ratio::<FMA, false, f64>(&single),
        forward_ratio::<FORWARD, true, DoubleDouble>(&double),
        forward_ratio::<REVERSED, true, DoubleDouble>(&double),
        forward_ratio::<LANES, true, DoubleDouble>(&double),
        forward_ratio::<FMA, true, DoubleDouble>(&double),
    ];
    println!("largest |err|/bound per variant {ratios:.3?}");
    assert!(ratios.iter().all(|&ratio| ratio > 0.1), "a vacuous bound: {ratios:?}");
}

#[test]
fn a_step_wrong_by_64_roundings_in_one_gate_is_rejected() {
    let precision = Precision::f32(1.0, 1.0);
    for cell in [Cell::Lstm, Cell::Gru(Reset::After), Cell::Gru(Reset::Before)] {
        for seed in 0..20 {
            let inputs = Inputs::new(cell, seed, 0.5);
            let want = inputs.run(cell, |v| Bounded::<f64>::exact(v, &precision));
            let mut got = values(&want.gates);
            let most = (0..got.len()).max_by(|&a, &b| got[a].abs().total_cmp(&got[b].abs())).unwrap();
            got[most] *= 1.0 + 64.0 * 2f64.powi(-24);
            assert!(!compare(&precision, &got, &want.gates).passes(), "{cell:?}");
        }
    }
}

/// `d_pre` and `d_c_prev` of one unit as f32 kernels write them, in two algebraic forms, from stored gates.
fn pointwise_f32(
    cell: Cell,
    second_form: bool,
    j: usize,
    inputs: &Inputs,
    saved: &Step<f64>,
    d_h: f32,
    d_c: f32,
) -> Vec<f32> {
    let hidden = DIMS.hidden;
    // What an Elman network keeps is its h.
    let kept = if saved.gates.is_empty() { &saved.h } else { &saved.gates };
    let gate = |k: usize| kept[k * hidden + j] as f32;
    let of_sigmoid = |s: f32| if second_form { s - s * s } else { s * (1.0 - s) };
    let of_tanh = |t: f32| if second_form { 1.0 - t * t } else { (1.0 - t) * (1.0 + t) };
    let h = inputs.h[j] as f32;
    match cell {
        Cell::Elman(activation) => vec![match activation {
            Activation::Tanh => d_h * of_tanh(gate(0)),
            Activation::Relu => {
                if gate(0) > 0.0 {
                    d_h
                } else {
                    0.0
                }
            }
            Activation::Sigmoid => d_h * of_sigmoid(gate(0)),
            Activation::Identity => d_h,
        }],
        Cell::Lstm => {
            let [i, f, g, o] = [0, 1, 2, 3].map(gate);
            let t = Machine::<FORWARD, false>(saved.c[j]).tanh().0 as f32;
            let d_c = if second_form { (d_h * o).mul_add(of_tanh(t), d_c) } else { d_h * (o * of_tanh(t)) + d_c };
            let c_prev = inputs.c[j] as f32;
            let pre_i = if second_form { d_c * i * g * (1.0 - i) } else { d_c * g * of_sigmoid(i) };
            vec![pre_i, d_c * c_prev * of_sigmoid(f), d_c * i * of_tanh(g), d_h * t * of_sigmoid(o), d_c * f]
        }
        Cell::Own(_) => unreachable!("not in the list"),
        Cell::Gru(_) => {
            let [z, n] = [gate(1), gate(2)];
            let d_z = if second_form { d_h * h - d_h * n } else { d_h * (h - n) };
            vec![d_z * of_sigmoid(z), d_h * (1.0 - z) * of_tanh(n)]
        }
    }
}

#[test]
fn a_pullback_from_stored_gates_is_within_the_bound_in_both_usual_forms() {
    let precision = Precision::f32(1.0, 1.0);
    let mut largest = 0.0f64;
    for &cell in Cell::WITH_EQUATIONS {
        for seed in 0..100 {
            let inputs = Inputs::new(cell, seed, 2.0);
            let got = inputs.run(cell, Machine::<FORWARD, false>);
            let stored =
                Step { h: values(&got.h), c: values(&got.c), gates: values(&got.gates), values: values(&got.values) };
            let (d_h, d_c) = (random(seed + 400, DIMS.hidden), random(seed + 500, inputs.c.len()));
            let lift = |v: &[f64]| Bounded::<f64>::lift(v, &precision);
            let kept = Kept::new(&inputs.x, [&inputs.h, &inputs.c], &stored, lift);
            let params = inputs.params.map(|v| Bounded::exact(v, &precision));
            let d_new = lift(&[&d_h[..], &d_c].concat());
            let want = Derived::new(cell).pullback(DIMS, &params, kept.saved(), &d_new, None);
            let d_pre = want.d_pre.concat();
            for (j, second_form) in (0..DIMS.hidden).flat_map(|j| [(j, false), (j, true)]) {
                let d_c = d_c.get(j).copied().unwrap_or(0.0) as f32;
                let got = pointwise_f32(cell, second_form, j, &inputs, &stored, d_h[j] as f32, d_c);
                let got: Vec<f64> = got.into_iter().map(f64::from).collect();
                let rows = if let Cell::Gru(_) = cell { 1..3 } else { 0..cell.gates() };
                let mut want_j: Vec<_> = rows.map(|k| d_pre[k * DIMS.hidden + j]).collect();
                want_j.extend(want.d_old.get(DIMS.hidden + j));
                largest = largest.max(within(&precision, &got, &want_j, (cell, seed, j, second_form)));
            }
        }
    }
    assert!(largest > 0.1, "a vacuous bound: {largest}");
}

/// One row of one step, its states one after another.
struct Kept<B> {
    x: Vec<B>,
    old: Vec<B>,
    new: Vec<B>,
    gates: Vec<B>,
    values: Vec<B>,
}

impl<B> Kept<B> {
    fn new<S: Copy>(x: &[S], [h, c]: [&[S]; 2], step: &Step<S>, lift: impl Fn(&[S]) -> Vec<B>) -> Self {
        let (old, new) = ([h, c].concat(), [&step.h[..], &step.c].concat());
        Self { x: lift(x), old: lift(&old), new: lift(&new), gates: lift(&step.gates), values: lift(&step.values) }
    }

    fn saved(&self) -> Saved<'_, B> {
        let Self { x, old, new, gates, values } = self;
        Saved { row: Row { x, old, new, values, masks: &[] }, gates }
    }
}

/// Every row and step of a ragged sequence, forwards with `step` and backwards with `pullback`, against the tape.
#[test]
fn pullbacks_chained_over_a_sequence_are_the_gradient_of_the_tape() {
    type D = DoubleDouble;
    let precision = Precision::f64(1.0, 1.0);
    let exact = |v: D| Bounded::new(v, 0.0, &precision);
    let Dims { steps, batch, input, hidden } = DIMS;
    let lengths = [4, 0, 3];
    for (cell, biases) in Cell::WITH_EQUATIONS.iter().flat_map(|&cell| (0..3).map(move |biases| (cell, biases))) {
        let wide = |seed, len| random(seed, len).into_iter().map(D::from_f64).collect::<Vec<D>>();
        let count = Params::<D>::len(cell, DIMS, biases);
        let c_len = if cell.has_c() { batch * hidden } else { 0 };
        let (flat, x) = (wide(1, count), wide(2, steps * batch * input));
        let (h0, c0) = (wide(3, batch * hidden), wide(4, c_len));
        let (d_y, d_h_n, d_c_n) = (wide(5, steps * batch * hidden), wide(6, batch * hidden), wide(7, c_len));

        // The tape's answer, for everything at once.
        let point = [&flat[..], &x, &h0, &c0].concat();
        let (_, gradient) = derivative::vjp(&point, &[&d_y[..], &d_h_n, &d_c_n].concat(), |v| {
            let (params, rest) = v.split_at(count);
            let (x, rest) = rest.split_at(x.len());
            let (h0, c0) = rest.split_at(h0.len());
            let params = &Params::from_flat(cell, DIMS, biases, params);
            let direction = Direction::Forward;
            let run = Run {
                cell,
                dims: DIMS,
                params,
                x,
                lengths: Some(&lengths),
                holes: None,
                direction,
                h0,
                c0,
                masks: &[],
            };
            let run = sequence(run);
            [run.y, run.h_n, run.c_n].concat()
        });

        // The same by hand.
        let params = Params::from_flat(cell, DIMS, biases, &flat);
        let (bounded, derived) = (params.map(exact), Derived::new(cell));
        let lift = |v: &[D]| v.iter().map(|&v| exact(v)).collect::<Vec<_>>();
        let mut d_x = vec![D::from_f64(0.0); x.len()];
        let (mut d_h0, mut d_c0) = (Vec::new(), Vec::new());
        let mut saved = Vec::new();
        let mut pullbacks = Vec::new();
        for n in 0..batch {
            let row = |v: &[D], t: usize, width: usize| v[(t * batch + n) * width..][..width].to_vec();
            let c_width = if cell.has_c() { hidden } else { 0 };
            let (mut h, mut c) = (row(&h0, 0, hidden), row(&c0, 0, c_width));
            let mut row_saved = Vec::new();
            for t in 0..lengths[n] {
                let x = row(&x, t, input);
                let new = step(cell, DIMS, &params, &x, &h, &c, &[]);
                row_saved.push(Kept::new(&x, [&h, &c], &new, lift));
                (h, c) = (new.h, new.c);
            }
            let mut d_h = lift(&row(&d_h_n, 0, hidden));
            let mut d_c = lift(&row(&d_c_n, 0, c_width));
            if lengths[n] > 0 {
                let last = lift(&row(&d_y, lengths[n] - 1, hidden));
                d_h = d_h.into_iter().zip(last).map(|(a, b)| a + b).collect();
            }
            for t in (0..lengths[n]).rev() {
                let before = (t > 0).then(|| lift(&row(&d_y, t - 1, hidden)));
                let d_new = [d_h, d_c].concat();
                let d = derived.pullback(DIMS, &bounded, row_saved[t].saved(), &d_new, before.as_deref());
                for (to, from) in d_x[(t * batch + n) * input..].iter_mut().zip(&d.d_x) {
                    *to = from.bounded().value;
                }
                (d_h, d_c) = (d.d_old[..hidden].to_vec(), d.d_old[hidden..].to_vec());
                pullbacks.push((saved.len(), t, d));
            }
            d_h0.extend(d_h.iter().map(|v| v.value));
            d_c0.extend(d_c.iter().map(|v| v.value));
            saved.push(row_saved);
        }
        let live: Vec<Live<'_, '_, _>> =
            pullbacks.iter().map(|(n, t, d): &(usize, usize, _)| (saved[*n][*t].saved(), d)).collect();
        let zero = params.map(|_| exact(D::from_f64(0.0)));
        let d_params = parameter_gradients(&zero, &live).iter().map(|d| d.value).collect();

        // Double-double, a few hundred roundings of 2⁻¹⁰⁴.
        let got = [d_params, d_x, d_h0, d_c0].concat();
        let scale = values(&gradient).iter().fold(0.0, |m: f64, v| m.max(v.abs()));
        assert_eq!(got.len(), gradient.len());
        for (i, (&got, &want)) in got.iter().zip(&gradient).enumerate() {
            let gap = (got - want).value().abs();
            assert!(gap <= 2f64.powi(-90) * scale, "{cell:?} biases {biases} [{i}]: {got:?} {want:?}");
        }
    }
}

#[test]
fn gates_known_only_to_within_the_forward_bound_widen_the_pullback_enough() {
    let precision = Precision::f32(1.0, 1.0);
    let narrow = |v: f64| Machine::<REVERSED, false>(v);
    for seed in 0..50 {
        let cell = Cell::Lstm;
        let inputs = Inputs::new(cell, seed, 1.0);
        let got = inputs.run(cell, narrow);
        let stored = Step { h: values(&got.h), c: values(&got.c), gates: values(&got.gates), values: vec![] };
        let want = inputs.run(cell, |v| Bounded::<f64>::exact(v, &precision));
        let lift = |v: &[f64]| Bounded::<f64>::lift(v, &precision);
        let (d_h, d_c) = (random(seed + 400, DIMS.hidden), random(seed + 500, DIMS.hidden));
        let params = inputs.params.map(|v| Bounded::exact(v, &precision));
        let given = [&inputs.x, &inputs.h, &inputs.c].map(|v| lift(v));
        let kept = Kept::new(&given[0], [&given[1], &given[2]], &want, <[_]>::to_vec);
        let d_new = lift(&[&d_h[..], &d_c].concat());
        let d = Derived::new(cell).pullback(DIMS, &params, kept.saved(), &d_new, None);
        for j in 0..DIMS.hidden {
            let got = pointwise_f32(cell, false, j, &inputs, &stored, d_h[j] as f32, d_c[j] as f32);
            let got: Vec<f64> = got.into_iter().map(f64::from).collect();
            let mut want: Vec<_> = (0..4).map(|k| d.d_pre[0][k * DIMS.hidden + j]).collect();
            want.push(d.d_old[DIMS.hidden + j]);
            within(&precision, &got, &want, (seed, j));
        }
    }
}
