//! `x → stage → stage → … → output` and back: the stages of a network over the batch that a workspace took in.
//!
//! Every pass there is, for training and for inference, comes through [`Network::run`], and every way back through
//! [`Network::run_back`]. They choose what each stage reads and where it writes, and check parameters and state; batches,
//! targets and who may call what are checked in `train` and `step`.

use super::dims::Dims;
use super::dropped;
use super::learned::moves;
use super::plan::{InputKind, Plan, Stage};
use super::reach::Upstream;
use super::stage::dense::{self, Read};
use super::stage::recurrent::{Back, Directions, Scratch};
use super::stage::{final_states, last_step, merge};
use super::state::State;
use super::workspace::Workspace;
use super::{Network, parameters::Parameters};
use crate::buffer::Aligned;
use crate::error::Result;
use crate::finite::{NonFinite, check_finite};
use rnn_kernels::{
    Backend, EmbeddingBackward, EmbeddingForward, Input, MatMut, MatRef, Scalar, SeqMut, SeqRef, Steps, Use,
};

/// What stage `k` reads: what the one before it wrote, or the batch.
fn input<'a, T: Scalar>(
    plan: &Plan<T>,
    k: usize,
    before: &'a [Aligned<T>],
    dims: Dims,
    (x, index, picked): (&'a [T], &'a [u32], &'a [u32]),
) -> Input<'a, T> {
    let Dims { steps, rows, .. } = dims;
    match (before, plan.input) {
        _ if plan.reads_symbols(k) => Input::OneHot { index: if k == 0 { index } else { picked }, steps, rows },
        ([.., last], _) => Input::Dense(SeqRef::new(last, steps, rows, plan.width(k - 1))),
        ([], InputKind::Features { width }) => Input::Dense(SeqRef::new(x, steps, rows, width)),
        ([], InputKind::Symbols { .. }) => unreachable!("the first stage reads symbols"),
    }
}

/// The rows of a contiguous input as one matrix `[T · N, C]`.
fn flat<'a, T: Scalar>(input: Input<'a, T>) -> MatRef<'a, T> {
    match input {
        Input::Dense(x) => x.flat().expect("activations are contiguous"),
        _ => unreachable!("what reads symbols was given them"),
    }
}

/// Of what a workspace took in, the features or symbols of the steps at hand.
fn at_hand<'a, T: Scalar>(plan: &Plan<T>, dims: Dims, x: &'a [T], index: &'a [u32]) -> (&'a [T], &'a [u32]) {
    match plan.input {
        InputKind::Features { width } => (&x[dims.range(width)], &[]),
        InputKind::Symbols { .. } => (&[], &index[dims.range(1)]),
    }
}

fn clear_padding<T: Scalar>(live: Steps<'_>, mut y: SeqMut<'_, T>) {
    for t in 0..y.steps() {
        for n in live.idle(t, y.rows()).filter(|&n| !live.shows(t, n)) {
            y.at_mut(t).row_mut(n).fill(T::ZERO);
        }
    }
}

