//! Any text, symbols and logits: vocabulary, counts and sampling.
#![no_main]

use arbitrary::Arbitrary;
use libfuzzer_sys::fuzz_target;
use recurrent::rng::Rng;
use recurrent::sampling::{Sampler, Sampling};
use recurrent::text::{NGrams, Vocabulary};

/// A bit for each code point there is, and what errors and short texts take.
const CODE_POINTS: usize = 0x11_0000 / 8 + 4096;

#[derive(Arbitrary, Debug)]
struct Input<'a> {
    text: &'a str,
    other: &'a str,
    json: &'a str,
    symbols: Vec<u32>,
    of: usize,
    temperature: f64,
    top_k: Option<usize>,
    logits: Vec<f32>,
    seed: u64,
}

fuzz_target!(|input: Input<'_>| {
    let len = input.text.len() + input.other.len();
    // A character of one byte is an entry of a set, one of four bytes in the vocabulary, and a symbol of four bytes.
    let vocabulary = rnn_fuzz::within(len, 32, CODE_POINTS, || Vocabulary::of(input.text));
    assert_eq!(vocabulary.is_err(), input.text.is_empty());
    if let Ok(vocabulary) = vocabulary {
        let symbols = vocabulary.encode(input.text).expect("its own text");
        assert_eq!(vocabulary.decode(&symbols).expect("its own symbols"), input.text);
        let _ = (vocabulary.encode(input.other), vocabulary.decode(&input.symbols));
        count(&symbols, vocabulary.len(), &input.symbols);
    }
    let _ = serde_json::from_str::<Vocabulary>(input.json);
    // Counts take memory for the symbols that occur, whatever there may be.
    count(&input.symbols, input.of, &input.symbols);
    let sampling = Sampling { temperature: input.temperature, top_k: input.top_k };
    if let Ok(mut sampler) = Sampler::new(sampling) {
        let mut rng = Rng::seed(input.seed);
        for _ in 0..3 {
            if let Ok(symbol) = sampler.draw(&input.logits, &mut rng) {
                let symbol = usize::try_from(symbol).expect("below the number of logits");
                assert!(input.logits[symbol] > f32::NEG_INFINITY, "a symbol of probability 0");
            }
        }
    }
});

fn count(train: &[u32], of: usize, text: &[u32]) {
    let Ok(counts) = NGrams::fit(train, of) else { return };
    let bits = [counts.unigram(text), counts.bigram(text.first().copied().unwrap_or(0), text)];
    for bits in bits.into_iter().flatten() {
        assert!(bits.is_finite() && bits >= 0.0, "{bits} bits a character");
    }
}
