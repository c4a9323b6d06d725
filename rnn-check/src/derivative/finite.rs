//! `f′(0) ≈ (8 (f(h) − f(−h)) − (f(2h) − f(−2h))) / 12h` with an honest estimate of its error.
//!
//! With noise `ε` in every value of `f`, the five-point stencil errs by at most
//!
//! ```text
//! C₁/h + C₂ h⁴,   C₁ = ε Σ|coef| = (3/2) ε,   C₂ = |f⁽⁵⁾| Σ|coef_i grid_i⁵| / 5! = |f⁽⁵⁾| / 18,
//! ```
//! least at `h = (C₁ / 4C₂)^{1/5}` (the method of FiniteDifferences.jl, `methods.jl`). Two things it needs are measured:
//!
//! - `ε` from a table of differences of `f` at seven points so close together that only noise differs: a k-th difference
//!   of independent noise has variance `(2k)!/(k!)²` times that of the noise (Hamming; Moré and Wild, 2011, "ECNoise");
//! - `|f⁽⁵⁾|` from the seven-point stencil `(−1, 4, −5, 0, 5, −4, 1)/2h⁵`, the largest of three neighbouring centres, plus
//!   what noise can hide, `10 ε/h⁵` — so that a straight line does not get an infinite step.
//!
//! A kink within the stencil shows in its even part and makes the error infinite. The second opinion is Richardson's: central differences with halved steps, extrapolated in `h²` (Ridders 1982).

/// A derivative and how far off it may be.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Estimate {
    /// The derivative.
    pub value: f64,
    /// The estimated error.
    pub error: f64,
}

/// Two numerical opinions of one derivative.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Evidence {
    /// Five points, step chosen by the error bound.
    pub stencil: Estimate,
    /// Richardson extrapolation.
    pub richardson: Estimate,
}

/// What finite differences say about a claimed derivative.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Within ten times the estimated error.
    Agrees,
    /// Outside it.
    Disagrees,
    /// The opinions differ, or are not sharp enough to decide: draw another case, never count this one as passed.
    Inconclusive,
}

impl Evidence {
    /// Ten times the estimated error of the stencil.
    pub fn tolerance(&self) -> f64 {
        10.0 * self.stencil.error
    }

    /// Is `claimed` the derivative? `scale` is the largest entry of the whole gradient: evidence that is not good to
    /// 1e-8 of it (a kink, an overflow, heavy cancellation) decides nothing.
    pub fn judge(&self, claimed: f64, scale: f64) -> Verdict {
        let Self { stencil, richardson } = *self;
        let sharp = stencil.error <= 1e-8 * scale.abs();
        let agreed = (stencil.value - richardson.value).abs() <= self.tolerance() + richardson.error;
        // Written so that NaN anywhere in the evidence is inconclusive, and NaN in the claim disagrees.
        if !(sharp && agreed) {
            Verdict::Inconclusive
        } else if (claimed - stencil.value).abs() <= self.tolerance() {
            Verdict::Agrees
        } else {
            Verdict::Disagrees
        }
    }
}

/// `∂f/∂x_i`
pub fn partial(mut f: impl FnMut(&[f64]) -> f64, x: &[f64], i: usize) -> Evidence {
    let mut point = x.to_vec();
    let f = |s: f64| {
        point[i] = x[i] + s;
        f(&point)
    };
    within(f, x[i].abs() * f64::EPSILON / 2.0)
}

/// `d/ds f(x + s v)` at 0. A unit vector `v` makes steps of the usual size.
///
/// # Panics
/// If `x` and `v` differ in length.
pub fn directional(mut f: impl FnMut(&[f64]) -> f64, x: &[f64], v: &[f64]) -> Evidence {
    assert_eq!(x.len(), v.len(), "a direction for every variable");
    let mut point = x.to_vec();
    along(|s| {
        for (p, (x, v)) in point.iter_mut().zip(x.iter().zip(v)) {
            *p = x + s * v;
        }
        f(&point)
    })
}

/// `f′(0)` of a function that varies over lengths of order one.
pub fn along(f: impl FnMut(f64) -> f64) -> Evidence {
    within(f, 0.0)
}

/// [`along`], where the function is given its argument with a rounding error.
fn within(mut f: impl FnMut(f64) -> f64, rounding: f64) -> Evidence {
    let noise = noise(&mut f, rounding);
    Evidence { stencil: five_point(&mut f, noise), richardson: richardson(&mut f, noise) }
}

