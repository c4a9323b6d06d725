//! The checks on optimisers and clipping see mistakes: an independent right one passes, each planted bug is rejected.

use crate::optim_pytorch::first_disagreement;
use recurrent::optim::{Adadelta, Adagrad, Adam, Decay, Momentum, RmsProp, Rule, Sgd, clip_norm};

#[derive(Clone, Copy, Debug, PartialEq)]
enum Bug {
    /// v ← μ v + (1 − μ) g
    MomentumDamped,
    /// θ follows v where Nesterov looks ahead
    NesterovAsHeavy,
    /// the velocity starts again at every step
    VelocityForgotten,
    /// RMSprop: √(s + ε) instead of √s + ε
    EpsilonInsideTheRoot,
    /// RMSprop: the rate is taken into the velocity, so that a later rate does not reach it
    RateInVelocity,
    /// centred RMSprop: the mean square, as if it were not
    NotCentred,
    /// centred RMSprop: the gradient itself is taken away from, and not the mean square
    CentredGradient,
    /// Adagrad: the sum is a mean
    SumDecays,
    /// Adagrad: the sum starts at 0
    InitialForgotten,
    /// Adagrad: the first rate is divided, too
    RateDecayFromOne,
    /// Adadelta: ε outside the roots
    EpsilonOutsideTheRoots,
    /// Adadelta: the step of this time is among those before it
    DeltaSeesItself,
    /// Adadelta: the mean square is of steps with their rate
    DeltaWithRate,
    /// Adam: moments as they are
    BiasNotCorrected,
    /// Adam: corrected for one step too few
    CountStartsAtZero,
    /// Adam: the count stops at 200, a correction that hardly changes any more
    CountStops,
    /// the count is kept in eight bits
    CountWraps,
    /// Adam: the first moment's β for both
    OneBetaForBoth,
    /// Adam: ε is divided by the root of the correction, too
    EpsilonScaled,
    /// AdamW: the decay enters the moments
    DecayCoupled,
    /// Adam: the decay stays outside the moments
    DecayDecoupled,
    /// the decay is left out
    DecayForgotten,
    /// the last parameter is not updated
    LastForgotten,
    /// one moment for all parameters
    MomentShared,
}

const BUGS: [Bug; 24] = [
    Bug::MomentumDamped,
    Bug::NesterovAsHeavy,
    Bug::VelocityForgotten,
    Bug::EpsilonInsideTheRoot,
    Bug::RateInVelocity,
    Bug::NotCentred,
    Bug::CentredGradient,
    Bug::SumDecays,
    Bug::InitialForgotten,
    Bug::RateDecayFromOne,
    Bug::EpsilonOutsideTheRoots,
    Bug::DeltaSeesItself,
    Bug::DeltaWithRate,
    Bug::BiasNotCorrected,
    Bug::CountStartsAtZero,
    Bug::CountStops,
    Bug::CountWraps,
    Bug::OneBetaForBoth,
    Bug::EpsilonScaled,
    Bug::DecayCoupled,
    Bug::DecayDecoupled,
    Bug::DecayForgotten,
    Bug::LastForgotten,
    Bug::MomentShared,
];

/// The rules once more, element by element, as their papers write them.
struct Walker {
    bug: Option<Bug>,
    rule: Rule,
    count: i32,
    first: Vec<f64>,
    second: Vec<f64>,
    mean: Vec<f64>,
}

impl Walker {
    fn has(&self, bug: Bug) -> bool {
        self.bug == Some(bug)
    }

    fn step(&mut self, params: &mut [f64], gradients: &[f64], rate: f64) {
        self.count += 1;
        let last = params.len() - usize::from(self.has(Bug::LastForgotten));
        for i in 0..last {
            let at = if self.has(Bug::MomentShared) { 0 } else { i };
            params[i] = match self.rule {
                Rule::Sgd(rule) => self.sgd(rule, at, params[i], gradients[i], rate),
                Rule::RmsProp(rule) => self.rms_prop(rule, at, params[i], gradients[i], rate),
                Rule::Adam(rule) => self.adam(rule, at, params[i], gradients[i], rate),
                Rule::Adagrad(rule) => self.adagrad(rule, at, params[i], gradients[i], rate),
                Rule::Adadelta(rule) => self.adadelta(rule, at, params[i], gradients[i], rate),
                other => panic!("no walk for {other:?}"),
            };
        }
    }

