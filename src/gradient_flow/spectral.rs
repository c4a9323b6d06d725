//! `σ_max(W) = max ‖W v‖ / ‖v‖` and `ρ(W) = lim ‖Wᵐ‖^{1/m}`: the two sizes of a recurrent matrix.

use super::eigenvalues::largest_modulus;
use crate::error::{Error, Result, checked_product};
use crate::finite::check_finite;
use crate::memory::{reserve, zeros};
use crate::optim::norm;
use crate::rng::Rng;
use rnn_kernels::{MatRef, Scalar};
use serde::{Deserialize, Serialize};

/// A number with how far it may be off.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Estimate {
    /// The number.
    pub value: f64,
    /// A bound on the error of the method; rounding comes on top.
    pub error: f64,
    /// How many rounds it took.
    pub rounds: u32,
}

/// `σ_max(W)`, the largest singular value, by power iteration on `WᵀW` from a random start; `w [M, N]`.
///
/// With `λ = ‖W v‖²` and the residual `r = ‖WᵀW v − λ v‖` there is a singular value within `r / √λ` of `√λ`; that is
/// the error stated, and it is the largest one unless the start lay in a space of measure zero. Stops at
/// `r ≤ 10⁻¹⁰ λ` or after 5000 rounds; `√λ` itself never exceeds `σ_max`, and its error is of second order in the
/// stated one. Rounding: about `(M + N) · 2⁻⁵³` relative.
///
/// # Errors
/// If an element is NaN or infinite, memory for a copy in f64 and three vectors cannot be had, or the value is beyond f64.
pub fn largest_singular_value<T: Scalar>(w: MatRef<'_, T>) -> Result<Estimate> {
    let mut estimate = Estimate { value: 0.0, error: 0.0, rounds: 0 };
    let Elements { data: w, rows, cols, scale } = elements(w)?;
    if scale == 0.0 {
        return Ok(estimate);
    }
    let mut rng = Rng::seed(0);
    let [mut v, mut next] = [zeros(WHAT, cols)?, zeros(WHAT, cols)?];
    let mut wv: Vec<f64> = zeros(WHAT, rows)?;
    v.fill_with(|| rng.normal());
    normalise(&mut v);
    while estimate.rounds < 5000 {
        next.fill(0.0);
        for (row, wv) in w.chunks_exact(cols).zip(&mut wv) {
            *wv = row.iter().zip(&v).map(|(w, v)| w * v).sum();
            next.iter_mut().zip(row).for_each(|(next, w)| *next += w * *wv);
        }
        let lambda: f64 = wv.iter().map(|x| x * x).sum();
        let residual = norm(next.iter().zip(&v).map(|(next, v)| next - lambda * v));
        let value = Scalar::sqrt(lambda);
        estimate = Estimate { value: value * scale, error: residual / value * scale, rounds: estimate.rounds + 1 };
        if residual <= 1e-10 * lambda {
            break;
        }
        std::mem::swap(&mut v, &mut next);
        normalise(&mut v);
    }
    within_f64("largest singular value", estimate)
}

/// `ρ(W) = max |λᵢ|`, the spectral radius, of all eigenvalues: `QᵀWQ` is made Hessenberg by reflections and then triangular by Francis's
/// double shifts; `w [H, H]`.
///
/// What a permutation makes triangular is taken as it stands. The error stated, `2⁻⁵¹ ‖W‖_F`, is what neglecting subdiagonal elements may
/// do to a normal matrix. Rounding: eigenvalues are those of a matrix that is about `H · 2⁻⁵³ ‖W‖_F` from `W`, which is how far those of a
/// normal matrix move; others move as the eigenvalues of `W` themselves do when its elements do. One fixed order of operations: the same
/// bits on every machine. The rounds are sweeps of double shifts, about 1.8 H.
///
/// Costs about `10 H³` operations and `8 H²` bytes beside those of a copy in f64. Where sweeps do not converge, which no known matrix makes
/// them do, the value is the end of a bracket by repeated squaring, `(|tr Wᵐ| / H)^{1/m} ≤ ρ ≤ ‖Wᵐ‖_F^{1/m}` with `m = 2ᵏ`, and the error
/// its width.
///
/// # Errors
/// If `w` is not square, an element is NaN or infinite, memory for two copies in f64 cannot be had, or the value is beyond
/// f64.
pub fn spectral_radius<T: Scalar>(w: MatRef<'_, T>) -> Result<Estimate> {
    if w.rows() != w.cols() {
        return Err(Error::shape("spectral radius: w", &[w.rows(), w.rows()], &w.shape()));
    }
    let Elements { data, rows: n, scale, .. } = elements(w)?;
    if scale == 0.0 {
        return Ok(Estimate { value: 0.0, error: 0.0, rounds: 0 });
    }
    let found = match largest_modulus(WHAT, &data, n)? {
        Some((value, rounds)) => {
            let error = 2.0 * f64::EPSILON * norm(data.iter().copied());
            Estimate { value: value * scale, error: error * scale, rounds }
        }
        None => by_squaring(data, n, scale)?,
    };
    within_f64("spectral radius", found)
}

