//! `|θ̂ − θ| ≤ e_θ`: how far rounding may take one parameter of a walk in f64, step by step.
//!
//! A running error analysis (Higham 2002, §3.3) to first order: beside every quantity `x` of the exact walk stands a
//! bound `e_x` on its error in any usual arrangement of the same formula, be it `β m + (1 − β) g` or `m + (1 − β)(g − m)`.
//! A line with `r` roundings adds `r u` times the sum of the sizes of its terms, `u = 2⁻⁵³`; an error of an operand goes
//! on with the size of the derivative by it. Two walks differ by at most `2 e_θ`.

use recurrent::optim::{Adam, Decay, Momentum, RmsProp, Rule, Sgd};

const U: f64 = f64::EPSILON / 2.0;

/// A number and how far it may be off.
#[derive(Clone, Copy, Default)]
struct Bounded {
    value: f64,
    error: f64,
}

impl Bounded {
    fn size(self) -> f64 {
        self.value.abs()
    }
}

/// One parameter on its walk.
pub(crate) struct Walk {
    rule: Rule,
    count: f64,
    param: Bounded,
    /// The velocity, or the mean of the gradients.
    first: Bounded,
    square: Bounded,
}

impl Walk {
    pub(crate) fn new(rule: Rule, start: f64) -> Self {
        let param = Bounded { value: start, error: 0.0 };
        Self { rule, count: 0.0, param, first: Bounded::default(), square: Bounded::default() }
    }

    /// How far two walks may be apart, with a hundredth for the products of errors that first order leaves out.
    pub(crate) fn most(&self) -> f64 {
        2.02 * self.param.error
    }

    pub(crate) fn step(&mut self, g: f64, rate: f64) {
        self.count += 1.0;
        match self.rule {
            Rule::Sgd(rule) => self.sgd(rule, g, rate),
            Rule::RmsProp(rule) => self.rms_prop(rule, g, rate),
            Rule::Adam(rule) => self.adam(rule, g, rate),
            other => panic!("no bound for {other:?}"),
        }
    }

    /// `g + λ θ`.
    fn decayed(&self, g: f64, decay: f64) -> Bounded {
        let p = self.param;
        Bounded { value: g + decay * p.value, error: decay * p.error + 3.0 * U * (g.abs() + decay * p.size()) }
    }

    /// `v ← μ v + d`.
    fn follow(&mut self, momentum: f64, d: Bounded) {
        let v = self.first;
        let rounding = 3.0 * U * (momentum * v.size() + d.size());
        self.first = Bounded { value: momentum * v.value + d.value, error: momentum * v.error + d.error + rounding };
    }

    /// `θ ← θ − η d`.
    fn descend(&mut self, rate: f64, d: Bounded) {
        let p = self.param;
        let rounding = 3.0 * U * (p.size() + rate * d.size());
        self.param = Bounded { value: p.value - rate * d.value, error: p.error + rate * d.error + rounding };
    }

    /// `s ← β s + (1 − β) g²`, then `√s`, which changes by `ds / √s` at most.
    fn root_mean_square(&mut self, beta: f64, g: Bounded) -> Bounded {
        let s = self.square;
        let terms = beta * s.value + (1.0 - beta) * g.value * g.value;
        let through = beta * s.error + (1.0 - beta) * 2.0 * g.size() * g.error;
        self.square = Bounded { value: terms, error: through + 5.0 * U * terms };
        let root = terms.sqrt();
        Bounded { value: root, error: if root > 0.0 { self.square.error / root } else { 0.0 } + U * root }
    }

    fn sgd(&mut self, rule: Sgd, g: f64, rate: f64) {
        let g = self.decayed(g, rule.weight_decay);
        self.follow(rule.momentum, g);
        let v = self.first;
        let ahead = Bounded {
            value: g.value + rule.momentum * v.value,
            error: g.error + rule.momentum * v.error + 3.0 * U * (g.size() + rule.momentum * v.size()),
        };
        self.descend(rate, if rule.kind == Momentum::Nesterov { ahead } else { v });
    }

    fn rms_prop(&mut self, rule: RmsProp, g: f64, rate: f64) {
        let g = self.decayed(g, rule.weight_decay);
        let root = self.root_mean_square(rule.smoothing, g);
        let below = Bounded { value: root.value + rule.epsilon, error: root.error + U * (root.value + rule.epsilon) };
        self.follow(rule.momentum, quotient(g, below));
        self.descend(rate, self.first);
    }

    fn adam(&mut self, rule: Adam, g: f64, rate: f64) {
        let (coupled, apart) = match rule.decay {
            Decay::Gradient => (rule.weight_decay, 0.0),
            Decay::Decoupled => (0.0, rule.weight_decay),
        };
        let g = self.decayed(g, coupled);
        let (m, rest) = (self.first, 1.0 - rule.beta1);
        // The terms of the arrangement with the most: m + (1 − β)(g − m).
        let terms = m.size() + rest * (g.size() + m.size());
        self.first = Bounded {
            value: rule.beta1 * m.value + rest * g.value,
            error: rule.beta1 * m.error + rest * g.error + 4.0 * U * terms,
        };
        let root = self.root_mean_square(rule.beta2, g);
        // bᵏ has a relative error of at most 2k u by repeated squaring, and 1 − bᵏ loses digits where bᵏ is near 1.
        let correction = |beta: f64| {
            let power = beta.powf(self.count);
            (1.0 - power, (2.0 * self.count * power / (1.0 - power) + 1.0) * U)
        };
        let ((mean, mean_off), (square, square_off)) = (correction(rule.beta1), correction(rule.beta2));
        let scaled = root.value / square.sqrt();
        let below = Bounded {
            value: scaled + rule.epsilon,
            error: root.error / square.sqrt() + scaled * (square_off / 2.0 + 3.0 * U) + U * (scaled + rule.epsilon),
        };
        let direction = quotient(self.first, below);
        let step = rate / mean;
        let p = self.param;
        let keep = 1.0 - rate * apart;
        let rounding = 4.0 * U * (p.size() + rate * apart * p.size() + step * direction.size());
        self.param = Bounded {
            value: keep * p.value - step * direction.value,
            error: keep * p.error + step * (direction.error + mean_off * direction.size()) + rounding,
        };
    }
}

/// `a / b`.
fn quotient(a: Bounded, b: Bounded) -> Bounded {
    let value = a.value / b.value;
    Bounded { value, error: (a.error + value.abs() * b.error) / b.value + 2.0 * U * value.abs() }
}
