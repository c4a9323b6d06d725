//! `B (T|P) R (T|P) E`: the embedded Reber grammar (Reber 1967; Cleeremans, Servan-Schreiber & McClelland 1989; task 1 of Hochreiter & Schmidhuber
//! 1997), whose last symbol but one is its second.
//!
//! ```text
//! R:  0 ─B→ 1    1 ─T→ 2 ─P→ 3    2 ─S→ 2 ─X→ 4    3 ─T→ 3 ─V→ 5    4 ─X→ 3 ─S→ 6    5 ─P→ 4 ─V→ 6    6 ─E→
//! ```
//!
//! Either way is taken as often as the other. The next symbol is asked for at every step; a string is right if at each of them the symbols
//! that may come are the likeliest ones. Who knows the grammar but forgets the second symbol is right about every other string. Strings of
//! more than `T` symbols are drawn anew. Training strings are new ones each time, and not the 256 of the paper.

use super::measure::Tally;
use super::rows::{Answer, Examples, Read, Row};
use super::task::Task;
use recurrent::network::Config;
use recurrent::rng::Rng;
use recurrent::{Result, SeqRef};

const SYMBOLS: usize = 7;
const B: u32 = 0;
const T: u32 = 1;
const P: u32 = 2;
const S: u32 = 3;
const X: u32 = 4;
const V: u32 = 5;
const E: u32 = 6;

/// Which symbol leads from a state of `R` to which state.
const WAYS: [&[(u32, usize)]; 7] = [
    &[(B, 1)],
    &[(T, 2), (P, 3)],
    &[(S, 2), (X, 4)],
    &[(T, 3), (V, 5)],
    &[(X, 3), (S, 6)],
    &[(P, 4), (V, 6)],
    &[(E, END)],
];
/// Behind the `E` of `R`.
const END: usize = 7;

#[derive(Clone, Copy, Debug)]
pub struct Reber {
    /// The longest string.
    pub steps: usize,
}

fn string(rng: &mut Rng) -> Vec<u32> {
    let second = if rng.below(2) == 0 { T } else { P };
    let (mut string, mut state) = (vec![B, second], 0);
    while state != END {
        let ways = WAYS[state];
        let (symbol, next) = ways[rng.below(ways.len())];
        string.push(symbol);
        state = next;
    }
    string.extend([second, E]);
    string
}

/// What may come after each symbol of a string but the last.
fn successors(string: &[u32]) -> Vec<Vec<u32>> {
    let mut after = vec![vec![T, P]];
    let mut state = 0;
    for &symbol in &string[2..] {
        if state == END {
            after.push(vec![string[1]]);
            break;
        }
        after.push(WAYS[state].iter().map(|(symbol, _)| *symbol).collect());
        state = WAYS[state].iter().find(|(way, _)| *way == symbol).map_or(END, |(_, next)| *next);
    }
    after.push(vec![E]);
    after
}

/// Whether the symbols that may come have larger outputs than all others.
fn foretold(logits: &[f32], may_come: &[u32]) -> bool {
    let may = |k: &usize| may_come.iter().any(|&symbol| symbol as usize == *k);
    let smallest = (0..SYMBOLS).filter(may).map(|k| logits[k]).fold(f32::INFINITY, f32::min);
    (0..SYMBOLS).filter(|k| !may(k)).all(|k| logits[k] < smallest)
}

impl Task for Reber {
    fn name(&self) -> &'static str {
        "reber"
    }

    fn variant(&self) -> &'static str {
        "embedded, Hochreiter & Schmidhuber 1997, new strings each time"
    }

    fn steps(&self) -> usize {
        self.steps
    }

    fn input(&self) -> Config {
        Config::one_hot(SYMBOLS)
    }

    fn output(&self, config: Config) -> Config {
        config.softmax(SYMBOLS)
    }

    fn row(&self, rng: &mut Rng) -> Row {
        let mut drawn = string(rng);
        while drawn.len() > self.steps {
            drawn = string(rng);
        }
        let (read, next) = (drawn[..drawn.len() - 1].to_vec(), drawn[1..].to_vec());
        Row { read: Read::Symbols(read), answer: Answer::Classes(next) }
    }

    fn metric(&self) -> &'static str {
        "share of strings that are wrong"
    }

    fn measure(&self, examples: &Examples, outputs: &SeqRef<'_, f32>) -> Result<Tally> {
        let mut tally = Tally::default();
        for (n, row) in examples.rows.iter().enumerate() {
            let string: Vec<u32> = row.symbols().iter().copied().chain([E]).collect();
            let right = successors(&string).iter().enumerate().all(|(t, may)| foretold(outputs.at(t).row(n), may));
            tally.add(f64::from(u8::from(!right)));
        }
        Ok(tally)
    }

    fn trivial(&self, _test: &[Examples]) -> f64 {
        0.5
    }

    fn solved(&self) -> f64 {
        0.0
    }

    fn published(&self) -> &'static str {
        "all of 256 strings: LSTM after 8,440 sequences, in all runs; RTRL 25,000 to 173,000, in some; Elman in none (Hochreiter & Schmidhuber 1997)"
    }
}

