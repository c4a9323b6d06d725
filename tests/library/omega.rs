//! Pascanu's `Ω`: its value and immediate derivative by hand and by differences, and where a trainer adds them.

use crate::common::{naive, values};
use recurrent::kernels::{MatMut, MatRef, SeqRef};
use recurrent::network::{Config, RecurrentSpec};
use recurrent::regulariser::{ElmanPass, OmegaScratch, add_omega};
use recurrent::train::{Settings, Trainer};
use recurrent::{Activation, Batch, Direction, Error, Held, Network, Parameters, Targets, Workspace};
use rnn_backend_naive::Naive;

const U: f64 = f64::EPSILON / 2.0;

type Net = Network<f64, Naive>;

#[test]
fn omega_is_what_a_hand_computes() {
    // Two rows of two units at one step: u = σ′ d/‖d‖, v = W_hhᵀ u.
    let w = [0.0, 2.0, 0.5, 0.0];
    let pass = |activation, states: &'static [f64], cotangents: &'static [f64]| {
        let mut d_w = [1.0; 4];
        let layer = ElmanPass {
            activation,
            w_hh: MatRef::new(&w, 2, 2),
            states: SeqRef::new(states, 1, 2, 2),
            cotangents: SeqRef::new(cotangents, 1, 2, 2),
        };
        let into = MatMut::new(&mut d_w, 2, 2);
        let omega = add_omega(&Naive, layer, |_, _| true, 10.0, into, &mut OmegaScratch::default()).unwrap();
        (omega, d_w.map(|d| (d - 1.0) / 10.0))
    };
    let near = |a: f64, b: f64| (a - b).abs() <= 32.0 * U;
    // ReLU, the first unit off: u = (0, 4/5), v = (2/5, 0), r = 2/5; the second row has no cotangent.
    let (omega, d_w) = pass(Activation::Relu, &[0.0, 1.0, 1.0, 1.0], &[3.0, 4.0, 0.0, 0.0]);
    assert!(near(omega, 0.36 / 2.0), "{omega}");
    // 2 (r − 1)/r u vᵀ / 2 = −3/2 · 4/5 · 2/5.
    assert!(d_w.iter().zip([0.0, 0.0, -0.48, 0.0]).all(|(&a, b)| near(a, b)), "{d_w:?}");
    // u = (1, 0), v = (0, 2), r = 2: 2 · 1/2 · u vᵀ; then u = (0, 1), v = (½, 0), r = ½: 2 · (−1) · u vᵀ. The scale does not matter.
    let (omega, d_w) = pass(Activation::Identity, &[9.0; 4], &[1e-200, 0.0, 0.0, 1e200]);
    assert!(near(omega, (1.0 + 0.25) / 2.0), "{omega}");
    assert!(d_w.iter().zip([0.0, 1.0, -0.5, 0.0]).all(|(&a, b)| near(a, b)), "{d_w:?}");
    // Of a step that lets nothing through the term is 1, and has no derivative.
    assert_eq!(pass(Activation::Relu, &[0.0; 4], &[1.0; 4]), (1.0, [0.0; 4]));
}

#[test]
fn what_an_earlier_pass_left_in_the_scratch_counts_for_nothing() {
    let (w, states) = ([0.5, 1.0, 0.25, 2.0], [0.5; 4]);
    let pass = |cotangents: [f64; 4], scratch: &mut OmegaScratch<f64>| {
        let mut d_w = [0.0; 4];
        let layer = ElmanPass {
            activation: Activation::Tanh,
            w_hh: MatRef::new(&w, 2, 2),
            states: SeqRef::new(&states, 2, 1, 2),
            cotangents: SeqRef::new(&cotangents, 2, 1, 2),
        };
        let omega = add_omega(&Naive, layer, |_, _| true, 1.0, MatMut::new(&mut d_w, 2, 2), scratch).unwrap();
        (omega, d_w)
    };
    let mut used = OmegaScratch::default();
    assert!(pass([f64::NAN; 4], &mut used).0.is_nan());
    // The first step has no cotangent, and nothing is written of it but zeros.
    let cotangents = [0.0, 0.0, 3.0, 4.0];
    assert_eq!(pass(cotangents, &mut used), pass(cotangents, &mut OmegaScratch::default()));
}

