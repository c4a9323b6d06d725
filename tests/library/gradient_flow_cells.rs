//! Gradient flow through every cell: `∂L/∂h` at every step is the derivative by the state there, found by finite differences.

use crate::common::{naive, values};
use crate::families::specs;
use recurrent::gradient_flow::{Conditions, GradientFlow};
use recurrent::kernels::{Direction, Known, MatRef, SeqRef};
use recurrent::network::{Config, Cotangents, RecurrentSpec, State};
use recurrent::rng::Rng;
use recurrent::{Activation, Batch, Cells, Error, Network, Workspace};
use rnn_backend_naive::Naive;
use rnn_check::derivative::{Verdict, along};

const STEPS: usize = 4;
const ROWS: usize = 2;
const WIDTH: usize = 5;

/// `L = Σ_t d_t · y_t` of a layer alone, from any of its states on.
struct Problem {
    network: Network<f64, Naive>,
    x: Vec<f64>,
    d_y: Vec<f64>,
    /// The width of `y`.
    width: usize,
}

impl Problem {
    fn batch(&self, from: usize, to: usize) -> Batch<'_, f64> {
        let whole = Batch::features(&self.x, [STEPS, ROWS, WIDTH]).unwrap();
        whole.window(from, to).unwrap()
    }

    /// The state after `to` steps.
    fn state(&self, to: usize) -> State<f64> {
        let mut state = self.network.state(ROWS).unwrap();
        // Positive: a state may be a sum of weights that an equation divides by.
        let drawn = values(5, state.as_slice().len());
        state.as_mut_slice().iter_mut().zip(drawn).for_each(|(h, v)| *h = 1.0 + 0.5 * v);
        self.network.infer(&mut Workspace::new(), &self.batch(0, to), &mut state).unwrap();
        state
    }

    /// `L` of the steps from `from` on.
    fn loss(&self, from: usize, state: &State<f64>) -> f64 {
        let (mut workspace, mut state) = (Workspace::new(), state.clone());
        let y = self.network.infer(&mut workspace, &self.batch(from, STEPS), &mut state).unwrap();
        let places = (from..STEPS).flat_map(|t| (0..ROWS).map(move |n| (t, n)));
        places.map(|(t, n)| dot(y.at(t - from).row(n), self.d_row(t, n))).sum()
    }

    fn d_row(&self, t: usize, n: usize) -> &[f64] {
        &self.d_y[(t * ROWS + n) * self.width..][..self.width]
    }

    /// Backward from `d_y` through the steps from `from` on, in a workspace that records traces.
    fn backward(&self, from: usize) -> Workspace<f64> {
        let (mut workspace, mut state) = (Workspace::new(), self.state(from));
        workspace.record_traces(true);
        self.network.forward(&mut workspace, &self.batch(from, STEPS), &mut state).unwrap();
        let d_y = SeqRef::new(&self.d_y[from * ROWS * self.width..], STEPS - from, ROWS, self.width);
        let cotangents = Cotangents { output: Some(d_y), state: None };
        self.network.backward(&mut workspace, cotangents, &mut self.network.gradients().unwrap()).unwrap();
        workspace
    }
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

fn elements(m: MatRef<'_, f64>) -> Vec<f64> {
    (0..m.rows()).flat_map(|n| m.row(n).to_vec()).collect()
}

#[test]
fn the_flow_through_every_cell_is_the_derivative_by_every_state_it_passes() {
    for cell in specs() {
        let network = |seed| naive(&Config::features(WIDTH).recurrent(RecurrentSpec::new(cell.clone(), WIDTH)), seed);
        // A case with a kink near decides nothing: others must.
        let decided = (9..13).any(|seed| flow_is_the_derivative(&format!("{cell:?}"), network(seed)));
        assert!(decided, "{cell:?}");
    }
}