    fn decay(&self, weight_decay: f64) -> f64 {
        if self.has(Bug::DecayForgotten) { 0.0 } else { weight_decay }
    }

    fn sgd(&mut self, rule: Sgd, at: usize, p: f64, g: f64, rate: f64) -> f64 {
        let g = g + self.decay(rule.weight_decay) * p;
        let kept = if self.has(Bug::VelocityForgotten) { 0.0 } else { rule.momentum * self.first[at] };
        let taken = if self.has(Bug::MomentumDamped) { (1.0 - rule.momentum) * g } else { g };
        self.first[at] = kept + taken;
        let ahead = rule.kind == Momentum::Nesterov && !self.has(Bug::NesterovAsHeavy);
        p - rate * if ahead { g + rule.momentum * self.first[at] } else { self.first[at] }
    }

    fn rms_prop(&mut self, rule: RmsProp, at: usize, p: f64, g: f64, rate: f64) -> f64 {
        let g = g + self.decay(rule.weight_decay) * p;
        self.second[at] = rule.smoothing * self.second[at] + (1.0 - rule.smoothing) * g * g;
        self.mean[at] = rule.smoothing * self.mean[at] + (1.0 - rule.smoothing) * g;
        let (mut square, mut g) = (self.second[at], g);
        if rule.centred && self.has(Bug::CentredGradient) {
            g -= self.mean[at];
        } else if rule.centred && !self.has(Bug::NotCentred) {
            square -= self.mean[at].powi(2);
        }
        let root = match self.has(Bug::EpsilonInsideTheRoot) {
            true => (square + rule.epsilon).sqrt(),
            false => square.sqrt() + rule.epsilon,
        };
        if self.has(Bug::RateInVelocity) {
            self.first[at] = rule.momentum * self.first[at] + rate * g / root;
            return p - self.first[at];
        }
        self.first[at] = rule.momentum * self.first[at] + g / root;
        p - rate * self.first[at]
    }

    fn adagrad(&mut self, rule: Adagrad, at: usize, p: f64, g: f64, rate: f64) -> f64 {
        let g = g + self.decay(rule.weight_decay) * p;
        if self.count == 1 && !self.has(Bug::InitialForgotten) {
            self.second[at] = rule.initial;
        }
        self.second[at] =
            if self.has(Bug::SumDecays) { 0.9 * self.second[at] + 0.1 * g * g } else { self.second[at] + g * g };
        let before = f64::from(if self.has(Bug::RateDecayFromOne) { self.count } else { self.count - 1 });
        let root = match self.has(Bug::EpsilonInsideTheRoot) {
            true => (self.second[at] + rule.epsilon).sqrt(),
            false => self.second[at].sqrt() + rule.epsilon,
        };
        p - rate / (1.0 + before * rule.rate_decay) * g / root
    }

    fn adadelta(&mut self, rule: Adadelta, at: usize, p: f64, g: f64, rate: f64) -> f64 {
        let (rho, g) = (rule.smoothing, g + self.decay(rule.weight_decay) * p);
        let root = |x: f64| match self.has(Bug::EpsilonOutsideTheRoots) {
            true => x.sqrt() + rule.epsilon,
            false => (x + rule.epsilon).sqrt(),
        };
        let square = rho * self.second[at] + (1.0 - rho) * g * g;
        let delta = root(self.first[at]) / root(square) * g;
        let next = |delta: f64| rho * self.first[at] + (1.0 - rho) * delta * delta;
        let (delta, steps) = match self.bug {
            Some(Bug::DeltaSeesItself) => (root(next(delta)) / root(square) * g, next(delta)),
            Some(Bug::DeltaWithRate) => (delta, next(rate * delta)),
            _ => (delta, next(delta)),
        };
        (self.first[at], self.second[at]) = (steps, square);
        p - rate * delta
    }

