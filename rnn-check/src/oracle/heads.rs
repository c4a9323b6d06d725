//! What follows or precedes the recurrence. Losses are sums over rows; a caller divides by what it averages over.
//!
//! ```text
//! affine                    y_n = W x_n + b
//! embedding                 y_n = E[index_n]
//! softmax cross-entropy     L = Σ_n ln Σ_k e^{a_nk} − a_n,target(n)                 Bishop 2006, eq. 4.108
//! Bernoulli cross-entropy   L = Σ_k ln(1 + e^{a_k}) − t_k a_k                       Bishop 2006, eq. 4.90
//! squared error             L = Σ_k (a_k − t_k)²
//! ```

use crate::number::Number;

/// `y_n = W x_n + b`; `x [N, C]`, `w [K, C]`, `b [K]`, result `[N, K]`.
///
/// # Panics
/// If `input` is 0.
pub fn affine<S: Number>(x: &[S], w: &[S], b: Option<&[S]>, input: usize) -> Vec<S> {
    let output = |x: &[S]| {
        let row = |(k, w): (usize, &[S])| S::dot(b.map(|b| b[k]), w.iter().copied().zip(x.iter().copied()));
        w.chunks_exact(input).enumerate().map(row).collect::<Vec<S>>()
    };
    x.chunks_exact(input).flat_map(output).collect()
}

/// `y_n = table[index_n]`; `table [V, C]`, result `[N, C]`.
pub fn embedding<S: Number>(table: &[S], index: &[usize], width: usize) -> Vec<S> {
    index.iter().flat_map(|&i| &table[i * width..(i + 1) * width]).copied().collect()
}

/// `x_n = e_{index_n}`, result `[N, C]`.
pub fn one_hot<S: Number>(index: &[usize], width: usize) -> Vec<S> {
    let row = |&i: &usize| (0..width).map(move |c| S::from_f64(if c == i { 1.0 } else { 0.0 }));
    index.iter().flat_map(row).collect()
}

/// `Σ_n ln Σ_k e^{a_nk} − a_n,target(n)` over the rows that have a target; `logits [N, K]`, `targets [N]`.
pub fn softmax_cross_entropy<S: Number>(logits: &[S], targets: &[Option<usize>], classes: usize) -> S {
    let mut loss = S::from_f64(0.0);
    for (n, target) in targets.iter().enumerate() {
        let Some(target) = *target else { continue };
        let a = &logits[n * classes..(n + 1) * classes];
        // ln Σ e^a = m + ln Σ e^{a−m} for any m; the largest logit makes every exponential ≤ 1.
        let m = a.iter().fold(S::from_f64(f64::NEG_INFINITY), |m, &a| m.max(a)).detach();
        let total = S::dot(a.iter().map(|&a| (a - m).exp()), []);
        loss = loss + (total.ln() - (a[target] - m));
    }
    loss
}

/// `Σ_k ln(1 + e^{a_k}) − t_k a_k`
pub fn bernoulli_cross_entropy<S: Number>(logits: &[S], targets: &[S]) -> S {
    let zero = S::from_f64(0.0);
    // ln(1 + e^a) = a + ln(1 + e^−a): the exponent is never positive.
    let softplus = |a: S| {
        if a.value() > 0.0 { a + (-a).exp().ln_1p() } else { a.exp().ln_1p() }
    };
    logits.iter().zip(targets).fold(zero, |loss, (&a, &t)| loss + (softplus(a) - t * a))
}

/// `Σ_k (a_k − t_k)²`
pub fn squared_error<S: Number>(outputs: &[S], targets: &[S]) -> S {
    let differences = outputs.iter().zip(targets).map(|(&a, &t)| a - t);
    S::dot([], differences.map(|d| (d, d)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cross_entropy_of_equal_logits_is_the_logarithm_of_their_number() {
        let loss = softmax_cross_entropy(&[7.0; 8], &[Some(3), Some(0)], 4);
        // e⁰ and their sum are exact, and so is doubling a logarithm.
        assert_eq!(loss, 2.0 * 4f64.ln());
    }

    #[test]
    fn huge_logits_neither_overflow_nor_lose_the_answer() {
        assert_eq!(softmax_cross_entropy(&[1e4, 0.0, 1e4, 0.0], &[Some(0), Some(1)], 2), 1e4);
        assert_eq!(bernoulli_cross_entropy(&[1e4, -1e4, 1e4], &[1.0, 0.0, 0.0]), 1e4);
    }

    #[test]
    fn a_row_without_a_target_contributes_nothing_whatever_it_holds() {
        let with = softmax_cross_entropy(&[0.5, -0.25, f64::NAN, f64::NAN], &[Some(1), None], 2);
        assert_eq!(with, softmax_cross_entropy(&[0.5, -0.25], &[Some(1)], 2));
    }

    #[test]
    fn an_embedding_is_the_affine_image_of_a_one_hot_row() {
        let table = [1.0, -2.0, 0.5, 3.0, 0.25, -1.5]; // [V, C] = [3, 2]
        let transposed = [1.0, 0.5, 0.25, -2.0, 3.0, -1.5];
        let index = [2, 0, 2];
        let by_product = affine(&one_hot(&index, 3), &transposed, None, 3);
        assert_eq!(embedding(&table, &index, 2), by_product);
    }
}
