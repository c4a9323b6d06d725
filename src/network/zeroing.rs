//! What a workspace holds before a pass is never read: filled with NaN it gives the bits that a new one gives.

use super::CellSpec;
use super::config::{Config, DenseSpec, RecurrentSpec};
use super::{Batch, Cotangents, Network, Parameters, State, Workspace};
use crate::loss::Targets;
use rnn_backend_naive::Naive;
use rnn_kernels::{Activation, SeqRef};

impl Workspace<f64> {
    /// NaN in every number.
    fn spoil(&mut self) {
        let Self {
            x,
            masks,
            dropped,
            outputs,
            reserves,
            traces,
            d_output,
            d_between,
            d_x,
            scratch,
            beside,
            row_loss,
            masked,
            ..
        } = self;
        let single = [x, d_output, d_between, d_x, beside, row_loss, masked];
        let all = single
            .into_iter()
            .chain(outputs)
            .chain(reserves)
            .chain(traces)
            .chain(scratch)
            .chain(masks.buffers_mut())
            .chain(dropped.buffers_mut());
        all.for_each(|buffer| buffer.fill(f64::NAN));
        self.d_initial.as_mut_slice().fill(f64::NAN);
        self.d_final.as_mut_slice().fill(f64::NAN);
        self.anew.as_mut_slice().fill(f64::NAN);
        self.d_anew.as_mut_slice().fill(f64::NAN);
    }
}

type Found = (Parameters<f64>, State<f64>, Vec<f64>);

#[test]
fn a_pass_reads_no_number_that_it_did_not_write() {
    let timed = CellSpec::new("cfc").with("elapsed", "given").mask("elapsed", 0.5);
    let stack = Config::features(2)
        .dense(DenseSpec::new(3, Activation::Tanh))
        .recurrent(RecurrentSpec::lstm(3).bidirectional().learned_initial())
        .dropout(0.25)
        .dense(DenseSpec::new(2, Activation::Sigmoid))
        .recurrent(RecurrentSpec::new(timed, 3));
    let x: Vec<f64> = (0..24_u32).map(|k| f64::from(k % 7) / 4.0 - 0.75).collect();
    let classes = [0, 1, rnn_kernels::IGNORE, 1, 0, 0, 1, rnn_kernels::IGNORE, 0, 1, 1, 0];
    for (config, outputs) in [(stack.clone().softmax(2), 12), (stack.last_step().softmax(2), 3)] {
        let network = Network::<f64, Naive>::with_backend(&config, 1, Naive).unwrap();
        let batch = Batch::features(&x, [4, 3, 2]).unwrap().with_lengths(&[4, 0, 2]).unwrap().with_noise(1);
        let found = |workspace: &mut Workspace<f64>, spoil: bool| -> [Found; 2] {
            workspace.record_d_input(true);
            workspace.record_traces(true);
            let (mut state, mut gradients) = (network.state(3).unwrap(), network.gradients().unwrap());
            if spoil {
                workspace.spoil();
            }
            let targets = Targets::Classes(&classes[..outputs]);
            network.loss_and_gradients(workspace, &batch, targets, &mut state, &mut gradients).unwrap();
            let by = |workspace: &Workspace<f64>, gradients: Parameters<f64>| {
                let d_input = workspace.d_input().unwrap().storage()[..24].to_vec();
                (gradients, workspace.d_state().unwrap().clone(), d_input)
            };
            let first = by(workspace, gradients);
            // A second way back, from cotangents of the caller.
            let mut gradients = network.gradients().unwrap();
            let d: Vec<f64> = x[..2 * outputs].to_vec();
            if spoil {
                workspace.d_output.fill(f64::NAN);
                workspace.d_between.fill(f64::NAN);
                workspace.d_x.fill(f64::NAN);
                workspace.d_initial.as_mut_slice().fill(f64::NAN);
                workspace.d_final.as_mut_slice().fill(f64::NAN);
            }
            let cotangents = Cotangents { output: Some(SeqRef::new(&d, outputs / 3, 3, 2)), state: None };
            network.backward(workspace, cotangents, &mut gradients).unwrap();
            [first, by(workspace, gradients)]
        };
        let fresh = found(&mut Workspace::new(), false);
        let mut used = Workspace::new();
        found(&mut used, false);
        assert_eq!(found(&mut used, true), fresh);
    }
}
