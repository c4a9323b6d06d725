//! The functions of a gate keep the bounds that their documentation declares, on every backend, through whole passes of a cell.
//!
//! An IndRNN without biases, of one feature that is 1 and with a recurrent vector of 0, computes `φ(w)` of each of its weights: every
//! f32 goes through it as a weight.

use rnn_backend_faer::Faer;
use rnn_backend_naive::Naive;
use rnn_kernels::cells::{IndRnn, Nonlinearity};
use rnn_kernels::{Backend, Bias, Cell, Direction, Infer, Input, SeqMut, SeqRef, Size, Spec, Steps, Use};

const UNITS: usize = 4096;

/// A function as its definition says, in f64, and its bound: relative in ulp, or absolute.
struct Known {
    phi: Nonlinearity,
    exact: fn(f64) -> f64,
    bound: Bound,
}

#[derive(Clone, Copy, Debug)]
enum Bound {
    Ulp(f64),
    /// In ulp of 1.
    Absolute(f64),
}

fn known() -> Vec<Known> {
    use Bound::{Absolute, Ulp};
    use Nonlinearity::{Affine, Elu, HardSigmoid, HardTanh, LeakyRelu, Relu, ScaledTanh, Softplus, Softsign};
    let of = |phi, exact, bound| Known { phi, exact, bound };
    vec![
        of(Relu, |x| x.max(0.0), Ulp(0.0)),
        of(HardTanh, |x| x.clamp(-1.0, 1.0), Ulp(0.0)),
        of(LeakyRelu { slope: 0.0625 }, |x| if x > 0.0 { x } else { 0.0625 * x }, Ulp(0.5)),
        of(Elu { alpha: 1.0 }, |x| if x > 0.0 { x } else { x.exp_m1() }, Ulp(3.0)),
        of(Softplus, |x| x.max(0.0) + (-x.abs()).exp().ln_1p(), Ulp(2.5)),
        of(Softsign, |x| x / (1.0 + x.abs()), Ulp(1.5)),
        of(HardSigmoid { slope: 0.25, offset: 0.5 }, |x| (0.25 * x + 0.5).clamp(0.0, 1.0), Absolute(0.5)),
        of(Affine { scale: 0.5, offset: 0.25 }, |x| 0.5 * x + 0.25, Ulp(0.5)),
        of(ScaledTanh { scale: 1.75, rate: 0.625 }, |x| 1.75 * (0.625 * x).tanh(), Ulp(3.0)),
    ]
}

/// A layer whose outputs are the function of its weights.
struct Layer<'b> {
    backend: &'b dyn Backend<f32>,
    spec: Spec<f32>,
    params: Vec<f32>,
    packed: Vec<f32>,
    workspace: Vec<f32>,
    y: Vec<f32>,
}

impl<'b> Layer<'b> {
    fn new(backend: &'b dyn Backend<f32>, activation: Nonlinearity) -> Self {
        let cell = Cell::new(&IndRnn { activation }).expect("a cell");
        let spec = Spec::new(&cell, Size::new(1, UNITS).with_bias(Bias::None)).expect("sizes that fit");
        let lens = backend.lens(&spec, 1, 1);
        let (packed, workspace) = (vec![0.0; lens.packed(Use::Infer)], vec![0.0; lens.infer]);
        Self { backend, params: vec![0.0; spec.params_len()], spec, packed, workspace, y: vec![0.0; UNITS] }
    }

    /// `φ` of as many numbers as there are units.
    fn of(&mut self, x: &[f32]) -> &[f32] {
        self.params[..UNITS].copy_from_slice(x);
        self.backend.pack(&self.spec, Use::Infer, &self.params, &mut self.packed);
        self.backend.infer(Infer {
            spec: &self.spec,
            direction: Direction::Forward,
            steps: Steps::all(),
            params: &self.params,
            packed: &self.packed,
            x: Input::Dense(SeqRef::new(&[1.0], 1, 1, 1)),
            masks: &[],
            states: &mut [0.0; UNITS],
            y: Some(SeqMut::new(&mut self.y, 1, 1, UNITS)),
            workspace: &mut self.workspace,
        });
        &self.y
    }
}

/// The error in units of the bound's measure.
fn error(bound: Bound, y: f32, want: f64) -> f64 {
    let exponent = match bound {
        Bound::Ulp(_) => (((want.to_bits() >> 52) & 0x7ff) as i32 - 1023).max(-126),
        Bound::Absolute(_) => 0,
    };
    (f64::from(y) - want).abs() / 2.0_f64.powi(exponent - 23)
}

/// The largest error over f32 of these bits, and where.
fn worst(backend: &dyn Backend<f32>, known: &Known, patterns: impl Iterator<Item = u32>) -> (f64, f32) {
    let mut layer = Layer::new(backend, known.phi);
    let (mut worst, mut patterns) = ((0.0, 0.0), patterns.peekable());
    while patterns.peek().is_some() {
        let mut x: Vec<f32> = patterns.by_ref().take(UNITS).map(f32::from_bits).collect();
        x.resize(UNITS, 0.0);
        for (&x, &y) in x.iter().zip(layer.of(&x)) {
            let want = (known.exact)(f64::from(x));
            if x.is_nan() {
                assert!(y.is_nan(), "{:?} of NaN is {y}", known.phi);
                continue;
            }
            // The quotient of softsign is not defined there.
            if x.is_infinite() && matches!(known.phi, Nonlinearity::Softsign) {
                continue;
            }
            let error = if f64::from(y) == want { 0.0 } else { error(known.bound, y, want) };
            if error.is_nan() || error > worst.0 {
                worst = (error, x);
            }
        }
    }
    worst
}

fn check(name: &str, backend: &dyn Backend<f32>, patterns: impl Fn() -> Box<dyn Iterator<Item = u32>>) {
    for known in known() {
        let (found, at) = worst(backend, &known, patterns());
        println!("{name} {:?}: {found:.3} of {:?} at {at:e}", known.phi, known.bound);
        let (Bound::Ulp(bound) | Bound::Absolute(bound)) = known.bound;
        assert!(found <= bound, "{name} {:?}: {found} at {at:e}, declared {:?}", known.phi, known.bound);
    }
}

/// Every exponent, both signs, mantissas that step through all residues.
fn sampled() -> Box<dyn Iterator<Item = u32>> {
    Box::new((0..1_u32 << 18).map(|i| (i << 14) | (i.wrapping_mul(0x9e37_79b9) >> 18)))
}

#[test]
fn f32_keep_their_bounds_on_faer() {
    check("faer", &Faer::sequential(), sampled);
}

#[test]
fn f32_keep_their_bounds_on_naive() {
    check("naive", &Naive, sampled);
}

#[test]
#[ignore = "exhaustive: all 2^32 inputs, an hour"]
fn f32_keep_their_bounds_on_every_input() {
    check("faer, all 2^32", &Faer::sequential(), || Box::new(0..=u32::MAX));
}

#[test]
fn the_measure_sees_one_wrong_bit() {
    let known =
        Known { phi: Nonlinearity::HardTanh, exact: |x| (x * (1.0 + 2e-7)).clamp(-1.0, 1.0), bound: Bound::Ulp(0.0) };
    assert!(worst(&Naive, &known, sampled()).0 > 1.0);
}
