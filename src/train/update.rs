//! `gather → clip → θ ← θ − η direction(g)`, and what becomes of a batch that is not finite.

use super::kept::{Counts, Step};
use super::settings::{Clip, OnNonFinite};
use super::snapshot::Snapshot;
use super::trainer::Trainer;
use crate::error::{Error, Result};
use crate::finite::NonFinite;
use crate::loss::{Loss, Targets};
use crate::network::{Batch, State};
use crate::optim::{clip_norm, clip_value};
use rnn_kernels::{Backend, Scalar};

impl<T: Scalar, B: Backend<T> + ?Sized> Trainer<T, B> {
    /// One batch or window from this state; the final state is in `next_state`.
    pub(super) fn micro_step(
        &mut self,
        batch: &Batch<'_, T>,
        targets: Targets<'_, T>,
        state: &State<T>,
    ) -> Result<Step> {
        let found = self.kept.count;
        let stepped = self.gather(batch, targets, state).and_then(|loss| self.update_if_due(loss));
        match stepped {
            Ok(step) => Ok(step),
            Err(error @ Error::NotFinite { .. }) => self.leave_out(error, found),
            Err(error) => {
                self.kept.count = found;
                Err(error)
            }
        }
    }

    /// Adds the gradients of a batch to those that were gathered.
    fn gather(&mut self, batch: &Batch<'_, T>, targets: Targets<'_, T>, state: &State<T>) -> Result<Loss> {
        self.next_state.reshape(state.layout(), state.rows())?;
        self.next_state.copy_from(state);
        if self.kept.count.gathered == 0 {
            self.gradients.fill_zero();
        }
        self.add_weight_noise()?;
        // With one batch the mean is taken as it goes back; of several it is taken when all targets are known.
        let several = self.settings.accumulate > 1;
        let weight = several.then_some(1.0);
        let Self { network, workspace, next_state, gradients, whole, .. } = self;
        // What was gathered before is lost if a panic breaks off what is added to it.
        *whole &= !several;
        let loss = network.loss_and_gradients_over(workspace, batch, targets, weight, next_state, gradients);
        self.take_weight_noise()?;
        self.whole |= several;
        let loss = loss?;
        self.kept.count.gathered += 1;
        self.kept.count.weight += loss.weight;
        Ok(loss)
    }

    fn update_if_due(&mut self, loss: Loss) -> Result<Step> {
        let omega = if self.settings.omega > 0.0 { Some(self.workspace.omega()?) } else { None };
        let mut step = Step { loss, updates: 0, rate: self.rate(), norm: None, omega, left_out: None };
        if self.kept.count.gathered < self.settings.accumulate as u64 {
            return Ok(step);
        }
        step.norm = self.update(step.rate)?;
        step.updates = 1;
        self.kept.count.updates += 1;
        (self.kept.count.gathered, self.kept.count.weight) = (0, 0.0);
        if let OnNonFinite::GoBack { every } = self.settings.on_non_finite
            && self.kept.count.updates.is_multiple_of(every)
        {
            self.kept.good = Some(Snapshot::of(self.network.parameters(), &self.kept.optimiser)?);
        }
        Ok(step)
    }

    /// `clip → θ ← θ − η direction(g)`; the norm before clipping, if it is measured.
    fn update(&mut self, rate: f64) -> Result<Option<f64>> {
        if self.settings.accumulate > 1 {
            let weight = self.kept.count.weight;
            let scale = if weight > 0.0 { T::from_f64(1.0 / weight) } else { T::ZERO };
            self.gradients.iter_mut().for_each(|g| *g *= scale);
        }
        let mut end = 0;
        for (range, _) in &self.groups {
            self.gradients[end..range.start].fill(T::ZERO);
            end = range.end;
        }
        self.gradients[end..].fill(T::ZERO);
        let norm = match self.settings.clip {
            Clip::None => None,
            Clip::Norm(limit) => Some(clip_norm(&mut self.gradients, limit)?),
            Clip::Value(limit) => clip_value(&mut self.gradients, limit).map(|_| None)?,
        };
        self.rates.clear();
        self.rates.extend(self.groups.iter().map(|(range, factor)| (range.clone(), rate * factor)));
        let Self { network, kept, gradients, rates, whole, .. } = self;
        *whole = false;
        let updated =
            network.update(|parameters| kept.optimiser.step_in(parameters, gradients, rates, NonFinite::Refuse));
        *whole = true; // an error is found before the first parameter changes
        updated?;
        Ok(norm)
    }

