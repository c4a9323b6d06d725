//! Gradients of networks: finite differences, accumulation, windows of truncated BPTT, traces.

use crate::common::{LENGTHS, mixed_stack, naive, ragged_tokens, values};
use recurrent::init::{BiasScheme, Init, Scheme};
use recurrent::kernels::{Activation, Backend, Direction, IGNORE, SeqRef};
use recurrent::network::{Config, Cotangents, DenseSpec, RecurrentSpec};
use recurrent::rng::Rng;
use recurrent::{Batch, Error, Network, Parameters, State, Targets, Workspace};
use rnn_backend_naive::Naive;
use rnn_check::bound::gamma;
use rnn_check::derivative::{Verdict, along};

type Net = Network<f64, Naive>;

/// A loss as a function of parameters and initial state, with what it needs to compute one.
pub struct Problem<'a, B: ?Sized = Naive> {
    pub network: Network<f64, B>,
    pub batch: Batch<'a, f64>,
    pub targets: Targets<'a, f64>,
    pub state: State<f64>,
}

impl<B: Backend<f64> + ?Sized> Problem<'_, B> {
    fn loss(&self) -> f64 {
        let (mut workspace, mut state) = (Workspace::new(), self.state.clone());
        self.network.evaluate(&mut workspace, &self.batch, self.targets, &mut state).unwrap().mean()
    }

    fn gradients(&self) -> (Parameters<f64>, State<f64>) {
        let (mut workspace, mut state) = (Workspace::new(), self.state.clone());
        let mut gradients = self.network.gradients().unwrap();
        let loss =
            self.network.loss_and_gradients(&mut workspace, &self.batch, self.targets, &mut state, &mut gradients);
        assert_eq!(loss.unwrap().mean(), self.loss(), "training and inference compute the same loss");
        (gradients, workspace.d_state().unwrap().clone())
    }

    /// Along a random direction through each block of parameters, and through the state: the tolerance is ten times the
    /// error the finite difference estimates of itself. A case so near a kink that it decides nothing is no pass.
    pub fn check_every_derivative(&mut self, what: &str) {
        let (gradients, d_state) = self.gradients();
        let all = gradients.iter().chain(d_state.as_slice());
        let scale = all.fold(0.0, |largest: f64, g| largest.max(g.abs()));
        assert!(scale > 0.0 && gradients.iter().all(|g| g.is_finite()), "{what}");
        let mut rng = Rng::seed(17);
        let mut agrees = |name: &str, gradient: &[f64], loss_at: &mut dyn FnMut(&[f64]) -> f64| {
            let v: Vec<f64> = gradient.iter().map(|_| rng.normal()).collect();
            let norm = v.iter().map(|v| v * v).sum::<f64>().sqrt();
            let claimed = v.iter().zip(gradient).map(|(v, g)| v / norm * g).sum();
            let evidence = along(|s| loss_at(&v.iter().map(|v| s * v / norm).collect::<Vec<_>>()));
            assert_eq!(evidence.judge(claimed, scale), Verdict::Agrees, "{what}: {name}: {claimed}, but {evidence:?}");
        };
        let (parameters, state) = (self.network.parameters().clone(), self.state.clone());
        for block in parameters.blocks() {
            let range = block.range();
            agrees(&block.name, &gradients[range.clone()], &mut |shift| {
                self.network.update(|p| {
                    let to = p[range.clone()].iter_mut().zip(&parameters[range.clone()]).zip(shift);
                    to.for_each(|((p, old), by)| *p = old + by);
                });
                self.loss()
            });
            self.network.update(|p| p.copy_from_flat(&parameters)).unwrap();
        }
        if state.at_beginning().next().is_some() {
            // Rows begin with parameters, and have no state to change.
            return;
        }
        agrees("state", d_state.as_slice(), &mut |shift| {
            let to = self.state.as_mut_slice().iter_mut().zip(state.as_slice()).zip(shift);
            to.for_each(|((h, old), by)| *h = old + by);
            self.loss()
        });
        self.state = state;
    }
}

#[test]
fn every_derivative_of_every_cell_of_the_families_agrees_with_finite_differences() {
    let (x, t) = (values(2, 4 * 3 * 5), values(3, 4 * 3 * 2));
    for cell in crate::families::specs().into_iter().chain(crate::families::specs_with_masks()) {
        // Parameters with no kink near: others decide nothing.
        let network = naive(&crate::families::config(&cell), 9);
        // Positive: a state may be a sum of weights that an equation divides by.
        let mut state = network.state(3).unwrap();
        let drawn = values(5, state.as_slice().len());
        state.as_mut_slice().iter_mut().zip(drawn).for_each(|(h, v)| *h = 1.0 + 0.5 * v);
        let batch = Batch::features(&x, [4, 3, 5]).unwrap().with_lengths(&LENGTHS).unwrap();
        let targets = Targets::Values(&t);
        Problem { network, batch, targets, state }.check_every_derivative(&format!("{cell:?}"));
    }
}

