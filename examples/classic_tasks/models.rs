//! Networks by name: one recurrent layer each, what it begins with, and what is done about its gradients.
//!
//! | name | layers | gradient |
//! |---|---|---|
//! | `elman` | tanh | as it is |
//! | `elman_clipped` | tanh | its norm limited, as of all below |
//! | `elman_omega` | tanh | with `2/T · Ω` beside the loss |
//! | `irnn` | rectifiers that begin as the identity (Le, Jaitly & Hinton 2015) | |
//! | `lstm` | forget gates that begin open, b = 1 | |
//! | `ind_rnn` | two layers, since units of one do not see each other | |
//! | `min_gru`, `min_lstm`, `lru`, `rg_lru` | a dense layer below and one above, since the recurrence is linear | |
//! | any other cell | one layer of it | |

use super::task::Task;
use recurrent::Activation;
use recurrent::init::{ForgetBias, Init, Scheme};
use recurrent::network::{Config, DenseSpec, RecurrentSpec};
use recurrent::optim::{Adam, RmsProp, Rule, Schedule, Sgd};
use recurrent::train::{OnNonFinite, Settings};
use serde::Serialize;

/// Those that are compared unless others are named.
pub const NAMES: [&str; 12] = [
    "elman",
    "elman_clipped",
    "elman_omega",
    "irnn",
    "lstm",
    "gru",
    "mgu",
    "min_gru",
    "lru",
    "rg_lru",
    "ind_rnn",
    "slstm",
];

/// What a network is made of and how it follows gradients, where the table leaves it open.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, clap::Args)]
pub struct Setup {
    /// Hidden units
    #[arg(long, default_value_t = 64, value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub hidden: u16,
    /// Bias of forget gates at first
    #[arg(long, default_value_t = 1.0)]
    pub forget_bias: f64,
    /// Draw the biases of gates that keep a state so that they keep it for up to T steps (Tallec & Ollivier 2018); an error for cells without
    #[arg(long)]
    pub chrono: bool,
    /// Spectral radius of the recurrent weights of Elman networks at first [default: drawn as PyTorch does]
    #[arg(long)]
    pub radius: Option<f64>,
    /// How weights follow gradients
    #[arg(long, value_enum, default_value = "adam")]
    pub optimiser: Optimiser,
    /// Learning rate
    #[arg(long, default_value_t = 2e-3)]
    pub rate: f64,
    /// Let the rate fall to a hundredth by the last of the updates, along half a cosine
    #[arg(long, requires = "updates")]
    pub anneal: bool,
    /// What the norm of gradients is limited to, but for `elman`
    #[arg(long, default_value_t = 1.0)]
    pub clip: f64,
    /// Weight of Ω, summed over the steps and divided by T, for `elman_omega`
    #[arg(long, default_value_t = 2.0)]
    pub omega: f64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, clap::ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum Optimiser {
    Adam,
    RmsProp,
    /// Gradient descent without momentum
    Sgd,
}

/// The network of a task.
pub fn network(name: &str, task: &dyn Task, setup: &Setup) -> Config {
    let (input, hidden) = (task.input(), usize::from(setup.hidden));
    let dense = || DenseSpec::new(hidden, Activation::Relu);
    let config = match name {
        "elman" | "elman_clipped" | "elman_omega" => {
            let recurrent = setup.radius.map_or(Scheme::Pytorch, |radius| Scheme::SpectralRadius { radius });
            let layer = RecurrentSpec::elman(hidden, Activation::Tanh);
            input.recurrent(layer).init(Init { recurrent, ..Init::default() })
        }
        "irnn" => input.recurrent(RecurrentSpec::elman(hidden, Activation::Relu)).init(Init::irnn()),
        "lstm" => input.recurrent(RecurrentSpec::lstm(hidden)).forget_bias(setup.forget_bias),
        "ind_rnn" => input.recurrent(RecurrentSpec::new(name, hidden).layers(2)),
        "min_gru" | "min_lstm" | "lru" | "rg_lru" => {
            input.dense(dense()).recurrent(RecurrentSpec::new(name, hidden)).dense(dense())
        }
        _ => input.recurrent(RecurrentSpec::new(name, hidden)),
    };
    task.output(if setup.chrono { config.forget_bias(ForgetBias::Chrono(steps(task))) } else { config })
}

/// How it is trained; `updates` is how many there are at most.
pub fn settings(name: &str, task: &dyn Task, setup: &Setup, updates: Option<u64>, seed: u64) -> Settings {
    let rate = setup.rate;
    let rule = match setup.optimiser {
        Optimiser::Adam => Rule::Adam(Adam::default()),
        Optimiser::RmsProp => Rule::RmsProp(RmsProp::default()),
        Optimiser::Sgd => Rule::Sgd(Sgd::default()),
    };
    // A plain network may overflow: such a batch is left out and counted.
    let plain = Settings::new(rule, rate).seed(seed).on_non_finite(OnNonFinite::Skip);
    let plain = match updates.filter(|_| setup.anneal) {
        Some(steps) => plain.schedule(Schedule::Cosine { rate, end: rate / 100.0, warm_up: 0, steps }),
        None => plain,
    };
    match name {
        "elman" => plain,
        "elman_omega" => plain.clip_norm(setup.clip).omega(setup.omega / steps(task)),
        _ => plain.clip_norm(setup.clip),
    }
}

#[allow(clippy::cast_precision_loss)] // a number of steps
fn steps(task: &dyn Task) -> f64 {
    task.steps() as f64
}

#[cfg(test)]
mod tests {
    use super::{Optimiser, Setup, network, settings};
    use crate::temporal_order::TemporalOrder;
    use recurrent::Network;
    use recurrent::init::{ForgetBias, Scheme};
    use recurrent::optim::{RmsProp, Rule, Schedule, Sgd};
    use recurrent::train::{OnNonFinite, Settings};

