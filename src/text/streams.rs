//! `x[t, n] = text[n·S + cursor + t]`, `target[t, n] = text[n·S + cursor + t + 1]`: a long text as rows side by side.

use crate::error::{Error, Result};
use crate::loss::Targets;
use crate::memory::{reserve, room};
use crate::network::Batch;
use crate::rng::Rng;
use serde::{Deserialize, Serialize};

/// A text of `M` symbols read as `N` rows, each its own stretch of `S = ⌊(M − 1) / N⌋` symbols, window by window: for truncated BPTT with the
/// state carried from one window to the next.
///
/// After the last whole window of the stretches reading starts over at their beginnings, shifted by `⌊uniform · T⌋` symbols, so that windows
/// do not fall on the same borders again; the state must then be 0. Each pass over the text draws one number from the generator.
///
/// `X` is where the symbols are, such as `&[u32]`, `Vec<u32>` or `Arc<[u32]>`.
///
/// ```
/// # #[cfg(feature = "_backend")]
/// # fn main() -> recurrent::Result<()> {
/// use recurrent::network::{Config, RecurrentSpec};
/// use recurrent::{Network, Workspace, rng::Rng, text::Streams};
///
/// let text: Vec<u32> = (0..200).map(|t| t % 3).collect();
/// let config = Config::one_hot(3).recurrent(RecurrentSpec::lstm(8)).softmax(3);
/// let mut network = Network::<f32>::new(&config, 1)?;
/// let (mut workspace, mut gradients, mut state) = (Workspace::new(), network.gradients()?, network.state(4)?);
/// let mut rng = Rng::seed(1);
/// let mut streams = Streams::new(&text, [10, 4], &mut rng)?;
/// for _step in 0..20 {
///     let window = streams.next_window(&mut rng)?;
///     if window.starts_over() {
///         state.fill_zero();
///     }
///     gradients.fill_zero();
///     let (batch, targets) = (window.batch()?, window.targets());
///     network.loss_and_gradients(&mut workspace, &batch, targets, &mut state, &mut gradients)?;
///     network.update(|parameters| parameters.iter_mut().zip(&*gradients).for_each(|(p, g)| *p -= g));
/// }
/// # Ok(())
/// # }
/// # #[cfg(not(feature = "_backend"))]
/// # fn main() {}
/// ```
#[derive(Clone, Debug)]
pub struct Streams<X> {
    text: X,
    /// `T` and `N`.
    shape: [usize; 2],
    /// `S`.
    stretch: usize,
    position: Position,
    /// `[T, N]`.
    x: Vec<u32>,
    /// `[T, N]`.
    targets: Vec<u32>,
}

/// Where all rows go on reading: with the generator and the state, all that a run needs to go on after its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Position {
    /// The symbols of each stretch before the next window.
    pub cursor: u64,
    /// Whether the next window is the first since reading started over, so that the state must be 0.
    pub starts_over: bool,
}

/// `T` steps of `N` rows with the symbols that come next.
#[derive(Clone, Copy, Debug)]
pub struct StreamWindow<'a> {
    x: &'a [u32],
    targets: &'a [u32],
    shape: [usize; 2],
    position: Position,
}

impl<X: AsRef<[u32]>> Streams<X> {
    /// A text in windows of `T` steps and `N` rows, from its beginning; draws the first shift.
    ///
    /// # Errors
    /// [`Error::Range`] if `T` or `N` is 0, [`Error::Format`] if the text is too short for one window, [`Error::Memory`].
    pub fn new(text: X, [steps, rows]: [usize; 2], rng: &mut Rng) -> Result<Self> {
        let mut streams = Self::resume(text, [steps, rows], Position { cursor: 0, starts_over: true })?;
        streams.start_over(rng);
        Ok(streams)
    }