/// Loss, gradients, final state, cotangents of initial state and input.
type Results = (f64, Parameters<f64>, State<f64>, State<f64>, Vec<f64>);

/// A batch by `loss_and_gradients`, or in windows that are computed anew.
fn in_windows(network: &Net, batch: &Batch<'_, f64>, targets: Targets<'_, f64>, window: Option<usize>) -> Results {
    let (mut workspace, mut gradients) = (Workspace::new(), network.gradients().unwrap());
    workspace.record_d_input(true);
    let mut state = network.state(batch.rows()).unwrap();
    let drawn = values(9, state.as_slice().len());
    state.as_mut_slice().copy_from_slice(&drawn);
    let loss = match window {
        None => network.loss_and_gradients(&mut workspace, batch, targets, &mut state, &mut gradients),
        Some(k) => network.recomputed_bptt(&mut workspace, batch, targets, k, &mut state, &mut gradients),
    };
    let d_input = workspace.d_input().unwrap();
    let d_x =
        (0..batch.steps()).flat_map(|t| (0..batch.rows()).flat_map(move |n| d_input.at(t).row(n).to_vec())).collect();
    (loss.unwrap().mean(), gradients, state, workspace.d_state().unwrap().clone(), d_x)
}

#[test]
fn windows_that_are_computed_anew_have_the_gradient_of_all_of_time() {
    let (steps, rows) = (7, 3);
    let (x, t) = (values(2, steps * rows * 5), values(3, steps * rows * 2));
    let lengths = [7, 0, 5];
    // Of the first row every third step counts, of the others the first one alone.
    let counted: Vec<bool> = (0..steps * rows).map(|k| k / rows == 0 || k % rows == 0 && k / rows % 3 == 0).collect();
    let cells = ["lstm", "gru", "elman", "slstm", "rg_lru"]
        .map(|cell| Config::features(5).recurrent(RecurrentSpec::new(cell, 5)));
    for (k, config) in cells.into_iter().enumerate() {
        let config =
            config.dense(DenseSpec::new(4, Activation::Tanh)).recurrent(RecurrentSpec::gru(3).layers(2)).linear(2);
        let network = naive(&config, 11);
        let batch = Batch::features(&x, [steps, rows, 5]).unwrap();
        let batch = if k % 2 == 0 { batch.with_lengths(&lengths).unwrap() } else { batch };
        for targets in [Targets::Values(&t), Targets::Counted { values: &t, counted: &counted }] {
            let (loss, gradients, state, d_state, d_x) = in_windows(&network, &batch, targets, None);
            for window in [1, 2, 3, 7, 100] {
                let again = in_windows(&network, &batch, targets, Some(window));
                assert!((again.0 - loss).abs() <= 1e-14 * loss, "window {window}");
                assert_eq!(
                    (again.2.as_slice(), again.3.as_slice()),
                    (state.as_slice(), d_state.as_slice()),
                    "window {window}"
                );
                assert_eq!(again.4, d_x, "window {window}");
                let scale = gradients.iter().fold(0.0, |m: f64, g| m.max(g.abs()));
                // The same sums of some thirty products, in another order.
                let apart = again.1.iter().zip(gradients.iter()).map(|(a, b)| (a - b).abs());
                assert!(scale > 0.0 && apart.fold(0.0, f64::max) <= 1e-14 * scale, "window {window}");
            }
        }
    }
}

#[test]
fn a_batch_that_was_computed_anew_is_no_forward_pass_and_takes_no_traces() {
    let network = naive(&Config::features(2).recurrent(RecurrentSpec::gru(3)).linear(1), 1);
    let (x, t) = (values(1, 8), values(2, 4));
    let (batch, targets) = (Batch::features(&x, [4, 1, 2]).unwrap(), Targets::Values(&t));
    let (mut workspace, mut gradients) = (Workspace::new(), network.gradients().unwrap());
    let mut state = network.state(1).unwrap();
    let mut run = |workspace: &mut Workspace<f64>, window| {
        network.recomputed_bptt(workspace, &batch, targets, window, &mut state, &mut gradients)
    };
    run(&mut workspace, 3).unwrap();
    assert!(matches!(run(&mut workspace, 0), Err(Error::Range { .. })));
    workspace.record_traces(true);
    assert!(matches!(run(&mut workspace, 2), Err(Error::Kind { .. })));
    workspace.record_traces(false);
    run(&mut workspace, 2).unwrap();
    let none = Cotangents { output: None, state: None };
    let mut own = network.gradients().unwrap();
    assert!(matches!(network.backward(&mut workspace, none, &mut own), Err(Error::Order { .. })));
}