    const TASK: TemporalOrder = TemporalOrder { steps: 20, signs: 2 };
    const SETUP: Setup = Setup {
        hidden: 8,
        forget_bias: 2.5,
        chrono: false,
        radius: None,
        optimiser: Optimiser::Sgd,
        rate: 0.5,
        anneal: false,
        clip: 0.25,
        omega: 3.0,
    };

    #[test]
    fn a_trainer_has_the_settings_that_were_asked_for() {
        let found = |name, setup: &Setup| settings(name, &TASK, setup, Some(50), 7);
        let plain = |rule| Settings::new(rule, 0.5).seed(7).on_non_finite(OnNonFinite::Skip);
        let sgd = plain(Rule::Sgd(Sgd::default()));
        assert_eq!(found("elman", &SETUP), sgd);
        assert_eq!(found("gru", &SETUP), sgd.clone().clip_norm(0.25));
        assert_eq!(found("elman_omega", &SETUP), sgd.clone().clip_norm(0.25).omega(3.0 / 20.0));
        let rms_prop = Setup { optimiser: Optimiser::RmsProp, ..SETUP };
        assert_eq!(found("elman", &rms_prop), plain(Rule::RmsProp(RmsProp::default())));
        let cosine = Schedule::Cosine { rate: 0.5, end: 0.005, warm_up: 0, steps: 50 };
        assert_eq!(found("elman", &Setup { anneal: true, ..SETUP }), sgd.schedule(cosine));
    }

    #[test]
    fn a_network_begins_as_was_asked_for() {
        let init = |name, setup: &Setup| network(name, &TASK, setup).init;
        let near = Scheme::SpectralRadius { radius: 0.75 };
        assert_eq!(init("elman_omega", &Setup { radius: Some(0.75), ..SETUP }).recurrent, near);
        assert_eq!(init("elman", &SETUP).recurrent, Scheme::Pytorch);
        assert_eq!(init("lstm", &SETUP).forget_bias, Some(ForgetBias::Value(2.5)));
        let chrono = Setup { chrono: true, ..SETUP };
        assert_eq!(init("lstm", &chrono).forget_bias, Some(ForgetBias::Chrono(20.0)));
        let error = Network::<f32>::new(&network("elman", &TASK, &chrono), 1).unwrap_err().to_string();
        assert!(error.contains("chrono"), "{error}");
    }
}
