//! Decoding: the laws of searches, over models whose every text can be listed.

use recurrent::decoding::{Beam, Continue, Hypothesis, beam, greedy, log_softmax, sample};
use recurrent::rng::Rng;
use recurrent::sampling::Sampling;
use recurrent::{Error, Result};

/// A model of texts of 2 symbols and an end, `V = 3`, whose probabilities are drawn anew after every beginning. Rows are models of their own.
#[derive(Clone, Debug)]
pub struct Table {
    seeds: Vec<u64>,
    /// How many logits there are to choose from: few make ties.
    levels: usize,
    /// Row and text so far of every text.
    texts: Vec<(usize, Vec<u32>)>,
    began: bool,
}

pub const END: u32 = 2;

impl Table {
    pub fn new(seeds: &[u64], levels: usize) -> Self {
        let texts = (0..seeds.len()).map(|n| (n, Vec::new())).collect();
        Self { seeds: seeds.to_vec(), levels, texts, began: false }
    }

    /// `ln p(· | text)`.
    pub fn log_p(&self, n: usize, text: &[u32]) -> Vec<f64> {
        let seed = text.iter().fold(self.seeds[n], |seed, &y| seed.wrapping_mul(31).wrapping_add(u64::from(y) + 7));
        let mut rng = Rng::seed(seed);
        let logits: Vec<f64> = (0..3).map(|_| rng.below(self.levels) as f64 * 3.0 / self.levels as f64).collect();
        let mut log_p = Vec::new();
        log_softmax(&logits, &mut log_p).unwrap();
        log_p
    }
}

impl Continue for Table {
    fn rows(&self) -> usize {
        self.seeds.len()
    }
    fn symbols(&self) -> usize {
        3
    }
    fn begin(&self) -> u32 {
        END
    }
    fn end(&self) -> u32 {
        END
    }
    fn advance(&mut self, from: &[usize], symbols: &[u32], log_p: &mut Vec<f64>) -> Result<()> {
        let texts = from.iter().zip(symbols).map(|(&k, &symbol)| {
            let (n, mut text) = self.texts[k].clone();
            if self.began {
                text.push(symbol);
            }
            (n, text)
        });
        self.texts = texts.collect();
        self.began = true;
        self.texts.iter().for_each(|(n, text)| log_p.extend(self.log_p(*n, text)));
        Ok(())
    }
}

/// Every text there is, best first.
pub fn exhaustive(table: &Table, longest: usize, penalty: f64) -> Vec<Hypothesis> {
    let (mut all, mut open) = (Vec::new(), vec![(Vec::new(), 0.0)]);
    for length in 1..=longest {
        let mut longer = Vec::new();
        for (text, so_far) in open {
            let log_p = table.log_p(0, &text);
            all.push(Hypothesis { symbols: text.clone(), log_probability: so_far + log_p[2], ended: true });
            for y in [0, 1] {
                longer.push(([&text[..], &[y]].concat(), so_far + log_p[y as usize]));
            }
        }
        if length == longest {
            let cut = |(symbols, log_probability)| Hypothesis { symbols, log_probability, ended: false };
            all.extend(longer.drain(..).map(cut));
        }
        open = longer;
    }
    let length = |h: &Hypothesis| h.symbols.len() + usize::from(h.ended);
    all.sort_by(|a, b| {
        let by_score = b.score(penalty).total_cmp(&a.score(penalty));
        by_score.then(length(a).cmp(&length(b))).then_with(|| a.symbols.cmp(&b.symbols))
    });
    all
}

/// Something that searches one row.
pub type Search<'a> = dyn Fn(&mut Table, usize, Beam) -> Vec<Hypothesis> + 'a;

/// What a beam search promises, over models with and without ties; the first promise that is broken.
pub fn broken_promise(search: &Search<'_>) -> Option<String> {
    for seed in 0..60 {
        let levels = if seed % 2 == 0 { 2 } else { 1000 };
        for penalty in [0.0, 0.7, 1.0] {
            let table = || Table::new(&[seed], levels);
            let one = search(&mut table(), 5, Beam { width: 1, length_penalty: penalty });
            if one != greedy(&mut table(), 5).unwrap() {
                return Some(format!("a beam of 1 is greedy: seed {seed}, penalty {penalty}"));
            }
            // There are 2⁰ + 2¹ + 2² + 2³ texts that end within 4 symbols and 2⁴ that are cut.
            let all = search(&mut table(), 4, Beam { width: 31, length_penalty: penalty });
            if all != exhaustive(&table(), 4, penalty) {
                return Some(format!("a beam of all texts finds the best of all: seed {seed}, penalty {penalty}"));
            }
            let few = search(&mut table(), 4, Beam { width: 3, length_penalty: penalty });
            if few.len() != 3 || !few.is_sorted_by(|a, b| a.score(penalty) >= b.score(penalty)) {
                return Some(format!("a beam of 3 gives 3 texts, best first: seed {seed}, penalty {penalty}"));
            }
            for text in &few {
                let whole = all.iter().find(|other| other.symbols == text.symbols && other.ended == text.ended);
                if whole.map(|whole| whole.log_probability) != Some(text.log_probability) {
                    return Some(format!("a text has its probability: seed {seed}, {text:?}"));
                }
            }
        }
    }
    None
}