    /// The same from a [position](Self::position); draws nothing.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub fn resume(text: X, [steps, rows]: [usize; 2], position: Position) -> Result<Self> {
        for (what, size) in [("steps", steps), ("rows", rows)] {
            if size == 0 {
                return Err(Error::range(format!("streams, {what}"), "at least 1", 0));
            }
        }
        let symbols = text.as_ref().len();
        let stretch = symbols.saturating_sub(1) / rows;
        if stretch < steps {
            let expected = format!("at least {rows} rows of {steps} symbols, and one more");
            return Err(Error::format("text", expected, format!("{symbols} symbols")));
        }
        let (mut x, mut targets) = (Vec::new(), Vec::new());
        // Not larger than the text.
        reserve("streams, symbols", &mut x, steps * rows)?;
        reserve("streams, targets", &mut targets, steps * rows)?;
        Ok(Self { text, shape: [steps, rows], stretch, position, x, targets })
    }

    /// Where the next window is read, unless it would end behind the stretches.
    #[must_use]
    pub fn position(&self) -> Position {
        self.position
    }

    /// Goes on reading there: with the [position of a window](StreamWindow::position), that window comes once more.
    pub fn seek(&mut self, position: Position) {
        self.position = position;
    }

    /// `S`, the symbols of each row's stretch.
    #[must_use]
    pub fn stretch(&self) -> usize {
        self.stretch
    }

    /// The next window; the one after it follows on its end. Draws a shift if reading starts over, allocates nothing.
    ///
    /// # Errors
    /// [`Error::Len`] if the text is no longer the one that was given.
    pub fn next_window(&mut self, rng: &mut Rng) -> Result<StreamWindow<'_>> {
        let [steps, rows] = self.shape;
        let cursor = |position: Position| usize::try_from(position.cursor).unwrap_or(usize::MAX);
        if cursor(self.position).saturating_add(steps) > self.stretch {
            self.start_over(rng);
            self.position.cursor = self.position.cursor.min((self.stretch - steps) as u64);
        }
        let (position, from) = (self.position, cursor(self.position));
        let (text, needed) = (self.text.as_ref(), rows * self.stretch + 1);
        if text.len() < needed {
            return Err(Error::len("text", needed, text.len()));
        }
        room("streams, symbols", &mut self.x, steps * rows)?;
        room("streams, targets", &mut self.targets, steps * rows)?;
        self.x.clear();
        self.targets.clear();
        for at in from..from + steps {
            for n in 0..rows {
                self.x.push(text[n * self.stretch + at]);
                self.targets.push(text[n * self.stretch + at + 1]);
            }
        }
        self.position = Position { cursor: (from + steps) as u64, starts_over: false };
        Ok(StreamWindow { x: &self.x, targets: &self.targets, shape: self.shape, position })
    }

    fn start_over(&mut self, rng: &mut Rng) {
        self.position = Position { cursor: rng.below(self.shape[0]) as u64, starts_over: true };
    }
}

impl<'a> StreamWindow<'a> {
    /// Whether the state must be 0 before this window, in all rows.
    #[must_use]
    pub fn starts_over(&self) -> bool {
        self.position.starts_over
    }

    /// Where the window begins.
    #[must_use]
    pub fn position(&self) -> Position {
        self.position
    }

    /// `x [T, N]`, for a network over symbols.
    ///
    /// # Errors
    /// None that a window can cause.
    pub fn batch<T>(&self) -> Result<Batch<'a, T>> {
        Batch::symbols(self.x, self.shape)
    }

    /// The symbols that come next, `[T, N]`, for a softmax.
    #[must_use]
    pub fn targets<T>(&self) -> Targets<'a, T> {
        Targets::Classes(self.targets)
    }

    /// `x [T, N]` and the symbols that come next.
    #[must_use]
    pub fn symbols(&self) -> (&'a [u32], &'a [u32]) {
        (self.x, self.targets)
    }
}

#[cfg(test)]
mod tests {
    use super::{Position, Streams};
    use crate::rng::Rng;
    use std::cell::Cell;

    /// The same windows by the plainest code: the cursor, whether the state becomes 0, and the symbols.
    struct Plain {
        cursor: usize,
        fresh: bool,
    }

    impl Plain {
        fn next(&mut self, text: &[u32], [steps, rows]: [usize; 2], rng: &mut Rng) -> (bool, Vec<u32>, Vec<u32>) {
            let stretch = (text.len() - 1) / rows;
            if self.cursor + steps > stretch {
                self.cursor = rng.below(steps).min(stretch - steps);
                self.fresh = true;
            }
            let places = (0..steps * rows).map(|k| k % rows * stretch + self.cursor + k / rows);
            let (x, targets) = places.map(|place| (text[place], text[place + 1])).unzip();
            self.cursor += steps;
            (std::mem::take(&mut self.fresh), x, targets)
        }
    }

