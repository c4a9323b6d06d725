//! `y_t, state_t = network(x_t, state_{t−1})`, one step after another: a network with its state and buffers, sizes checked once.

mod step;

use super::plan::InputKind;
use super::{Batch, Network, State, Workspace};
use crate::backend::DefaultBackend;
use crate::error::{Error, Result, check_len, checked_product};
use crate::finite::{NonFinite, check_finite};
use crate::memory::{reserve, zeros};
use rnn_kernels::{Backend, Scalar, Use};
use std::sync::Arc;

/// `y_t, state_t = network(x_t, state_{t−1})`: a network in one direction with the state of `N` streams and all buffers of a step.
///
/// [`push`](Self::push) makes a step of all streams: the bits of [`Network::step`] and of [`Network::infer`], without what those examine
/// anew at every call. It allocates nothing once the calling thread has made one step, and may run on any thread; with a backend on one
/// thread it enters the system for nothing. Streams [join](Self::join) and [leave](Self::leave) between steps, which allocates; the
/// others do not notice, bit for bit, if the backend computes a row alike whatever the others are, as `Faer` does.
///
/// Numbers are not examined: what is not finite stays in the state of its stream until that [starts anew](Self::reset).
/// [`check`](Self::check) looks for it.
///
/// ```
/// # #[cfg(feature = "_backend")]
/// # fn main() -> recurrent::Result<()> {
/// use recurrent::network::{Config, Network, RecurrentSpec};
/// use recurrent::Stream;
///
/// let config = Config::features(1).recurrent(RecurrentSpec::lstm(20)).linear(1);
/// let mut stream = Stream::<f32>::new(Network::new(&config, 1)?)?;
/// for sample in [0.0, 0.5, -0.5] {
///     let y = stream.push(&[sample])?;
///     assert!(y[0].is_finite());
/// }
/// # Ok(())
/// # }
/// # #[cfg(not(feature = "_backend"))]
/// # fn main() {}
/// ```
#[derive(Debug)]
pub struct Stream<T: Scalar, B: ?Sized = DefaultBackend> {
    network: Arc<Network<T, B>>,
    workspace: Workspace<T>,
    state: State<T>,
    /// Elements of a step, of all streams: what is read, what comes out.
    lens: [usize; 2],
    /// Whether the stages are those that a bare step knows.
    bare: bool,
}

impl<T: Scalar, B: Backend<T> + ?Sized> Stream<T, B> {
    /// One stream at its beginning, of a network by itself or of one that several share, `Arc<Network<…>>`.
    ///
    /// # Errors
    /// [`Error::Kind`] if the network has a reverse direction, [`Error::Order`] if its weights are packed for training only,
    /// [`Error::Overflow`] or [`Error::Memory`] if a step does not fit.
    pub fn new(network: impl Into<Arc<Network<T, B>>>) -> Result<Self> {
        Self::many(network, 1)
    }

    /// `N` streams at their beginning, which may be none.
    ///
    /// # Errors
    /// Those of [`new`](Self::new).
    pub fn many(network: impl Into<Arc<Network<T, B>>>, streams: usize) -> Result<Self> {
        let network = network.into();
        network.plan.check_causal("Stream")?;
        let mut workspace = Workspace::new();
        workspace.on_non_finite(NonFinite::Allow);
        let state = network.state(streams)?;
        let bare = step::knows(&network.plan);
        let mut stream = Self { network, workspace, state, lens: [0; 2], bare };
        stream.take_sizes(streams)?;
        let Network { plan, parameters, packed, backend, .. } = &*stream.network;
        packed.get("Stream", Use::Infer, &**backend, plan, parameters)?;
        Ok(stream)
    }

    /// One step of all streams, real vectors `[N, C]`: the output `[N, O]`, row by row.
    ///
    /// # Errors
    /// [`Error::Len`] if there are not `N · C` numbers, [`Error::Kind`] if the network reads symbols. The state stays as it is.
    pub fn push(&mut self, x: &[T]) -> Result<&[T]> {
        if !matches!(self.network.plan.input, InputKind::Features { .. }) {
            return Err(Error::kind("push", "symbols", "real vectors"));
        }
        check_len("features [N, C]", self.lens[0], x.len())?;
        self.workspace.x[..x.len()].copy_from_slice(x);
        self.step()
    }

    /// One step of all streams, a symbol `[N]` each: the output `[N, O]`, row by row.
    ///
    /// # Errors
    /// [`Error::Len`] if there are not `N` symbols, [`Error::Range`] if one is none of the network's, [`Error::Kind`] if the network reads
    /// real vectors. The state stays as it is.
    pub fn push_symbols(&mut self, symbols: &[u32]) -> Result<&[T]> {
        let InputKind::Symbols { count } = self.network.plan.input else {
            return Err(Error::kind("push_symbols", "real vectors", "symbols"));
        };
        check_len("symbols [N]", self.lens[0], symbols.len())?;
        if let Some(n) = symbols.iter().position(|&symbol| symbol as usize >= count) {
            return Err(Error::range(format!("symbols[{n}]"), format!("below {count}"), symbols[n]));
        }
        self.workspace.index.copy_from_slice(symbols);
        self.step()
    }

