//! `x̂_{t+1} = f(x_{t−L+1} … x_t)`: who forecasts the next number, and several numbers by feeding forecasts back.

use recurrent::echo_state::Ridge;
use recurrent::{Error, Result};

/// Forecasts the next number of each of `N` windows `[N, L]`.
pub trait Forecaster {
    fn next(&mut self, windows: &[f64]) -> Result<Vec<f64>>;
}

/// Tomorrow is as today.
#[derive(Debug)]
pub struct Persistence {
    pub lags: usize,
}

impl Forecaster for Persistence {
    fn next(&mut self, windows: &[f64]) -> Result<Vec<f64>> {
        Ok(windows.chunks_exact(self.lags).map(|window| window[self.lags - 1]).collect())
    }
}

/// `x̂ = Σ_k w_k x_{t−L+k} + b`, by least squares.
#[derive(Clone, Debug)]
pub struct Autoregression {
    /// `[L + 1]`, `b` last.
    pub weights: Vec<f64>,
}

impl Autoregression {
    /// The mean of a window.
    #[allow(clippy::cast_precision_loss)] // lags
    pub fn mean(lags: usize) -> Self {
        let mut weights = vec![1.0 / lags as f64; lags];
        weights.push(0.0);
        Self { weights }
    }

    /// The one with the least squared error over windows `[N, L]` and what came next.
    pub fn fit(windows: &[f64], targets: &[f64], lags: usize) -> Result<Self> {
        if targets.len() <= lags {
            let expected = format!("more than {lags} windows for {} weights", lags + 1);
            return Err(Error::format("an autoregression", expected, targets.len()));
        }
        let mut ridge = Ridge::new(lags + 1, 1)?;
        for (window, target) in windows.chunks_exact(lags).zip(targets) {
            ridge.add(&[window, &[1.0]].concat(), &[*target])?;
        }
        // A series that repeats itself exactly has no one solution; this picks the smallest and changes no other.
        Ok(Self { weights: ridge.solve(1e-9)? })
    }
}

impl Forecaster for Autoregression {
    fn next(&mut self, windows: &[f64]) -> Result<Vec<f64>> {
        let (bias, weights) = self.weights.split_last().expect("a bias");
        let forecast = |window: &[f64]| bias + window.iter().zip(weights).map(|(x, w)| x * w).sum::<f64>();
        Ok(windows.chunks_exact(weights.len()).map(forecast).collect())
    }
}

/// The windows `[N, L]` one step later, when these numbers have come.
pub fn shift(windows: &mut [f64], lags: usize, next: &[f64]) {
    for (window, next) in windows.chunks_exact_mut(lags).zip(next) {
        window.rotate_left(1);
        window[lags - 1] = *next;
    }
}

/// Forecasts of one step, two steps, …, each made from those before: `[steps][N]`.
pub fn iterate(model: &mut dyn Forecaster, windows: &[f64], lags: usize, steps: usize) -> Result<Vec<Vec<f64>>> {
    let mut windows = windows.to_vec();
    let step = |_| {
        let next = model.next(&windows)?;
        shift(&mut windows, lags, &next);
        Ok(next)
    };
    (0..steps).map(step).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `x_t = 1.5 x_{t−1} − 0.8 x_{t−2} + 0.25`.
    fn series() -> Vec<f64> {
        let mut x = vec![1.0, -2.0];
        (2..30).for_each(|t| x.push(1.5 * x[t - 1] - 0.8 * x[t - 2] + 0.25));
        x
    }

    #[test]
    fn an_autoregression_finds_the_equation_of_its_series() {
        let x = series();
        let windows: Vec<f64> = x.windows(2).take(x.len() - 2).flatten().copied().collect();
        let model = Autoregression::fit(&windows, &x[2..], 2).unwrap();
        let expected = [-0.8, 1.5, 0.25];
        assert!(model.weights.iter().zip(expected).all(|(w, e)| (w - e).abs() < 1e-6), "{:?}", model.weights);
        assert!(Autoregression::fit(&windows[..4], &x[2..4], 2).is_err());
    }

    #[test]
    fn iterated_forecasts_are_made_from_forecasts() {
        let x = series();
        let mut model = Autoregression { weights: vec![-0.8, 1.5, 0.25] };
        let found = iterate(&mut model, &[x[0], x[1], x[10], x[11]], 2, 5).unwrap();
        for (h, step) in found.iter().enumerate() {
            assert!((step[0] - x[2 + h]).abs() < 1e-9 && (step[1] - x[12 + h]).abs() < 1e-9, "step {h}: {step:?}");
        }
        assert_eq!(iterate(&mut Persistence { lags: 2 }, &[5.0, 7.0], 2, 2).unwrap(), [[7.0], [7.0]]);
    }
}
