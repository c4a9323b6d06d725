//! `Y, Y_h, Y_c = layer(x, lengths, h₀, c₀)`: a recurrent layer as a node. A network of one layer computes it.

use super::ops::Inputs;
use super::room::Room;
use super::tensor::{Kind, Tensor};
use crate::backend::DefaultBackend;
use crate::error::{Error, Result};
use crate::finite::NonFinite;
use crate::memory::room as room_for;
use crate::network::{Batch, Directions, InputSpec, LayerSpec, Merge, Network, Readout, State, Workspace};
use rnn_kernels::{Backend, Direction, MatMut, MatRef};
use std::sync::Arc;

/// The order of the axes of what a recurrent layer reads and writes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Layout {
    /// `x [T, N, C]`, `Y [T, D, N, H]`, states `[D, N, H]`: ONNX' layout 0.
    #[default]
    TimeMajor,
    /// `x [N, T, C]`, `Y [N, T, D, H]`, states `[N, D, H]`: ONNX' layout 1.
    BatchMajor,
}

/// What a recurrent layer gives as the last states of a row without steps.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum EmptyRows {
    /// Its initial states, as nothing has changed them.
    #[default]
    InitialState,
    /// 0, as ONNX Runtime does.
    Zero,
}

/// A recurrent layer of `D` directions, each of `H` units.
///
/// Beyond a row's length `Y` is 0. `Y_h` and `Y_c` are the states after the last step that a direction computes: the row's last step, or its
/// first in reverse. A row without steps gives its initial states, or what [`with_empty_rows`](Self::with_empty_rows) says.
#[derive(Debug)]
pub struct Recurrent<B: ?Sized = DefaultBackend> {
    /// One network for all directions, or one for each.
    networks: Vec<Arc<Network<f32, B>>>,
    layout: Layout,
    name: &'static str,
    hidden: usize,
    has_c: bool,
    empty_rows: EmptyRows,
    /// The directions, `D` of them.
    ways: Vec<Direction>,
}

impl<B: Backend<f32> + ?Sized> Recurrent<B> {
    /// The layer that a network computes: one recurrent layer that reads real vectors, without a head.
    ///
    /// # Errors
    /// [`Error::Kind`] if the network is another, or its cell has other states than `h` and `c` of `H` units.
    pub fn new(network: impl Into<Arc<Network<f32, B>>>, layout: Layout) -> Result<Self> {
        Self::of(vec![network.into()], layout)
    }

    /// A layer of two directions with a network for each, since their cells differ.
    ///
    /// # Errors
    /// Those of [`new`](Self::new), and [`Error::Kind`] if the first is not forward, the second is not in reverse, or their sizes differ.
    pub fn each_way(networks: [Arc<Network<f32, B>>; 2], layout: Layout) -> Result<Self> {
        let layer = Self::of(networks.into(), layout)?;
        if layer.ways != [Direction::Forward, Direction::Reverse] {
            let found = format!("{:?}", layer.ways);
            return Err(Error::kind("two networks of a layer", "one forward, one in reverse", found));
        }
        Ok(layer)
    }

