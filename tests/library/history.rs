//! A workspace has no memory: whatever was done in it before, a call gives the bits it gives in a new one.

use crate::common::values;
use recurrent::kernels::{Activation, Backend, GruReset, SeqRef};
use recurrent::network::{CellSpec, Config, Cotangents, DenseSpec, InputSpec, Objective, Readout, RecurrentSpec};
use recurrent::rng::Rng;
use recurrent::{Batch, Error, Network, Parameters, Targets, Workspace};
use rnn_backend_faer::Faer;
use rnn_backend_naive::Naive;
use std::collections::BTreeMap;
use std::sync::Arc;

type Net = Network<f64, dyn Backend<f64>>;

/// Networks that share as little as they can: input, layers, directions, readout, head, backend.
fn networks() -> Vec<Net> {
    let reset = CellSpec::gru(GruReset::Before);
    let configs = [
        Config::features(3)
            .recurrent(RecurrentSpec::lstm(4).bidirectional())
            .dense(DenseSpec::new(3, Activation::Sigmoid))
            .linear(2),
        Config::one_hot(5).recurrent(RecurrentSpec::gru(3).layers(2)).softmax(5),
        Config::embedding(5, 2)
            .recurrent(RecurrentSpec::new(reset, 4))
            .recurrent(RecurrentSpec::lstm(2).bidirectional())
            .last_step()
            .softmax(3),
        Config::features(2).recurrent(RecurrentSpec::lstm(4)).recurrent(RecurrentSpec::elman(4, Activation::Relu)),
        Config::features(3).recurrent(RecurrentSpec::lstm(4)).bernoulli(2),
    ];
    let backends: [Arc<dyn Backend<f64>>; 2] = [Arc::new(Naive), Arc::new(Faer::parallel(2))];
    let networks = configs
        .iter()
        .enumerate()
        .flat_map(|(k, config)| backends.clone().map(|backend| Net::with_backend(config, k as u64, backend).unwrap()));
    networks.collect()
}

/// What can be asked of a workspace.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Call {
    Backward,
    Loss,
    LossThenBackward,
    Truncated,
    Evaluate,
    Infer,
    Step,
    /// A state of too many rows, before anything is taken in.
    WrongState,
    /// A symbol or a width that does not exist, when half of the batch has been taken in.
    WrongBatch,
    /// Targets that do not fit, after the batch has been taken in.
    WrongTargets,
    BackwardAfterInference,
}

const CALLS: [Call; 11] = [
    Call::Backward,
    Call::Loss,
    Call::LossThenBackward,
    Call::Truncated,
    Call::Evaluate,
    Call::Infer,
    Call::Step,
    Call::WrongState,
    Call::WrongBatch,
    Call::WrongTargets,
    Call::BackwardAfterInference,
];

/// Everything a call needs to be made again.
#[derive(Clone, Debug)]
struct Move {
    network: usize,
    call: Call,
    rows: usize,
    steps: usize,
    lengths: Option<Vec<usize>>,
    record_d_input: bool,
    record_traces: bool,
    /// Whether recording is switched on before the forward pass or between it and the backward one.
    late: bool,
    d_output: bool,
    d_state: bool,
    seed: u64,
}

impl Move {
    fn draw(rng: &mut Rng, networks: usize, seed: u64) -> Self {
        let (rows, steps) = (1 + rng.below(4), 1 + rng.below(6));
        let mut coin = || rng.below(2) == 0;
        let [record_d_input, record_traces, late, d_output, d_state, ragged] = std::array::from_fn(|_| coin());
        Self {
            network: rng.below(networks),
            call: CALLS[rng.below(CALLS.len())],
            rows,
            steps,
            lengths: ragged.then(|| (0..rows).map(|_| rng.below(steps + 1)).collect()),
            record_d_input,
            record_traces,
            late,
            d_output,
            d_state,
            seed,
        }
    }

    /// Makes the call; every number it shows, or what it was refused with.
    fn play(&self, network: &Net, workspace: &mut Workspace<f64>) -> Result<Vec<u64>, String> {
        let mut seen = Seen::default();
        let record = |workspace: &mut Workspace<f64>, on: bool| {
            workspace.record_d_input(on && self.record_d_input);
            workspace.record_traces(on && self.record_traces);
        };
        record(workspace, !self.late);
        let done = self.calls(network, workspace, &mut seen, |workspace| record(workspace, true));
        done.map(|()| seen.0).map_err(|error| error.to_string())
    }