impl<T: Scalar, B: Backend<T> + ?Sized> Network<T, B> {
    /// Every stage writes its output into the workspace; the state moves from initial to final. For training the
    /// reserves are written too.
    pub(super) fn run(
        &self,
        call: &'static str,
        workspace: &mut Workspace<T>,
        state: &mut State<T>,
        usage: Use,
    ) -> Result<()> {
        let (plan, backend) = (&*self.plan, &*self.backend);
        let packed = self.packed.get(call, usage, backend, plan, &self.parameters)?;
        if workspace.non_finite == NonFinite::Refuse {
            self.packed.check_finite(&self.parameters)?;
            check_finite("state", state.as_slice())?;
        }
        let learned = plan.state.is_learned();
        if learned {
            workspace.began.clear();
            if usage == Use::Train {
                workspace.began.extend_from_slice(state.beginning());
            }
            state.begin(&self.parameters);
            if workspace.dims.anew {
                workspace.anew.begin(&self.parameters);
            }
        }
        let Workspace {
            dims, timing, anew, index, picked, x, masks, dropped, outputs, reserves, scratch, beside, ..
        } = workspace;
        let Dims { steps: step_count, rows, .. } = *dims;
        let (live, (x, index)) = (timing.live(*dims), at_hand(plan, *dims, x, index));
        let mut dims_here = *dims;
        for (k, stage) in plan.stages.iter().enumerate() {
            let (before, rest) = outputs.split_at_mut(k);
            let x = input(plan, k, before, dims_here, (x, index, picked));
            let y = &mut rest[0];
            match stage {
                Stage::Embedding { table, symbols, width } => backend.embedding_forward(EmbeddingForward {
                    table: MatRef::new(&self.parameters[table.clone()], *symbols, *width),
                    index,
                    y: MatMut::new(y, step_count * rows, *width),
                }),
                Stage::Recurrent(layer) => {
                    let y = SeqMut::new(y, step_count, rows, layer.width());
                    let (parameters, masks) = (&self.parameters, masks.at_hand(*dims));
                    let (steps, anew) = (live, timing.starts(*dims).map(|starts| (starts, &*anew)));
                    let directions = Directions { backend, layer, parameters, packed, steps, anew, x, masks };
                    directions.forward(usage, y, state, reserves, Scratch { workspaces: scratch, beside });
                }
                Stage::LastStep { width } => {
                    match x {
                        Input::Dense(x) => {
                            let y = MatMut::new(y, rows, *width);
                            last_step::forward(plan.recurrent_below(k), live, x, state, y);
                        }
                        _ => last_step::of_symbols(live, index, [step_count, rows], picked),
                    }
                    dims_here = dims_here.read_out();
                }
                Stage::FinalStates { width } => {
                    let layer = plan.recurrent_below(k).expect("the plan shows states of a recurrent layer");
                    final_states::forward(layer, state, MatMut::new(y, rows, *width));
                    dims_here = dims_here.read_out();
                }
                Stage::Merge { width, merge } => {
                    let x = flat(x);
                    merge::forward(*merge, x, MatMut::new(y, x.rows(), *width));
                }
                Stage::Dropout { width, at, .. } => {
                    let x = flat(x);
                    dropped::apply(dropped.mask(*at, *width, dims_here), x, MatMut::new(y, x.rows(), *width));
                }
                Stage::Dense(layer) => {
                    let x = match x {
                        Input::OneHot { index, .. } => Read::Symbols(index),
                        x => Read::Rows(flat(x)),
                    };
                    let mut y = SeqMut::new(y, dims_here.steps, rows, layer.units);
                    dense::forward(backend, layer, &self.parameters, x, y.rb_mut());
                    clear_padding(timing.live(dims_here), y);
                }
            }
        }
        if learned {
            state.leave_beginning(|n| moves(timing, *dims, n));
        }
        Ok(())
    }