/// The same problem for every kind of input, head and readout: 4 steps, 3 rows, one of them empty.
#[test]
fn every_derivative_of_a_mixed_stack_agrees_with_finite_differences() {
    let (tokens, x, t) = (ragged_tokens(&LENGTHS, 4, 5), values(2, 4 * 3 * 2), values(3, 4 * 3 * 2));
    let p: Vec<f64> = t.iter().map(|t| t * 0.5 + 0.5).collect();
    let classes = [0, 1, 1, IGNORE, 1, 0, 1, 1, 0, 0, 1, 1];
    for (what, config) in
        [("one-hot", Config::one_hot(5)), ("embedding", Config::embedding(5, 2)), ("real", Config::features(2))]
    {
        let batch = if what == "real" { Batch::features(&x, [4, 3, 2]) } else { Batch::symbols(&tokens, [4, 3]) };
        let batch = batch.unwrap().with_lengths(&LENGTHS).unwrap();
        let config = mixed_stack(config);
        for (head, config, targets) in [
            ("softmax", config.clone().softmax(2), Targets::Classes(&classes)),
            ("bernoulli", config.clone().bernoulli(2), Targets::Values(&p)),
            ("squared", config.clone().linear(2), Targets::Values(&t)),
            ("last softmax", config.clone().last_step().softmax(2), Targets::Classes(&classes[..3])),
            ("final softmax", config.clone().final_states().softmax(2), Targets::Classes(&classes[..3])),
            ("last squared", config.clone().last_step().linear(2), Targets::Values(&t[..6])),
        ] {
            let network = naive(&config, 7);
            let mut state = network.state(3).unwrap();
            let start = values(5, state.as_slice().len());
            state.as_mut_slice().copy_from_slice(&start);
            Problem { network, batch, targets, state }.check_every_derivative(&format!("{what}, {head}"));
        }
    }
}

#[test]
fn a_dense_layer_below_every_recurrent_one_has_its_gradient_and_never_sees_padding() {
    let mut x = values(2, 4 * 3 * 2);
    for n in 0..3 {
        (LENGTHS[n]..4).for_each(|t| x[(t * 3 + n) * 2..][..2].fill(f64::NAN));
    }
    let config =
        Config::features(2).dense(DenseSpec::new(3, Activation::Relu)).recurrent(RecurrentSpec::lstm(2)).linear(1);
    let (network, t) = (naive(&config, 3), values(3, 12));
    let batch = Batch::features(&x, [4, 3, 2]).unwrap().with_lengths(&LENGTHS).unwrap();
    let state = network.state(3).unwrap();
    Problem { network, batch, targets: Targets::Values(&t), state }.check_every_derivative("dense first");
}

/// `2⁻⁵³`.
const U: f64 = f64::EPSILON / 2.0;

#[test]
fn truncated_bptt_with_one_window_is_full_bptt_and_with_several_is_a_loop_over_them() {
    let network = naive(&Config::one_hot(5).recurrent(RecurrentSpec::lstm(3).layers(2)).softmax(5), 1);
    let tokens = ragged_tokens(&[8; 3], 8, 5);
    let lengths = [8, 3, 5];
    let batch = Batch::symbols(&tokens, [8, 3]).unwrap().with_lengths(&lengths).unwrap();
    // Two in each window of two steps, so that the mean of a window is exactly four times its share of the whole.
    let mut targets = vec![IGNORE; 24];
    for (t, n) in [(0, 1), (1, 2), (2, 0), (2, 1), (4, 2), (5, 0), (6, 0), (7, 0)] {
        targets[t * 3 + n] = tokens[t * 3 + n];
    }
    let mut workspace = Workspace::new();
    let mut full = |window: Option<usize>| {
        let (mut state, mut gradients) = (network.state(3).unwrap(), network.gradients().unwrap());
        let targets = Targets::Classes(&targets);
        let loss = match window {
            None => network.loss_and_gradients(&mut workspace, &batch, targets, &mut state, &mut gradients),
            Some(k) => network.truncated_bptt(&mut workspace, &batch, targets, k, &mut state, &mut gradients),
        };
        (loss.unwrap(), state, gradients)
    };
    let whole = full(None);
    assert_eq!(full(Some(8)), whole);
    assert_eq!(full(Some(100)), whole);
    let (loss, state, gradients) = full(Some(2));
    assert!(loss.count == 8 && state == whole.1);
    // Eight positive numbers, added in two orders: each sum is off by γ₇ of itself at most.
    assert!((loss.total - whole.0.total).abs() <= 2.0 * gamma(7, U) * whole.0.total);
    assert_ne!(gradients, whole.2, "no derivative crosses a border");

    // By hand: every window with the state of the one before it. A factor of 4 commutes with every rounding.
    let (mut state, mut sum) = (network.state(3).unwrap(), network.gradients().unwrap());
    for from in (0..8).step_by(2) {
        let window = batch.window(from, from + 2).unwrap();
        let targets = Targets::Classes(&targets[from * 3..(from + 2) * 3]);
        let loss = network.loss_and_gradients(&mut workspace, &window, targets, &mut state, &mut sum).unwrap();
        assert_eq!(loss.count, 2);
    }
    assert!(gradients.iter().any(|&g| g != 0.0));
    for (found, sum) in gradients.iter().zip(&*sum) {
        assert_eq!(4.0 * found, *sum);
    }
}

