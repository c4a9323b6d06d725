//! The oracle is what the papers say, and its derivatives are right three ways: tape, dual numbers, finite differences.

use rnn_check::derivative::{self, Verdict};
use rnn_check::number::{DoubleDouble, Number, Var};
use rnn_check::oracle::{
    Activation, Cell, Dims, Direction, Layer, Params, Pass, Reset, Run, affine, bernoulli_cross_entropy, embedding,
    sequence, softmax_cross_entropy, squared_error, stack, step,
};

/// Seeded, in (−1, 1), two per unit of length (SplitMix64, Steele et al. 2014).
fn random(seed: u64, len: usize) -> Vec<f64> {
    let mut state = seed;
    let mut next = || {
        state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = state;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((z ^ (z >> 31)) >> 11) as f64 / 2f64.powi(52) - 1.0
    };
    (0..len).map(|_| next()).collect()
}

/// One sequence as a function of everything in it: `flat = params ++ x ++ h0 ++ c0 ↦ y ++ h_n ++ c_n`.
#[derive(Clone, Copy, Debug)]
struct Case {
    cell: Cell,
    biases: usize,
    direction: Direction,
}

const DIMS: Dims = Dims { steps: 4, batch: 3, input: 2, hidden: 3 };
/// One formula in two associations of sums of a few terms below 1: at most four roundings on either side, carried on by σ and tanh
/// with slopes of at most 1. That is 8 u = 0.9e-15.
const CLOSE: f64 = 1e-15;

const LENGTHS: [usize; 3] = [3, 0, 4];

impl Case {
    fn all() -> impl Iterator<Item = Self> {
        Cell::WITH_EQUATIONS.iter().flat_map(|&cell| {
            (0..3).flat_map(move |biases| {
                [Direction::Forward, Direction::Reverse].map(|direction| Self { cell, biases, direction })
            })
        })
    }

    fn state(self) -> usize {
        DIMS.batch * DIMS.hidden
    }

    fn c_len(self) -> usize {
        if self.cell.has_c() { self.state() } else { 0 }
    }

    fn variables(self) -> usize {
        let x = DIMS.steps * DIMS.batch * DIMS.input;
        Params::<f64>::len(self.cell, DIMS, self.biases) + x + self.state() + self.c_len()
    }

    fn outputs(self) -> usize {
        DIMS.steps * self.state() + self.state() + self.c_len()
    }

    fn evaluate<S: Number>(self, flat: &[S]) -> Vec<S> {
        let (params, rest) = flat.split_at(Params::<f64>::len(self.cell, DIMS, self.biases));
        let (x, rest) = rest.split_at(DIMS.steps * DIMS.batch * DIMS.input);
        let (h0, c0) = rest.split_at(self.state());
        let run = sequence(Run {
            cell: self.cell,
            dims: DIMS,
            params: &Params::from_flat(self.cell, DIMS, self.biases, params),
            x,
            lengths: Some(&LENGTHS),
            holes: None,
            direction: self.direction,
            h0,
            c0,
            masks: &[],
        });
        [run.y, run.h_n, run.c_n].concat()
    }
}

fn wide(values: &[f64]) -> Vec<DoubleDouble> {
    values.iter().map(|&v| DoubleDouble::from_f64(v)).collect()
}

fn largest(values: &[f64]) -> f64 {
    values.iter().fold(0.0, |m: f64, v| m.max(v.abs()))
}

#[test]
fn tape_and_dual_numbers_are_adjoint() {
    // ⟨u, J v⟩ = ⟨Jᵀ u, v⟩ in double-double: 106 bits, of which sums of a few hundred terms lose fewer than 16.
    for (seed, case) in (1..).zip(Case::all()) {
        let point = wide(&random(seed, case.variables()));
        let v = wide(&random(seed + 1000, case.variables()));
        let u = wide(&random(seed + 2000, case.outputs()));
        let (y, jv) = derivative::jvp(&point, &v, |x| case.evaluate(x));
        let (y_tape, jtu) = derivative::vjp(&point, &u, |x| case.evaluate(x));
        assert_eq!(y, y_tape, "{case:?}");
        let dot =
            |a: &[DoubleDouble], b: &[DoubleDouble]| DoubleDouble::dot([], a.iter().copied().zip(b.iter().copied()));
        let size: f64 = jtu.iter().zip(&v).map(|(a, b)| (a.value() * b.value()).abs()).sum();
        let gap = (dot(&u, &jv) - dot(&jtu, &v)).value().abs();
        assert!(gap <= 2f64.powi(-90) * size, "{case:?}: {gap:e} of {size:e}");
        assert!(size > 0.1, "{case:?}: nothing was compared");
    }
}

