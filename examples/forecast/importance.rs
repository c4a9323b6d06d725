//! `Σ (f(x̃) − y)² − Σ (f(x) − y)²`, where one lag of `x̃` is shuffled over the windows: how much a forecast needs that lag.

use super::forecaster::Forecaster;
use super::intervals::root_mean_square;
use recurrent::Result;
use recurrent::rng::Rng;

/// By how much the mean squared error over windows `[N, L]` grows when the numbers of one lag change places between windows, in the mean of
/// so many shuffles (Breiman 2001; Fisher, Rudin & Dominici 2019), for each lag from the oldest on.
#[allow(clippy::cast_precision_loss)]
pub fn importance(
    model: &mut dyn Forecaster,
    (windows, targets): (&[f64], &[f64]),
    shuffles: usize,
    rng: &mut Rng,
) -> Result<Vec<f64>> {
    let lags = windows.len() / targets.len();
    let whole = root_mean_square(&model.next(windows)?, targets).powi(2);
    let mut of_lags = vec![];
    for lag in 0..lags {
        let mut grown = 0.0;
        for _ in 0..shuffles {
            let mut column: Vec<f64> = windows.iter().skip(lag).step_by(lags).copied().collect();
            rng.shuffle(&mut column);
            let mut shuffled = windows.to_vec();
            shuffled.iter_mut().skip(lag).step_by(lags).zip(column).for_each(|(to, from)| *to = from);
            grown += root_mean_square(&model.next(&shuffled)?, targets).powi(2) - whole;
        }
        of_lags.push(grown / shuffles as f64);
    }
    Ok(of_lags)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::forecaster::Autoregression;

    #[test]
    fn a_lag_matters_by_twice_its_variance_times_its_squared_weight() {
        // Independent lags of variance 1, forecast without error: a shuffled lag misses by w (x̃ − x).
        let mut rng = Rng::seed(1);
        let windows: Vec<f64> = (0..4000 * 3).map(|_| rng.normal()).collect();
        let mut model = Autoregression { weights: vec![0.0, 1.0, -2.0, 0.5] };
        let targets = model.next(&windows).unwrap();
        let found = importance(&mut model, (&windows, &targets), 5, &mut rng).unwrap();
        let expected = [0.0, 2.0, 8.0];
        assert!(found.iter().zip(expected).all(|(found, e)| (found - e).abs() <= 0.1 * e), "{found:?}");
    }
}
