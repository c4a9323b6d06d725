//! `h' = φ(W x + R h + b)` with longer memories or deeper steps.

use super::{Parameters, cell, each, sigmoid};
use crate::oracle::Own;
use rnn_kernels::cells::{DeepTransition, IndRnn, Jordan, Leak, Leaky, Nonlinearity, Rate, Shortcuts, Skip};

/// Li et al. 2018.
pub static IND_RNN: Own = Own::new(
    "ind_rnn",
    || cell(&IndRnn::default()),
    Some(|dims, params, x, h, _, _| {
        let mut params = Parameters::new(dims, params);
        let [w] = params.matrices([(1, true)], dims.hidden);
        let u = params.vector();
        [each(dims, |j| (w.times(j, x) + u[j] * h[j]).max(0.0)), vec![]]
    }),
);

/// A leak that is learned for each unit.
pub static LEAKY: Own = Own::new(
    "leaky, learned",
    || cell(&Leaky::default()),
    Some(|dims, params, x, h, _, _| {
        let mut params = Parameters::new(dims, params);
        let [w, r] = params.matrices([(1, true), (1, false)], dims.hidden);
        let leak = params.vector();
        let new = each(dims, |j| {
            let a = sigmoid(leak[j]);
            (1.0 - a) * h[j] + a * (w.times(j, x) + r.times(j, h)).tanh()
        });
        [new, vec![]]
    }),
);

/// An integrator before the activation.
pub static LEAKY_BEFORE: Own = Own::new(
    "leaky before the activation",
    || {
        let activation = Nonlinearity::ScaledTanh { scale: 1.75, rate: 0.5 };
        cell(&Leaky { leak: Leak::BeforeActivation, rate: Rate::Fixed(0.25), activation })
    },
    Some(|dims, params, x, h, u, _| {
        let [w, r] = Parameters::new(dims, params).matrices([(1, true), (1, false)], 0);
        let new_u = each(dims, |j| 0.75 * u[j] + 0.25 * (w.times(j, x) + r.times(j, h)));
        [each(dims, |j| 1.75 * (0.5 * new_u[j]).tanh()), new_u]
    }),
);

/// A leak of the state alone.
pub static LEAKY_STATE: Own = Own::new(
    "leaky state",
    || cell(&Leaky { leak: Leak::StateAlone, rate: Rate::Fixed(0.5), activation: Nonlinearity::HardTanh }),
    Some(|dims, params, x, h, _, _| {
        let [w, r] = Parameters::new(dims, params).matrices([(1, true), (1, false)], 0);
        [each(dims, |j| 0.5 * h[j] + (w.times(j, x) + r.times(j, h)).clamp(-1.0, 1.0)), vec![]]
    }),
);

/// A connection over three steps.
pub static SKIP: Own = Own::new(
    "skip 3",
    || cell(&Skip { steps: 3, ..Skip::default() }),
    Some(|dims, params, x, h, before, _| {
        let hidden = dims.hidden;
        let mut params = Parameters::new(dims, params);
        let [w, r] = params.matrices([(1, true), (1, false)], hidden * hidden);
        let skip = params.matrix(1);
        let (one, two) = before.split_at(hidden);
        let new = each(dims, |j| (w.times(j, x) + r.times(j, h) + skip.times(j, two)).tanh());
        [new, [h, one].concat()]
    }),
);

/// Jordan 1986, its output here of width `H`.
pub static JORDAN: Own = Own::new(
    "jordan",
    || cell(&Jordan::default()),
    Some(|dims, params, x, _, context, _| {
        let hidden = dims.hidden;
        let mut params = Parameters::new(dims, params);
        let [w, v] = params.matrices([(1, true), (1, false)], hidden * hidden);
        let r = params.matrix(1);
        let s = each(dims, |j| (w.times(j, x) + r.times(j, context)).tanh());
        let y = each(dims, |j| v.times(j, &s));
        let context = each(dims, |j| 0.5 * context[j] + y[j]);
        [y, context]
    }),
);

/// Pascanu et al. 2014: three layers a step, all of which see the input and the state.
pub static DEEP_TRANSITION_SHORTCUTS: Own = Own::new(
    "deep transition with shortcuts",
    || cell(&DeepTransition { layers: 3, ..DeepTransition::default() }),
    Some(|dims, params, x, h, _, _| {
        let hidden = dims.hidden;
        let matrices = [(3, true), (3, false), (1, false), (1, false)];
        let [w, r, second, third] = Parameters::new(dims, params).matrices(matrices, 0);
        let seen = |layer: usize, j: usize| w.times(layer * hidden + j, x) + r.times(layer * hidden + j, h);
        let z = each(dims, |j| seen(0, j).tanh());
        let z = each(dims, |j| (seen(1, j) + second.times(j, &z)).tanh());
        [each(dims, |j| (seen(2, j) + third.times(j, &z)).tanh()), vec![]]
    }),
);

/// Pascanu et al. 2014: two layers a step, nothing beside.
pub static DEEP_TRANSITION: Own = Own::new(
    "deep transition",
    || {
        let (shortcuts, activation) = (Shortcuts::None, Nonlinearity::Sigmoid);
        cell(&DeepTransition { layers: 2, shortcuts, activation })
    },
    Some(|dims, params, x, h, _, _| {
        let [w, r, second] = Parameters::new(dims, params).matrices([(1, true), (1, false), (1, false)], 0);
        let z = each(dims, |j| sigmoid(w.times(j, x) + r.times(j, h)));
        [each(dims, |j| sigmoid(second.times(j, &z))), vec![]]
    }),
);