/// A batch of three rows, and which steps of it are Elman steps from the state before.
struct Case {
    config: Config,
    lengths: [usize; 3],
    skipped: Vec<bool>,
    starts: Vec<bool>,
}

const STEPS: usize = 5;
const ROWS: usize = 3;

fn cases() -> [Case; 2] {
    let plain = |activation| RecurrentSpec::elman(3, activation);
    let marks = |at: &[usize]| (0..STEPS * ROWS).map(|k| at.contains(&k)).collect::<Vec<_>>();
    [
        Case {
            config: Config::features(2)
                .recurrent(plain(Activation::Tanh))
                .recurrent(RecurrentSpec::elman(2, Activation::Sigmoid).bidirectional())
                .linear(2),
            lengths: [5, 2, 4],
            skipped: marks(&[]),
            starts: marks(&[]),
        },
        Case {
            config: Config::features(2).recurrent(plain(Activation::Identity).layers(2)).linear(2),
            lengths: [5, 5, 3],
            skipped: marks(&[4, 6]),
            starts: marks(&[9, 4, 8]),
        },
    ]
}

impl Case {
    fn batch<'a>(&'a self, x: &'a [f64]) -> Batch<'a, f64> {
        let batch = Batch::features(x, [STEPS, ROWS, 2]).unwrap().with_lengths(&self.lengths).unwrap();
        batch.skipping(&self.skipped, Held::Zero).unwrap().starting_anew(&self.starts).unwrap()
    }

    fn live(&self, t: usize, n: usize) -> bool {
        t < self.lengths[n] && !self.skipped[t * ROWS + n]
    }

    /// `h` after each step, `[T, N, H]`, and 0 where there is none: `h_t = σ(W_ih x_t + b_ih + W_hh h_{t−1} + b_hh)`.
    fn states(
        &self,
        parameters: &Parameters<f64>,
        w_hh: &str,
        way: Direction,
        activation: Activation,
        x: &[f64],
    ) -> Vec<f64> {
        let get = |kind: &str| parameters.get(&w_hh.replace("weight_hh", kind)).unwrap();
        let (hidden, input) = (get("bias_hh").len(), x.len() / STEPS / ROWS);
        let mut states = vec![0.0; STEPS * ROWS * hidden];
        for n in 0..ROWS {
            let mut h = vec![0.0; hidden];
            let times: Vec<_> = match way {
                Direction::Forward => (0..STEPS).collect(),
                Direction::Reverse => (0..STEPS).rev().collect(),
            };
            for t in times {
                if self.starts[t * ROWS + n] {
                    h.fill(0.0);
                }
                if !self.live(t, n) {
                    continue;
                }
                let dot = |w: &[f64], x: &[f64], i: usize| -> f64 {
                    w[i * x.len()..][..x.len()].iter().zip(x).map(|(w, x)| w * x).sum()
                };
                let x = &x[(t * ROWS + n) * input..][..input];
                h = (0..hidden)
                    .map(|i| {
                        let a = dot(get("weight_ih"), x, i) + dot(get("weight_hh"), &h, i);
                        let a = a + get("bias_ih")[i] + get("bias_hh")[i];
                        match activation {
                            Activation::Tanh => a.tanh(),
                            Activation::Sigmoid => 1.0 / (1.0 + (-a).exp()),
                            _ => a,
                        }
                    })
                    .collect();
                states[(t * ROWS + n) * hidden..][..hidden].copy_from_slice(&h);
            }
        }
        states
    }
}

