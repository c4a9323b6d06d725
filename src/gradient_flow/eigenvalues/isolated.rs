//! `P W Pᵀ = [[R₁, ·, ·], [0, W′, ·], [0, 0, R₂]]`: diagonal elements that are eigenvalues as they stand.

use crate::error::Result;
use crate::memory::{reserve, zeros};

/// The largest size of those eigenvalues of `w [n, n]` that stand on its diagonal, and the rows and columns `W′` that are left.
///
/// A row or a column whose other elements are all 0 has its eigenvalue on the diagonal; without it there may be more of them. So the
/// eigenvalues of a matrix that a permutation makes triangular are exact, however sensitive they are. Source: the first part of balancing,
/// Parlett & Reinsch 1969.
pub(super) fn take(what: &str, w: &[f64], n: usize) -> Result<(f64, Vec<usize>)> {
    // How many other elements of a row or column are not 0; both of those that are out are `usize::MAX`.
    let mut others: Vec<[usize; 2]> = Vec::new();
    reserve(what, &mut others, n)?;
    others.resize(n, [0; 2]);
    let links = |i: usize, j: usize| i != j && w[i * n + j] != 0.0;
    for (i, j) in (0..n).flat_map(|i| (0..n).map(move |j| (i, j))).filter(|&(i, j)| links(i, j)) {
        others[i][0] += 1;
        others[j][1] += 1;
    }
    let mut waiting: Vec<usize> = Vec::new();
    reserve(what, &mut waiting, n)?;
    waiting.extend((0..n).filter(|&i| others[i].contains(&0)));
    let (mut largest, mut out) = (0.0_f64, zeros::<f64>(what, n)?);
    while let Some(k) = waiting.pop() {
        largest = largest.max(w[k * n + k].abs());
        out[k] = 1.0;
        for i in (0..n).filter(|&i| out[i] == 0.0) {
            let before = others[i];
            others[i][0] -= usize::from(links(i, k));
            others[i][1] -= usize::from(links(k, i));
            // It waits once, whichever of the two became 0 first.
            if !before.contains(&0) && others[i].contains(&0) {
                waiting.push(i);
            }
        }
    }
    let mut rest = Vec::new();
    reserve(what, &mut rest, n)?;
    rest.extend((0..n).filter(|&i| out[i] == 0.0));
    Ok((largest, rest))
}

#[cfg(test)]
mod tests {
    use super::take;

    /// `w [5, 5]` with a pair of rows that hang on each other, and a chain that hangs on it, or that it hangs on.
    #[test]
    fn a_chain_before_or_behind_is_taken_out_link_by_link_and_the_rest_is_left() {
        let matrix = |links: &[(usize, usize)]| {
            let mut w = vec![0.0; 25];
            (0..5_u8).for_each(|i| w[6 * usize::from(i)] = f64::from(i) - 1.5);
            links.iter().for_each(|&(i, j)| w[5 * i + j] = 1.0);
            w
        };
        let before = matrix(&[(0, 1), (1, 2), (2, 3), (3, 4), (4, 3)]);
        assert_eq!(take("test", &before, 5).unwrap(), (1.5, vec![3, 4]));
        let behind = matrix(&[(0, 1), (1, 0), (1, 2), (2, 3), (3, 4)]);
        assert_eq!(take("test", &behind, 5).unwrap(), (2.5, vec![0, 1]));
        assert_eq!(take("test", &matrix(&[(4, 0), (2, 1)]), 5).unwrap(), (2.5, vec![]));
    }

    #[test]
    fn small_matrices_are_taken_out_or_left() {
        assert_eq!(take("test", &[], 0).unwrap(), (0.0, vec![]));
        assert_eq!(take("test", &[-4.0], 1).unwrap(), (4.0, vec![]));
        assert_eq!(take("test", &[0.0, 1.0, 1.0, 0.0], 2).unwrap(), (0.0, vec![0, 1]));
    }
}
