//! `d(a, b)`: the fewest insertions, deletions and substitutions of one label that make `a` of `b`.

use crate::error::Result;
use crate::memory::reserve;

/// `d[i, j] = min(d[i − 1, j] + 1, d[i, j − 1] + 1, d[i − 1, j − 1] + (aᵢ ≠ bⱼ))`, the edit distance of two lists of labels (Levenshtein
/// 1966): what a [reading](super::ctc::best_path) gets wrong.
///
/// ```
/// use recurrent::loss::edit_distance;
///
/// assert_eq!(edit_distance(&[1, 3, 2], &[1, 2, 2, 4])?, 2); // a 2 in the place of the 3, and a 4 that is missing
/// # Ok::<(), recurrent::Error>(())
/// ```
///
/// Takes `|a| · |b|` steps and a number for each label of the second list.
///
/// # Errors
/// [`Error::Memory`](crate::Error::Memory) or [`Error::Overflow`](crate::Error::Overflow) if there is no room for it.
pub fn edit_distance(a: &[u32], b: &[u32]) -> Result<usize> {
    // Row `i` of `d`, of which only the one before is needed; without labels of `a`, every label of `b` is missing.
    let mut row: Vec<usize> = Vec::new();
    reserve("edit distance", &mut row, b.len() + 1)?;
    row.extend(0..=b.len());
    for (i, of_a) in a.iter().enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], i + 1);
        for (j, of_b) in b.iter().enumerate() {
            let changed = diagonal + usize::from(of_a != of_b);
            diagonal = row[j + 1];
            row[j + 1] = changed.min(diagonal + 1).min(row[j] + 1);
        }
    }
    Ok(row[b.len()])
}

#[cfg(test)]
mod tests {
    use super::edit_distance;
    use crate::rng::Rng;

    /// The definition, without a table.
    fn by_definition(a: &[u32], b: &[u32]) -> usize {
        match (a, b) {
            ([], rest) | (rest, []) => rest.len(),
            ([x, a @ ..], [y, b @ ..]) if x == y => by_definition(a, b),
            ([_, a_rest @ ..], [_, b_rest @ ..]) => {
                let ways = [by_definition(a_rest, b), by_definition(a, b_rest), by_definition(a_rest, b_rest)];
                1 + ways[0].min(ways[1]).min(ways[2])
            }
        }
    }

    #[test]
    fn the_distance_is_that_of_the_definition() {
        let mut rng = Rng::seed(2);
        for _ in 0..300 {
            let [a, b] = [6, 7].map(|most| -> Vec<u32> {
                (0..rng.below(most)).map(|_| u32::try_from(rng.below(3)).unwrap()).collect()
            });
            assert_eq!(edit_distance(&a, &b).unwrap(), by_definition(&a, &b), "{a:?} {b:?}");
        }
    }

    #[test]
    fn lists_alike_have_none_and_an_empty_one_lacks_every_label() {
        assert_eq!(edit_distance(&[1, 2, 3], &[1, 2, 3]).unwrap(), 0);
        assert_eq!(edit_distance(&[], &[1, 2, 3]).unwrap(), 3);
        assert_eq!(edit_distance(&[4, 4], &[]).unwrap(), 2);
        assert_eq!(edit_distance(&[], &[]).unwrap(), 0);
    }
}
