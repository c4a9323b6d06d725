//! `|θ̂ − θ| ≤ e_θ`: how far rounding may take one parameter of a walk in f64, step by step.
//!
//! A running error analysis (Higham 2002, §3.3) to first order: beside every quantity `x` of the exact walk stands a
//! bound `e_x` on its error in any usual arrangement of the same formula, be it `β m + (1 − β) g` or `m + (1 − β)(g − m)`.
//! A line with `r` roundings adds `r u` times the sum of the sizes of its terms, `u = 2⁻⁵³`; an error of an operand goes
//! on with the size of the derivative by it. Two walks differ by at most `2 e_θ`.

use recurrent::optim::{Adadelta, Adagrad, Adam, Decay, Momentum, RmsProp, Rule, Sgd};

const U: f64 = f64::EPSILON / 2.0;

/// A number and how far it may be off.
#[derive(Clone, Copy, Debug, Default)]
struct Bounded {
    value: f64,
    error: f64,
}

impl Bounded {
    fn size(self) -> f64 {
        self.value.abs()
    }

    /// `x + ε`.
    fn plus(self, epsilon: f64) -> Self {
        let value = self.value + epsilon;
        Self { value, error: self.error + U * value.abs() }
    }

    /// `√x`, which changes by `dx / (2 √x)`.
    fn root(self) -> Self {
        // What first order is good for.
        assert!(self.error <= self.value / 1000.0, "{self:?} may be anything next to 0");
        let root = self.value.sqrt();
        Self { value: root, error: if root > 0.0 { self.error / root / 2.0 } else { 0.0 } + U * root }
    }
}

/// One parameter on its walk.
pub(crate) struct Walk {
    rule: Rule,
    count: f64,
    param: Bounded,
    /// The velocity, the mean of the gradients of Adam, or the mean square of the steps of Adadelta.
    first: Bounded,
    square: Bounded,
    /// The mean of the gradients where there is a velocity, too.
    mean: Bounded,
}

impl Walk {
    pub(crate) fn new(rule: Rule, start: f64) -> Self {
        let param = Bounded { value: start, error: 0.0 };
        let none = Bounded::default();
        let initial = if let Rule::Adagrad(Adagrad { initial, .. }) = rule { initial } else { 0.0 };
        let square = Bounded { value: initial, error: 0.0 };
        Self { rule, count: 0.0, param, first: none, square, mean: none }
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
            Rule::Adagrad(rule) => self.adagrad(rule, g, rate),
            Rule::Adadelta(rule) => self.adadelta(rule, g, rate),
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

    /// `s ← β s + (1 − β) g²`.
    fn mean_square(&mut self, beta: f64, g: Bounded) -> Bounded {
        self.square = mean_square(self.square, [beta, 1.0 - beta], g);
        self.square
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
        let s = self.mean_square(rule.smoothing, g);
        let of_step = if rule.centred {
            self.mean = mean(self.mean, rule.smoothing, g);
            let (m, square) = (self.mean, self.mean.value * self.mean.value);
            let value = s.value - square;
            Bounded { value, error: s.error + 2.0 * m.size() * m.error + 2.0 * U * (s.value + square) }
        } else {
            s
        };
        self.follow(rule.momentum, quotient(g, of_step.root().plus(rule.epsilon)));
        self.descend(rate, self.first);
    }

    fn adagrad(&mut self, rule: Adagrad, g: f64, rate: f64) {
        let g = self.decayed(g, rule.weight_decay);
        self.square = mean_square(self.square, [1.0, 1.0], g);
        let step = rate / (1.0 + (self.count - 1.0) * rule.rate_decay);
        let mut direction = quotient(g, self.square.root().plus(rule.epsilon));
        // The three roundings of the step itself.
        direction.error += 3.0 * U * direction.size();
        self.descend(step, direction);
    }

    fn adadelta(&mut self, rule: Adadelta, g: f64, rate: f64) {
        let g = self.decayed(g, rule.weight_decay);
        let below = self.mean_square(rule.smoothing, g).plus(rule.epsilon).root();
        let above = self.first.plus(rule.epsilon).root();
        let share = quotient(above, below);
        let value = share.value * g.value;
        let error = share.error * g.size() + share.size() * g.error + U * value.abs();
        let delta = Bounded { value, error };
        self.first = mean_square(self.first, [rule.smoothing, 1.0 - rule.smoothing], delta);
        self.descend(rate, delta);
    }

    fn adam(&mut self, rule: Adam, g: f64, rate: f64) {
        let (coupled, apart) = match rule.decay {
            Decay::Gradient => (rule.weight_decay, 0.0),
            Decay::Decoupled => (0.0, rule.weight_decay),
        };
        let g = self.decayed(g, coupled);
        self.first = mean(self.first, rule.beta1, g);
        let root = self.mean_square(rule.beta2, g).root();
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

/// `m ← β m + (1 − β) g`.
fn mean(m: Bounded, beta: f64, g: Bounded) -> Bounded {
    let rest = 1.0 - beta;
    // The terms of the arrangement with the most: m + (1 − β)(g − m).
    let terms = m.size() + rest * (g.size() + m.size());
    Bounded { value: beta * m.value + rest * g.value, error: beta * m.error + rest * g.error + 4.0 * U * terms }
}

/// `s ← a s + b g²`.
fn mean_square(s: Bounded, [a, b]: [f64; 2], g: Bounded) -> Bounded {
    let terms = a * s.value + b * g.value * g.value;
    let through = a * s.error + b * 2.0 * g.size() * g.error;
    Bounded { value: terms, error: through + 5.0 * U * terms }
}

/// `a / b`.
fn quotient(a: Bounded, b: Bounded) -> Bounded {
    let value = a.value / b.value;
    Bounded { value, error: (a.error + value.abs() * b.error) / b.value + 2.0 * U * value.abs() }
}
