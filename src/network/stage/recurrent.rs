//! One recurrent layer over a batch, in one direction or in both: at once where the backend has threads to spare.

use crate::buffer::Aligned;
use crate::network::masks::MasksAtHand;
use crate::network::parameters::Parameters;
use crate::network::plan::{Recurrent, Way};
use crate::network::reach::Reach;
use crate::network::state::State;
use rnn_kernels::sequence::resets::{self, Resets};
use rnn_kernels::{Accum, Backend, Backward, Effort, Forward, Infer, Input, Scalar, SeqMut, SeqRef, Steps, Use};

/// A recurrent layer and what it reads.
#[derive(Debug)]
pub(in crate::network) struct Directions<'a, T, B: ?Sized> {
    pub backend: &'a B,
    pub layer: &'a Recurrent<T>,
    pub parameters: &'a Parameters<T>,
    /// By slot.
    pub packed: &'a [Aligned<T>],
    pub steps: Steps<'a>,
    /// `[T, N]`: before which steps rows start anew, and from where.
    pub anew: Option<(&'a [bool], &'a State<T>)>,
    /// `[T, N, C]`.
    pub x: Input<'a, T>,
    pub masks: MasksAtHand<'a, T>,
}

/// What a pass writes besides its result, whichever way it goes.
#[derive(Debug)]
pub(in crate::network) struct Scratch<'a, T> {
    /// The workspace of each direction.
    pub workspaces: &'a mut [Aligned<T>; 2],
    /// What the reverse direction writes while the forward one writes its own: `y` `[T, N, P]` or `d_x` `[T, N, C]`.
    pub beside: &'a mut Aligned<T>,
}

/// What comes back and where it goes.
#[derive(Debug)]
pub(in crate::network) struct Back<'a, T> {
    /// By slot.
    pub reserves: &'a [Aligned<T>],
    /// `[T, N, D·P]` in.
    pub d_y: SeqRef<'a, T>,
    pub d_final: &'a State<T>,
    /// Accumulated.
    pub gradients: &'a mut Parameters<T>,
    /// `[T, N, C]` out.
    pub d_x: Option<SeqMut<'a, T>>,
    pub d_initial: &'a mut State<T>,
    /// Accumulated.
    pub d_anew: &'a mut State<T>,
    /// What cotangents of states are clipped to between steps.
    pub clip: Option<T>,
    /// By slot, out, if they are recorded.
    pub traces: Option<&'a mut [Aligned<T>]>,
    /// What `d_y` can reach.
    pub reach: Reach<'a>,
}

/// What both directions read on the way back.
#[derive(Clone, Copy, Debug)]
struct Given<'a, T> {
    reserves: &'a [Aligned<T>],
    d_y: SeqRef<'a, T>,
    d_final: &'a State<T>,
    clip: Option<T>,
    reach: Reach<'a>,
}