/// `Ω` of one direction of a layer as the paper writes it, of any `W_hh`: states and cotangents are constants.
fn omega(case: &Case, w: &[f64], activation: Activation, states: &[f64], d: &[f64]) -> f64 {
    let hidden = w.len().isqrt();
    let length = |x: &[f64]| x.iter().map(|x| x * x).sum::<f64>().sqrt();
    let mut sum = 0.0;
    for (t, n) in (0..STEPS).flat_map(|t| (0..ROWS).map(move |n| (t, n))) {
        let [h, d] = [states, d].map(|all| &all[(t * ROWS + n) * hidden..][..hidden]);
        if !case.live(t, n) || case.starts[t * ROWS + n] || length(d) == 0.0 {
            continue;
        }
        let slope = |h: f64| match activation {
            Activation::Tanh => 1.0 - h * h,
            Activation::Sigmoid => h * (1.0 - h),
            _ => 1.0,
        };
        let back: Vec<f64> =
            (0..hidden).map(|j| (0..hidden).map(|i| d[i] * slope(h[i]) * w[i * hidden + j]).sum()).collect();
        sum += (length(&back) / length(d) - 1.0).powi(2);
    }
    sum / 3.0
}

#[test]
fn the_gradient_of_a_network_has_the_differences_of_omega_with_states_and_cotangents_held() {
    const WEIGHT: f64 = 0.5;
    for case in cases() {
        let network = naive(&case.config, 3);
        let (x, t) = (values(1, STEPS * ROWS * 2), values(2, STEPS * ROWS * 2));
        // The last step of the first row has no target: its forward cotangents are 0.
        let counted: Vec<bool> = (0..STEPS * ROWS).map(|k| k != (STEPS - 1) * ROWS).collect();
        let targets = Targets::Counted { values: &t, counted: &counted };
        let pass = |workspace: &mut Workspace<f64>| {
            let (mut gradients, mut state) = (network.gradients().unwrap(), network.state(ROWS).unwrap());
            let found = network.loss_and_gradients(workspace, &case.batch(&x), targets, &mut state, &mut gradients);
            (found.unwrap(), gradients)
        };
        let mut workspace = Workspace::new();
        workspace.record_traces(true);
        let (loss, without) = pass(&mut workspace);
        let layers: Vec<_> = network.recurrent_layers().collect();
        let mut traced = Vec::new();
        for layer in &layers {
            let slots = workspace.trace(layer.layer, layer.direction).unwrap();
            let first = usize::from(layer.direction == Direction::Forward);
            let rows = (first..first + STEPS).flat_map(|s| (0..ROWS).flat_map(move |n| slots.at(s).row(n).to_vec()));
            traced.push(rows.collect::<Vec<f64>>());
        }
        let mut workspace = Workspace::new();
        workspace.regularise_omega(WEIGHT).unwrap();
        let (same_loss, with) = pass(&mut workspace);
        assert_eq!(same_loss, loss);

        let (mut input, mut whole, mut seen) = (x.clone(), 0.0, 0);
        for (k, layer) in layers.iter().enumerate() {
            let activation = match (layers.len(), layer.layer) {
                (3, 0) => Activation::Tanh,
                (3, _) => Activation::Sigmoid,
                _ => Activation::Identity,
            };
            let name = layer.w_hh.as_deref().unwrap();
            let states = case.states(network.parameters(), name, layer.direction, activation, &input);
            let mut w = network.parameters().get(name).unwrap().to_vec();
            let value = omega(&case, &w, activation, &states, &traced[k]);
            whole += value;
            for i in 0..w.len() {
                let mut difference = |step: f64| {
                    let at = w[i];
                    let [above, below] = [at + step, at - step].map(|moved| {
                        w[i] = moved;
                        omega(&case, &w, activation, &states, &traced[k])
                    });
                    w[i] = at;
                    (above - below) / (2.0 * step)
                };
                let [wide, narrow] = [1e-3, 5e-4].map(&mut difference);
                let expected = (4.0 * narrow - wide) / 3.0;
                let found = (with.get(name).unwrap()[i] - without.get(name).unwrap()[i]) / WEIGHT;
                // What extrapolation took away, a hundred times what it leaves, and roundings of Ω over the step.
                let error = (wide - narrow).abs() / 100.0 + 100.0 * U * (value + 1.0) / 5e-4;
                assert!((found - expected).abs() <= error, "{name}[{i}]: {found} ≠ {expected} ± {error:e}");
                seen += usize::from(expected.abs() > 1e-3);
            }
            if layers.get(k + 1).is_none_or(|next| next.layer > layer.layer) && layer.direction == Direction::Forward {
                input = states;
            }
        }
        let found = workspace.omega().unwrap();
        assert!((found - whole).abs() <= 1000.0 * U * whole, "{found} ≠ {whole}");
        assert!(seen > 10, "{seen} derivatives that are not next to 0");
        // No other parameter has one.
        for block in without.blocks().iter().filter(|block| !block.name.contains("weight_hh")) {
            assert_eq!(with[block.range()], without[block.range()], "{}", block.name);
        }
    }
}