    fn of(networks: Vec<Arc<Network<f32, B>>>, layout: Layout) -> Result<Self> {
        let (mut ways, mut sizes) = (Vec::new(), Vec::new());
        for network in &networks {
            let config = network.config();
            let wrong = |found: &str| {
                Err(Error::kind(
                    "network of a recurrent layer",
                    "one recurrent layer of real vectors without a head",
                    found,
                ))
            };
            let InputSpec::Features { width } = config.input else { return wrong("one of symbols") };
            let [LayerSpec::Recurrent(spec)] = &config.layers[..] else { return wrong("other layers") };
            if spec.layers != 1 || spec.merge != Merge::Concat || spec.learned_initial {
                return wrong("a stack, merged directions or learned states");
            }
            if config.head.is_some() || config.readout != Readout::EveryStep {
                return wrong("a head or a readout");
            }
            let states: Vec<_> = network.state_names(0)?.collect();
            let has_c = match &states[..] {
                ["h"] => false,
                ["h", "c"] => true,
                _ => return wrong("states other than h and c"),
            };
            let wide = match spec.directions {
                Directions::Both => 2 * spec.hidden,
                _ => spec.hidden,
            };
            if network.output_width() != wide {
                return wrong("a projection");
            }
            sizes.push((width, spec.hidden, has_c));
            match spec.directions {
                Directions::Forward => ways.push(Direction::Forward),
                Directions::Reverse => ways.push(Direction::Reverse),
                Directions::Both => ways.extend([Direction::Forward, Direction::Reverse]),
            }
        }
        if sizes.iter().any(|size| *size != sizes[0]) {
            return Err(Error::kind("two networks of a layer", "equal sizes and states", "different ones"));
        }
        let (_, hidden, has_c) = sizes[0];
        let cell = networks[0].recurrent_layers().next().map_or(String::new(), |layer| layer.cell);
        let name = match &cell[..] {
            "lstm" => "LSTM",
            "gru" => "GRU",
            "elman" => "RNN",
            _ => "Recurrent",
        };
        Ok(Self { networks, layout, name, hidden, has_c, empty_rows: EmptyRows::default(), ways })
    }

    /// The same layer with this choice for the last states of rows without steps.
    #[must_use]
    pub fn with_empty_rows(self, empty_rows: EmptyRows) -> Self {
        Self { empty_rows, ..self }
    }

    /// The networks: one, or one for each direction.
    #[must_use]
    pub fn networks(&self) -> &[Arc<Network<f32, B>>] {
        &self.networks
    }

    pub(super) fn run(
        &self,
        read: &Inputs<'_>,
        written: &mut [Tensor],
        passes: &mut Passes,
        non_finite: NonFinite,
        room: &mut Room,
    ) -> Result<()> {
        let (x, lengths, ways, h) = (read.at(0)?, read.get(1), self.ways.len(), self.hidden);
        let &[first, second, _] = x.shape() else {
            return Err(Error::range("x", "three axes", format!("shape {:?}", x.shape())));
        };
        let time_major = self.layout == Layout::TimeMajor;
        let (steps, rows) = if time_major { (first, second) } else { (second, first) };
        let state_shape = if time_major { [ways, rows, h] } else { [rows, ways, h] };
        let initial = [("initial h", read.get(2)), ("initial c", read.get(3))];
        for (what, given) in initial.iter().filter_map(|&(what, given)| Some((what, given?))) {
            if given.shape() != state_shape {
                return Err(Error::shape(what, &state_shape, given.shape()));
            }
        }
        if !self.has_c && read.get(3).is_some() {
            return Err(Error::kind("initial c", "none", "one"));
        }
        passes.take_lengths(lengths, steps, rows)?;
        let y_shape = if time_major { [steps, ways, rows, h] } else { [rows, steps, ways, h] };
        written[0].reset(Kind::F32, &y_shape, room)?;
        written[1..].iter_mut().try_for_each(|y| y.reset(Kind::F32, &state_shape, room))?;
        let Passes { lengths: taken, each } = passes;
        if each.len() < self.networks.len() {
            each.resize_with(self.networks.len(), || (Workspace::new(), None));
        }
        // Each network has its directions, one after another.
        let (mut way, here) = (0, ways / self.networks.len());
        for (network, (workspace, state)) in self.networks.iter().zip(each) {
            let state = match state {
                Some(state) if state.rows() == rows => state,
                other => other.insert(network.state(rows)?),
            };
            workspace.on_non_finite(non_finite);
            for d in way..way + here {
                let (mut to_h, mut to_c) = state.layer_mut(0, self.ways[d])?;
                fill(&mut to_h, initial[0].1, (d, ways, time_major))?;
                if self.has_c {
                    fill(&mut to_c, initial[1].1, (d, ways, time_major))?;
                }
            }
            let data = x.as_f32()?;
            let batch = if time_major {
                Batch::features(data, [steps, rows, x.shape()[2]])?
            } else {
                Batch::batch_first(data, [rows, steps, x.shape()[2]])?
            };
            let batch = if lengths.is_some() { batch.with_lengths(taken)? } else { batch };
            let y = network.infer(workspace, &batch, state)?;
            let (from, to) = (y.storage(), written[0].as_f32_mut()?);
            if time_major && ways == 1 {
                to.copy_from_slice(&from[..to.len()]);
            } else if h > 0 {
                for (k, from) in from.chunks_exact(h).take(steps * rows * here).enumerate() {
                    let (t, n, d) = (k / here / rows, k / here % rows, way + k % here);
                    let at = if time_major { (t * ways + d) * rows + n } else { (n * steps + t) * ways + d };
                    to[at * h..][..h].copy_from_slice(from);
                }
            }
            for d in way..way + here {
                let direction = self.ways[d];
                for (written, last) in written[1..].iter_mut().zip([state.h(0, direction)?, state.c(0, direction)?]) {
                    let to = written.as_f32_mut()?;
                    for n in 0..rows {
                        let at = if time_major { d * rows + n } else { n * ways + d };
                        let is_empty = steps == 0 || lengths.is_some() && taken[n] == 0;
                        if is_empty && self.empty_rows == EmptyRows::Zero {
                            to[at * h..][..h].fill(0.0);
                        } else {
                            to[at * h..][..h].copy_from_slice(last.row(n));
                        }
                    }
                }
            }
            way += here;
        }
        Ok(())
    }
}