/// Whether the finite differences of every state are sharp enough to decide.
///
/// # Panics
/// If one of them decides otherwise.
fn flow_is_the_derivative(what: &str, network: Network<f64, Naive>) -> bool {
    let (width, mut rng, mut decided) = (network.output_width(), Rng::seed(17), true);
    let (x, d_y) = (values(2, STEPS * ROWS * WIDTH), values(3, STEPS * ROWS * width));
    let problem = Problem { network, x, d_y, width };
    let whole = problem.backward(0);
    let trace = whole.trace(0, Direction::Forward).unwrap();
    let flow = GradientFlow::of(trace, Direction::Forward).unwrap();
    for s in 0..=STEPS {
        // Norms are those of the trace, rows together: a sum of ten squares is off by 11 units at most.
        let d_h = elements(trace.at(s));
        let norm = dot(&d_h, &d_h).sqrt();
        assert!((flow.norms()[s] - norm).abs() <= 2e-15 * norm, "{what}, state {s}");
        // What the output of the step before adds, and what comes back through time.
        let (later, state) = (problem.backward(s), problem.state(s));
        let d_state = later.d_state().unwrap();
        let mut by_hand: Vec<f64> = d_state.as_slice()[..ROWS * width].to_vec();
        if s > 0 {
            let direct = (0..ROWS).flat_map(|n| problem.d_row(s - 1, n));
            by_hand.iter_mut().zip(direct).for_each(|(d, &direct)| *d += direct);
        }
        assert_eq!(d_h, by_hand, "{what}, state {s}");
        // Each state of the cell, such as h and c, along a random direction.
        let scale = d_state.as_slice().iter().fold(1e-3, |m: f64, d| m.max(d.abs()));
        for name in problem.network.state_names(0).unwrap() {
            let claimed = elements(d_state.get(0, Direction::Forward, name).unwrap());
            let mut v: Vec<f64> = claimed.iter().map(|_| rng.normal()).collect();
            let size = dot(&v, &v).sqrt();
            v.iter_mut().for_each(|v| *v /= size);
            let columns = claimed.len() / ROWS;
            let evidence = along(|by| {
                let mut moved = state.clone();
                let mut to = moved.get_mut(0, Direction::Forward, name).unwrap();
                for (k, v) in v.iter().enumerate() {
                    to.row_mut(k / columns)[k % columns] += by * v;
                }
                problem.loss(s, &moved)
            });
            let verdict = evidence.judge(dot(&claimed, &v), scale);
            assert_ne!(verdict, Verdict::Disagrees, "{what}, {name} {s}: {claimed:?}, but {evidence:?}");
            decided &= verdict == Verdict::Agrees;
        }
    }
    decided
}

/// `‖∂L/∂h‖` one step back is what the conditions bound, and they say of which networks they are.
#[test]
fn conditions_are_those_of_elman_networks_and_an_error_for_every_other_cell() {
    for cell in specs() {
        let config = Config::features(WIDTH).recurrent(RecurrentSpec::gru(WIDTH));
        let config = config.recurrent(RecurrentSpec::new(cell.clone(), WIDTH).bidirectional());
        let network = naive(&config, 9);
        for (direction, suffix) in [(Direction::Forward, ""), (Direction::Reverse, "_reverse")] {
            let found = network.conditions(1, direction);
            if let Some(Known::Elman(_)) = Cells::new().make(&cell).unwrap().known() {
                let w_hh = network.parameters().get(&format!("rnn2.weight_hh_l0{suffix}")).unwrap();
                let expected = Conditions::of(MatRef::new(w_hh, WIDTH, WIDTH), Activation::Relu).unwrap();
                assert_eq!(found.unwrap(), expected);
                continue;
            }
            let error = found.unwrap_err();
            assert!(matches!(error, Error::Kind { .. }), "{error:?}");
            let expected = format!(
                "conditions of recurrent layer 1 (rnn2.l0): expected an Elman network, h = σ(W_hh h₋₁ + …), with tanh, relu, sigmoid or \
                 identity, found {}",
                serde_json::to_string(&cell).unwrap()
            );
            assert_eq!(error.to_string(), expected);
        }
        assert!(matches!(network.conditions(2, Direction::Forward), Err(Error::Range { .. })));
        assert!(matches!(network.conditions(0, Direction::Reverse), Err(Error::Range { .. })));
    }
}
