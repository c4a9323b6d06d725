//! Sequences of numbers of which two are marked.

use super::rows::Read;
use recurrent::Scalar;
use recurrent::rng::Rng;

/// Pairs of a number and its mark, and the two numbers that are marked.
#[derive(Clone, Debug, PartialEq)]
pub struct Marked {
    pub read: Read,
    pub numbers: [f32; 2],
    /// The steps they are at.
    pub at: [usize; 2],
}

/// Numbers drawn one by one, marked by 1 at two steps and by 0 at all others.
pub fn marked(steps: usize, at: [usize; 2], mut draw: impl FnMut() -> f64) -> Marked {
    let mut data = vec![0.0; 2 * steps];
    data.iter_mut().step_by(2).for_each(|number| *number = f32::from_f64(draw()));
    at.iter().for_each(|&t| data[2 * t + 1] = 1.0);
    let numbers = at.map(|t| data[2 * t]);
    Marked { read: Read::Numbers { width: 2, data }, numbers, at }
}

/// Marks as Hochreiter & Schmidhuber 1997 (§5.4, §5.5) set them: of between `T` and `T + T/10` pairs one of the first ten is marked, and
/// one of the first `T/2 − 1` that are not marked yet. The first pair and the last have the mark −1. If it is the first that was to be marked, its
/// number counts as `neutral`, and its mark is −1.
pub fn hochreiter(steps: usize, neutral: f32, rng: &mut Rng, draw: impl Fn(&mut Rng) -> f64) -> Marked {
    let length = steps + rng.below(steps / 10 + 1);
    let first = rng.below(10);
    let second = rng.below(steps / 2 - 1);
    let second = second + usize::from(second >= first);
    let mut made = marked(length, [first, second], || draw(rng));
    let Read::Numbers { data, .. } = &mut made.read else { return made };
    (data[1], data[2 * length - 1]) = (-1.0, -1.0);
    for (number, at) in made.numbers.iter_mut().zip(made.at) {
        *number = if at == 0 { neutral } else { *number };
    }
    made
}

#[cfg(test)]
mod tests {
    use super::{hochreiter, marked};
    use crate::rows::Read;
    use recurrent::rng::Rng;

    #[test]
    fn two_numbers_are_marked_and_are_those_that_count() {
        let mut next = 0.0;
        let made = marked(3, [2, 0], || {
            next += 0.5;
            next
        });
        assert_eq!(made.read, Read::Numbers { width: 2, data: vec![0.5, 1.0, 1.0, 0.0, 1.5, 1.0] });
        assert_eq!(made.numbers, [1.5, 0.5]);
    }

    #[test]
    fn marks_of_1997_lie_where_the_paper_says() {
        let (mut rng, mut at_the_beginning) = (Rng::seed(1), 0);
        for _ in 0..2000 {
            let made = hochreiter(40, 7.0, &mut rng, Rng::uniform);
            let Read::Numbers { data, .. } = &made.read else { panic!("numbers") };
            let length = data.len() / 2;
            assert!((40..=44).contains(&length));
            let [first, second] = made.at;
            assert!(first < 10 && second < 20 && first != second);
            for t in 0..length {
                let expected = match t {
                    _ if t == 0 || t == length - 1 => -1.0,
                    _ if made.at.contains(&t) => 1.0,
                    _ => 0.0,
                };
                assert_eq!(data[2 * t + 1], expected, "step {t} of {length}");
            }
            for (number, t) in made.numbers.into_iter().zip(made.at) {
                assert_eq!(number, if t == 0 { 7.0 } else { data[2 * t] });
            }
            at_the_beginning += i32::from(first == 0);
        }
        // Five standard deviations of a binomial count, √(2000 · 0.1 · 0.9) = 13.4.
        assert!((at_the_beginning - 200).abs() < 67, "{at_the_beginning}");
    }
}