#[test]
fn every_derivative_agrees_with_finite_differences() {
    let (mut checked, mut inconclusive) = (0, 0);
    for (seed, case) in (1..).zip(Case::all()) {
        let point = random(seed, case.variables());
        let u = random(seed + 2000, case.outputs());
        let loss = |x: &[f64]| f64::dot([], case.evaluate(x).into_iter().zip(u.iter().copied()));
        let (_, gradient) = derivative::vjp(&point, &u, |x| case.evaluate(x));
        let scale = largest(&gradient);
        let mut judge = |evidence: derivative::Evidence, claimed: f64, what: &str| {
            checked += 1;
            match evidence.judge(claimed, scale) {
                Verdict::Agrees => {}
                Verdict::Inconclusive => inconclusive += 1,
                Verdict::Disagrees => panic!("{case:?} {what}: tape {claimed:e}, {evidence:?}"),
            }
        };
        for i in 0..point.len() {
            judge(derivative::partial(loss, &point, i), gradient[i], &format!("variable {i}"));
        }
        let v = random(seed + 3000, point.len());
        let norm = f64::dot([], v.iter().map(|&v| (v, v))).sqrt();
        let v: Vec<f64> = v.iter().map(|v| v / norm).collect();
        let slope = f64::dot([], gradient.iter().copied().zip(v.iter().copied()));
        judge(derivative::directional(loss, &point, &v), slope, "direction");
    }
    println!("{checked} derivatives, {inconclusive} inconclusive");
    assert!(checked > 2500 && 20 * inconclusive <= checked, "{inconclusive} of {checked} inconclusive");
}

#[test]
fn f64_agrees_with_double_double_in_values_and_gradients() {
    // A few hundred roundings of 2⁻⁵³, amplified by at most the slopes of four steps: 2⁻⁴⁰ of the largest leaves a factor 20.
    for (seed, case) in (1..).zip(Case::all()) {
        let point = random(seed, case.variables());
        let u = random(seed + 2000, case.outputs());
        let (y, d) = derivative::vjp(&point, &u, |x| case.evaluate(x));
        let (y_wide, d_wide) = derivative::vjp(&wide(&point), &wide(&u), |x| case.evaluate(x));
        for (narrow, wide) in [(y, y_wide), (d, d_wide)] {
            let gaps: Vec<f64> =
                narrow.iter().zip(&wide).map(|(&n, &w)| (DoubleDouble::from_f64(n) - w).value()).collect();
            assert!(largest(&gaps) <= 2f64.powi(-40) * largest(&narrow), "{case:?}: {:e}", largest(&gaps));
            assert!(largest(&gaps) > 0.0, "{case:?}: the wide oracle is no wider");
        }
    }
}

