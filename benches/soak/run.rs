//! A run that can be cut after any step.

use recurrent::Result;
use recurrent::checkpoint::{Checkpoint, Digest, Limits};
use recurrent::network::{Config, RecurrentSpec};
use recurrent::rng::Rng;
use std::fs;

/// Symbols of the data.
pub const SYMBOLS: u32 = 4;
/// Of every draw.
pub const SEED: u64 = 12;

/// What is repeated.
pub trait Run: Sized + Send {
    /// Its name in the table.
    const NAME: &'static str;
    /// Before its first step.
    fn start() -> Result<Self>;
    /// So many steps more.
    fn advance(&mut self, steps: u64) -> Result<()>;
    /// Everything it is.
    fn save(&self) -> Checkpoint<f32, u64>;
    /// The run that was saved.
    fn resume(saved: Checkpoint<f32, u64>) -> Result<Self>;

    /// Of all the bits of what it is.
    fn digest(&self) -> Digest {
        let Checkpoint { parameters, state, rng, application, .. } = self.save();
        let numbers = parameters.iter().chain(&state).flat_map(|value| value.to_bits().to_le_bytes());
        let next = rng.clone().next_u64().to_le_bytes();
        Digest::of(&numbers.chain(next).chain(application.to_le_bytes()).collect::<Vec<_>>())
    }

    /// Written and read.
    fn through_a_file(self) -> Result<Self> {
        let path = std::env::temp_dir().join(format!("recurrent-soak-{}.ckpt", std::process::id()));
        self.save().write(&path)?;
        let read = Checkpoint::read(&path, Limits::default());
        let _ = fs::remove_file(&path);
        Self::resume(read?)
    }
}

/// An LSTM that a step of takes well below a microsecond.
pub fn config() -> Config {
    let symbols = SYMBOLS as usize;
    Config::one_hot(symbols).recurrent(RecurrentSpec::lstm(2)).softmax(symbols)
}

/// The symbol after `before`: the next one, or now and then any, so that there is always something to learn.
pub fn next(rng: &mut Rng, before: u32) -> u32 {
    let bits = u32::try_from(rng.next_u64() >> 32).expect("32 bits");
    if bits.is_multiple_of(8) { bits / 8 % SYMBOLS } else { (before + 1) % SYMBOLS }
}
