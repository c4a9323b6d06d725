//! Activations to the ulp, and their special values.

use crate::activation::{Format, Function};
use crate::case::{Case, Lengths, Problem, Stream, X};
use crate::law::block::Block;
use crate::law::{Context, Evidence, Failure, Stop, Verdict, all, same};
use crate::oracle::{self, Cell, Dims, Reset};
use crate::real::Real;
use rnn_kernels::{Activation, Bias, MatMut};

/// A vector of any width, and a tail.
const UNITS: usize = 17;

/// Kept gates, or `h`, of one step whose pre-activations are `x`: biases, another in each unit. `[gate or h, values]`.
fn gates<T: Real>(ctx: &Context<'_, T>, cell: Cell, x: &[T]) -> Vec<(usize, Vec<T>)> {
    let dims = Dims { steps: 1, batch: 1, input: 1, hidden: UNITS };
    let case = Case { cell, dims, bias: Bias::Input, lengths: Lengths::All, state: false, ..Case::plain() };
    let mut problem = Problem { x: X::Dense(vec![T::ZERO]), ..case.problem::<T>() };
    problem.params.fill(T::ZERO);
    let biases = problem.params.len() - cell.gates() * UNITS;
    let kept = if let Cell::Elman(_) = cell { 1 } else { cell.kept(1) };
    let mut of_all: Vec<_> = (0..kept).map(|gate| (gate, Vec::with_capacity(x.len()))).collect();
    for x in x.chunks(UNITS) {
        for bias in problem.params[biases..].chunks_mut(UNITS) {
            bias[..x.len()].copy_from_slice(x);
        }
        let forward = ctx.rig().forward(&problem);
        let row = match cell {
            Cell::Elman(_) => &forward.y[..],
            _ => forward.reserve.gates(),
        };
        for ((_, values), gate) in of_all.iter_mut().zip(row.chunks(UNITS)) {
            values.extend(&gate[..x.len()]);
        }
    }
    of_all
}

/// σ and tanh of the same arguments, by every kernel that computes them; `[name, σ or tanh, values]`.
fn images<T: Real>(ctx: &Context<'_, T>, x: &[T]) -> Vec<(&'static str, Activation, Vec<T>)> {
    let (sigmoid, tanh) = (Activation::Sigmoid, Activation::Tanh);
    let mut all = Vec::new();
    for activation in [sigmoid, tanh] {
        let mut y = x.to_vec();
        ctx.backend.activation_forward(activation, MatMut::new(&mut y, 1, x.len()));
        all.push(("activation_forward", activation, y));
    }
    let cells: [(Cell, &[Activation]); 5] = [
        (Cell::Elman(oracle::Activation::Sigmoid), &[sigmoid]),
        (Cell::Elman(oracle::Activation::Tanh), &[tanh]),
        (Cell::Lstm, &[sigmoid, sigmoid, tanh, sigmoid]),
        // The fourth is kept as it is.
        (Cell::Gru(Reset::After), &[sigmoid, sigmoid, tanh]),
        (Cell::Gru(Reset::Before), &[sigmoid, sigmoid, tanh]),
    ];
    for (cell, kinds) in cells {
        let of = gates(ctx, cell, x).into_iter().filter(|(gate, _)| *gate < kinds.len());
        all.extend(of.map(|(gate, values)| (cell.name(), kinds[gate], values)));
    }
    all
}

/// Magnitudes from every binade between the smallest and 1000, ascending, denser where the functions bend.
fn stratified<T: Format>() -> Vec<T> {
    let mut stream = Stream::new(7, 50);
    let mut a = Vec::new();
    let lowest = if T::EPSILON.to_f64() > 1e-10 { -149 } else { -1074 };
    for exponent in lowest..10 {
        let count = if exponent < -12 { 4 } else { 400 };
        a.extend((0..count).map(|_| T::from_f64((1.0 + stream.signed().abs()) * 2f64.powi(exponent))));
    }
    a.sort_unstable_by_key(|a| a.bits());
    a
}