/// `(|tr Wᵐ| / H)^{1/m} ≤ ρ ≤ ‖Wᵐ‖_F^{1/m}` with `m = 2ᵏ`, of `W = scale · power`.
///
/// The upper end converges to `ρ` for every matrix (Gelfand 1941), a conjugate pair or a defective eigenvalue
/// included. The value is the upper end at the last round and the error the width of the bracket, with the best
/// lower end of all rounds. Stops at a width of `10⁻¹⁰` relative or at `m = 2⁴⁸`. Rounding: at most `50 |ln ρ| · 2⁻⁵³` beside that of the
/// products, because exponents `1/m` are taken in logarithms. Costs `2H³` operations a round.
fn by_squaring(mut power: Vec<f64>, n: usize, scale: f64) -> Result<Estimate> {
    let zero = Estimate { value: 0.0, error: 0.0, rounds: 0 };
    #[allow(clippy::cast_precision_loss)] // H is far below 2⁵³
    let order = n as f64;
    // Wᵐ = e^{m·log_scale} · power, rescaled after every squaring; exponents 1/m are taken in logarithms.
    let (mut log_scale, mut lower, mut m) = (Scalar::ln(scale), f64::NEG_INFINITY, 1.0);
    let mut square = zeros(WHAT, power.len())?;
    for rounds in 0..=48 {
        let size = norm(power.iter().copied());
        if size == 0.0 {
            return Ok(Estimate { rounds, ..zero }); // nilpotent
        }
        power.iter_mut().for_each(|x| *x /= size);
        log_scale += Scalar::ln(size) / m;
        let trace = (0..n).map(|i| power[i * n + i]).sum::<f64>().abs();
        lower = Scalar::max(lower, log_scale + Scalar::ln(trace / order) / m);
        let value = Scalar::exp(log_scale);
        let error = value - Scalar::exp(lower);
        if error <= 1e-10 * value || rounds == 48 {
            return Ok(Estimate { value, error: Scalar::max(error, 0.0), rounds });
        }
        multiply(&mut square, &power, n);
        std::mem::swap(&mut power, &mut square);
        m *= 2.0;
    }
    Ok(zero) // not reached: round 48 returns
}

const WHAT: &str = "spectral analysis: w";

/// A matrix of elements near the largest of f64 may have a size beyond it.
fn within_f64(what: &str, estimate: Estimate) -> Result<Estimate> {
    if estimate.value.is_finite() {
        Ok(estimate)
    } else {
        Err(Error::range(what, "a number within f64", estimate.value))
    }
}

/// A matrix in f64 with elements at most 1 in size; the matrix itself is `scale · data`.
struct Elements {
    data: Vec<f64>,
    rows: usize,
    cols: usize,
    scale: f64,
}

fn elements<T: Scalar>(w: MatRef<'_, T>) -> Result<Elements> {
    let [rows, cols] = w.shape();
    let mut data: Vec<f64> = Vec::new();
    // Not row by row where rows are empty: there may be any number of them.
    if rows > 0 && cols > 0 {
        reserve(WHAT, &mut data, checked_product(WHAT, &[rows, cols])?)?;
        data.extend((0..rows).flat_map(|m| (0..cols).map(move |n| w.at(m, n).to_f64())));
    }
    check_finite(WHAT, &data)?;
    let scale = data.iter().fold(0.0_f64, |largest, x| largest.max(x.abs()));
    if scale > 0.0 {
        data.iter_mut().for_each(|x| *x /= scale);
    }
    Ok(Elements { data, rows, cols, scale })
}

fn normalise(v: &mut [f64]) {
    let size = norm(v.iter().copied());
    v.iter_mut().for_each(|v| *v /= size);
}

