//! `x̂ = (1/K) Σ_k (a_k(x) + f_k(x − x̄))`: networks from several seeds, each on years of its own, and what they missed by on the others.

use super::forecaster::{Autoregression, Forecaster, shift};
use super::options::Learn;
use recurrent::data::{Input, Label, TargetKind};
use recurrent::network::{Config, RecurrentSpec};
use recurrent::rng::Rng;
use recurrent::train::{Fit, Moment, Settings, Trainer};
use recurrent::{Batch, Network, Result, Sequences, Workspace};
use std::ops::ControlFlow;

/// How a member is made.
#[derive(Clone, Debug)]
pub struct Setup {
    pub cell: String,
    pub hidden: usize,
    pub epochs: u64,
    pub rate: f64,
    pub learn: Learn,
}

/// A network that reads a window about its mean, step by step, beside a linear part. A level never seen before is nothing new to it.
#[derive(Debug)]
pub struct Member {
    linear: Autoregression,
    network: Network<f64>,
    workspace: Workspace<f64>,
    lags: usize,
    /// What it missed by on the windows that it was not trained on.
    residuals: Vec<f64>,
}

impl Member {
    /// Learns what the linear part leaves of four fifths of the windows `[N, L]`; the epoch that does best on the others is kept.
    fn fit(
        (windows, targets): (&[f64], &[f64]),
        mut linear: Autoregression,
        setup: &Setup,
        seed: u64,
        epoch: &mut impl FnMut(),
    ) -> Result<Self> {
        let (lags, parts) = (windows.len() / targets.len(), linear.next(windows)?);
        let mut rows = Sequences::features(1, TargetKind::ValuesPerRow(1))?;
        for ((window, target), part) in about_mean(windows, lags)?.chunks_exact(lags).zip(targets).zip(parts) {
            rows.push_labelled(Input::Features(window), Label::Values(&[target - part]))?;
        }
        let (train, others) = blocks(targets.len(), seed);
        let (train, others) = (rows.subset(&train)?, rows.subset(&others)?);
        let config =
            Config::features(1).recurrent(RecurrentSpec::new(&*setup.cell, setup.hidden)).last_step().linear(1);
        let settings = Settings::adam(setup.rate).clip_norm(1.0).seed(seed);
        let mut trainer = Trainer::new(Network::new(&config, seed)?, settings)?;
        trainer.fit(&Fit::epochs(setup.epochs).batch(16).patience(25), &train, Some(&others), |_, moment| {
            if matches!(moment, Moment::Epoch(..)) {
                epoch();
            }
            Ok(ControlFlow::Continue(()))
        })?;
        let (network, workspace) = (trainer.into_network(), Workspace::new());
        let mut member = Self { linear, network, workspace, lags, residuals: vec![] };
        let left = member.read(others.flat_features())?;
        let targets = others.iter().filter_map(|(_, label)| match label {
            Label::Values(target) => Some(target[0]),
            _ => None,
        });
        member.residuals = targets.zip(left).map(|(target, left)| target - left).collect();
        Ok(member)
    }

    /// What the network says that the linear part leaves, of windows about their mean.
    fn read(&mut self, windows: &[f64]) -> Result<Vec<f64>> {
        let rows = windows.len() / self.lags;
        let batch = Batch::batch_first(windows, [rows, self.lags, 1])?;
        let y = self.network.infer(&mut self.workspace, &batch, &mut self.network.state(rows)?)?;
        Ok((0..rows).map(|n| y.at(0).row(n)[0]).collect())
    }
}

impl Forecaster for Member {
    fn next(&mut self, windows: &[f64]) -> Result<Vec<f64>> {
        let (linear, left) = (self.linear.next(windows)?, self.read(&about_mean(windows, self.lags)?)?);
        Ok(linear.into_iter().zip(left).map(|(linear, left)| linear + left).collect())
    }
}

/// `x − x̄` of each window `[N, L]`.
fn about_mean(windows: &[f64], lags: usize) -> Result<Vec<f64>> {
    let means = Autoregression::mean(lags).next(windows)?;
    let about = |(window, mean): (&[f64], f64)| -> Vec<f64> { window.iter().map(|x| x - mean).collect() };
    Ok(windows.chunks_exact(lags).zip(means).flat_map(about).collect())
}

/// Of so many windows those to train on, and a fifth of them in a row, where the seed says, that are not.
fn blocks(windows: usize, seed: u64) -> (Vec<usize>, Vec<usize>) {
    let held_out = windows / 5;
    let first = Rng::seed(seed).below(windows - held_out + 1);
    (0..windows).partition(|window| !(first..first + held_out).contains(window))
}

/// All members; their mean is the forecast.
#[derive(Debug)]
pub struct Committee {
    members: Vec<Member>,
    lags: usize,
}

impl Committee {
    /// Members of so many seeds, which learn from windows `[N, L]` and what came next. `tell` hears each seed and the epochs of its member so
    /// far, at last whether it is done.
    pub fn fit(
        (windows, targets): (&[f64], &[f64]),
        linear: &Autoregression,
        setup: &Setup,
        seeds: impl Iterator<Item = u64>,
        mut tell: impl FnMut(u64, u64, bool),
    ) -> Result<Self> {
        let lags = windows.len() / targets.len();
        let mut members = vec![];
        for (k, seed) in seeds.enumerate() {
            let is_beside = setup.learn == Learn::Rest || setup.learn == Learn::Both && k % 2 == 0;
            let part = if is_beside { linear.clone() } else { Autoregression::mean(lags) };
            let mut epochs = 0;
            let mut epoch = || {
                epochs += 1;
                tell(seed, epochs, false);
            };
            members.push(Member::fit((windows, targets), part, setup, seed, &mut epoch)?);
            tell(seed, epochs, true);
        }
        Ok(Self { members, lags })
    }