impl<T: Scalar, B: Backend<T> + ?Sized> Directions<'_, T, B> {
    /// Overwrites `y` `[T, N, D·P]`; the state moves from initial to final. For training the reserves are written too.
    pub fn forward(
        &self,
        usage: Use,
        mut y: SeqMut<'_, T>,
        state: &mut State<T>,
        reserves: &mut [Aligned<T>],
        scratch: Scratch<'_, T>,
    ) {
        let p = self.layer.spec.y_width();
        let [first_space, second_space] = scratch.workspaces;
        match &self.layer.ways[..] {
            [way] => {
                self.forward_one(way, usage, y, state.slot_mut(way.slot), &mut reserves[way.slot], first_space);
            }
            [first, second] => {
                let [first_state, second_state] = state.slots_mut([first.slot, second.slot]);
                let [first_reserve, second_reserve] = of_both(reserves, first, second);
                let mut beside = SeqMut::new(scratch.beside, y.steps(), y.rows(), p);
                let (columns, others) = (y.rb_mut().cols_range(0, p), beside.rb_mut());
                self.at_once(
                    || self.forward_one(first, usage, columns, first_state, first_reserve, first_space),
                    || self.forward_one(second, usage, others, second_state, second_reserve, second_space),
                );
                let mut y = y.cols_range(p, 2 * p);
                (0..y.steps()).for_each(|t| y.at_mut(t).copy_from(beside.rb().at(t)));
            }
            _ => unreachable!("the plan gives a layer one direction or both"),
        }
    }

    fn forward_one(
        &self,
        way: &Way,
        usage: Use,
        y: SeqMut<'_, T>,
        states: &mut [T],
        reserve: &mut [T],
        workspace: &mut [T],
    ) {
        let (spec, direction, steps, x) = (&self.layer.spec, way.direction, self.steps, self.x);
        let (params, packed) = (&self.parameters[way.params.clone()], &self.packed[way.slot][..]);
        let (shape, y) = ([x.steps(), x.rows()], Some(y));
        let given_masks;
        let masks = match self.layer.masks.len() {
            // A step of a few units would take a tenth longer.
            0 => &[][..],
            masks => {
                given_masks = self.masks.of(self.layer, way);
                &given_masks[..masks]
            }
        };
        match (usage, self.resets(way)) {
            (Use::Infer, resets) => {
                let run = Infer { spec, direction, steps, params, packed, x, masks, states, y, workspace };
                match resets {
                    None => self.backend.infer(run),
                    Some(resets) => resets::infer(self.backend, run, resets),
                }
            }
            (Use::Train, Some(resets)) => {
                let (workspace, initial) = workspace.split_at_mut(workspace.len() - states.len());
                initial.copy_from_slice(states);
                let (initial, last) = (Some(&*initial), Some(states));
                let run =
                    Forward { spec, direction, steps, params, packed, x, masks, initial, y, last, reserve, workspace };
                resets::forward(self.backend, run, resets);
            }
            (Use::Train, None) => {
                let reserve = &mut reserve[..spec.reserve_len(shape[0], shape[1])];
                self.backend.forward(Forward {
                    spec,
                    direction,
                    steps,
                    params,
                    packed,
                    x,
                    masks,
                    initial: Some(states),
                    y,
                    last: None,
                    reserve,
                    workspace,
                });
                let last = direction.final_slot(shape[0]);
                for k in 0..spec.plan().states.len() {
                    let from = &reserve[spec.reserve_state(k, last, shape[0], shape[1])];
                    states[spec.state(k, shape[1])].copy_from_slice(from);
                }
            }
        }
    }

    /// Accumulates into the gradients; overwrites `d_x`, the cotangent of the initial state and the traces.
    pub fn backward(&self, back: Back<'_, T>, scratch: Scratch<'_, T>) {
        let p = self.layer.spec.y_width();
        let Back { reserves, d_y, d_final, gradients, d_x, d_initial, d_anew, clip, traces, reach } = back;
        let [first_space, second_space] = scratch.workspaces;
        let given = Given { reserves, d_y, d_final, clip, reach };
        let trace_of = |trace| SeqMut::new(trace, d_y.steps() + 1, d_y.rows(), p);
        match &self.layer.ways[..] {
            [way] => {
                let d_params = &mut gradients[way.params.clone()];
                let trace = traces.map(|traces| trace_of(&mut traces[way.slot]));
                let d_states = [d_initial.slot_mut(way.slot), d_anew.slot_mut(way.slot)];
                self.backward_one(way, 0, given, d_params, d_x, d_states, trace, first_space);
            }
            [first, second] => {
                let [first_params, second_params] = gradients
                    .get_disjoint_mut([first.params.clone(), second.params.clone()])
                    .expect("each direction has parameters of its own");
                let [first_initial, second_initial] = d_initial.slots_mut([first.slot, second.slot]);
                let [first_anew, second_anew] = d_anew.slots_mut([first.slot, second.slot]);
                let (first_states, second_states) = ([first_initial, first_anew], [second_initial, second_anew]);
                let [first_trace, second_trace] = match traces {
                    Some(traces) => of_both(traces, first, second).map(|trace| Some(trace_of(trace))),
                    None => [None, None],
                };
                let mut d_x = d_x;
                let mut beside =
                    d_x.as_ref().map(|d_x| SeqMut::new(scratch.beside, d_x.steps(), d_x.rows(), d_x.cols()));
                let (here, there) = (d_x.as_mut().map(SeqMut::rb_mut), beside.as_mut().map(SeqMut::rb_mut));
                self.at_once(
                    || self.backward_one(first, 0, given, first_params, here, first_states, first_trace, first_space),
                    || {
                        self.backward_one(
                            second,
                            p,
                            given,
                            second_params,
                            there,
                            second_states,
                            second_trace,
                            second_space,
                        );
                    },
                );
                if let (Some(d_x), Some(beside)) = (d_x, beside) {
                    add(d_x, beside.rb());
                }
            }
            _ => unreachable!("the plan gives a layer one direction or both"),
        }
    }

    /// One direction, whose output is the columns of `y` from `column` on.
    #[expect(clippy::too_many_arguments, reason = "what a direction reads, and each thing that it writes")]
    fn backward_one(
        &self,
        way: &Way,
        column: usize,
        given: Given<'_, T>,
        d_params: &mut [T],
        d_x: Option<SeqMut<'_, T>>,
        [d_initial, d_anew]: [&mut [T]; 2],
        d_trace: Option<SeqMut<'_, T>>,
        workspace: &mut [T],
    ) {
        let (spec, x) = (&self.layer.spec, self.x);
        let masks = &self.masks.of(self.layer, way)[..self.layer.masks.len()];
        let (resets, reserve) = (self.resets(way), &given.reserves[way.slot][..]);
        let run = Backward {
            spec,
            direction: way.direction,
            steps: given.reach.steps(way.direction, self.steps),
            params: &self.parameters[way.params.clone()],
            packed: &self.packed[way.slot],
            x,
            masks,
            reserve: if resets.is_some() { reserve } else { &reserve[..spec.reserve_len(x.steps(), x.rows())] },
            d_y: Some(given.d_y.cols_range(column, column + spec.y_width())),
            d_last: Some(given.d_final.slot(way.slot)),
            d_params: Some(d_params),
            d_x,
            d_x_accum: Accum::Replace,
            clip: given.clip,
            d_initial: Some(d_initial),
            d_trace,
            workspace,
        };
        match resets {
            None => self.backend.backward(run),
            Some(resets) => resets::backward(self.backend, run, resets, Some(d_anew)),
        }
    }

    /// Where the rows of a direction start anew.
    fn resets(&self, way: &Way) -> Option<Resets<'_, T>> {
        self.anew.map(|(starts, state)| Resets { starts, state: Some(state.slot(way.slot)) })
    }

    /// Both directions of the layer, as the backend sees fit.
    fn at_once(&self, first: impl FnOnce() + Send, second: impl FnOnce() + Send) {
        // Every parameter is multiplied about once for each row and step.
        let (steps, rows, parameters) = (self.x.steps(), self.x.rows(), self.layer.ways[0].params.len());
        let effort = Effort { rows, multiply_adds: steps.saturating_mul(rows).saturating_mul(parameters) };
        let (mut first, mut second) = (Some(first), Some(second));
        let mut first = || first.take().into_iter().for_each(|piece| piece());
        let mut second = || second.take().into_iter().for_each(|piece| piece());
        self.backend.join(effort, &mut first, &mut second);
    }
}

/// The buffers of both directions of a layer.
fn of_both<'a, T>(by_slot: &'a mut [Aligned<T>], first: &Way, second: &Way) -> [&'a mut [T]; 2] {
    let both = by_slot.get_disjoint_mut([first.slot, second.slot]).expect("each direction has a slot of its own");
    both.map(|buffer| &mut buffer[..])
}

/// `to += from`.
fn add<T: Scalar>(mut to: SeqMut<'_, T>, from: SeqRef<'_, T>) {
    for t in 0..to.steps() {
        let mut to = to.at_mut(t);
        for n in 0..to.rows() {
            to.row_mut(n).iter_mut().zip(from.at(t).row(n)).for_each(|(to, &from)| *to += from);
        }
    }
}