    fn step(&mut self) -> Result<&[T]> {
        let Self { network, workspace, state, bare, .. } = self;
        if *bare && state.rows() > 0 {
            let Network { plan, parameters, packed, backend, .. } = &**network;
            let packed = packed.get("Stream", Use::Infer, &**backend, plan, parameters)?;
            step::step(network, packed, workspace, state);
        } else if state.rows() > 0 {
            network.run("Stream", workspace, state, Use::Infer)?;
        }
        Ok(&self.workspace.outputs.last().map_or(&[][..], |y| &y[..])[..self.lens[1]])
    }

    /// One more stream at its beginning, behind the others.
    ///
    /// # Errors
    /// [`Error::Overflow`] or [`Error::Memory`] if a step does not fit. Nothing changes then.
    pub fn join(&mut self) -> Result<()> {
        let first = self.network.state(1)?;
        self.join_from(&first)
    }

    /// One more stream behind the others, that goes on from a state of one row, such as one that [left](Self::leave).
    ///
    /// # Errors
    /// [`Error::Kind`] if it is the state of another network, [`Error::Range`] if it has not one row, [`Error::Overflow`] or
    /// [`Error::Memory`] if a step does not fit. Nothing changes then.
    pub fn join_from(&mut self, state: &State<T>) -> Result<()> {
        state.check("state to join from", self.state.layout(), 1)?;
        let streams = self.state.rows();
        let Some(more) = streams.checked_add(1) else {
            return Err(Error::Overflow { what: "streams + 1".into(), factors: vec![streams] });
        };
        let mut joined = State::zeros(self.state.layout().clone(), more)?;
        joined.put(&all_but(streams, streams)?, &self.state)?;
        joined.put(&[streams], state)?;
        self.take_state(joined)
    }

    /// Stream `n` leaves, with its state; those behind it move up by one.
    ///
    /// # Errors
    /// [`Error::Range`] if there is no such stream, [`Error::Memory`] if there is no room to rearrange the rest. Nothing changes then.
    pub fn leave(&mut self, n: usize) -> Result<State<T>> {
        let gone = self.state.pick(&[n])?;
        let rest = self.state.pick(&all_but(n, self.state.rows())?)?;
        self.take_state(rest)?;
        Ok(gone)
    }

    /// Stream `n` starts anew.
    ///
    /// # Errors
    /// [`Error::Range`] if there is no such stream.
    pub fn reset(&mut self, n: usize) -> Result<()> {
        self.state.reset_row(n)
    }

    /// How many streams there are, `N`.
    #[must_use]
    pub fn streams(&self) -> usize {
        self.state.rows()
    }

    /// Where every stream is.
    #[must_use]
    pub fn state(&self) -> &State<T> {
        &self.state
    }

    /// All streams go on from here.
    ///
    /// # Errors
    /// [`Error::Kind`] if it is the state of another network, [`Error::Range`] if it has not as many rows as there are streams. Nothing
    /// changes then.
    pub fn set_state(&mut self, state: &State<T>) -> Result<()> {
        state.check("state of the streams", self.state.layout(), self.state.rows())?;
        self.state.copy_from(state);
        Ok(())
    }

    /// `Ok` if every number of the state is finite.
    ///
    /// # Errors
    /// [`Error::NotFinite`] with the first that is not.
    pub fn check(&self) -> Result<()> {
        check_finite("state", self.state.as_slice())
    }

    /// The network.
    #[must_use]
    pub fn network(&self) -> &Arc<Network<T, B>> {
        &self.network
    }

    fn take_state(&mut self, state: State<T>) -> Result<()> {
        self.take_sizes(state.rows()).inspect_err(|_| {
            // Sizes that there were before: the buffers have room for them.
            let taken = self.take_sizes(self.state.rows());
            debug_assert!(taken.is_ok());
        })?;
        self.state = state;
        Ok(())
    }

    /// Buffers for a step of so many streams.
    fn take_sizes(&mut self, streams: usize) -> Result<()> {
        let (network, workspace) = (&*self.network, &mut self.workspace);
        let plan = &network.plan;
        let read = match plan.input {
            InputKind::Features { width } => {
                let len = checked_product("features [N, C]", &[streams, width])?;
                let x = zeros("features", len)?;
                workspace.load(plan, &Batch::features(&x, [1, streams, width])?, NonFinite::Allow)?;
                len
            }
            InputKind::Symbols { .. } => {
                let mut symbols = Vec::new();
                reserve("symbols", &mut symbols, streams)?;
                symbols.resize(streams, 0);
                workspace.load(plan, &Batch::symbols(&symbols, [1, streams])?, NonFinite::Allow)?;
                streams
            }
        };
        workspace.grow(&*network.backend, plan, false)?;
        self.lens = [read, streams * plan.output];
        Ok(())
    }
}

/// `0..rows` without `n`.
fn all_but(n: usize, rows: usize) -> Result<Vec<usize>> {
    let mut others = Vec::new();
    reserve("streams", &mut others, rows)?;
    others.extend((0..rows).filter(|&other| other != n));
    Ok(others)
}