    /// Forecasts `[K][N]` of each member by itself.
    pub fn of_members(&mut self, windows: &[f64]) -> Result<Vec<Vec<f64>>> {
        self.members.iter_mut().map(|member| member.next(windows)).collect()
    }

    /// What may come of each window `[N, L]`: in each of the draws a member forecasts step by step, and misses by one of its residuals, drawn
    /// anew for every step. `[steps][N][draws]`.
    pub fn futures(
        &mut self,
        windows: &[f64],
        steps: usize,
        draws: usize,
        rng: &mut Rng,
    ) -> Result<Vec<Vec<Vec<f64>>>> {
        let (rows, count) = (windows.len() / self.lags, self.members.len());
        let mut futures = vec![vec![Vec::with_capacity(draws); rows]; steps];
        for (k, member) in self.members.iter_mut().enumerate() {
            let own = draws * (k + 1) / count - draws * k / count;
            if own == 0 {
                continue;
            }
            let mut paths: Vec<f64> = windows.chunks_exact(self.lags).flat_map(|window| window.repeat(own)).collect();
            for step in &mut futures {
                let mut next = member.next(&paths)?;
                next.iter_mut().for_each(|next| *next += member.residuals[rng.below(member.residuals.len())]);
                shift(&mut paths, self.lags, &next);
                next.chunks(own).zip(step).for_each(|(next, row)| row.extend_from_slice(next));
            }
        }
        Ok(futures)
    }
}

impl Forecaster for Committee {
    #[allow(clippy::cast_precision_loss)]
    fn next(&mut self, windows: &[f64]) -> Result<Vec<f64>> {
        let of_members = self.of_members(windows)?;
        let mean = |n: usize| of_members.iter().map(|member| member[n]).sum::<f64>() / of_members.len() as f64;
        Ok((0..windows.len() / self.lags).map(mean).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::forecaster::iterate;

    fn committee(seeds: u64, learn: Learn) -> Committee {
        let x: Vec<f64> = (0..60).map(|t| (f64::from(t) * 0.7).sin()).collect();
        let windows: Vec<f64> = x.windows(3).take(57).flatten().copied().collect();
        let linear = Autoregression { weights: vec![0.0, 0.0, 0.5, 0.0] };
        let setup = Setup { cell: "gru".into(), hidden: 4, epochs: 3, rate: 0.01, learn };
        Committee::fit((&windows, &x[3..]), &linear, &setup, 1..=seeds, |_, _, _| ()).unwrap()
    }

    #[test]
    fn the_forecast_is_the_mean_of_members_which_differ() {
        let mut committee = committee(3, Learn::Both);
        let window = [0.1, 0.4, 0.2];
        let of_members = committee.of_members(&window).unwrap();
        assert!(of_members[0] != of_members[1]);
        let mean = of_members.iter().map(|member| member[0]).sum::<f64>() / 3.0;
        assert!((committee.next(&window).unwrap()[0] - mean).abs() < 1e-12);
    }

    #[test]
    fn a_network_learns_what_the_autoregression_leaves_or_what_the_mean_of_a_window_does() {
        let weights = |learn| -> Vec<f64> { committee(2, learn).members.iter().map(|m| m.linear.weights[0]).collect() };
        assert_eq!(weights(Learn::Series), [1.0 / 3.0; 2]);
        assert_eq!(weights(Learn::Rest), [0.0; 2]);
        assert_eq!(weights(Learn::Both), [0.0, 1.0 / 3.0]);
    }

    #[test]
    fn a_forecast_of_the_series_rises_with_the_level_of_a_window() {
        let next = committee(2, Learn::Series).next(&[0.1, 0.4, 0.2, 5.1, 5.4, 5.2]).unwrap();
        assert!((next[1] - next[0] - 5.0).abs() < 1e-12, "{next:?}");
    }

    #[test]
    fn without_residuals_the_future_of_one_member_is_its_iterated_forecast() {
        let mut committee = committee(1, Learn::Rest);
        committee.members[0].residuals = vec![0.0];
        let windows = [0.1, 0.4, 0.2, -0.3, 0.0, 0.9];
        let futures = committee.futures(&windows, 4, 2, &mut Rng::seed(1)).unwrap();
        let expected = iterate(&mut committee, &windows, 3, 4).unwrap();
        for (step, expected) in futures.iter().zip(expected) {
            for (draws, expected) in step.iter().zip(expected) {
                assert!(draws.len() == 2 && draws.iter().all(|draw| (draw - expected).abs() < 1e-12));
            }
        }
    }

    #[test]
    fn every_member_has_its_share_of_the_draws_and_residuals_spread_them() {
        let mut committee = committee(3, Learn::Rest);
        let futures = committee.futures(&[0.1, 0.4, 0.2], 2, 10, &mut Rng::seed(1)).unwrap();
        assert_eq!(futures.iter().map(|step| step[0].len()).collect::<Vec<_>>(), [10, 10]);
        // The first three draws are of one member.
        assert!(futures[0][0][..3].windows(2).any(|pair| pair[0] != pair[1]));
    }

    #[test]
    fn windows_held_out_are_a_fifth_in_a_row_and_differ_from_seed_to_seed() {
        for seed in 1..20 {
            let (train, others) = blocks(57, seed);
            assert_eq!((train.len(), others.len()), (46, 11));
            assert!(others.windows(2).all(|pair| pair[1] == pair[0] + 1) && others.iter().all(|k| !train.contains(k)));
        }
        assert_ne!(blocks(57, 1).1, blocks(57, 2).1);
        assert_eq!(committee(1, Learn::Rest).members[0].residuals.len(), 11);
    }
}