#[test]
fn backward_may_run_twice_and_gives_the_same_bits() {
    let network = naive(&mixed_stack(Config::one_hot(5)).softmax(2), 1);
    let tokens = ragged_tokens(&[4; 3], 4, 5);
    let batch = Batch::symbols(&tokens, [4, 3]).unwrap();
    let (mut workspace, mut state) = (Workspace::new(), network.state(3).unwrap());
    network.forward(&mut workspace, &batch, &mut state).unwrap();
    let d = values(9, 24);
    let cotangents = Cotangents { output: Some(SeqRef::new(&d, 4, 3, 2)), state: None };
    let [once, again] = [(); 2].map(|()| {
        let mut gradients = network.gradients().unwrap();
        network.backward(&mut workspace, cotangents, &mut gradients).unwrap();
        gradients
    });
    assert_eq!(once, again);
    assert!(once.iter().filter(|&&g| g != 0.0).count() > once.len() / 2);
}

/// On numbers that no operation rounds, so that twice is exactly twice.
#[test]
fn gradients_accumulate() {
    let linear = RecurrentSpec::elman(2, Activation::Identity).bidirectional();
    let config = Config::embedding(3, 2).recurrent(linear).dense(DenseSpec::new(2, Activation::Identity)).linear(2);
    let mut network = naive(&config, 1);
    network.update(|p| (0..p.len()).for_each(|k| p[k] = [0.5, -1.0, 0.25, 1.0][k % 4]));
    let batch = Batch::symbols(&[0, 1, 2, 2, 1, 0], [3, 2]).unwrap();
    let (mut workspace, mut state) = (Workspace::new(), network.state(2).unwrap());
    network.forward(&mut workspace, &batch, &mut state).unwrap();
    let d = values(9, 12);
    let cotangents = Cotangents { output: Some(SeqRef::new(&d, 3, 2, 2)), state: None };
    let mut once = network.gradients().unwrap();
    network.backward(&mut workspace, cotangents, &mut once).unwrap();
    let mut twice = once.clone();
    network.backward(&mut workspace, cotangents, &mut twice).unwrap();
    for block in once.blocks() {
        let (once, twice) = (once.get(&block.name).unwrap(), twice.get(&block.name).unwrap());
        assert!(once.iter().any(|&g| g != 0.0), "{}", block.name);
        assert!(once.iter().zip(twice).all(|(once, twice)| 2.0 * once == *twice), "{}", block.name);
    }
}

#[test]
fn a_trace_holds_the_whole_derivative_by_every_state() {
    // h_t = h_{t−1} W for a linear network without input: ∂L/∂h_s = Wᵀ ∂L/∂h_{s+1}.
    let init = Init {
        input: Scheme::Zero,
        recurrent: Scheme::Identity { scale: 0.5 },
        bias: BiasScheme::Zero,
        ..Init::default()
    };
    let config = Config::features(1).recurrent(RecurrentSpec::elman(2, Activation::Identity)).init(init);
    let network = naive(&config, 1);
    let (mut workspace, mut state) = (Workspace::new(), network.state(1).unwrap());
    let batch = Batch::features(&[0.0; 5], [5, 1, 1]).unwrap();
    network.forward(&mut workspace, &batch, &mut state).unwrap();
    let mut gradients = network.gradients().unwrap();
    let mut d_state = network.state(1).unwrap();
    d_state.as_mut_slice().copy_from_slice(&[1.0, -2.0]);
    let cotangents = Cotangents { output: None, state: Some(&d_state) };
    assert!(matches!(workspace.trace(0, Direction::Forward), Err(Error::Order { .. })));
    workspace.record_traces(true);
    network.backward(&mut workspace, cotangents, &mut gradients).unwrap();
    let trace = workspace.trace(0, Direction::Forward).unwrap();
    for s in 0..=5 {
        let size = 0.5_f64.powi(5 - i32::try_from(s).unwrap());
        assert_eq!(trace.at(s).row(0), [size, -2.0 * size]);
    }
    assert!(matches!(workspace.trace(1, Direction::Forward), Err(Error::Range { .. })));
    assert!(matches!(workspace.trace(0, Direction::Reverse), Err(Error::Range { .. })));
}