    /// From the cotangent of the output in `workspace.d_output` and that of the final state in `workspace.d_final` to
    /// the gradients, which accumulate, and to the cotangents of input and initial state.
    ///
    /// Of a cotangent that is the loss's, what cannot be other than 0 is left out.
    pub(super) fn run_back(
        &self,
        call: &'static str,
        workspace: &mut Workspace<T>,
        upstream: Upstream,
        gradients: &mut Parameters<T>,
    ) -> Result<()> {
        let (plan, backend) = (&*self.plan, &*self.backend);
        let packed = self.packed.get(call, Use::Train, backend, plan, &self.parameters)?;
        let (record_traces, record_d_x) = (workspace.needs_traces(), workspace.record_d_x);
        let Workspace {
            dims,
            timing,
            anew,
            d_anew,
            clip,
            index,
            picked,
            x,
            masks,
            dropped,
            outputs,
            reserves,
            traces,
            d_x: d_input,
            scratch,
            beside,
            ..
        } = workspace;
        let (mut d_y, mut d_x) = (&mut workspace.d_output, &mut workspace.d_between);
        let (d_initial, d_final) = (&mut workspace.d_initial, &mut workspace.d_final);
        let (masked, mut reach) = (&mut workspace.masked, workspace.counted.reach(upstream));
        let Dims { steps: step_count, rows, .. } = *dims;
        let (live, (x, index)) = (timing.live(*dims), at_hand(plan, *dims, x, index));
        let mut dims_here = plan.output_dims(*dims);
        for (k, stage) in plan.stages.iter().enumerate().rev() {
            if stage.reads_out() {
                dims_here = *dims;
            }
            let (before, rest) = outputs.split_at(k);
            let x = input(plan, k, before, dims_here, (x, index, picked));
            // Symbols have no cotangent, and that of the input goes where it is asked for.
            let d_x_here: Option<&mut [T]> = match k {
                _ if plan.reads_symbols(k) => None,
                0 => record_d_x.then_some(&mut **d_input),
                _ => Some(&mut **d_x),
            };
            match stage {
                Stage::Embedding { table, symbols, width } => backend.embedding_backward(EmbeddingBackward {
                    index,
                    d_y: MatRef::new(d_y, step_count * rows, *width),
                    d_table: MatMut::new(&mut gradients[table.clone()], *symbols, *width),
                }),
                Stage::Recurrent(layer) => {
                    let back = Back {
                        reserves,
                        d_y: SeqRef::new(d_y, step_count, rows, layer.width()),
                        d_final,
                        gradients,
                        d_x: d_x_here.map(|d_x| SeqMut::new(d_x, step_count, rows, layer.input())),
                        d_initial,
                        d_anew,
                        clip: *clip,
                        traces: record_traces.then_some(&mut traces[..]),
                        reach,
                    };
                    let (parameters, masks) = (&self.parameters, masks.at_hand(*dims));
                    let (steps, anew) = (live, timing.starts(*dims).map(|starts| (starts, &*anew)));
                    let directions = Directions { backend, layer, parameters, packed, steps, anew, x, masks };
                    directions.backward(back, Scratch { workspaces: scratch, beside });
                    reach = reach.below(layer);
                }
                Stage::LastStep { width } | Stage::FinalStates { width } => {
                    if let Some(d_x) = d_x_here {
                        let d_y = SeqRef::new(d_y, 1, rows, *width);
                        let (layer, d_x) = (plan.recurrent_below(k), SeqMut::new(d_x, step_count, rows, *width));
                        match (stage, layer) {
                            (Stage::FinalStates { .. }, Some(layer)) => {
                                final_states::backward(layer, d_y, d_x, d_final);
                            }
                            (_, layer) => last_step::backward(layer, live, d_y, d_x, d_final),
                        }
                    }
                    reach = reach.of_steps();
                }
                Stage::Merge { width, merge } => {
                    let (x, d_x) = (flat(x), MatMut::new(d_x, dims_here.steps * rows, 2 * width));
                    let d_y = MatRef::new(d_y, x.rows(), *width);
                    merge::backward(*merge, x, d_y, d_x, (reach, rows));
                }
                Stage::Dropout { width, at, .. } => {
                    if let Some(d_x) = d_x_here {
                        let m = dims_here.steps * rows;
                        let d_y = MatRef::new(d_y, m, *width);
                        dropped::apply(dropped.mask(*at, *width, dims_here), d_y, MatMut::new(d_x, m, *width));
                    }
                }
                Stage::Dense(layer) => {
                    let m = dims_here.steps * rows;
                    let x = match x {
                        Input::OneHot { index, .. } => Read::Symbols(index),
                        x => Read::Rows(reach.only(flat(x), rows, masked)),
                    };
                    let y = MatRef::new(&rest[0], m, layer.units);
                    let d_y = MatMut::new(d_y, m, layer.units);
                    let d_x = d_x_here.map(|d_x| MatMut::new(d_x, m, layer.input));
                    dense::backward(backend, layer, &self.parameters, x, y, d_y, gradients, d_x, (reach, rows));
                }
            }
            std::mem::swap(&mut d_y, &mut d_x);
        }
        Ok(())
    }
}