    #[test]
    fn windows_follow_each_other_and_start_over_with_a_random_shift() {
        for (symbols, shape) in [(200, [10, 4]), (41, [10, 4]), (45, [10, 4]), (2, [1, 1]), (101, [7, 3])] {
            let text: Vec<u32> = (0..symbols).collect();
            let (mut rng, mut other) = (Rng::seed(7), Rng::seed(7));
            let mut streams = Streams::new(&text, shape, &mut rng).unwrap();
            let mut plain = Plain { cursor: other.below(shape[0]), fresh: true };
            for step in 0..40 {
                let window = streams.next_window(&mut rng).unwrap();
                let (x, targets) = window.symbols();
                let expected = plain.next(&text, shape, &mut other);
                assert_eq!(
                    (window.starts_over(), x.to_vec(), targets.to_vec()),
                    expected,
                    "{symbols} {shape:?} {step}"
                );
            }
            assert_eq!(rng, other);
        }
    }

    #[test]
    fn windows_in_small_numbers_are_pinned() {
        let text: Vec<u32> = (0..13).collect();
        let mut rng = Rng::seed(1);
        // S = 6; of seed 1 the first shift of two is 1.
        let mut streams = Streams::new(&text[..], [2, 2], &mut rng).unwrap();
        assert_eq!(streams.stretch(), 6);
        let mut next = || {
            let window = streams.next_window(&mut rng).unwrap();
            (window.starts_over(), window.symbols().0.to_vec(), window.symbols().1.to_vec())
        };
        assert_eq!(next(), (true, vec![1, 7, 2, 8], vec![2, 8, 3, 9]));
        assert_eq!(next(), (false, vec![3, 9, 4, 10], vec![4, 10, 5, 11]));
        assert!(next().0);
    }

    #[test]
    fn a_run_goes_on_from_its_position_and_a_window_can_come_again() {
        let text: Vec<u32> = (0..100).collect();
        let mut rng = Rng::seed(3);
        let mut streams = Streams::new(&text[..], [5, 2], &mut rng).unwrap();
        for _ in 0..30 {
            let json = serde_json::to_string(&streams.position()).unwrap();
            let position: Position = serde_json::from_str(&json).unwrap();
            let (mut again, mut later) = (rng.clone(), Streams::resume(&text[..], [5, 2], position).unwrap());
            let window = streams.next_window(&mut rng).unwrap();
            let resumed = later.next_window(&mut again).unwrap();
            assert_eq!((resumed.symbols(), resumed.position()), (window.symbols(), window.position()));
            let (x, place) = (window.symbols().0.to_vec(), window.position());
            streams.seek(place);
            let drawn = rng.clone();
            let repeated = streams.next_window(&mut rng).unwrap();
            assert_eq!((repeated.symbols().0, repeated.starts_over()), (&x[..], place.starts_over));
            assert_eq!(rng, drawn);
        }
    }

    #[test]
    fn a_text_that_has_become_shorter_is_an_error() {
        /// A text of which so many symbols are left.
        struct Shrinking<'a>(&'a [u32], &'a Cell<usize>);
        impl AsRef<[u32]> for Shrinking<'_> {
            fn as_ref(&self) -> &[u32] {
                &self.0[..self.1.get()]
            }
        }
        let (text, left) = ((0..13).collect::<Vec<u32>>(), Cell::new(13));
        let mut rng = Rng::seed(1);
        let mut streams = Streams::new(Shrinking(&text, &left), [2, 2], &mut rng).unwrap();
        streams.next_window(&mut rng).unwrap();
        left.set(12);
        let error = streams.next_window(&mut rng).unwrap_err().to_string();
        assert_eq!(error, "text: expected 13 elements, found 12");
        left.set(13);
        streams.next_window(&mut rng).unwrap();
    }

    #[test]
    fn a_position_behind_the_text_starts_over_and_a_short_text_is_an_error() {
        let text = [0, 1, 2, 3, 4];
        let place = Position { cursor: u64::MAX, starts_over: false };
        let mut streams = Streams::resume(&text[..], [2, 2], place).unwrap();
        assert!(streams.next_window(&mut Rng::seed(1)).unwrap().starts_over());
        let message = |shape| Streams::new(&text[..], shape, &mut Rng::seed(1)).unwrap_err().to_string();
        assert_eq!(message([3, 2]), "text: expected at least 2 rows of 3 symbols, and one more, found 5 symbols");
        assert_eq!(message([0, 2]), "streams, steps: expected at least 1, found 0");
        assert_eq!(message([2, 0]), "streams, rows: expected at least 1, found 0");
        assert!(Streams::new(&[0_u32; 0][..], [1, 1], &mut Rng::seed(1)).is_err());
    }
}
