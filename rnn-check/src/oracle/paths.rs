//! `L = −ln Σ_π Π_t p_t(π_t)` over all paths `π` that read some labels, walked one by one. Graves et al. 2006, eqs. 2 and 3.
//!
//! There are `Vᵀ` of them. The likeliest one is taken out of the sum, so that no product underflows.

use crate::number::Number;

/// What a path reads: repetitions merged, the blank, class 0, left out.
#[must_use]
pub fn reads(path: &[usize]) -> Vec<u32> {
    let mut read = Vec::new();
    for (t, &k) in path.iter().enumerate() {
        if k != 0 && (t == 0 || path[t - 1] != k) {
            read.push(u32::try_from(k).unwrap_or(u32::MAX));
        }
    }
    read
}

/// The fewest steps in which labels can be read: one each, and a blank between equal ones.
#[must_use]
pub fn fewest_steps(labels: &[u32]) -> usize {
    labels.len() + labels.windows(2).filter(|pair| pair[0] == pair[1]).count()
}

/// All paths of so many steps.
fn walk(steps: usize, classes: usize) -> impl Iterator<Item = Vec<usize>> {
    let count = (0..steps).fold(1, |count, _| count * classes);
    (0..count).map(move |code| {
        let digits = core::iter::successors(Some(code), move |code| Some(code / classes));
        digits.take(steps).map(|code| code % classes).collect()
    })
}

/// The loss, and by step and class `p_t(k)` and the share of the paths that are at `k` in step `t`: `∂L/∂a_t[k]` is their difference.
/// `outputs [T][V]` are logits.
///
/// # Panics
/// If no path reads the labels.
pub fn ctc<S: Number>(outputs: &[Vec<S>], labels: &[u32], one: S) -> (S, Vec<Vec<(S, S)>>) {
    let (steps, classes) = (outputs.len(), outputs.first().map_or(1, Vec::len));
    // x = a − max, e = eˣ, 1/Σ e.
    let x: Vec<Vec<S>> = outputs
        .iter()
        .map(|a| {
            let largest = a.iter().skip(1).fold(a[0], |largest, &a| largest.max(a));
            a.iter().map(|&a| a - largest).collect()
        })
        .collect();
    let e: Vec<Vec<S>> = x.iter().map(|x| x.iter().map(|&x| x.exp()).collect()).collect();
    let share: Vec<S> = e.iter().map(|e| one / S::dot(e.iter().copied(), [])).collect();
    let paths: Vec<Vec<usize>> = walk(steps, classes).filter(|path| reads(path) == labels).collect();
    let weight = |path: &[usize]| path.iter().enumerate().map(|(t, &k)| x[t][k].value()).sum::<f64>();
    let likeliest = paths.iter().max_by(|a, b| weight(a).total_cmp(&weight(b))).expect("some path reads the labels");
    // ln p = x + ln (e⁰ / Σ e), where e⁰ stands for the rounding of e.
    let zero = S::from_f64(0.0);
    let terms = likeliest.iter().enumerate().flat_map(|(t, &k)| [x[t][k], (zero.exp() * share[t]).ln()]);
    let base = S::dot(terms, []);
    // Added before the exponential is taken, since a single step may speak for the other path by any amount.
    let relative: Vec<S> = paths
        .iter()
        .map(|path| {
            let beside = path.iter().zip(likeliest).enumerate().map(|(t, (&k, &best))| x[t][k] - x[t][best]);
            (0..steps).fold(S::dot(beside, []).exp(), |weight, _| weight * zero.exp())
        })
        .collect();
    let all = S::dot(relative.iter().copied(), []);
    let shares = (0..steps).map(|t| {
        let of = |k: usize| {
            let at = paths.iter().zip(&relative).filter(move |(path, _)| path[t] == k).map(|(_, &weight)| weight);
            (e[t][k] * share[t], S::dot(at, []) / all)
        };
        (0..classes).map(of).collect()
    });
    (-(base + all.ln()), shares.collect())
}

#[cfg(test)]
mod tests {
    use super::{ctc, fewest_steps, reads};

    #[test]
    fn repetitions_are_merged_and_a_blank_parts_them() {
        assert_eq!(reads(&[1, 1, 0, 1, 2, 0]), [1, 1, 2]);
        assert_eq!(reads(&[0, 0]), [0_u32; 0]);
        assert_eq!([fewest_steps(&[]), fewest_steps(&[1, 2]), fewest_steps(&[1, 1])], [0, 2, 3]);
    }

    #[test]
    fn equal_outputs_make_all_paths_equal() {
        // Of 27 paths of three steps six read `1`: 1 1 1, 1 1 0, 1 0 0, 0 1 1, 0 1 0, 0 0 1.
        let (loss, shares) = ctc(&vec![vec![7.0; 3]; 3], &[1], 1.0);
        assert!((loss - (27.0_f64 / 6.0).ln()).abs() < 1e-15);
        let [middle, blank] = [shares[1][1], shares[0][0]];
        assert!((middle.0 - 1.0 / 3.0).abs() < 1e-15 && (middle.1 - 4.0 / 6.0).abs() < 1e-15);
        assert!((blank.1 - 3.0 / 6.0).abs() < 1e-15);
    }

    #[test]
    fn huge_logits_do_not_underflow() {
        let (loss, _) = ctc(&vec![vec![1e4, 0.0, 0.0]; 2], &[1, 2], 1.0);
        assert_eq!(loss, 2e4);
    }
}