    /// The parameters become `θ + N(0, σ²)`.
    fn add_weight_noise(&mut self) -> Result<()> {
        let deviation = self.settings.weight_noise;
        if deviation == 0.0 {
            return Ok(());
        }
        let Self { network, clean, next_rng, whole, .. } = self;
        clean.grow("parameters without noise", network.parameters().len())?;
        clean.copy_from_slice(network.parameters());
        *whole = false;
        network.update(|parameters| {
            parameters.iter_mut().for_each(|p| *p += T::from_f64(deviation * next_rng.normal()));
        });
        Ok(())
    }

    /// The parameters are without noise again.
    fn take_weight_noise(&mut self) -> Result<()> {
        if self.settings.weight_noise == 0.0 {
            return Ok(());
        }
        self.network.update(|parameters| parameters.copy_from_slice(&self.clean));
        self.whole = true;
        Ok(())
    }

    /// What becomes of a batch with a number that is not finite, found after these counts.
    fn leave_out(&mut self, error: Error, found: Counts) -> Result<Step> {
        // Where the update failed, what it has scaled is no longer what was gathered.
        let update_failed = self.kept.count.gathered > found.gathered;
        self.kept.count = found;
        if update_failed {
            (self.kept.count.gathered, self.kept.count.weight) = (0, 0.0);
        }
        if self.settings.on_non_finite == OnNonFinite::Stop {
            return Err(error);
        }
        self.kept.count.skipped += 1;
        if let OnNonFinite::GoBack { .. } = self.settings.on_non_finite
            && let Some(good) = self.kept.good.take()
        {
            self.go_to(&good)?;
            self.kept.good = Some(good);
            self.kept.count.returned += 1;
            self.start_over();
        }
        let left_out = Some(error.to_string());
        Ok(Step { loss: Loss::default(), updates: 0, rate: self.rate(), norm: None, omega: None, left_out })
    }

    /// Parameters and optimiser become those of a snapshot. Gradients that were gathered are those of other parameters, and dropped.
    pub(super) fn go_to(&mut self, snapshot: &Snapshot<T>) -> Result<()> {
        let Self { network, kept, whole, .. } = self;
        *whole = false;
        let copied = network.update(|parameters| parameters.copy_from_flat(&snapshot.parameters));
        *whole = true;
        copied?;
        kept.optimiser.clone_from(&snapshot.optimiser);
        (kept.count.gathered, kept.count.weight) = (0, 0.0);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use crate::network::{Config, Network, RecurrentSpec};
    use crate::train::{Settings, Trainer};
    use rnn_backend_naive::Naive;

    #[test]
    fn weight_noise_adds_a_normal_number_of_its_deviation_to_each_parameter() {
        let config = Config::features(2).recurrent(RecurrentSpec::lstm(3)).linear(1);
        let network = Network::<f64, Naive>::with_backend(&config, 1, Naive).unwrap();
        let mut trainer = Trainer::new(network, Settings::sgd(0.1).weight_noise(0.25)).unwrap();
        let (clean, mut rng) = (trainer.network.parameters().to_vec(), trainer.next_rng.clone());
        trainer.add_weight_noise().unwrap();
        let noisy: Vec<f64> = clean.iter().map(|p| p + 0.25 * rng.normal()).collect();
        assert_eq!(trainer.network.parameters()[..], noisy);
        trainer.take_weight_noise().unwrap();
        assert_eq!(trainer.network.parameters()[..], clean);
    }
}