fn elman() -> Config {
    Config::features(2).recurrent(RecurrentSpec::elman(3, Activation::Tanh)).linear(2)
}

fn trainer(settings: Settings) -> Trainer<f64, Naive> {
    Trainer::new(naive(&elman(), 3), settings).unwrap()
}

#[test]
fn a_trainer_follows_the_loss_and_omega() {
    let (x, t) = (values(1, STEPS * ROWS * 2), values(2, STEPS * ROWS * 2));
    let (batch, targets) = (Batch::features(&x, [STEPS, ROWS, 2]).unwrap(), Targets::Values(&t));
    let mut run = trainer(Settings::sgd(0.5).omega(0.25));
    let mut by_hand: Net = naive(&elman(), 3);
    let (mut workspace, mut state) = (Workspace::new(), by_hand.state(ROWS).unwrap());
    workspace.regularise_omega(0.25).unwrap();
    let mut gradients = by_hand.gradients().unwrap();
    by_hand.loss_and_gradients(&mut workspace, &batch, targets, &mut state, &mut gradients).unwrap();
    let step = run.step(&batch, targets).unwrap();
    assert_eq!(step.omega, Some(workspace.omega().unwrap()));
    assert!(step.omega > Some(0.0));
    let mut optimiser = recurrent::optim::Optimiser::sgd(&by_hand).unwrap();
    by_hand.apply(&mut optimiser, &gradients, 0.5).unwrap();
    assert_eq!(**run.network().parameters(), **by_hand.parameters());
    assert_ne!(**run.network().parameters(), **step_of(Settings::sgd(0.5), &batch, targets).network().parameters());

    // The mean of two gathered batches that are one is that one.
    let mut gathered = trainer(Settings::sgd(0.5).omega(0.25).accumulate(2));
    gathered.step(&batch, targets).unwrap();
    gathered.step(&batch, targets).unwrap();
    for (a, b) in gathered.network().parameters().iter().zip(run.network().parameters().iter()) {
        assert!((a - b).abs() <= 64.0 * U, "{a} ≠ {b}");
    }
    // Windows of one batch: of all steps with the cotangents of their window.
    let windows = trainer(Settings::sgd(0.0).omega(0.25).windows(1)).step(&batch, targets).unwrap();
    by_hand = naive(&elman(), 3);
    gradients.fill_zero();
    by_hand
        .truncated_bptt(&mut workspace, &batch, targets, 1, &mut by_hand.state(ROWS).unwrap(), &mut gradients)
        .unwrap();
    let [a, b] = [windows.omega.unwrap(), workspace.omega().unwrap()];
    assert!((a - b).abs() <= 64.0 * U * a, "{a} ≠ {b}");
}

