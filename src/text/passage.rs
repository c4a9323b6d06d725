//! `−Σ ln p(x_i | … x_{i−2}, x_{i−1})` for the `i` of a passage: a stretch of a text whose symbols are to be predicted.

use crate::error::{Error, Result};
use crate::loss::Targets;
use crate::memory::room;
use crate::network::Batch;
use rnn_kernels::IGNORE;

/// The symbols `text[from..]`, each predicted from those before it, once.
///
/// They are read as `P` pieces of `S = ⌈(M − from) / P⌉` symbols side by side, in windows with the state carried on. Each piece begins `W`
/// symbols earlier, which warm up the state and do not count, so that the first symbols of a piece are not predicted from nothing. With
/// `P = 1` and `W = from` every symbol has the whole text before it; more pieces are faster.
///
/// ```
/// # #[cfg(feature = "_backend")]
/// # fn main() -> recurrent::Result<()> {
/// use recurrent::network::{Config, RecurrentSpec};
/// use recurrent::{Network, Workspace, text::Passage, train::evaluate_text};
///
/// let text: Vec<u32> = (0..1000).map(|t| t % 3).collect();
/// let network = Network::<f32>::new(&Config::one_hot(3).recurrent(RecurrentSpec::lstm(8)).softmax(3), 1)?;
/// let scores = evaluate_text(&network, &mut Workspace::new(), &Passage::new(&text, 900)?)?;
/// assert_eq!(scores.loss.count, 100);
/// # Ok(())
/// # }
/// # #[cfg(not(feature = "_backend"))]
/// # fn main() {}
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Passage<'a> {
    text: &'a [u32],
    from: usize,
    pieces: usize,
    warm_up: usize,
    window: usize,
}

/// The steps of one window, `[T, P]`.
#[derive(Debug, Default)]
pub(crate) struct PassageWindow {
    x: Vec<u32>,
    targets: Vec<u32>,
    shape: [usize; 2],
}

impl<'a> Passage<'a> {
    /// The end of a text, from symbol `from` on, in 16 pieces with 128 symbols before each, 64 steps at a time.
    ///
    /// # Errors
    /// [`Error::Range`] if there is no symbol from there on.
    pub fn new(text: &'a [u32], from: usize) -> Result<Self> {
        if from >= text.len() {
            return Err(Error::range("passage, first symbol", format!("below {}", text.len()), from));
        }
        Self { text, from, pieces: 1, warm_up: 128, window: 64 }.pieces(16)
    }

    /// The same in so many pieces, or one for each symbol if they are fewer.
    ///
    /// # Errors
    /// [`Error::Range`] if it is none.
    pub fn pieces(self, pieces: usize) -> Result<Self> {
        if pieces == 0 {
            return Err(Error::range("passage, pieces", "at least 1", 0));
        }
        Ok(Self { pieces: pieces.min(self.text.len() - self.from), ..self })
    }

    /// The same with so many symbols before each piece.
    #[must_use]
    pub fn warm_up(self, symbols: usize) -> Self {
        Self { warm_up: symbols.min(self.text.len()), ..self }
    }

    /// `P`, the rows that are read side by side.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.pieces
    }

    /// How many symbols are predicted.
    #[must_use]
    pub fn symbols(&self) -> usize {
        self.text.len() - self.from
    }

    /// The window whose first step is `from`, if there is such a step.
    pub(crate) fn load(&self, window: &mut PassageWindow, from: usize) -> Result<bool> {
        let (text, piece) = (self.text, self.symbols().div_ceil(self.pieces));
        let steps = self.window.min((piece + self.warm_up).saturating_sub(from));
        window.shape = [steps, self.pieces];
        room("passage, symbols", &mut window.x, steps * self.pieces)?;
        room("passage, targets", &mut window.targets, steps * self.pieces)?;
        window.x.clear();
        window.targets.clear();
        for t in from..from + steps {
            for n in 0..self.pieces {
                let begin = self.from + n * piece;
                let end = (begin + piece).min(text.len());
                // What is predicted at step t of piece n; nothing before the text begins or after the piece ends.
                let at = (begin + t).checked_sub(self.warm_up).filter(|&at| at > 0 && at < end);
                window.x.push(at.map_or(0, |at| text[at - 1]));
                window.targets.push(at.filter(|_| t >= self.warm_up).map_or(IGNORE, |at| text[at]));
            }
        }
        Ok(steps > 0)
    }
}

impl PassageWindow {
    pub(crate) fn batch<T>(&self) -> Result<Batch<'_, T>> {
        Batch::symbols(&self.x, self.shape)
    }

    pub(crate) fn targets<T>(&self) -> Targets<'_, T> {
        Targets::Classes(&self.targets)
    }
}

#[cfg(test)]
mod tests {
    use super::{Passage, PassageWindow};
    use rnn_kernels::IGNORE;

    /// Of every row what is read and what is predicted, over all windows.
    fn rows(passage: Passage<'_>) -> Vec<Vec<(u32, u32)>> {
        let (mut rows, mut window, mut from) = (vec![vec![]; passage.rows()], PassageWindow::default(), 0);
        while passage.load(&mut window, from).unwrap() {
            for (k, pair) in window.x.iter().zip(&window.targets).enumerate() {
                rows[k % passage.rows()].push((*pair.0, *pair.1));
            }
            from += window.shape[0];
        }
        rows
    }

    #[test]
    fn two_pieces_and_their_warm_up_are_pinned() {
        let text: Vec<u32> = (10..17).collect();
        let passage = Passage::new(&text, 2).unwrap().pieces(2).unwrap().warm_up(3);
        // Nothing lies before the text, and the second piece is a symbol shorter.
        let (before, after) = ((0, IGNORE), (0, IGNORE));
        let [first, second] = [
            vec![before, before, (10, IGNORE), (11, 12), (12, 13), (13, 14)],
            vec![(11, IGNORE), (12, IGNORE), (13, IGNORE), (14, 15), (15, 16), after],
        ];
        assert_eq!(rows(passage), [first, second]);
    }

    #[test]
    fn every_symbol_is_predicted_once_from_the_one_before_it() {
        for (symbols, from, pieces, warm_up) in [(500, 100, 16, 128), (40, 1, 3, 0), (40, 0, 3, 5), (9, 8, 4, 70)] {
            let text: Vec<u32> = (0..symbols).collect();
            let passage = Passage::new(&text, from).unwrap().pieces(pieces).unwrap().warm_up(warm_up);
            let rows = rows(passage);
            let counted = rows.iter().flatten().filter(|(_, target)| *target != IGNORE);
            let pairs: Vec<(u32, u32)> = counted.copied().collect();
            // The first symbol of all has none before it.
            let first = u32::try_from(from.max(1)).unwrap();
            assert_eq!(pairs, (first..symbols).map(|i| (i - 1, i)).collect::<Vec<_>>());
        }
    }

    #[test]
    fn there_are_no_more_pieces_than_symbols() {
        let passage = Passage::new(&[1, 2, 3, 4], 2).unwrap();
        assert_eq!((passage.symbols(), passage.rows()), (2, 2));
        assert_eq!(passage.pieces(1).unwrap().rows(), 1);
    }

    #[test]
    fn a_passage_of_nothing_is_an_error() {
        let message = Passage::new(&[1, 2, 3], 3).unwrap_err().to_string();
        assert_eq!(message, "passage, first symbol: expected below 3, found 3");
        assert!(Passage::new(&[1], 0).unwrap().pieces(0).is_err());
    }
}