/// Three standard deviations of the rounding noise in `f` near 0, and no less than half an ulp of `f`, or than what the rounding of
/// its argument makes of it.
fn noise(f: &mut impl FnMut(f64) -> f64, rounding: f64) -> f64 {
    // Not a round number: x + kδ shall round as differently as x + h does.
    const DELTA: f64 = 1.234_567e-12;
    let mut table: Vec<f64> = (-3..=3).map(|k| f(f64::from(k) * DELTA)).collect();
    let size = table.iter().fold(0.0, |m: f64, v| m.max(v.abs()));
    let slope = (table[6] - table[0]) / (6.0 * DELTA);
    let (mut variance, mut amplification) = (0.0f64, 1.0);
    for k in 1..=6 {
        table = table.windows(2).map(|pair| pair[1] - pair[0]).collect();
        let order = f64::from(k);
        amplification *= (4.0 * order - 2.0) / order; // (2k)!/(k!)²
        if k >= 2 {
            // The first difference still contains f′δ.
            let mean = table.iter().map(|d| d * d).sum::<f64>() / (7.0 - order);
            variance = variance.max(mean / amplification);
        }
    }
    let floor = (size * f64::EPSILON / 2.0).max(slope.abs() * rounding).max(f64::MIN_POSITIVE);
    floor.max(3.0 * variance.sqrt())
}

fn five_point(f: &mut impl FnMut(f64) -> f64, noise: f64) -> Estimate {
    // Step of the seven-point stencil: the same balance one level up, assuming |f⁽⁷⁾| = 10 |f| as FiniteDifferences.jl
    // does by default: h = (Q/(P−Q) · ε Σ|coef| / (|f⁽⁷⁾| Σ|coef grid⁷|/7!))^{1/P}, P = 7, Q = 5, sums 10 and 0.5365.
    let size = f(0.0).abs().max(noise);
    let wide = (2.5 * 10.0 * noise / (10.0 * size * 0.5365)).powf(1.0 / 7.0).clamp(1e-3, 5e-2);
    let ladder: Vec<f64> = (-4..=4).map(|k| f(f64::from(k) * wide)).collect();
    let fifth = |c: usize| {
        let odd = |k: usize| ladder[c + k] - ladder[c - k];
        (0.5 * odd(3) - 2.0 * odd(2) + 2.5 * odd(1)).abs() / wide.powi(5)
    };
    let fourth = |c: usize| {
        let even = |k: usize| ladder[c + k] + ladder[c - k];
        (even(2) - 4.0 * even(1) + 6.0 * ladder[c]).abs() / wide.powi(4)
    };
    // Not f64::max: a NaN must survive.
    let largest = |values: [f64; 3]| values.into_iter().fold(0.0, |m, v| if v <= m { m } else { v });
    let curvature = largest([3, 4, 5].map(fifth)) + 10.0 * noise / wide.powi(5);

    let (c1, c2) = (1.5 * noise, curvature / 18.0);
    let h = (c1 / (4.0 * c2)).powf(0.2);
    let [left2, left, right, right2] = [-2.0, -1.0, 1.0, 2.0].map(|k| f(k * h));
    // (f(s) − 2f(0) + f(−s))/s is f″s + f⁗s³/12 of a smooth f, and the jump of the slope at a kink: twice its value at h less
    // that at 2h leaves −f⁗h³/2 or the jump. Central differences alone would average the two slopes and look certain.
    let bend = |outer: f64, s: f64| (outer - 2.0 * ladder[4]) / s;
    let jump = 2.0 * bend(left + right, h) - bend(left2 + right2, 2.0 * h);
    let smooth = jump.abs() <= 10.0 * (largest([3, 4, 5].map(fourth)) * h.powi(3) + 12.0 * noise / h);
    Estimate {
        value: (8.0 * (right - left) - (right2 - left2)) / (12.0 * h),
        error: if smooth { c1 / h + c2 * h.powi(4) } else { f64::INFINITY },
    }
}