pub(in crate::law) fn activations_keep_their_ulp<T: Format>(ctx: &Context<'_, T>, _: &Case) -> Verdict {
    let a = stratified::<T>();
    let exact = |function: Function| {
        let (mut of_plus, mut of_minus) = (vec![], vec![]);
        T::exact(function, &a, &mut of_plus, &mut of_minus);
        of_plus.into_iter().zip(of_minus).flat_map(<[_; 2]>::from).collect::<Vec<_>>()
    };
    let (sigmoid, tanh) = (exact(Function::Sigmoid), exact(Function::Tanh));
    let x: Vec<T> = a.iter().flat_map(|&a| [a, -a]).collect();
    let mut evidence = Evidence::default();
    for (name, activation, got) in images(ctx, &x) {
        let (function, want, claim) = match activation {
            Activation::Sigmoid => (Function::Sigmoid, &sigmoid, ctx.precision.sigmoid_ulp),
            _ => (Function::Tanh, &tanh, ctx.precision.tanh_ulp),
        };
        for ((&x, &got), &want) in x.iter().zip(&got).zip(want) {
            let error = T::ulps(function, x, got, want);
            let inside = got.to_f64().abs() <= 1.0 && (activation != Activation::Sigmoid || got.to_f64() >= 0.0);
            // Written so that a NaN fails.
            if !(error <= claim && inside) {
                let place = format!("{name}: {activation:?}({x:?}) = {got:?}");
                let numbers = format!("{error:.3} ulp off, {claim} claimed, range kept: {inside}");
                return Err(Stop::Fail(Box::new(Failure {
                    place,
                    numbers,
                    ratio: Some(error / claim),
                    pattern: None,
                })));
            }
            evidence = evidence.and(Evidence::measured(1, error / claim));
        }
    }
    Ok(evidence)
}

pub(in crate::law) fn special_values_of_activations<T: Real>(ctx: &Context<'_, T>, _: &Case) -> Verdict {
    let x: Vec<T> = [0.0, -0.0, f64::INFINITY, f64::NEG_INFINITY, f64::NAN, 1e30, -1e30].map(T::from_f64).to_vec();
    let sigmoid: Vec<T> = [0.5, 0.5, 1.0, 0.0, f64::NAN, 1.0, 0.0].map(T::from_f64).to_vec();
    let tanh: Vec<T> = [0.0, 0.0, 1.0, -1.0, f64::NAN, 1.0, -1.0].map(T::from_f64).to_vec();
    let relu: Vec<T> = [0.0, 0.0, f64::INFINITY, 0.0, f64::NAN, 1e30, 0.0].map(T::from_f64).to_vec();
    let mut verdicts: Vec<Verdict> = vec![];
    for (i, &x) in x.iter().enumerate() {
        // All units alike: a product of the step would carry a NaN from one unit to all.
        let alike = [x; UNITS];
        let same = |name: &str, got: &[T], want: T| same(&Block::matrix(name, UNITS), got, &[want; UNITS]);
        for (name, activation, got) in images(ctx, &alike) {
            let want = if activation == Activation::Sigmoid { sigmoid[i] } else { tanh[i] };
            verdicts.push(same(&format!("{name} {activation:?} of {x:?}"), &got, want));
        }
        for (activation, want) in [(oracle::Activation::Relu, relu[i]), (oracle::Activation::Identity, x)] {
            let mut y = alike;
            ctx.backend.activation_forward(activation.kernel(), MatMut::new(&mut y, 1, UNITS));
            let name = format!("{activation:?} of {x:?}");
            verdicts.push(same(&name, &y, want));
            let h = gates(ctx, Cell::Elman(activation), &alike);
            verdicts.extend(h.iter().map(|(_, h)| same(&name, h, want)));
        }
    }
    all(verdicts)
}
