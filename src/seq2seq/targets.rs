//! Ragged targets as a decoder reads and writes them, `[T, N]`.

use super::EncoderDecoderConfig;
use crate::error::{Error, Result, checked_product};
use crate::memory::reserve;
use rnn_kernels::IGNORE;

/// Targets as they are used: `[T, N]`, `T` the longest with its end.
#[derive(Debug, Default)]
pub(super) struct Targets {
    pub steps: usize,
    /// With the end.
    pub lengths: Vec<usize>,
    /// What the decoder reads; the end symbol beyond a row's length.
    pub inputs: Vec<u32>,
    /// What it should write; [`IGNORE`] beyond a row's length.
    pub outputs: Vec<u32>,
}

impl Targets {
    pub fn load<R: AsRef<[u32]>>(&mut self, config: &EncoderDecoderConfig, rows: &[R]) -> Result<()> {
        let (symbols, end) = (config.target.symbols, config.target.end);
        for (n, row) in rows.iter().enumerate() {
            if let Some(t) = row.as_ref().iter().position(|&y| y as usize >= symbols || y == end) {
                let expected = format!("below {symbols} and not the end, {end}");
                return Err(Error::range(format!("targets[{n}][{t}]"), expected, row.as_ref()[t]));
            }
        }
        self.lengths.clear();
        reserve("targets", &mut self.lengths, rows.len())?;
        self.lengths.extend(rows.iter().map(|row| row.as_ref().len() + 1));
        self.steps = self.lengths.iter().copied().max().unwrap_or(0);
        let len = checked_product("targets [T, N]", &[self.steps, rows.len()])?;
        self.inputs.clear();
        self.outputs.clear();
        reserve("targets [T, N]", &mut self.inputs, len)?;
        reserve("targets [T, N]", &mut self.outputs, len)?;
        for (t, row) in (0..self.steps).flat_map(|t| rows.iter().map(move |row| (t, row.as_ref()))) {
            let before = if t == 0 { config.target.begin } else { row.get(t - 1).copied().unwrap_or(end) };
            self.inputs.push(before);
            self.outputs.push(if t == row.len() { end } else { row.get(t).copied().unwrap_or(IGNORE) });
        }
        Ok(())
    }
}
