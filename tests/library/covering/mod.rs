//! Every two options of a network together: each case against the equations, element by element, and against finite
//! differences of its own loss.
//!
//! The equations are those of `rnn-check`, composed a second time in `composition`, derived on a tape in the wider number
//! type, within bounds that `any_order` derives. Finite differences know nothing of them: what the library calls its loss
//! is the function, and the tolerance is ten times the error that the stencil estimates of itself.

mod any_order;
mod array;
mod axes;
mod composition;
mod library;
mod problem;

use crate::cells::registry;
use any_order::AnyOrder;
use axes::{Case, Conflict, On, Start, Target, Upstream, conflict};
use composition::{Outcome, Variables};
use library::{Gradients, Library};
use problem::{Data, FEATURES, ROWS, STEPS};
use recurrent::kernels::Backend;
use recurrent::network::{Directions, Readout};
use recurrent::rng::Rng;
use recurrent::{Batch, Direction, Error, Network};
use rnn_backend_faer::{Faer, simd::math};
use rnn_backend_naive::{MatrixMultiply, Naive};
use rnn_check::bound::{Bounded, Precision, compare};
use rnn_check::derivative::{Verdict, along};
use rnn_check::number::{Adjoints, Number, Tape, Var};
use rnn_check::{Claims, Real};
use std::collections::BTreeSet;
use std::sync::Arc;

/// What was compared, so that nothing passes because nothing was.
#[derive(Clone, Copy, Debug, Default)]
struct Tally {
    cases: usize,
    /// Numbers held against the equations.
    numbers: usize,
    /// The largest error in units of its bound.
    ratio: f64,
    /// Derivatives held against finite differences.
    differences: usize,
    /// Finite differences near a kink, which decide nothing.
    inconclusive: usize,
    /// Runs window by window held against a cut tape.
    truncated: usize,
    /// Calls that were refused as they should be.
    refused: usize,
}

