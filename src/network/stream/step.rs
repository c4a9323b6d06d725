//! `y, states = network(x, states)` of one step, stage after stage, where no stage asks for more than its buffers.
//!
//! [`Network::run`] finds out at every call what a batch is: windows, lengths, masks, rows that start anew. Of a small layer that takes
//! as long as the step. These are the same kernels on the same numbers, so the same bits.

use crate::buffer::Aligned;
use crate::network::plan::{InputKind, Plan, Stage};
use crate::network::stage::dense::{self, Read};
use crate::network::{Network, State, Workspace};
use rnn_kernels::{Backend, EmbeddingForward, Infer, Input, MatMut, MatRef, Scalar, SeqMut, SeqRef, Steps};

/// Whether [`step`] knows every stage: embeddings, dense layers, and recurrent ones without masks.
pub(super) fn knows<T: Scalar>(plan: &Plan<T>) -> bool {
    plan.stages.iter().all(|stage| match stage {
        Stage::Embedding { .. } | Stage::Dense(_) => true,
        Stage::Recurrent(layer) => layer.masks.is_empty() && layer.ways.len() == 1,
        Stage::LastStep { .. } | Stage::FinalStates { .. } | Stage::Merge { .. } | Stage::Dropout { .. } => false,
    })
}

/// One step of all rows of `state`, of what `workspace` took in; every stage writes its output there. `packed` by slot.
///
/// # Panics
/// If the network has a stage that it does not [know](knows), or the workspace has no room for as many rows.
pub(super) fn step<T: Scalar, B: Backend<T> + ?Sized>(
    network: &Network<T, B>,
    packed: &[Aligned<T>],
    workspace: &mut Workspace<T>,
    state: &mut State<T>,
) {
    let Network { plan, parameters, backend, .. } = network;
    let (rows, backend) = (state.rows(), &**backend);
    let Workspace { index, x, outputs, scratch: [scratch, _], .. } = workspace;
    let of_symbols = matches!(plan.input, InputKind::Symbols { .. });
    state.begin(parameters);
    for (k, stage) in plan.stages.iter().enumerate() {
        let (before, rest) = outputs.split_at_mut(k);
        let (x, y, symbols) = (before.last().unwrap_or(x), &mut *rest[0], of_symbols && k == 0);
        match stage {
            Stage::Embedding { table, symbols, width } => backend.embedding_forward(EmbeddingForward {
                table: MatRef::new(&parameters[table.clone()], *symbols, *width),
                index,
                y: MatMut::new(y, rows, *width),
            }),
            Stage::Recurrent(layer) => {
                let (spec, way) = (&layer.spec, &layer.ways[0]);
                backend.infer(Infer {
                    spec,
                    direction: way.direction,
                    steps: Steps::all(),
                    params: &parameters[way.params.clone()],
                    packed: &packed[way.slot],
                    x: match symbols {
                        true => Input::OneHot { index, steps: 1, rows },
                        false => Input::Dense(SeqRef::new(x, 1, rows, spec.size().input)),
                    },
                    masks: &[],
                    states: state.slot_mut(way.slot),
                    y: Some(SeqMut::new(y, 1, rows, spec.y_width())),
                    workspace: scratch,
                });
            }
            Stage::Dense(layer) => {
                let x = match symbols {
                    true => Read::Symbols(index),
                    false => Read::Rows(MatRef::new(x, rows, layer.input)),
                };
                dense::forward(backend, layer, parameters, x, SeqMut::new(y, 1, rows, layer.units));
            }
            other => unreachable!("{other:?} is no stage of such a network"),
        }
    }
    state.leave_beginning(|_| true);
}
