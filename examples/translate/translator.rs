//! `p(digits | words)` or the other way: a bidirectional GRU reads, a GRU that attends to it writes.

use super::numbers::{END, Side};
use recurrent::decoding::{Beam, beam, greedy};
use recurrent::network::{Config, RecurrentSpec};
use recurrent::optim::{Adam, Optimiser, Rule, clip_norm};
use recurrent::seq2seq::{AttentionSpec, EncoderDecoderConfig, Feeding, Initial, Score, TargetSpec, Workspace};
use recurrent::{Batch, EncoderDecoder, Parameters, Result};

/// The width of the vector of a symbol.
const WIDTH: usize = 32;
/// Symbols of a text at most, its end counted: 999 999 has nine words.
const LONGEST: usize = 10;
/// Numbers that are translated at once.
const AT_ONCE: usize = 100;

/// `α`: how much each symbol that is read counts for each that is written.
#[derive(Clone, Debug, PartialEq)]
pub struct Attention {
    pub read: Vec<String>,
    /// With the end.
    pub written: Vec<String>,
    /// A row for each that is written.
    pub weights: Vec<Vec<f32>>,
}

/// A model of one direction, and what its training goes on from.
#[derive(Debug)]
pub struct Translator {
    from: Side,
    to: Side,
    model: EncoderDecoder<f32>,
    optimiser: Optimiser<f32>,
    gradients: Parameters<f32>,
    workspace: Workspace<f32>,
}

impl Translator {
    pub fn new(from: Side, to: Side, hidden: usize, seed: u64) -> Result<Self> {
        let encoder = Config::embedding(from.symbols(), WIDTH).recurrent(RecurrentSpec::gru(hidden).bidirectional());
        let target = TargetSpec::new(to.symbols(), WIDTH, END);
        let config = EncoderDecoderConfig::new(encoder, target, RecurrentSpec::gru(hidden))
            .initial(Initial::Bridge)
            .attention(AttentionSpec::after(Score::Additive { units: hidden }));
        let model = EncoderDecoder::new(&config, seed)?;
        let (optimiser, gradients) = (model.optimiser(Rule::Adam(Adam::default()))?, model.gradients()?);
        Ok(Self { from, to, model, optimiser, gradients, workspace: Workspace::new() })
    }

    pub fn parameters(&self) -> usize {
        self.model.parameters().len()
    }

    /// One update with the true symbol before each (teacher forcing); the loss in nats a symbol.
    pub fn learn(&mut self, numbers: &[u32], rate: f64) -> Result<f64> {
        let Self { from, to, model, optimiser, gradients, workspace } = self;
        let (read, lengths) = side_by_side(*from, numbers);
        let source = Batch::symbols(&read, [read.len() / numbers.len(), numbers.len()])?.with_lengths(&lengths)?;
        let targets: Vec<Vec<u32>> = numbers.iter().map(|&n| to.write(n)).collect();
        gradients.fill_zero();
        let loss = model.loss_and_gradients(workspace, source, &targets, Feeding::Teacher, gradients)?;
        clip_norm(gradients, 1.0)?;
        model.apply(optimiser, gradients, rate)?;
        Ok(loss.mean())
    }

    /// The likeliest text that a beam finds for each number; with a width of 1 the likeliest symbol at every step.
    pub fn translate(&self, numbers: &[u32], width: usize) -> Result<Vec<Vec<u32>>> {
        let mut texts = Vec::with_capacity(numbers.len());
        for numbers in numbers.chunks(AT_ONCE) {
            let (read, lengths) = side_by_side(self.from, numbers);
            let source = Batch::symbols(&read, [read.len() / numbers.len(), numbers.len()])?.with_lengths(&lengths)?;
            let mut decoding = self.model.decoding(source)?;
            if width == 1 {
                texts.extend(greedy(&mut decoding, LONGEST)?.into_iter().map(|text| text.symbols));
                continue;
            }
            let found = beam(&mut decoding, LONGEST, Beam { width, length_penalty: 0.0 })?;
            texts.extend(
                found.into_iter().map(|texts| texts.into_iter().next().map_or(Vec::new(), |best| best.symbols)),
            );
        }
        Ok(texts)
    }