/// `H = C = 1`, every parameter different: the scalar formulas of the papers, gate by gate.
#[test]
fn one_unit_steps_are_the_scalar_formulas() {
    let sigmoid = |a: f64| 1.0 / (1.0 + (-a).exp());
    let dims = Dims { steps: 1, batch: 1, input: 1, hidden: 1 };
    let (x, h, c) = (0.75, -0.5, 1.25);
    for &cell in Cell::WITH_EQUATIONS {
        let rows = cell.gates();
        let flat = random(7, 4 * rows);
        let params = Params::from_flat(cell, dims, 2, &flat);
        let input = |k: usize| flat[k] * x + flat[2 * rows + k];
        let recurrent = |k: usize, h: f64| flat[rows + k] * h + flat[3 * rows + k];
        let pre = |k: usize| input(k) + recurrent(k, h);
        let c_prev = if cell.has_c() { vec![c] } else { vec![] };
        let got = step(cell, dims, &params, &[x], &[h], &c_prev, &[]);
        let (want_h, want_gates, want_values) = match cell {
            Cell::Own(_) => unreachable!("not in the list"),
            Cell::Elman(activation) => {
                let h = match activation {
                    Activation::Tanh => pre(0).tanh(),
                    Activation::Relu => pre(0).max(0.0),
                    Activation::Sigmoid => sigmoid(pre(0)),
                    Activation::Identity => pre(0),
                };
                (h, vec![], vec![])
            }
            Cell::Lstm => {
                let [i, f, g, o] = [sigmoid(pre(0)), sigmoid(pre(1)), pre(2).tanh(), sigmoid(pre(3))];
                let want_c = f * c + i * g;
                assert!((got.c[0] - want_c).abs() < CLOSE);
                (o * want_c.tanh(), vec![i, f, g, o], vec![])
            }
            Cell::Gru(reset) => {
                let [r, z] = [sigmoid(pre(0)), sigmoid(pre(1))];
                let n = match reset {
                    Reset::After => (input(2) + r * recurrent(2, h)).tanh(),
                    Reset::Before => (input(2) + recurrent(2, r * h)).tanh(),
                };
                let (gates, values) = match reset {
                    Reset::After => (vec![r, z, n, recurrent(2, h)], vec![]),
                    Reset::Before => (vec![r, z, n], vec![r * h]),
                };
                ((1.0 - z) * n + z * h, gates, values)
            }
        };
        let close = |a: &[f64], b: &[f64]| a.len() == b.len() && a.iter().zip(b).all(|(a, b)| (a - b).abs() < CLOSE);
        assert!(close(&got.h, &[want_h]) && close(&got.gates, &want_gates), "{cell:?}");
        assert!(close(&got.values, &want_values), "{cell:?}");
    }
}

fn slots(values: &[f64], t: usize, n: usize) -> &[f64] {
    let (batch, hidden) = (DIMS.batch, DIMS.hidden);
    &values[(t * batch + n) * hidden..(t * batch + n + 1) * hidden]
}

#[test]
fn a_finished_row_keeps_its_state_and_a_reverse_row_is_its_valid_part_reversed() {
    let cell = Cell::Lstm;
    let Dims { steps, batch, input, hidden } = DIMS;
    let params = Params::from_flat(cell, DIMS, 2, &random(1, Params::<f64>::len(cell, DIMS, 2)));
    let x = random(2, steps * batch * input);
    let (h0, c0) = (random(3, batch * hidden), random(4, batch * hidden));
    let (params, h0, c0) = (&params, &h0[..], &c0[..]);
    let run = |x: &[f64], lengths, direction| {
        sequence(Run {
            cell,
            dims: DIMS,
            params,
            x,
            lengths: Some(lengths),
            holes: None,
            direction,
            h0,
            c0,
            masks: &[],
        })
    };
    let forward = run(&x, &LENGTHS, Direction::Forward);
    let reverse = run(&x, &LENGTHS, Direction::Reverse);
    for (n, &len) in LENGTHS.iter().enumerate() {
        for t in len..steps {
            assert_eq!(slots(&forward.h, t + 1, n), slots(&forward.h, len, n));
            assert_eq!(slots(&reverse.h, t, n), slots(h0, 0, n));
            for y in [&forward.y, &reverse.y] {
                assert_eq!(slots(y, t, n), [0.0; DIMS.hidden]);
            }
        }
        assert_eq!(slots(&forward.h_n, 0, n), slots(&forward.h, len, n));
        assert_eq!(slots(&reverse.c_n, 0, n), slots(&reverse.c, 0, n));
    }
    assert_eq!(slots(&forward.h_n, 0, 1), slots(h0, 0, 1), "length 0");

    // x with every row's valid part reversed, run forward, gives the reverse outputs in reversed order.
    let mut turned = x.clone();
    for (n, &len) in LENGTHS.iter().enumerate() {
        for t in 0..len {
            let [to, from] = [t, len - 1 - t].map(|t| (t * batch + n) * input);
            turned[to..to + input].copy_from_slice(&x[from..from + input]);
        }
    }
    let mirrored = run(&turned, &LENGTHS, Direction::Forward);
    for (n, &len) in LENGTHS.iter().enumerate() {
        for t in 0..len {
            assert_eq!(slots(&reverse.y, t, n), slots(&mirrored.y, len - 1 - t, n));
        }
    }
    assert_eq!((reverse.h_n, reverse.c_n), (mirrored.h_n, mirrored.c_n));
}

