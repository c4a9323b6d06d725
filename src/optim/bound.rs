//! No number of a step is beyond the bound by which `update.rs` decides that the step need not be examined.

use super::rms_prop::CentredStep;
use super::update::{Moment, Update};
use super::{Adadelta, Adagrad, Adam, Decay, Momentum, RmsProp, Sgd};
use crate::rng::Rng;

/// `10ˣ` with `x` uniform between the two.
fn magnitude(rng: &mut Rng, [least, most]: [f64; 2]) -> f64 {
    10.0_f64.powf(least + (most - least) * rng.uniform())
}

/// One of the ends, or something between them.
fn factor(rng: &mut Rng) -> f64 {
    [0.0, 0.999_999, rng.uniform()][rng.below(3)]
}

/// Every corner of what a bound is about: parameter, gradient and first moments `±reach`, squares 0 or `reach²`, or anything between.
fn check<const M: usize, U: Update<f64, M>>(rule: &str, update: &U, rng: &mut Rng) {
    let reach = magnitude(rng, [-3.0, 15.0]);
    let bound = update.bound(reach);
    for _ in 0..16 {
        let mut within = || [-reach, 0.0, reach, reach * (2.0 * rng.uniform() - 1.0)][rng.below(4)];
        let moments = U::MOMENTS.map(|kind| match kind {
            Moment::First(_) => within(),
            Moment::Square(_) => within().powi(2),
        });
        let (param, gradient) = (within(), within());
        let (next, after) = update.next(moments, param, gradient);
        for number in next.into_iter().chain([after]) {
            assert!(
                number.abs() <= bound * (1.0 + 1e-9),
                "{rule}: {number:e} is beyond {bound:e}, reach {reach:e}, {moments:?} {param:e} {gradient:e}"
            );
        }
    }
}

#[test]
fn no_number_of_a_step_is_beyond_its_bound() {
    let mut rng = Rng::seed(11);
    for _ in 0..20_000 {
        let rng = &mut rng;
        let (smoothing, momentum) = (factor(rng), factor(rng));
        let epsilon = magnitude(rng, [-12.0, 3.0]);
        let weight_decay = [0.0, magnitude(rng, [-6.0, 3.0])][rng.below(2)];
        let rate = magnitude(rng, [-6.0, 6.0]);
        for kind in [Momentum::Heavy, Momentum::Nesterov] {
            check("sgd", &Sgd { momentum, kind, weight_decay }.at::<f64>(rate), rng);
        }
        let rms_prop = RmsProp { smoothing, epsilon, momentum, weight_decay, centred: false };
        check("rms_prop", &rms_prop.at::<f64>(rate), rng);
        check("centred rms_prop", &CentredStep(rms_prop.at::<f64>(rate)), rng);
        let count = 1 + rng.below(1000) as u64;
        for decay in [Decay::Gradient, Decay::Decoupled] {
            let adam = Adam { beta1: smoothing, beta2: momentum, epsilon, weight_decay, decay };
            check("adam", &adam.at::<f64>(count, rate), rng);
        }
        let adagrad = Adagrad { epsilon, weight_decay, rate_decay: smoothing, ..Adagrad::default() };
        check("adagrad", &adagrad.at::<f64>(count, rate), rng);
        check("adadelta", &Adadelta { smoothing, epsilon, weight_decay }.at::<f64>(rate), rng);
        let tiny = magnitude(rng, [-40.0, -30.0]);
        check("adadelta", &Adadelta { smoothing, epsilon: tiny, weight_decay }.at::<f64>(rate), rng);
    }
}