#[cfg(test)]
mod tests {
    use super::{B, E, P, Reber, S, SYMBOLS, T, V, X, foretold, string, successors};
    use crate::rows::Examples;
    use crate::task::Task;
    use recurrent::SeqRef;
    use recurrent::rng::Rng;

    #[test]
    fn successors_of_a_string_are_those_of_the_grammar() {
        // B T (B P V P X V V E) T E and B P (B T S X X T V P S E) P E, read off the graph by hand: every arrow is taken.
        let found = successors(&[B, T, B, P, V, P, X, V, V, E, T, E]);
        let expected: [&[u32]; 11] =
            [&[T, P], &[B], &[T, P], &[T, V], &[P, V], &[X, S], &[T, V], &[P, V], &[E], &[T], &[E]];
        assert_eq!(found, expected);
        let found = successors(&[B, P, B, T, S, X, X, T, V, P, S, E, P, E]);
        let expected: [&[u32]; 13] =
            [&[T, P], &[B], &[T, P], &[S, X], &[S, X], &[X, S], &[T, V], &[T, V], &[P, V], &[X, S], &[E], &[P], &[E]];
        assert_eq!(found, expected);
    }

    #[test]
    fn every_symbol_of_a_string_is_one_that_may_come() {
        let mut rng = Rng::seed(1);
        for _ in 0..500 {
            let drawn = string(&mut rng);
            let may = successors(&drawn);
            assert_eq!(may.len(), drawn.len() - 1);
            assert!(may.iter().zip(&drawn[1..]).all(|(may, symbol)| may.contains(symbol)), "{drawn:?}");
            assert_eq!((drawn[0], drawn[drawn.len() - 1]), (B, E));
            assert_eq!(drawn[1], drawn[drawn.len() - 2]);
        }
    }

    #[test]
    fn no_string_is_longer_than_asked_for() {
        let mut rng = Rng::seed(2);
        let lengths = (0..500).map(|_| Reber { steps: 12 }.row(&mut rng).steps() + 1);
        // B T (B T X S E) T E is the shortest.
        assert_eq!(lengths.fold((99, 0), |(low, high), length| (low.min(length), high.max(length))), (9, 12));
    }

    #[test]
    fn all_that_may_come_must_be_likelier_than_all_else() {
        let logits = [0.0, 3.0, 2.0, 1.0, 0.0, 0.0, 0.0];
        assert!(foretold(&logits, &[T, P]) && foretold(&logits, &[T, P, S]));
        assert!(!foretold(&logits, &[T, S]) && !foretold(&logits, &[X, V]));
        assert!(!foretold(&[0.0; SYMBOLS], &[T]), "a tie is no answer");
        assert!(!foretold(&[f32::NAN; SYMBOLS], &[T]));
    }

    #[test]
    fn who_forgets_the_second_symbol_is_wrong_every_other_time() {
        let task = Reber { steps: 30 };
        let examples = task.examples(400, &mut Rng::seed(3));
        let (rows, steps) = (examples.rows.len(), examples.rows.iter().map(|row| row.steps()).max().unwrap());
        let mut outputs = vec![0.0; steps * rows * SYMBOLS];
        let mut says = |always: Option<u32>, examples: &Examples| {
            for (n, row) in examples.rows.iter().enumerate() {
                let string: Vec<u32> = row.symbols().iter().copied().chain([E]).collect();
                let before = string.len() - 3;
                for (t, may) in successors(&string).into_iter().enumerate() {
                    let logits = &mut outputs[(t * rows + n) * SYMBOLS..][..SYMBOLS];
                    logits.fill(0.0);
                    let may = always.filter(|_| t == before).map_or(may, |symbol| vec![symbol]);
                    may.into_iter().for_each(|symbol| logits[symbol as usize] = 1.0);
                }
            }
            task.measure(examples, &SeqRef::new(&outputs, steps, rows, SYMBOLS)).unwrap().mean()
        };
        assert_eq!(says(None, &examples), 0.0);
        let forgetful = says(Some(T), &examples);
        // Five standard deviations of a share, √(¼ / 400) = 0.025.
        assert!((forgetful - task.trivial(&[])).abs() < 0.125, "{forgetful}");
    }
}