impl Tally {
    fn within<S: Number>(&mut self, what: &str, precision: &Precision, found: &[f64], want: &[Bounded<'_, S>]) {
        let comparison = compare(precision, found, want);
        assert!(found.is_empty() || comparison.passes(), "{what}: {comparison}");
        self.numbers += comparison.checked;
        self.ratio = self.ratio.max(comparison.ratio());
    }
}

#[test]
fn every_case_follows_the_equations_and_its_own_finite_differences() {
    let cases = array::cases();
    let mut tally = Tally::default();
    for case in &cases {
        let naive = Claims::new();
        let faer = Claims::new()
            .sigmoid_ulp(math::SIGMOID_F32_ULP, math::SIGMOID_F64_ULP)
            .tanh_ulp(math::TANH_F32_ULP, math::TANH_F64_ULP);
        match case.on {
            On::Naive => check::<f64>(case, Arc::new(Naive), &naive, &mut tally),
            On::MatrixMultiply => check::<f64>(case, Arc::new(MatrixMultiply), &naive, &mut tally),
            On::Faer => check::<f64>(case, Arc::new(Faer::sequential()), &faer, &mut tally),
            On::NaiveSingle => check::<f32>(case, Arc::new(Naive), &naive, &mut tally),
            On::FaerSingle => check::<f32>(case, Arc::new(Faer::parallel(2)), &faer, &mut tally),
        }
    }
    println!("{tally:?}");
    assert_eq!(tally.cases, cases.len());
    assert!(tally.numbers > 300 * tally.cases, "{tally:?}");
    assert!(tally.differences > 4 * tally.cases && tally.inconclusive * 20 <= tally.differences, "{tally:?}");
    assert!(tally.truncated >= 10 && tally.refused >= 10, "{tally:?}");
    // The suite of backends asks the same of its bounds.
    assert!(tally.ratio > 1.0 / 500.0, "the bounds are vacuous: {tally:?}");
}

fn check<T: Real>(case: &Case, backend: Arc<dyn Backend<T>>, claims: &Claims, tally: &mut Tally) {
    let network =
        Network::<T, dyn Backend<T>>::with_backend_and_cells(&problem::config(case), case.seed, backend, &registry());
    let network = network.unwrap();
    let state = network.state(ROWS).unwrap().as_slice().len();
    let data = Data::of(case, state, network.output_width());
    let mut library = Library::new(case, data, network);
    tally.cases += 1;
    let gradients = equations(case, &library, claims, tally);
    windows(case, &library, claims, tally);
    if T::NAME == "f64" {
        differences(case, &mut library, &gradients, tally);
    }
}

/// Leaves of a tape for everything a network is a function of.
struct Leaves<'t, 'p, W> {
    parameters: Vec<Var<'t, AnyOrder<'p, W>>>,
    x: Vec<Var<'t, AnyOrder<'p, W>>>,
    state: Vec<Var<'t, AnyOrder<'p, W>>>,
    count: Var<'t, AnyOrder<'p, W>>,
}

impl<'t, 'p, W: Number> Leaves<'t, 'p, W> {
    fn new<T: Real>(
        tape: &'t Tape<AnyOrder<'p, W>>,
        precision: &'p Precision,
        case: &Case,
        library: &Library<T>,
    ) -> Self {
        let leaf = |v: f64| tape.leaf(AnyOrder::exact(v, precision));
        let data = &library.data;
        let live = |k: usize| data.live(k / FEATURES / ROWS, k / FEATURES % ROWS);
        let window = &data.x[data.start * ROWS * FEATURES..];
        let count = data.counts(case).into_iter().filter(|&counts| counts).count().max(1);
        Self {
            parameters: library.network.parameters().iter().map(|p| leaf(p.to_f64())).collect(),
            x: window.iter().enumerate().map(|(k, &x)| leaf(if live(k) { x } else { 0.0 })).collect(),
            state: data.state.iter().map(|&h| leaf(h)).collect(),
            count: leaf(f64::from(u32::try_from(count).unwrap())),
        }
    }
}

/// Outputs, states, loss and every derivative against the oracle on a tape.
fn equations<T: Real>(case: &Case, library: &Library<T>, claims: &Claims, tally: &mut Tally) -> Gradients {
    let (precision, data) = (claims.precision::<T>(), &library.data);
    let tape = Tape::<AnyOrder<'_, T::Wide>>::new();
    let leaves = Leaves::new(&tape, &precision, case, library);
    let config = library.network.config();
    let blocks = library.network.parameters().blocks();
    let Leaves { parameters, x, state, count } = &leaves;
    let variables = Variables { blocks, parameters, x, state, count: *count };
    let outcome = composition::network(case, config, data, 0..STEPS, variables);
    let mut within = |what: &str, found: &[f64], want: &[AnyOrder<'_, T::Wide>]| {
        let want: Vec<_> = want.iter().map(|w| w.added()).collect();
        tally.within(&format!("{what} of {case:?}"), &precision, found, &want);
    };

    let mut forward = library.forward();
    for (how, pass) in [("forward", &forward.trained), ("infer", &forward.inferred)] {
        within(&format!("output by {how}"), &pass.output, &values(&outcome.output));
        within(&format!("state by {how}"), &pass.state, &values(&outcome.state));
    }

    let exact = |v: f64| AnyOrder::exact(v, &precision);
    let mut so_far: Option<Vec<AnyOrder<'_, T::Wide>>> = None;
    let mut all = Gradients::default();
    for upstream in [false, true] {
        let Some(found) = library.backward(&mut forward, upstream) else { continue };
        let adjoints = if upstream {
            let d_output = data.d_output.iter().flatten().zip(&outcome.output).filter(|(d, _)| !d.is_nan());
            let d_state = data.d_state.iter().flatten().zip(&outcome.state);
            tape.adjoints(d_output.chain(d_state).map(|(&d, &y)| (y, exact(d))))
        } else {
            within("loss", &[found.loss], &[outcome.loss.inner()]);
            tape.adjoints([(outcome.loss, AnyOrder::from_f64(1.0))])
        };
        // The second pass accumulates on the first.
        let mut want = derivatives(&adjoints, parameters);
        if let Some(before) = so_far {
            want.iter_mut().zip(before).for_each(|(want, before)| *want = *want + before);
        }
        within("gradients", &found.parameters, &want);
        so_far = Some(want);
        within("cotangent of the state", &found.d_state, &derivatives(&adjoints, state));
        if let Some(d_x) = &found.d_x {
            within("cotangent of the input", d_x, &derivatives(&adjoints, x));
        }
        for (slot, trace) in found.traces.iter().enumerate() {
            let (found, vars) = known_slots(case, data, slot, trace, &outcome);
            within("trace", &found, &derivatives(&adjoints, &vars));
        }
        all.add(found);
    }
    all
}

fn values<S: Number>(vars: &[Var<'_, S>]) -> Vec<S> {
    vars.iter().map(|v| v.inner()).collect()
}

fn derivatives<S: Number>(adjoints: &Adjoints<S>, vars: &[Var<'_, S>]) -> Vec<S> {
    vars.iter().map(|&v| adjoints.of(v)).collect()
}

/// The slots of a trace whose state is one variable of its own: in a forward layer those up to a row's last step, behind
/// which the state is carried along and the trace is what comes back from its end.
fn known_slots<'t, S: Number>(
    case: &Case,
    data: &Data,
    slot: usize,
    trace: &[f64],
    outcome: &Outcome<Var<'t, S>>,
) -> (Vec<f64>, Vec<Var<'t, S>>) {
    let ways = problem::ways(case.directions);
    let (h, forward) = (&outcome.passes[slot].h, ways[slot % ways.len()] == Direction::Forward);
    assert_eq!(trace.len(), h.len());
    let hidden = h.len() / (STEPS + 1) / ROWS;
    // A unit that relu has cut off is a constant on the tape.
    let constant = |k: usize| h[k].value() == 0.0;
    let known = |k: &usize| !constant(*k) && (!forward || k / hidden / ROWS <= data.valid(k / hidden % ROWS));
    (0..h.len()).filter(known).map(|k| (trace[k], h[k])).unzip()
}

/// Truncated BPTT in windows of two steps against a tape that is cut between them; or the error where there is none.
fn windows<T: Real>(case: &Case, library: &Library<T>, claims: &Claims, tally: &mut Tally) {
    let found = library.truncated(2);
    if !case.can_be_truncated() {
        assert!(matches!(found, Err(Error::Kind { .. } | Error::Order { .. })), "{case:?}: {:?}", found.err());
        tally.refused += 1;
        return;
    }
    let (found, precision) = (found.unwrap(), claims.precision::<T>());
    let tape = Tape::<AnyOrder<'_, T::Wide>>::new();
    let leaves = Leaves::new(&tape, &precision, case, library);
    let Leaves { parameters, x, count, .. } = &leaves;
    let (mut state, mut losses) = (leaves.state.clone(), Vec::new());
    for window in [0..2, 2..STEPS] {
        let blocks = library.network.parameters().blocks();
        let variables = Variables { blocks, parameters, x, state: &state, count: *count };
        let outcome = composition::network(case, library.network.config(), &library.data, window, variables);
        state = outcome.state.into_iter().map(Number::detach).collect();
        losses.push(outcome.loss);
    }
    let loss = Var::dot(losses, []);
    let adjoints = tape.adjoints([(loss, AnyOrder::from_f64(1.0))]);
    let want: Vec<_> = parameters.iter().map(|&p| adjoints.of(p).added()).collect();
    tally.within(&format!("truncated gradients of {case:?}"), &precision, &found.parameters, &want);
    tally.within(&format!("truncated loss of {case:?}"), &precision, &[found.loss], &[loss.inner().added()]);
    tally.truncated += 1;
}

/// In a random direction within each block of parameters, within the input and within the initial state.
fn differences<T: Real>(case: &Case, library: &mut Library<T>, gradients: &Gradients, tally: &mut Tally) {
    let mut rng = Rng::seed(case.seed + 1000);
    let blocks: Vec<_> = library.network.parameters().blocks().iter().map(|b| (b.name.clone(), b.range())).collect();
    let data = library.data.clone();
    let scale = gradients.largest();
    let mut judge =
        |what: &str, gradient: &[f64], live: &dyn Fn(usize) -> bool, shift: &mut dyn FnMut(&[f64], f64) -> f64| {
            let mut v: Vec<f64> = (0..gradient.len()).map(|k| if live(k) { rng.normal() } else { 0.0 }).collect();
            let norm = v.iter().map(|v| v * v).sum::<f64>().sqrt();
            if norm == 0.0 {
                return;
            }
            v.iter_mut().for_each(|v| *v /= norm);
            let claimed: f64 = v.iter().zip(gradient).map(|(v, g)| v * g).sum();
            let evidence = along(|s| shift(&v, s));
            match evidence.judge(claimed, scale) {
                Verdict::Agrees => {}
                Verdict::Inconclusive => tally.inconclusive += 1,
                Verdict::Disagrees => panic!("{what} of {case:?}: {claimed}, but {evidence:?}"),
            }
            tally.differences += 1;
        };
    for (name, range) in blocks {
        judge(&name, &gradients.parameters[range.clone()], &|_| true, &mut |v, s| library.shifted(&range, v, s));
    }
    judge("state", &gradients.d_state, &|_| true, &mut |v, s| {
        let state: Vec<f64> = data.state.iter().zip(v).map(|(h, v)| h + s * v).collect();
        library.value(&state, &data.x)
    });
    if let Some(d_x) = &gradients.d_x {
        let live = |k: usize| data.live(k / FEATURES / ROWS, k / FEATURES % ROWS);
        judge("input", d_x, &live, &mut |v, s| {
            let mut x = data.x.clone();
            let window = &mut x[data.start * ROWS * FEATURES..];
            window.iter_mut().zip(v).filter(|(_, v)| **v != 0.0).for_each(|(x, v)| *x += s * v);
            library.value(&data.state, &x)
        });
    }
}

/// One of the four conflicts is the library's to refuse.
#[test]
fn values_that_cannot_meet_are_refused_with_an_error_or_cannot_be_written_down() {
    let mut seen = BTreeSet::new();
    for (a, b) in (0..axes::AXES).flat_map(|a| (a + 1..axes::AXES).map(move |b| (a, b))) {
        for (i, j) in (0..axes::SIZES[a]).flat_map(|i| (0..axes::SIZES[b]).map(move |j| (i, j))) {
            let Some(found) = conflict((a, i), (b, j)) else { continue };
            let mut values = [0; axes::AXES];
            (values[a], values[b]) = (i, j);
            if found == Conflict::WindowInReverse {
                values[1] = 1; // A window needs lengths.
            }
            seen.insert(format!("{found:?}"));
            refuse(&Case::of(values, 1), found);
        }
    }
    assert_eq!(seen.len(), 4);
}

fn refuse(case: &Case, conflict: Conflict) {
    let build = Network::<f64, Naive>::with_backend_and_cells(&problem::config(case), 1, Naive, &registry());
    match conflict {
        Conflict::WindowInReverse => {
            let network = build.unwrap();
            let x = vec![0.5; STEPS * ROWS * FEATURES];
            let batch = Batch::features(&x, [STEPS, ROWS, FEATURES]).unwrap();
            let window = batch.with_window_of(&[6; ROWS], 2).unwrap();
            let mut state = network.state(ROWS).unwrap();
            let refused = network.infer(&mut recurrent::Workspace::new(), &window, &mut state).map(|_| ());
            assert!(matches!(refused, Err(Error::Kind { .. })), "{case:?}: {refused:?}");
        }
        Conflict::WindowWithoutLengths => assert_eq!(case.start, Start::WindowOf),
        Conflict::NothingBetween => assert_eq!(case.dense, axes::Dense::BetweenTwo),
        Conflict::NothingToDifferentiate => {
            assert_eq!((case.target, case.upstream), (Target::NoHead, Upstream::Nothing));
        }
    }
}

/// The bugs that two features only show together would pass unseen if these did not occur.
#[test]
fn the_cases_hold_the_combinations_that_once_went_wrong() {
    let cases = array::cases();
    let some = |what: &dyn Fn(&Case) -> bool| cases.iter().filter(|case| what(case)).count();
    let ragged = |case: &Case| !matches!(case.lengths, axes::Lengths::Absent | axes::Lengths::Equal);
    assert!(some(&|case| ragged(case) && case.start != Start::Zero) > 5, "poisoned padding in a later window");
    let empty = |case: &Case| case.lengths == axes::Lengths::WithZero && case.readout == Readout::LastStep;
    assert!(some(&|case| empty(case) && case.upstream != Upstream::Nothing) > 1, "an empty row, read at its end");
    assert!(some(&|case| case.directions == Directions::Both && case.recorded) > 5, "both directions, recorded");
}