#[test]
fn a_bidirectional_stack_feeds_both_outputs_side_by_side_to_the_next_layer() {
    let Dims { steps, batch, input, hidden } = DIMS;
    let layer = |cell: Cell, input: usize, hidden: usize, seed: u64| {
        let dims = Dims { input, hidden, ..DIMS };
        let pass = |direction, seed| Pass {
            direction,
            params: Params::from_flat(cell, dims, 1, &random(seed, Params::<f64>::len(cell, dims, 1))),
            h0: random(seed + 1, batch * hidden),
            c0: random(seed + 2, if cell.has_c() { batch * hidden } else { 0 }),
        };
        let passes = vec![pass(Direction::Forward, seed), pass(Direction::Reverse, seed + 10)];
        Layer { cell, hidden, passes }
    };
    let layers = [layer(Cell::Lstm, input, hidden, 100), layer(Cell::Gru(Reset::After), 2 * hidden, 5, 200)];
    let x = random(5, steps * batch * input);
    let all = stack(&layers, DIMS, &x, Some(&LENGTHS));
    assert_eq!((all.y.len(), all.parts.len()), (steps * batch * 10, 4));

    let below = stack(&layers[..1], DIMS, &x, Some(&LENGTHS));
    let (t, n) = (2, 2);
    let row = &below.y[(t * batch + n) * 2 * hidden..][..2 * hidden];
    assert_eq!(row[..hidden], *slots(&below.parts[0].y, t, n));
    assert_eq!(row[hidden..], *slots(&below.parts[1].y, t, n));
    let above = stack(&layers[1..], Dims { input: 2 * hidden, ..DIMS }, &below.y, Some(&LENGTHS));
    assert_eq!(all.y, above.y);
    assert_eq!(all.parts[2..], above.parts[..]);
}

#[test]
fn a_detached_state_ends_the_gradient_of_its_window() {
    // h₂ = w (w h₀ cut) : dL/dw keeps the outer factor only, dL/dh₀ = 0.
    let dims = Dims { steps: 1, batch: 1, input: 0, hidden: 1 };
    let cell = Cell::Elman(Activation::Identity);
    fn window<'t>(cell: Cell, dims: Dims, w: Var<'t>, h: Var<'t>) -> Var<'t> {
        let params = Params::from_flat(cell, dims, 0, &[w]);
        step(cell, dims, &params, &[], &[h], &[], &[]).h[0]
    }
    let (whole, full) = derivative::gradient(&[3.0, 5.0], |v| window(cell, dims, v[0], window(cell, dims, v[0], v[1])));
    let (cut, truncated) =
        derivative::gradient(&[3.0, 5.0], |v| window(cell, dims, v[0], window(cell, dims, v[0], v[1]).detach()));
    assert_eq!((whole, full), (45.0, vec![30.0, 9.0]));
    assert_eq!((cut, truncated), (45.0, vec![15.0, 0.0]));
}

#[test]
fn gradients_of_heads_and_losses_agree_with_finite_differences() {
    /// `flat = w [3, 2] ++ b [3] ++ table [4, 2]`, three rows, one of them without a target.
    fn loss<S: Number>(flat: &[S]) -> S {
        let x = embedding(&flat[9..], &[3, 0, 3], 2);
        let logits = affine(&x, &flat[..6], Some(&flat[6..9]), 2);
        let targets: Vec<S> = [1.0, 0.0, 0.25].map(S::from_f64).to_vec();
        softmax_cross_entropy(&logits, &[Some(2), None, Some(0)], 3)
            + bernoulli_cross_entropy(&logits[3..6], &targets)
            + squared_error(&logits[..3], &targets)
    }
    let point: Vec<f64> = random(11, 17).iter().map(|v| 2.0 * v).collect();
    let (_, gradient) = derivative::gradient(&point, |x| loss(x));
    for i in 0..point.len() {
        let evidence = derivative::partial(loss, &point, i);
        assert_eq!(evidence.judge(gradient[i], largest(&gradient)), Verdict::Agrees, "{i}: {evidence:?}");
    }
    assert_eq!(gradient[11..15], [0.0; 4], "rows 1 and 2 of the table are not looked up");
}

#[test]
fn the_gradient_of_the_softplus_at_zero_is_one_half() {
    let (_, gradient) = derivative::gradient(&[0.0], |a| bernoulli_cross_entropy(a, &[Number::from_f64(0.0)]));
    assert_eq!(gradient, [0.5]);
}