#[test]
fn a_batch_has_the_share_of_omega_that_its_targets_have_of_the_weight() {
    let (x, t) = (values(1, STEPS * ROWS * 2), values(2, STEPS * ROWS * 2));
    let (batch, targets) = (Batch::features(&x, [STEPS, ROWS, 2]).unwrap(), Targets::Values(&t));
    let network = naive(&elman(), 3);
    let gradients = |weight: Option<f64>, targets: Targets<'_, f64>| {
        let mut workspace = Workspace::new();
        workspace.regularise_omega(0.25).unwrap();
        let (mut state, mut gradients) = (network.state(ROWS).unwrap(), network.gradients().unwrap());
        network.loss_and_gradients_over(&mut workspace, &batch, targets, weight, &mut state, &mut gradients).unwrap();
        gradients.to_vec()
    };
    // Of fifteen targets, and as many in another batch, half of everything.
    let (whole, half) = (gradients(None, targets), gradients(Some(30.0), targets));
    assert_eq!(half, whole.iter().map(|g| g / 2.0).collect::<Vec<_>>());
    let counted = [false; STEPS * ROWS];
    let none = gradients(Some(0.0), Targets::Counted { values: &t, counted: &counted });
    assert!(none.iter().all(|&g| g == 0.0), "where no batch has a target there is no share");
}

fn step_of(settings: Settings, batch: &Batch<'_, f64>, targets: Targets<'_, f64>) -> Trainer<f64, Naive> {
    let mut run = trainer(settings);
    assert_eq!(run.step(batch, targets).unwrap().omega, None);
    run
}

/// Descending along the immediate derivative makes `Ω` small, where nothing else is asked for.
#[test]
fn omega_falls_along_its_immediate_derivative() {
    let (x, t) = (values(1, STEPS * ROWS * 2), values(2, STEPS * ROWS * 2));
    let (batch, targets) = (Batch::features(&x, [STEPS, ROWS, 2]).unwrap(), Targets::Values(&t));
    let mut run = trainer(Settings::sgd(1e-6).omega(2e4));
    let omegas: Vec<f64> = (0..200).map(|_| run.step(&batch, targets).unwrap().omega.unwrap()).collect();
    assert!(omegas[199] < omegas[0] / 10.0, "{} to {}", omegas[0], omegas[199]);
}

#[test]
fn cells_that_are_no_elman_networks_and_weights_out_of_range_are_refused() {
    let mixed = Config::features(2)
        .recurrent(RecurrentSpec::elman(3, Activation::Tanh))
        .recurrent(RecurrentSpec::lstm(3))
        .linear(2);
    let error = Trainer::new(naive(&mixed, 1), Settings::sgd(0.5).omega(0.25)).unwrap_err();
    assert!(matches!(error, Error::Kind { .. }), "{error}");
    assert!(error.to_string().contains("rnn2") && error.to_string().contains("lstm"), "{error}");
    Trainer::new(naive(&mixed, 1), Settings::sgd(0.5)).unwrap();
    for weight in [-1.0, f64::NAN, f64::INFINITY] {
        let error = Trainer::new(naive(&elman(), 1), Settings::sgd(0.5).omega(weight)).unwrap_err().to_string();
        assert!(error.starts_with("training: omega: expected a finite number ≥ 0"), "{error}");
        assert!(Workspace::<f64>::new().regularise_omega(weight).is_err());
    }

    let (x, t) = (values(1, STEPS * ROWS * 2), values(2, STEPS * ROWS * 2));
    let (batch, targets) = (Batch::features(&x, [STEPS, ROWS, 2]).unwrap(), Targets::Values(&t));
    let mut workspace = Workspace::new();
    workspace.regularise_omega(0.5).unwrap();
    let network = naive(&mixed, 1);
    let (mut state, mut gradients) = (network.state(ROWS).unwrap(), network.gradients().unwrap());
    let refused = network.loss_and_gradients(&mut workspace, &batch, targets, &mut state, &mut gradients);
    assert!(matches!(refused, Err(Error::Kind { .. })));
    assert!(gradients.iter().all(|&g| g == 0.0) && state == network.state(ROWS).unwrap());
    let network = naive(&elman(), 1);
    let (mut state, mut gradients) = (network.state(ROWS).unwrap(), network.gradients().unwrap());
    let refused = network.recomputed_bptt(&mut workspace, &batch, targets, 2, &mut state, &mut gradients);
    assert!(matches!(refused, Err(Error::Kind { .. })));
    assert!(matches!(Workspace::<f64>::new().omega(), Err(Error::Order { .. })));
}
