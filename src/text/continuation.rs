//! `x_{t+1} ~ p(· | x_0 … x_t)`: a text that goes on, one symbol drawn after another.

use crate::error::{Error, Result};
use crate::network::{Network, State, Workspace};
use crate::rng::Rng;
use crate::sampling::{Sampler, Sampling};
use rnn_kernels::{Backend, Scalar};

/// What a network over symbols makes of a beginning: an iterator of symbols without end, each drawn from the outputs of the step before it
/// and read in the next. Allocates nothing after the first symbol.
///
/// After an error it has ended.
///
/// ```
/// # #[cfg(feature = "_backend")]
/// # fn main() -> recurrent::Result<()> {
/// use recurrent::network::{Config, RecurrentSpec};
/// use recurrent::{Network, rng::Rng, sampling::Sampling, text::Continuation};
///
/// let network = Network::<f32>::new(&Config::one_hot(3).recurrent(RecurrentSpec::lstm(8)).softmax(3), 1)?;
/// let continuation = Continuation::of(&network, &[0, 1, 2], Sampling::default(), Rng::seed(1))?;
/// let symbols: Vec<u32> = continuation.take(20).collect::<recurrent::Result<_>>()?;
/// assert!(symbols.iter().all(|&symbol| symbol < 3));
/// # Ok(())
/// # }
/// # #[cfg(not(feature = "_backend"))]
/// # fn main() {}
/// ```
#[derive(Debug)]
pub struct Continuation<'a, T, B: ?Sized> {
    network: &'a Network<T, B>,
    workspace: Workspace<T>,
    state: State<T>,
    sampler: Sampler,
    rng: Rng,
    /// What the next step reads; nothing after an error.
    last: Option<u32>,
}

impl<'a, T: Scalar, B: Backend<T> + ?Sized> Continuation<'a, T, B> {
    /// Reads `beginning` from a state of 0; what follows it is to be drawn.
    ///
    /// # Errors
    /// [`Error::Len`] if nothing is there to begin with, those of [`Sampler::new`] and [`Network::step_symbols`].
    pub fn of(network: &'a Network<T, B>, beginning: &[u32], sampling: Sampling, rng: Rng) -> Result<Self> {
        let Some((&last, read)) = beginning.split_last() else {
            return Err(Error::len("continuation, beginning", 1, 0));
        };
        let (sampler, mut workspace, mut state) = (Sampler::new(sampling)?, Workspace::new(), network.state(1)?);
        for symbol in read {
            network.step_symbols(&mut workspace, &[*symbol], &mut state)?;
        }
        Ok(Self { network, workspace, state, sampler, rng, last: Some(last) })
    }

    fn after(&mut self, symbol: u32) -> Result<u32> {
        let logits = self.network.step_symbols(&mut self.workspace, &[symbol], &mut self.state)?;
        self.sampler.draw(logits.row(0), &mut self.rng)
    }
}

impl<T: Scalar, B: Backend<T> + ?Sized> Iterator for Continuation<'_, T, B> {
    type Item = Result<u32>;

    fn next(&mut self) -> Option<Self::Item> {
        let drawn = self.after(self.last?);
        self.last = drawn.as_ref().ok().copied();
        Some(drawn)
    }
}