fn richardson(f: &mut impl FnMut(f64) -> f64, noise: f64) -> Estimate {
    let mut best = Estimate { value: f64::NAN, error: f64::INFINITY };
    let mut previous: Vec<f64> = Vec::new();
    let mut h = 0.1;
    for _ in 0..7 {
        let mut row = vec![(f(h) - f(-h)) / (2.0 * h)];
        let mut power = 1.0;
        for j in 0..previous.len() {
            power *= 4.0;
            let next = (power * row[j] - previous[j]) / (power - 1.0);
            // Extrapolation amplifies the noise of the newest row by at most Π 4^j/(4^j − 1) < 1.5, that of the older
            // rows by less than half of it.
            let error = (next - row[j]).abs().max((next - previous[j]).abs()) + 2.0 * noise / h;
            if error < best.error {
                best = Estimate { value: next, error };
            }
            row.push(next);
        }
        previous = row;
        h /= 2.0;
    }
    best
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_estimated_error_covers_the_real_one_and_is_sharp() {
        for (f, slope) in [
            (f64::exp as fn(f64) -> f64, 1.0),
            (|s| (1.0 + s).sin(), 1f64.cos()),
            (|s| (3.0 * s + 0.5).tanh(), 3.0 / 0.5f64.cosh().powi(2)),
            (|s| 1e3 + s, 1.0),
            (|s| 1e-6 * (7.0 * s).cos() - 2e-6 * s, -2e-6),
        ] {
            let evidence = along(f);
            let error = (evidence.stencil.value - slope).abs();
            assert!(error <= evidence.tolerance(), "{evidence:?} {slope}");
            assert!((evidence.richardson.value - slope).abs() <= 10.0 * evidence.richardson.error);
            assert!(evidence.stencil.error <= 1e-9 * slope.abs().max(f(0.0).abs()), "{evidence:?}");
            assert_eq!(evidence.judge(slope, slope), Verdict::Agrees);
        }
    }

    #[test]
    fn noise_in_the_function_widens_the_estimate() {
        // Three more digits of noise, the same at every call.
        let noisy = |s: f64| (1.0 + s).sin() + 1e-13 * (s * 1e14).sin();
        let evidence = along(noisy);
        assert!(evidence.stencil.error > 1e-12);
        assert_eq!(evidence.judge(1f64.cos(), 1.0), Verdict::Agrees);
    }

    #[test]
    fn a_wrong_derivative_disagrees_from_the_ninth_digit() {
        let evidence = along(|s| (1.0 + s).sin());
        assert_eq!(evidence.judge(1f64.cos() * (1.0 + 1e-9), 1.0), Verdict::Disagrees);
        assert_eq!(evidence.judge(f64::NAN, 1.0), Verdict::Disagrees);
    }

    #[test]
    fn a_kink_or_an_overflow_is_inconclusive() {
        assert_eq!(along(f64::abs).judge(0.0, 1.0), Verdict::Inconclusive);
        let kink_at = |at: f64| along(move |s| (1.0 + s).sin() + (s - at).max(0.0));
        for slope in [0.0, 0.5, 1.0] {
            let claimed = 1f64.cos() + slope;
            assert_eq!(kink_at(0.0).judge(claimed, 1.0), Verdict::Inconclusive);
        }
        for k in 1..200 {
            // Every distance on both sides: a correct claim is never rejected.
            let at = 0.3 * 0.9f64.powi(k);
            assert_ne!(kink_at(at).judge(1f64.cos(), 1.0), Verdict::Disagrees, "{at}");
            assert_ne!(kink_at(-at).judge(1f64.cos() + 1.0, 1.0), Verdict::Disagrees, "{at}");
        }
        assert_eq!(along(|s| (s * 1e6).exp()).judge(1e6, 1e6), Verdict::Inconclusive);
        assert_eq!(along(|_| f64::NAN).judge(0.0, 1.0), Verdict::Inconclusive);
    }

    #[test]
    fn evidence_too_coarse_for_the_scale_is_inconclusive() {
        let evidence = along(|s| 1e6 + s);
        assert_eq!(evidence.judge(1.0, 1.0), Verdict::Inconclusive);
    }

    #[test]
    fn partial_moves_one_variable_and_directional_all() {
        let f = |x: &[f64]| x[0] * x[0] * x[1].exp() + x[2];
        let x = [1.5, -0.25, 3.0];
        let gradient = [3.0 * (-0.25f64).exp(), 2.25 * (-0.25f64).exp(), 1.0];
        for i in 0..3 {
            assert_eq!(partial(f, &x, i).judge(gradient[i], 3.0), Verdict::Agrees);
        }
        let v = [0.6, -0.64, 0.48];
        let slope = (0..3).map(|i| gradient[i] * v[i]).sum();
        assert_eq!(directional(f, &x, &v).judge(slope, 3.0), Verdict::Agrees);
    }
}