/// `square = power · power`, both `[n, n]`.
fn multiply(square: &mut [f64], power: &[f64], n: usize) {
    square.fill(0.0);
    for (row, left) in square.chunks_exact_mut(n).zip(power.chunks_exact(n)) {
        for (&left, right) in left.iter().zip(power.chunks_exact(n)) {
            row.iter_mut().zip(right).for_each(|(sum, right)| *sum += left * right);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Estimate, by_squaring, largest_singular_value, spectral_radius};
    use crate::rng::Rng;
    use rnn_kernels::MatRef;

    /// Within the error stated, which is 10⁻¹⁰ for the singular value where its method has stopped by itself and less for the radius, and the
    /// rounding stated: `2H = 48` units for the largest of these matrices.
    fn near(found: Estimate, expected: f64) {
        let off = (found.value - expected).abs();
        let rounding = 48.0 * f64::EPSILON / 2.0 * expected;
        assert!(off <= found.error + rounding, "{found:?} ≠ {expected:e}");
        assert!(found.error <= 1.01e-10 * expected, "{found:?} ≠ {expected:e}");
    }

    fn square(w: &[f64], n: usize) -> [Estimate; 2] {
        let w = MatRef::new(w, n, n);
        [spectral_radius(w).unwrap(), largest_singular_value(w).unwrap()]
    }

    #[test]
    fn a_symmetric_matrix_has_radius_and_singular_value_alike() {
        // Eigenvalues 1 and −3.
        let [radius, sigma] = square(&[-1.0, 2.0, 2.0, -1.0], 2);
        near(radius, 3.0);
        near(sigma, 3.0);
    }

    #[test]
    fn a_rotation_has_a_conjugate_pair_on_the_circle() {
        let (s, c) = (1.25 * 0.3_f64.sin(), 1.25 * 0.3_f64.cos());
        let [radius, sigma] = square(&[c, -s, s, c], 2);
        near(radius, 1.25);
        near(sigma, 1.25);
    }

    #[test]
    fn a_shear_stretches_more_than_its_eigenvalues_say() {
        // Eigenvalues 2 and ½; WᵀW = [[4, 6], [6, 9.25]] with λ² − 13.25 λ + 1 = 0.
        let [radius, sigma] = square(&[2.0, 3.0, 0.0, 0.5], 2);
        near(radius, 2.0);
        near(sigma, ((13.25 + (13.25_f64 * 13.25 - 4.0).sqrt()) / 2.0).sqrt());
    }

    #[test]
    fn a_defective_eigenvalue_is_found_within_the_error_stated() {
        let found = spectral_radius(MatRef::new(&[0.5, 1.0, 0.0, 0.0, 0.5, 1.0, 0.0, 0.0, 0.5], 3, 3)).unwrap();
        near(found, 0.5);
    }

    #[test]
    fn a_nilpotent_matrix_has_radius_zero_and_any_norm() {
        let [radius, sigma] = square(&[0.0, 7.0, 0.0, 0.0], 2);
        assert_eq!(radius.value, 0.0);
        near(sigma, 7.0);
    }

    #[test]
    fn sizes_at_the_ends_of_the_range_neither_overflow_nor_vanish() {
        for scale in [1e-300, 1e300] {
            let [radius, sigma] = square(&[0.0, 2.0 * scale, 2.0 * scale, 0.0], 2);
            near(radius, 2.0 * scale);
            near(sigma, 2.0 * scale);
        }
    }

    #[test]
    fn a_known_spectrum_survives_a_change_of_basis() {
        // Householder reflections Q on both sides: Q D Qᵀ keeps the eigenvalues, Q D R the singular values.
        let n = 24;
        let mut rng = Rng::seed(8);
        let mut v: Vec<f64> = (0..n).map(|_| rng.normal()).collect();
        let size = v.iter().map(|v| v * v).sum::<f64>().sqrt();
        v.iter_mut().for_each(|v| *v /= size);
        let q = |i: usize, j: usize| f64::from(u8::from(i == j)) - 2.0 * v[i] * v[j];
        #[allow(clippy::cast_precision_loss)]
        let diagonal = |i: usize| 1.7 / (1.0 + i as f64);
        let element = |i: usize, j: usize| (0..n).map(|k| q(i, k) * diagonal(k) * q(k, j)).sum::<f64>();
        let w: Vec<f64> = (0..n * n).map(|at| element(at / n, at % n)).collect();
        let [radius, sigma] = square(&w, n);
        near(radius, 1.7);
        near(sigma, 1.7);
    }

    /// Sizes below, at and above a group of reflections and of lanes, and the two ends of the bracket by squaring.
    #[test]
    fn the_radius_of_any_matrix_lies_in_the_bracket_of_its_powers() {
        let mut rng = Rng::seed(3);
        for n in (1..=20).chain([23, 24, 25, 26, 27, 28, 31, 33, 47, 48, 52, 66, 97]) {
            for of in 0..4 {
                let sparse = |rng: &mut Rng| if of == 3 && rng.below(4) > 0 { 0.0 } else { rng.normal() };
                let w: Vec<f64> = (0..n * n).map(|_| sparse(&mut rng)).collect();
                let found = spectral_radius(MatRef::new(&w, n, n)).unwrap();
                let bracket = by_squaring(w, n, 1.0).unwrap();
                let off = (found.value - bracket.value).abs();
                // The bracket is 10⁻¹⁰ wide; eigenvalues 10⁴ times as sensitive as those of a normal matrix do not move as far.
                let slack = bracket.error + 1e4 * found.error;
                assert!(off <= slack, "{n}: {found:?} {bracket:?}");
            }
        }
    }

    #[test]
    fn a_matrix_that_a_permutation_makes_triangular_has_the_largest_of_its_diagonal() {
        let (n, mut rng) = (40, Rng::seed(4));
        for _ in 0..5 {
            let mut order: Vec<usize> = (0..n).collect();
            rng.shuffle(&mut order);
            let mut w = vec![0.0; n * n];
            for (i, j) in (0..n).flat_map(|i| (0..=i).map(move |j| (i, j))) {
                w[order[i] * n + order[j]] = rng.normal();
            }
            let largest = (0..n).map(|i| w[i * n + i].abs()).fold(0.0, f64::max);
            let found = spectral_radius(MatRef::new(&w, n, n)).unwrap();
            let scale = w.iter().fold(0.0_f64, |largest, x| largest.max(x.abs()));
            assert_eq!((found.value, found.rounds), (largest / scale * scale, 0));
        }
    }

    /// What unshifted sweeps leave as it is: all eigenvalues have the same modulus.
    #[test]
    fn a_cycle_has_radius_one() {
        for n in 2..40 {
            let mut w = vec![0.0; n * n];
            (0..n).for_each(|i| w[i * n + (i + 1) % n] = 1.0);
            near(spectral_radius(MatRef::new(&w, n, n)).unwrap(), 1.0);
        }
    }

    #[test]
    fn the_roots_of_a_polynomial_are_the_eigenvalues_of_its_companion() {
        // (x − 3)(x + 2)(x² + x + 7/4) = x⁴ − 21/4 x² − 31/4 x − 21/2, with a pair of modulus √7/2.
        #[rustfmt::skip]
        let w = [
            0.0, 5.25, 7.75, 10.5,
            1.0, 0.0, 0.0, 0.0,
            0.0, 1.0, 0.0, 0.0,
            0.0, 0.0, 1.0, 0.0,
        ];
        near(spectral_radius(MatRef::new(&w, 4, 4)).unwrap(), 3.0);
    }

    #[test]
    fn a_zero_or_empty_matrix_has_size_zero() {
        assert_eq!(square(&[0.0; 4], 2).map(|e| e.value), [0.0, 0.0]);
        assert_eq!(square(&[], 0).map(|e| e.value), [0.0, 0.0]);
    }

    #[test]
    fn empty_matrices_of_any_shape_have_size_zero_at_once() {
        for (rows, cols) in [(usize::MAX, 0), (0, usize::MAX)] {
            assert_eq!(largest_singular_value(MatRef::<f64>::new(&[], rows, cols)).unwrap().value, 0.0);
        }
    }

    #[test]
    fn a_size_beyond_f64_is_an_error() {
        let w = [f64::MAX; 4];
        let w = MatRef::new(&w, 2, 2);
        let error = largest_singular_value(w).unwrap_err().to_string();
        assert_eq!(error, "largest singular value: expected a number within f64, found inf");
        let error = spectral_radius(w).unwrap_err().to_string();
        assert_eq!(error, "spectral radius: expected a number within f64, found inf");
    }

    #[test]
    fn what_is_not_square_or_not_finite_is_an_error() {
        let error = spectral_radius(MatRef::new(&[1.0_f32; 6], 2, 3)).unwrap_err().to_string();
        assert_eq!(error, "spectral radius: w: expected shape [2, 2], found [2, 3]");
        assert!(largest_singular_value(MatRef::new(&[1.0, f64::NAN], 1, 2)).is_err());
    }
}