#[test]
fn a_beam_of_1_is_greedy_and_a_beam_of_all_texts_is_exhaustive_search() {
    assert_eq!(broken_promise(&|table, longest, settings| beam(table, longest, settings).unwrap().remove(0)), None);
}

#[test]
fn rows_are_searched_as_if_each_were_alone() {
    let seeds: Vec<u64> = (0..7).collect();
    let alone = |n: usize| Table::new(&seeds[n..=n], 1000);
    let together = || Table::new(&seeds, 1000);
    let settings = Beam { width: 3, length_penalty: 1.0 };
    let rngs: Vec<Rng> = (0..7).map(Rng::seed).collect();
    let (greedily, beams) = (greedy(&mut together(), 6).unwrap(), beam(&mut together(), 6, settings).unwrap());
    let sampled = sample(&mut together(), 6, Sampling::default(), &mut rngs.clone()).unwrap();
    for n in 0..7 {
        assert_eq!(greedily[n], greedy(&mut alone(n), 6).unwrap()[0]);
        assert_eq!(beams[n], beam(&mut alone(n), 6, settings).unwrap()[0]);
        let drawn = sample(&mut alone(n), 6, Sampling::default(), &mut rngs.clone()[n..=n]).unwrap();
        assert_eq!(sampled[n], drawn[0]);
    }
}

#[test]
fn texts_are_drawn_as_often_as_their_probability_says() {
    let table = Table::new(&[3; 20_000], 1000);
    let mut rngs: Vec<Rng> = (0..20_000).map(Rng::seed).collect();
    let drawn = sample(&mut table.clone(), 2, Sampling::default(), &mut rngs).unwrap();
    for text in exhaustive(&table, 2, 0.0) {
        let p = text.log_probability.exp();
        let count = drawn.iter().filter(|other| **other == text).count() as f64;
        // Five standard deviations of a binomial count.
        assert!((count - 20_000.0 * p).abs() < 5.0 * (20_000.0 * p * (1.0 - p)).sqrt(), "{text:?}: {count}");
    }
    let cold = Sampling { temperature: 0.0, top_k: None };
    let drawn = sample(&mut Table::new(&[3], 1000), 9, cold, &mut [Rng::seed(1)]).unwrap();
    assert_eq!(drawn, greedy(&mut Table::new(&[3], 1000), 9).unwrap());
}

#[test]
fn settings_out_of_range_and_models_that_give_no_probabilities_are_errors() {
    let table = || Table::new(&[1], 10);
    let settings = |width, length_penalty| Beam { width, length_penalty };
    assert!(matches!(greedy(&mut table(), 0), Err(Error::Range { .. })));
    for wrong in [settings(0, 0.0), settings(1, -1.0), settings(1, f64::NAN)] {
        assert!(matches!(beam(&mut table(), 3, wrong), Err(Error::Range { .. })), "{wrong:?}");
    }
    assert!(matches!(sample(&mut table(), 3, Sampling::default(), &mut []), Err(Error::Len { .. })));
    struct Wrong(f64);
    impl Continue for Wrong {
        fn rows(&self) -> usize {
            1
        }
        fn symbols(&self) -> usize {
            1
        }
        fn begin(&self) -> u32 {
            0
        }
        fn end(&self) -> u32 {
            0
        }
        fn advance(&mut self, _: &[usize], _: &[u32], log_p: &mut Vec<f64>) -> Result<()> {
            log_p.push(self.0);
            Ok(())
        }
    }
    for wrong in [f64::NAN, 0.5] {
        assert!(matches!(greedy(&mut Wrong(wrong), 3), Err(Error::Range { .. })));
    }
    let mut log_p = Vec::new();
    assert!(matches!(log_softmax(&[0.0, f64::NAN], &mut log_p), Err(Error::NotFinite { index: 1, .. })));
}
