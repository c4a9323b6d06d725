//! `h_t = a_t h_{t−1} + b_t`, its steps taken in any grouping: how far each state may be from the exact one.
//!
//! **Model.** `h_t = Σ_{j ≤ t} (a_t ⋯ a_{j+1}) b_j` with `b_0` the initial state. Two neighbouring runs of steps are one,
//! `(A₂, B₂) ∘ (A₁, B₁) = (A₂ A₁, A₂ B₁ + B₂)`, and a backend may group as it likes. Term `j` is a product of `t − j` coefficients
//! and of `b_j`: in every grouping that takes `t − j` multiplications, each rounded once. It takes part in a sum either within `B₁`,
//! where the sum comes with a multiplication of its own, at most `t − j` times; or within `B₂`, where it is the later part: `R`
//! times. One step after another that is once. With a tree over all steps it is `⌈log₂ T⌉` times, and once more each where a state comes
//! in, where a chunk begins and where a cotangent of the last state is added: `R = ⌈log₂ T⌉ + 3`. So
//!
//! ```text
//! |ĥ_t − h_t| ≤ Σ_j γ(2 (t − j) + R) |a_t ⋯ a_{j+1}| |b_j| + 2 t η P² max(1, max_t M_t)
//! ```
//!
//! and since `γ(n) ≤ n u / (1 − N u)` for `n ≤ N`, with `M_t = |a_t| M_{t−1} + |b_t|`, `M_0 = |b_0|` and
//! `K_t = |a_t| (K_{t−1} + M_{t−1})`, `K_0 = 0`, the sum is at most `u / (1 − N u) · (2 K_t + R M_t)`, `N = 2 T + R`.
//!
//! *Underflows.* A tree with `t + 1` leaves has `t` inner nodes of at most two products each. What one of them loses, `η` at most,
//! is multiplied by the coefficients after it, by those before it, and by a state: `P ≥ 1` is at least the size of any product of
//! consecutive coefficients.

use super::{Bounded, Precision};
use crate::number::Number;

/// The states after each step, in the order of time.
///
/// # Panics
/// If `a` and `b` differ in length.
pub fn recurrence<'p, S: Number>(precision: &'p Precision, a: &[f64], b: &[f64], initial: f64) -> Vec<Bounded<'p, S>> {
    assert_eq!(a.len(), b.len(), "a step has one coefficient and one summand");
    let joins = a.len().next_power_of_two().trailing_zeros() as usize + 3;
    let most = 2 * a.len() + joins;
    let each = precision.gamma(most) / most as f64;
    let mut state = S::from_f64(initial);
    let (mut size, mut moments, mut product) = (initial.abs(), 0.0, 1.0_f64);
    let (mut largest, mut longest) = (size.max(1.0), 1.0_f64);
    let steps: Vec<_> = a
        .iter()
        .zip(b)
        .map(|(&a, &b)| {
            state = S::from_f64(a) * state + S::from_f64(b);
            moments = a.abs() * (moments + size);
            size = a.abs() * size + b.abs();
            product = (a.abs() * product).max(1.0);
            (largest, longest) = (largest.max(size), longest.max(product));
            (state, each * (2.0 * moments + joins as f64 * size))
        })
        .collect();
    let lost = 2.0 * precision.eta * longest * longest * largest;
    let bounded = |(t, (state, error)): (usize, (S, f64))| Bounded {
        terms: t + 2,
        ..Bounded::new(state, error + (t + 1) as f64 * lost, precision)
    };
    steps.into_iter().enumerate().map(bounded).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wave(i: usize) -> f32 {
        (i as f32 * 12.9898).sin()
    }

    /// The state after steps `from..to` by a balanced tree, as `(A, B)`.
    fn tree(a: &[f32], b: &[f32]) -> (f32, f32) {
        if let ([a], [b]) = (a, b) {
            return (*a, *b);
        }
        let (a, b) = (a.split_at(a.len() / 2), b.split_at(b.len() / 2));
        let (first, second) = (tree(a.0, b.0), tree(a.1, b.1));
        (second.0 * first.0, second.0 * first.1 + second.1)
    }

    #[test]
    fn every_grouping_of_steps_is_within_the_bound_and_the_bound_is_not_vacuous() {
        let precision = Precision::f32(1.0, 1.0);
        let mut largest = 0.0_f64;
        for (steps, seed) in [1, 2, 3, 17, 64, 200].into_iter().flat_map(|n| (0..50).map(move |seed| (n, 1000 * seed)))
        {
            let a: Vec<f32> = (0..steps).map(|t| 1.0 - wave(t + seed).abs() / 16.0).collect();
            let b: Vec<f32> = (0..steps).map(|t| wave(t + seed + 500)).collect();
            let wide = |v: &[f32]| v.iter().map(|&v| f64::from(v)).collect::<Vec<_>>();
            let want = recurrence::<f64>(&precision, &wide(&a), &wide(&b), 0.75);
            let (mut one, mut fused) = (0.75_f32, 0.75_f32);
            for t in 0..steps {
                one = a[t] * one + b[t];
                fused = a[t].mul_add(fused, b[t]);
                let (product, sum) = tree(&a[..=t], &b[..=t]);
                for got in [one, fused, product * 0.75 + sum] {
                    let error = (f64::from(got) - want[t].value).abs();
                    assert!(error <= want[t].error, "step {t} of {steps}: {got} {:?}", want[t]);
                    largest = largest.max(error / want[t].error);
                }
            }
        }
        assert!(largest > 0.1, "ratio {largest}");
    }
}