    fn calls(
        &self,
        network: &Net,
        workspace: &mut Workspace<f64>,
        seen: &mut Seen,
        record_now: impl Fn(&mut Workspace<f64>),
    ) -> Result<(), Error> {
        let Self { rows, steps, seed, .. } = *self;
        let width = match network.config().input {
            InputSpec::Features { width } => width,
            InputSpec::OneHot { .. } | InputSpec::Embedding { .. } => 0,
        };
        let wrong = self.call == Call::WrongBatch;
        let mut x = values(seed, steps * rows * (width + usize::from(wrong)));
        let mut rng = Rng::seed(seed + 1);
        let mut index: Vec<u32> = (0..steps * rows).map(|_| u32::try_from(rng.below(5)).unwrap()).collect();
        if wrong {
            *index.last_mut().unwrap() = 5;
        }
        let live = |t: usize, n: usize| self.lengths.as_ref().is_none_or(|lengths| t < lengths[n]);
        for (k, row) in
            x.chunks_mut(width.max(1)).enumerate().filter(|(k, _)| width > 0 && !wrong && !live(k / rows, k % rows))
        {
            row.fill(f64::NAN);
            index[k] = 9;
        }
        let batch = match width {
            0 => Batch::symbols(&index, [steps, rows])?,
            _ => Batch::features(&x, [steps, rows, width + usize::from(wrong)])?,
        };
        let batch = match &self.lengths {
            Some(lengths) if !wrong => batch.with_lengths(lengths)?,
            _ => batch,
        };
        let mut state = network.state(if self.call == Call::WrongState { rows + 1 } else { rows })?;
        let start = values(seed + 2, state.as_slice().len());
        state.as_mut_slice().copy_from_slice(&start);

        let out_steps = if network.config().readout == Readout::LastStep { 1 } else { steps };
        let shape = [out_steps, rows, network.output_width()];
        let len = shape.iter().product();
        let objective = network.config().head.as_ref().map(|head| head.objective);
        let classes: Vec<u32> = index.iter().map(|symbol| symbol % 3).take(shape[0] * rows).collect();
        let probabilities: Vec<f64> = values(seed + 3, len).iter().map(|v| v.abs()).collect();
        let targets = match (objective, self.call) {
            (Some(Objective::Softmax), Call::WrongTargets) => Targets::Classes(&classes[..0]),
            (_, Call::WrongTargets) => Targets::Values(&probabilities[..0]),
            (Some(Objective::Softmax), _) => Targets::Classes(&classes),
            _ => Targets::Values(&probabilities),
        };
        let (d_output, mut d_state) = (values(seed + 4, len), network.state(rows)?);
        let d_flat = values(seed + 5, d_state.as_slice().len());
        d_state.as_mut_slice().copy_from_slice(&d_flat);
        let output = self.d_output.then(|| SeqRef::new(&d_output, shape[0], rows, shape[2]));
        let cotangents = Cotangents { output, state: self.d_state.then_some(&d_state) };
        let mut gradients = network.gradients()?;

        match self.call {
            Call::Backward | Call::WrongState | Call::WrongBatch => {
                seen.seq(network.forward(workspace, &batch, &mut state)?);
                record_now(workspace);
                network.backward(workspace, cotangents, &mut gradients)?;
                seen.after_backward(network, workspace, &gradients);
            }
            Call::Loss | Call::LossThenBackward | Call::WrongTargets => {
                let loss = network.loss_and_gradients(workspace, &batch, targets, &mut state, &mut gradients)?;
                seen.all(&[loss.total]);
                record_now(workspace);
                if self.call == Call::LossThenBackward {
                    network.backward(workspace, cotangents, &mut gradients)?;
                }
                if self.call == Call::LossThenBackward || !self.late {
                    seen.after_backward(network, workspace, &gradients);
                }
            }
            Call::Truncated => {
                let loss = network.truncated_bptt(workspace, &batch, targets, 2, &mut state, &mut gradients)?;
                seen.all(&[loss.total]);
                seen.all(&gradients);
            }
            Call::Evaluate => seen.all(&[network.evaluate(workspace, &batch, targets, &mut state)?.total]),
            Call::Infer => seen.seq(network.infer(workspace, &batch, &mut state)?),
            Call::Step if width > 0 => {
                let x: Vec<f64> = x[..rows * width].iter().map(|x| if x.is_nan() { 0.5 } else { *x }).collect();
                let y = network.step_features(workspace, &x, &mut state)?;
                (0..rows).for_each(|n| seen.all(y.row(n)));
            }
            Call::Step => {
                let y = network.step_symbols(workspace, &index[..rows], &mut state)?;
                (0..rows).for_each(|n| seen.all(y.row(n)));
            }
            Call::BackwardAfterInference => {
                network.infer(workspace, &batch, &mut state)?;
                network.backward(workspace, cotangents, &mut gradients)?;
            }
        }
        seen.all(state.as_slice());
        Ok(())
    }
}

