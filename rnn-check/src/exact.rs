//! The drivers of whole passes, run on a number type in which nothing is rounded: every number of a run is compared with the
//! oracle's, and equal means equal.

use crate::case::{Case, Stream, X, covering};
use crate::derivative;
use crate::drive::{Before, Rig};
use crate::law::block::Block;
use crate::law::{Stop, all, same};
use crate::number::Modular;
use crate::oracle::{Activation, Cell, Dims};
use crate::plan::Plan;
use rnn_kernels::{Accum, Backend, Scalar};

/// Forward, backward and inference of every cell but relu, over residues modulo a prime: `y`, `h_n`, `c_n`, the states of
/// the reserve and every gradient are the oracle's, bit for bit, over up to 33 steps. Returns how many numbers were compared.
///
/// This is for backends of any [`Scalar`]: what they inherit or override of the sequence drivers and the pointwise kernels is
/// held to the formulas alone, with no bound to hide in.
///
/// # Errors
/// The first difference, with its case.
pub fn exact_drivers(backend: &dyn Backend<Modular>, plan: &Plan) -> Result<usize, String> {
    let mut compared = 0;
    for case in covering().iter().step_by(plan.stride) {
        let long = case.at_most(33, 2, 3, 4);
        let long = Case { dims: Dims { steps: 33, ..long.dims }, ..long };
        for case in [case.at_most(9, 5, 9, 17), long] {
            if case.cell == Cell::Elman(Activation::Relu) {
                continue; // residues have no sign
            }
            compared += one(backend, &case).map_err(|text| format!("{backend:?}\n case {case}\n {text}"))?;
        }
    }
    Ok(compared)
}

fn one(backend: &dyn Backend<Modular>, case: &Case) -> Result<usize, String> {
    let problem = case.problem::<Modular>();
    let Dims { input, hidden, .. } = problem.dims;
    let mut stream = Stream::new(case.seed, 46);
    let mut something = |len: usize| (0..len).map(|_| Modular::new(stream.next())).collect::<Vec<_>>();
    let zeros = problem.zeros();
    let before = Before { d_params: something(zeros.d_params.len()), d_x: something(zeros.d_x.len()) };
    let rig = Rig::new(backend);
    let forward = rig.forward(&problem);
    let back = rig.backward_into(&problem, &forward.reserve, &before);
    let infer = rig.infer(&problem);

    let [states, cells] = problem.state_lens();
    let slots = (problem.dims.steps + 1) * (states + cells);
    let upstream = [problem.cotangents(), vec![Modular::ZERO; slots]].concat();
    let (out, d) = derivative::vjp(&problem.point(), &upstream, |point| {
        let run = problem.oracle_at(point);
        [run.y, run.h_n, run.c_n, run.h, run.c].concat()
    });
    let (y, rest) = out.split_at(forward.y.len());
    let (h_n, rest) = rest.split_at(states);
    let (c_n, rest) = rest.split_at(cells);
    let (h, c) = rest.split_at(forward.reserve.h().len());
    let [d_params, d_x, d_h0, d_c0] = problem.parts(&d);
    let onto = |before: &[Modular], d: &[Modular]| before.iter().zip(d).map(|(&b, &d)| b + d).collect::<Vec<_>>();
    let want_x = match (&problem.x, problem.d_x_accum) {
        (X::OneHot(_), _) => vec![],
        (_, Accum::Add) => onto(&before.d_x, d_x),
        (_, Accum::Replace) => d_x.to_vec(),
    };
    let seq = |name, width| Block::sequence(name, &problem, width);
    let mat = |name| Block::matrix(name, hidden);
    let other = |name| Block::matrix(name, problem.rest());
    let breach = forward.breaches.iter().chain(&back.breaches).chain(&infer.breaches).next();
    if let Some(breach) = breach {
        return Err(breach.clone());
    }
    let verdict = all([
        same(&seq("y", hidden), &forward.y, y),
        same(&mat("h_n"), &forward.h_n, h_n),
        same(&other("c_n"), &forward.c_n, c_n),
        same(&seq("h", hidden), forward.reserve.h(), h),
        same(&seq("c", problem.rest()), forward.reserve.c(), c),
        same(&Block::params("d_params", &problem), &back.d_params, &onto(&before.d_params, d_params)),
        same(&seq("d_x", input), &back.d_x, &want_x),
        same(&mat("d_h0"), &back.d_h0, d_h0),
        same(&other("d_c0"), &back.d_c0, d_c0),
        same(&seq("y of inference", hidden), &infer.y, y),
        same(&mat("h of inference"), &infer.h, h_n),
        same(&other("c of inference"), &infer.c, c_n),
    ]);
    match verdict {
        Ok(evidence) => Ok(evidence.comparisons),
        Err(Stop::Fail(failure)) => Err(failure.to_string()),
        Err(other) => Err(format!("{other:?}")),
    }
}