    fn adam(&mut self, rule: Adam, at: usize, p: f64, g: f64, rate: f64) -> f64 {
        let decay = self.decay(rule.weight_decay);
        let coupled = match rule.decay {
            Decay::Gradient => !self.has(Bug::DecayDecoupled),
            Decay::Decoupled => self.has(Bug::DecayCoupled),
        };
        let (g, p) = if coupled { (g + decay * p, p) } else { (g, p - rate * decay * p) };
        let beta2 = if self.has(Bug::OneBetaForBoth) { rule.beta1 } else { rule.beta2 };
        self.first[at] = rule.beta1 * self.first[at] + (1.0 - rule.beta1) * g;
        self.second[at] = beta2 * self.second[at] + (1.0 - beta2) * g * g;
        let count = match self.bug {
            Some(Bug::CountStartsAtZero) => self.count - 1,
            Some(Bug::CountStops) => self.count.min(200),
            Some(Bug::CountWraps) => self.count % 256,
            _ => self.count,
        };
        let correction = |beta: f64| if self.has(Bug::BiasNotCorrected) { 1.0 } else { 1.0 - beta.powi(count) };
        let (mean, square) = (self.first[at] / correction(rule.beta1), self.second[at] / correction(beta2));
        let epsilon = if self.has(Bug::EpsilonScaled) { rule.epsilon / correction(beta2).sqrt() } else { rule.epsilon };
        p - rate * mean / (square.sqrt() + epsilon)
    }
}

fn disagreement(bug: Option<Bug>) -> Option<String> {
    first_disagreement(|rule, params| {
        let [first, second, mean] = [(); 3].map(|()| vec![0.0; params]);
        let mut walker = Walker { bug, rule, count: 0, first, second, mean };
        Box::new(move |params, gradients, rate| walker.step(params, gradients, rate))
    })
}

#[test]
fn an_independent_walker_agrees_with_pytorch_and_every_planted_bug_does_not() {
    assert_eq!(disagreement(None), None);
    for bug in BUGS {
        let found = disagreement(Some(bug));
        println!("{bug:?}: {}", found.as_deref().unwrap_or("SURVIVES"));
        assert!(found.is_some(), "{bug:?} is not noticed");
    }
}

/// What clipping by norm promises, of any function that clips two blocks of one flat gradient.
fn breaks_the_clipping_contract(clip: impl Fn(&mut [f64], f64)) -> bool {
    let clipped = |g: [f64; 4], limit: f64| {
        let mut g = g;
        clip(&mut g, limit);
        g
    };
    let below = clipped([0.5, -0.5, 0.5, 0.5], 2.0) != [0.5, -0.5, 0.5, 0.5];
    let above = clipped([3.0, 0.0, 0.0, -4.0], 2.5) != [1.5, 0.0, 0.0, -2.0];
    below || above
}

/// A way to clip, which halves of the gradient are blocks of their own in.
type Clip = fn(&mut [f64], f64);

#[test]
fn clipping_keeps_its_contract_and_every_planted_bug_does_not() {
    fn scale(g: &mut [f64], by: f64) {
        g.iter_mut().for_each(|g| *g *= by);
    }
    fn norm(g: &[f64]) -> f64 {
        g.iter().map(|g| g * g).sum::<f64>().sqrt()
    }
    assert!(!breaks_the_clipping_contract(|g, limit| {
        clip_norm(g, limit).unwrap();
    }));
    let planted: [(&str, Clip); 5] = [
        ("each block by its own norm", |g, limit| {
            for block in g.chunks_mut(2) {
                let by = limit / norm(block).max(limit);
                scale(block, by);
            }
        }),
        ("short gradients are stretched", |g, limit| scale(g, limit / norm(g))),
        ("the square of the norm", |g, limit| scale(g, limit / norm(g).powi(2).max(limit))),
        ("the limit is not used", |g, _| scale(g, 1.0 / norm(g).max(1.0))),
        ("the sum of absolute values", |g, limit| {
            scale(g, limit / g.iter().map(|g| g.abs()).sum::<f64>().max(limit));
        }),
    ];
    for (name, clip) in planted {
        assert!(breaks_the_clipping_contract(clip), "{name} is not noticed");
    }
}
