//! `r = (‖∂L/∂s_{T−b}‖ / ‖∂L/∂s_{T−a}‖)^{1/(b−a)}`: by what factor a gradient changes with a step, and over how many it halves.

use super::cases::Measured;
use recurrent::gradient_flow::Conditions;
use serde::Serialize;
use std::fmt;

/// What is smaller is nearly nothing even to f64.
const TINY: f64 = 1e-290;
/// After all steps a gradient below this has vanished, and one above its inverse exploded.
const NOTHING: f64 = 1e-6;

/// What became of a gradient, over seeds.
#[derive(Clone, Debug, Serialize)]
pub struct Fade {
    pub name: String,
    /// `‖∂L/∂s_{T−d}‖` by `d`, and its ends over seeds.
    pub median: Vec<f64>,
    pub least: Vec<f64>,
    pub most: Vec<f64>,
    /// The factor of a step, the median over seeds.
    pub factor: f64,
    /// Steps until half is left, if it shrinks.
    pub half_life: Option<f64>,
    pub verdict: Verdict,
    /// What theory says of the first seed, for the cells it is about.
    #[serde(skip)]
    pub conditions: Option<Conditions>,
}

/// Where it stands in the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    Vanished,
    Lasted,
    Exploded,
}

impl Fade {
    /// Of one network with several seeds, at least one, over as many steps.
    pub fn of(seeds: &[Measured]) -> Self {
        let by_distance = |seed: &Measured| -> Vec<f64> { seed.norms.iter().rev().copied().collect() };
        let curves: Vec<Vec<f64>> = seeds.iter().map(by_distance).collect();
        let at = |d: usize, of: fn(&mut [f64]) -> f64| of(&mut curves.iter().map(|curve| curve[d]).collect::<Vec<_>>());
        let over = |of: fn(&mut [f64]) -> f64| -> Vec<f64> { (0..curves[0].len()).map(|d| at(d, of)).collect() };
        let factor = median(&mut curves.iter().map(|curve| factor(curve)).collect::<Vec<_>>());
        let median = over(median);
        let verdict = match median[median.len() - 1] {
            left if left < NOTHING => Verdict::Vanished,
            left if left > 1.0 / NOTHING || left.is_nan() => Verdict::Exploded,
            _ => Verdict::Lasted,
        };
        Self {
            name: seeds[0].name.clone(),
            least: over(|numbers| numbers.iter().copied().fold(f64::INFINITY, f64::min)),
            most: over(|numbers| numbers.iter().copied().fold(0.0, f64::max)),
            median,
            factor,
            half_life: (factor < 1.0).then(|| 0.5_f64.ln() / factor.ln()),
            verdict,
            conditions: seeds[0].conditions,
        }
    }
}

/// The middle of these numbers, or the mean of the middle two on a logarithmic scale.
fn median(numbers: &mut [f64]) -> f64 {
    numbers.sort_by(f64::total_cmp);
    let (low, high) = (numbers[(numbers.len() - 1) / 2], numbers[numbers.len() / 2]);
    (low * high).sqrt()
}

/// From a quarter of the way on, when what passes at first is over, as far as f64 tells it; 0 if it ends at a step.
#[allow(clippy::cast_precision_loss)] // steps
fn factor(by_distance: &[f64]) -> f64 {
    let told = |norm: &f64| *norm > TINY && norm.is_finite();
    let last = by_distance.iter().take_while(|norm| told(norm)).count() - 1;
    if by_distance.get(last + 1) == Some(&0.0) && by_distance[last] > 1e-200 {
        return 0.0;
    }
    let first = last.min(by_distance.len() / 4);
    let first = if first == last { 0 } else { first };
    (by_distance[last] / by_distance[first]).powf(1.0 / (last - first).max(1) as f64)
}

impl fmt::Display for Fade {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.half_life, self.factor) {
            (_, 0.0) => write!(f, "ends after {}", self.median.iter().take_while(|left| **left > 0.0).count() - 1),
            (Some(half), factor) if half < 1e4 => write!(f, "×{factor:.3}, half in {half:.1}"),
            (_, factor) if factor > 1.0001 => write!(f, "×{factor:.3}, twice in {:.1}", 2.0_f64.ln() / factor.ln()),
            (_, factor) => write!(f, "×{factor:.4}"),
        }
    }
}
