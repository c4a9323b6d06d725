//! A network over a sequence: `x [T, N, C]` or symbols `x [T, N]`, initial states `h [D, N, H]` or none; gives `y [T′, N, O]`.

use crate::models::{Any, Model};
use crate::tensors::{Named, named, symbols};
use recurrent::graph::{Data, Tensor};
use recurrent::interop::keras::Masking;
use recurrent::network::{Network, State, Workspace};
use recurrent::{Batch, Direction, Error, Held, Result, SeqRef};
use std::sync::Arc;

pub struct Layers {
    network: Arc<Network<f32, Any>>,
    workspace: Workspace<f32>,
    /// The state that a sequence begins with, and that of a stream.
    initial: State<f32>,
    state: State<f32>,
    x: Tensor,
    symbols: Vec<u32>,
    /// Steps that do not count, and what is given there.
    skipped: Option<(Vec<bool>, Held)>,
}

impl Layers {
    pub fn new(network: Arc<Network<f32, Any>>, feeds: Named) -> Result<Self> {
        let x = named(&feeds, "x")?.clone();
        let [_, rows, ..] = *x.shape() else { return Err(Error::application("x without steps and rows")) };
        let mut initial = network.state(rows)?;
        if let Ok(h) = named(&feeds, "h") {
            let (h, ways) = (h.as_f32()?, h.shape()[0]);
            let len = h.len() / ways;
            for (d, direction) in [Direction::Forward, Direction::Reverse].into_iter().enumerate().take(ways) {
                let mut to = initial.get_mut(0, direction, "h")?;
                let from = &h[d * len..][..len];
                let width = len / rows;
                (0..rows).for_each(|n| to.row_mut(n).copy_from_slice(&from[n * width..][..width]));
            }
        }
        let symbols = if matches!(x.data(), Data::F32(_)) { Vec::new() } else { symbols(&x)? };
        let state = initial.clone();
        Ok(Self { network, workspace: Workspace::new(), initial, state, x, symbols, skipped: None })
    }

    /// The same, in which the steps that a model masks do not count.
    pub fn masked(mut self, masking: Option<Masking>, held: Held) -> Self {
        let Some(masking) = masking else { return self };
        let skipped = match self.x.as_f32() {
            Ok(x) => masking.skipped(x, self.x.shape()[2]),
            Err(_) => masking.skipped_symbols(&self.symbols),
        };
        self.skipped = Some((skipped, held));
        self
    }

    /// The sequence from the beginning.
    fn pass(&mut self) -> Result<SeqRef<'_, f32>> {
        let Self { network, workspace, initial, state, x, symbols, skipped } = self;
        state.clone_from(initial);
        let batch = match *x.shape() {
            [steps, rows, width] => Batch::features(x.as_f32()?, [steps, rows, width])?,
            [steps, rows] => Batch::symbols(symbols, [steps, rows])?,
            _ => return Err(Error::application("x of another rank")),
        };
        let batch = match skipped {
            Some((skipped, held)) => batch.skipping(skipped, *held)?,
            None => batch,
        };
        network.infer(workspace, &batch, state)
    }
}

impl Model for Layers {
    fn run(&mut self) -> Result<Named> {
        let (rows, width) = (self.state.rows(), self.network.output_width());
        let y = self.pass()?;
        let mut found = Vec::new();
        for t in 0..y.steps() {
            (0..rows).for_each(|n| found.extend_from_slice(y.at(t).row(n)));
        }
        Ok(vec![("y".into(), Tensor::f32(&[y.steps(), rows, width], found)?)])
    }

    fn sequence(&mut self) -> Result<()> {
        self.pass().map(drop)
    }

    fn step(&mut self) -> Result<bool> {
        // Masks are of whole sequences, and a layer in reverse begins at their end.
        let reverse = self.network.recurrent_layers().any(|layer| layer.direction == Direction::Reverse);
        if self.skipped.is_some() || reverse {
            return Ok(false);
        }
        let Self { network, workspace, state, x, symbols, .. } = self;
        match *x.shape() {
            [_, rows, width] => network.step_features(workspace, &x.as_f32()?[..rows * width], state)?,
            _ => network.step_symbols(workspace, &symbols[..state.rows()], state)?,
        };
        Ok(true)
    }
}