    /// The share of numbers that are translated without a mistake.
    #[allow(clippy::cast_precision_loss)] // a number of numbers
    pub fn exact(&self, numbers: &[u32], width: usize) -> Result<f64> {
        let found = self.translate(numbers, width)?;
        let right = numbers.iter().zip(found).filter(|(n, text)| self.to.write(**n) == *text).count();
        Ok(right as f64 / numbers.len() as f64)
    }
}

impl Translator {
    /// What the model looks at while it writes the right text of a number.
    pub fn attention(&mut self, n: u32) -> Result<Attention> {
        let Self { from, to, model, workspace, .. } = self;
        let (read, lengths) = side_by_side(*from, &[n]);
        let source = Batch::symbols(&read, [read.len(), 1])?.with_lengths(&lengths)?;
        let target = to.write(n);
        model.evaluate(workspace, source, std::slice::from_ref(&target), Feeding::Teacher)?;
        let weights = (0..=target.len()).map(|t| workspace.attention(t, 0).map(<[f32]>::to_vec));
        let written = target.iter().map(|&symbol| to.text(&[symbol])).chain(["end".into()]);
        Ok(Attention {
            read: read.iter().map(|&symbol| from.text(&[symbol])).collect(),
            written: written.collect(),
            weights: weights.collect::<Result<_>>()?,
        })
    }
}

/// `[T, N]` symbols of numbers, padded, and the length of each.
fn side_by_side(side: Side, numbers: &[u32]) -> (Vec<u32>, Vec<usize>) {
    let texts: Vec<Vec<u32>> = numbers.iter().map(|&n| side.write(n)).collect();
    let lengths: Vec<usize> = texts.iter().map(Vec::len).collect();
    let steps = lengths.iter().copied().max().unwrap_or(0);
    let at = |t: usize| texts.iter().map(move |text| text.get(t).copied().unwrap_or(END));
    ((0..steps).flat_map(at).collect(), lengths)
}

#[cfg(test)]
mod tests {
    use super::{LONGEST, Side, Translator, side_by_side};
    use crate::numbers::MOST;

    #[test]
    fn texts_stand_side_by_side() {
        assert_eq!(side_by_side(Side::Digits, &[42, 7]), (vec![5, 8, 3, 0], vec![2, 1]));
    }

    #[test]
    fn the_longest_text_fits() {
        let longest = (0..MOST).map(|n| Side::Words.write(n).len()).max().unwrap();
        assert_eq!(longest + 1, LONGEST, "{longest} words and the end");
    }

    #[test]
    fn attention_has_a_row_for_each_symbol_and_the_end_which_adds_up_to_1() {
        let mut translator = Translator::new(Side::Words, Side::Digits, 4, 1).unwrap();
        let attention = translator.attention(42).unwrap();
        assert_eq!(
            (&attention.read[..], &attention.written[..]),
            (&["forty", "two"].map(String::from)[..], &["4", "2", "end"].map(String::from)[..])
        );
        let sums = attention.weights.iter().map(|row| row.iter().sum::<f32>());
        assert!(attention.weights.len() == 3 && sums.into_iter().all(|sum| (sum - 1.0).abs() < 1e-6));
    }

    #[test]
    fn a_few_numbers_are_learnt_by_heart_both_ways() {
        let numbers: Vec<u32> = (0..24).collect();
        for (from, to) in [(Side::Words, Side::Digits), (Side::Digits, Side::Words)] {
            let mut translator = Translator::new(from, to, 16, 1).unwrap();
            let before = translator.exact(&numbers, 1).unwrap();
            for _ in 0..150 {
                translator.learn(&numbers, 0.02).unwrap();
            }
            let [greedy, beam] = [1, 3].map(|width| translator.exact(&numbers, width).unwrap());
            assert!(before < 0.2 && greedy > 0.9 && beam > 0.9, "{from:?}: {before}, {greedy}, {beam}");
        }
    }
}