impl<B: ?Sized> Recurrent<B> {
    /// The name of the operator.
    pub(super) fn name(&self) -> &'static str {
        self.name
    }

    pub(super) fn outputs(&self) -> usize {
        if self.has_c { 3 } else { 2 }
    }

    /// The order of axes.
    #[must_use]
    pub fn layout(&self) -> Layout {
        self.layout
    }

    /// `H`.
    #[must_use]
    pub fn hidden(&self) -> usize {
        self.hidden
    }

    /// `D`.
    #[must_use]
    pub fn directions(&self) -> usize {
        self.ways.len()
    }
}

/// Writes direction `d` of an initial state, or 0 if none is given.
fn fill(to: &mut MatMut<'_, f32>, from: Option<&Tensor>, (d, ways, time_major): (usize, usize, bool)) -> Result<()> {
    let Some(from) = from else {
        to.fill(0.0);
        return Ok(());
    };
    let ([rows, h], from) = (to.shape(), from.as_f32()?);
    if time_major {
        to.copy_from(MatRef::new(&from[d * rows * h..][..rows * h], rows, h));
    } else {
        (0..rows).for_each(|n| to.row_mut(n).copy_from_slice(&from[(n * ways + d) * h..][..h]));
    }
    Ok(())
}

/// What the networks of a layer keep from run to run.
#[derive(Debug, Default)]
pub(super) struct Passes {
    lengths: Vec<usize>,
    each: Vec<(Workspace<f32>, Option<State<f32>>)>,
}

impl Passes {
    /// The given lengths, each of which must be within `0..=steps`.
    fn take_lengths(&mut self, given: Option<&Tensor>, steps: usize, rows: usize) -> Result<()> {
        self.lengths.clear();
        let Some(given) = given else { return Ok(()) };
        if given.shape() != [rows] {
            return Err(Error::shape("lengths of sequences", &[rows], given.shape()));
        }
        room_for("lengths of sequences", &mut self.lengths, rows)?;
        for (n, length) in given.whole("lengths of sequences")?.enumerate() {
            let fits = usize::try_from(length).ok().filter(|&length| length <= steps);
            let wrong = || Error::range(format!("length of sequence {n}"), format!("within 0..={steps}"), length);
            self.lengths.push(fits.ok_or_else(wrong)?);
        }
        Ok(())
    }
}
