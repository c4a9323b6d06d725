//! g2p-en: an encoder GRU over letters, whose last state begins a decoder GRU that is fed its own choices.

use crate::models::{Any, Model, expect_whole};
use crate::tensors::{Named, symbols};
use recurrent::graph::Tensor;
use recurrent::interop::{LoadOptions, Partial};
use recurrent::network::{Config, EmbeddingSpec, HeadSpec, Network, Objective, RecurrentSpec, State, Workspace};
use recurrent::{Batch, Direction, Result};
use std::sync::Arc;

/// Letters and the end of a word; phonemes and their marks; units.
const SIZES: [usize; 3] = [29, 74, 256];

pub struct G2p {
    encoder: Network<f32, Any>,
    decoder: Network<f32, Any>,
    workspaces: [Workspace<f32>; 2],
    states: [State<f32>; 2],
    /// Each word, with the number that its feed ends in.
    words: Vec<(String, Vec<u32>)>,
    /// At most so many phonemes; the mark that a word begins with, and the one that it ends with.
    most: usize,
    first: u32,
    last: u32,
}

impl G2p {
    pub fn new(path: &str, backend: &Arc<Any>, feeds: Named, (most, first, last): (usize, u32, u32)) -> Result<Self> {
        let [letters, phonemes, hidden] = SIZES;
        let layers = |symbols| {
            Config::new(EmbeddingSpec::new(symbols, hidden).named("emb"))
                .recurrent(RecurrentSpec::gru(hidden).named("gru"))
        };
        let head = HeadSpec::new(phonemes, Objective::Softmax).named("fc");
        let load = |part: &str, config: Config| -> Result<Network<f32, Any>> {
            let mut network = Network::<f32, Any>::with_backend(&config, 1, backend.clone())?;
            let options = LoadOptions { partial: Partial::Allow, ..LoadOptions::default() };
            let report = network.load_npz_as(path, &options, |name| ours(name, part))?;
            expect_whole(&report.missing)?;
            Ok(network)
        };
        let (encoder, decoder) = (load("enc", layers(letters))?, load("dec", layers(phonemes).head(head))?);
        let states = [encoder.state(1)?, decoder.state(1)?];
        let word = |(name, tensor): &(String, Tensor)| -> Result<(String, Vec<u32>)> {
            Ok((name.replace("word", ""), symbols(tensor)?))
        };
        let words = feeds.iter().map(word).collect::<Result<_>>()?;
        let workspaces = [Workspace::new(), Workspace::new()];
        Ok(Self { encoder, decoder, workspaces, states, words, most, first, last })
    }

    /// The phonemes of a word, the mark at its end among them if there is room, and the logits of each.
    fn spell(&mut self, word: usize, logits: &mut impl FnMut(&[f32])) -> Result<Vec<u32>> {
        let Self { encoder, decoder, workspaces: [of_encoder, of_decoder], states: [read, write], words, .. } = self;
        let letters = &words[word].1;
        read.fill_zero();
        encoder.infer(of_encoder, &Batch::symbols(letters, [letters.len(), 1])?, read)?;
        write.get_mut(0, Direction::Forward, "h")?.copy_from(read.get(0, Direction::Forward, "h")?);
        let (mut phoneme, mut found) = (self.first, Vec::new());
        while found.len() < self.most {
            let given = decoder.step_symbols(of_decoder, &[phoneme], write)?;
            let row = given.row(0);
            logits(row);
            // The first of the largest, as NumPy's argmax.
            let largest = (0..row.len()).fold(0, |best, k| if row[k] > row[best] { k } else { best });
            phoneme = u32::try_from(largest).expect("74 phonemes");
            found.push(phoneme);
            if phoneme == self.last {
                break;
            }
        }
        Ok(found)
    }
}

/// Which parameter of the encoder or the decoder an array is.
fn ours(name: &str, part: &str) -> Option<String> {
    let name = match name {
        "fc_w" if part == "dec" => "fc.weight",
        "fc_b" if part == "dec" => "fc.bias",
        name => match name.strip_prefix(part)? {
            "_emb" => "emb.weight",
            "_w_ih" => "gru.weight_ih_l0",
            "_w_hh" => "gru.weight_hh_l0",
            "_b_ih" => "gru.bias_ih_l0",
            "_b_hh" => "gru.bias_hh_l0",
            _ => return None,
        },
    };
    Some(name.into())
}

impl Model for G2p {
    fn run(&mut self) -> Result<Named> {
        let mut outputs = Vec::new();
        for k in 0..self.words.len() {
            let mut logits = Vec::new();
            let phonemes = self.spell(k, &mut |row| logits.extend_from_slice(row))?;
            let (of, steps) = (self.words[k].0.clone(), phonemes.len());
            outputs.push((format!("logits{of}"), Tensor::f32(&[steps, SIZES[1]], logits)?));
            let phonemes: Vec<_> = phonemes.into_iter().map(i64::from).collect();
            outputs.push((format!("phonemes{of}"), Tensor::i64(&[steps], phonemes)?));
        }
        Ok(outputs)
    }

    /// Every word once.
    fn sequence(&mut self) -> Result<()> {
        (0..self.words.len()).try_for_each(|k| self.spell(k, &mut |_| {}).map(drop))
    }

    /// A step of the decoder.
    fn step(&mut self) -> Result<bool> {
        self.decoder.step_symbols(&mut self.workspaces[1], &[self.first], &mut self.states[1])?;
        Ok(true)
    }
}