/// The bits a call has shown.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Seen(Vec<u64>);

impl Seen {
    fn all(&mut self, numbers: &[f64]) {
        self.0.extend(numbers.iter().map(|x| x.to_bits()));
    }

    fn seq(&mut self, seq: SeqRef<'_, f64>) {
        for (t, n) in (0..seq.steps()).flat_map(|t| (0..seq.rows()).map(move |n| (t, n))) {
            self.all(seq.at(t).row(n));
        }
    }

    /// Gradients, cotangents and traces, or that they were not recorded.
    fn after_backward(&mut self, network: &Net, workspace: &Workspace<f64>, gradients: &Parameters<f64>) {
        self.all(gradients);
        self.all(workspace.d_state().unwrap().as_slice());
        match workspace.d_input() {
            Ok(d_x) => self.seq(d_x),
            Err(error) => self.0.push(error.to_string().len() as u64),
        }
        for layer in network.recurrent_layers() {
            match workspace.trace(layer.layer, layer.direction) {
                Ok(trace) => self.seq(trace),
                Err(error) => self.0.push(error.to_string().len() as u64),
            }
        }
    }
}

#[test]
fn any_calls_in_one_workspace_give_the_bits_of_new_ones() {
    let networks = networks();
    let mut counts: BTreeMap<Call, [usize; 2]> = BTreeMap::new();
    for history in 0..40 {
        let mut rng = Rng::seed(history);
        let mut shared = Workspace::new();
        let mut moves = Vec::new();
        for step in 0..60 {
            moves.push(Move::draw(&mut rng, networks.len(), 1000 * history + step));
            let made = moves.last().unwrap();
            let network = &networks[made.network];
            let (old, new) = (made.play(network, &mut shared), made.play(network, &mut Workspace::new()));
            assert!(
                old == new,
                "history {history}: after {} calls, the last of them {:?}, {made:?} gives other bits",
                moves.len() - 1,
                moves.iter().rev().nth(1)
            );
            counts.entry(made.call).or_default()[usize::from(new.is_err())] += 1;
        }
    }
    println!("calls and refusals: {counts:?}");
    for call in CALLS {
        let [done, refused] = counts[&call];
        let never =
            matches!(call, Call::WrongState | Call::WrongBatch | Call::WrongTargets | Call::BackwardAfterInference);
        assert!(if never { done == 0 && refused > 50 } else { done > 50 }, "{call:?}: {done} done, {refused} refused");
    }
}

/// What a pass left behind must not be seen even where it would fit: the same network, the same batch.
#[test]
fn a_cotangent_of_the_state_is_forgotten_after_its_pass() {
    for network in networks() {
        let with = |d_state| Move {
            network: 0,
            call: Call::Backward,
            rows: 3,
            steps: 4,
            lengths: Some(vec![4, 0, 2]),
            record_d_input: true,
            record_traces: true,
            late: false,
            d_output: true,
            d_state,
            seed: 5,
        };
        let new = with(false).play(&network, &mut Workspace::new()).unwrap();
        let mut workspace = Workspace::new();
        assert_ne!(with(true).play(&network, &mut workspace).unwrap(), new);
        assert!(with(false).play(&network, &mut workspace).unwrap() == new);
    }
}
