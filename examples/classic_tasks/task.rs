//! What is learnt: rows drawn from a definition, and a measure of answers to them.

use super::measure::Tally;
use super::rows::{Examples, Row};
use recurrent::network::Config;
use recurrent::rng::Rng;
use recurrent::{Result, SeqRef};

/// A task with a definition, a measure, and figures to compare with.
pub trait Task {
    /// Its name on the command line.
    fn name(&self) -> &'static str;
    /// Whose definition this is.
    fn variant(&self) -> &'static str;
    /// `T` of the definition.
    fn steps(&self) -> usize;
    /// What a network reads.
    fn input(&self) -> Config;
    /// The network with the outputs that the task asks for.
    fn output(&self, config: Config) -> Config;
    /// One sequence.
    fn row(&self, rng: &mut Rng) -> Row;
    /// What is measured; less is better.
    fn metric(&self) -> &'static str;
    /// The measure of these answers.
    ///
    /// # Errors
    /// If memory for it cannot be had.
    fn measure(&self, examples: &Examples, outputs: &SeqRef<'_, f32>) -> Result<Tally>;
    /// The measure of who has no memory, or always says the mean.
    fn trivial(&self, test: &[Examples]) -> f64;
    /// At or below it training ends.
    fn solved(&self) -> f64;
    /// What others found, and where they say so.
    fn published(&self) -> &'static str;

    /// A batch.
    fn examples(&self, rows: usize, rng: &mut Rng) -> Examples {
        Examples::of((0..rows).map(|_| self.row(rng)).collect())
    }
}
