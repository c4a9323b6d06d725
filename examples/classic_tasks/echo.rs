//! Two tasks of echo-state networks, in the settings of Jaeger's tutorial (GMD report 159, 2002): one repeats what it heard, one goes on with a sine.
//!
//! | | input | answer | units, connections, ρ | steps | published |
//! |---|---|---|---|---|---|
//! | delay | `u(t)` from U(−½, ½) | `u(t − k)` | 20, 3, 0.8 | 300, of which 100 do not count | §7.1 |
//! | sine | its own output | `½ sin(t/4)` | 20, 20, 0.8 | 300, of which 100 do not count, then 50 alone | §6.1 |
//!
//! As there, units have no biases: with some as large as the weights of the input errors of short delays are ten times as large, since what is
//! even in the input cannot be taken away again. The tutorial's sine feeds the output back and takes `atanh` of it; here the output is the
//! input of the next step, which is the same loop without the `atanh`.
//!
//! How well a delay of `k` steps can be repeated, whatever the readout, is bounded by the reservoir, even with weights so small that units are
//! linear ([`least_error`]). At ρ = 0.8 that bound lies above what is published for `k = 16` and 20 with ±0.001, for nearly all reservoirs of 20 units
//! that are drawn as ours are; it falls fast with more units.

use recurrent::Result;
use recurrent::echo_state::{EchoState, EchoStateConfig};
use recurrent::rng::Rng;

const TRAINED: usize = 300;
const WASHOUT: usize = 100;
const RADIUS: f64 = 0.8;

/// Sizes of the input's weights.
pub const SCALES: [f64; 2] = [0.1, 0.001];
/// Delays of the tutorial.
pub const DELAYS: [usize; 4] = [4, 8, 16, 20];
/// Units of the tutorial.
pub const UNITS: usize = 20;
/// Steps that it makes alone there.
pub const ALONE: usize = 50;

/// What is printed for these delays and sizes, of 20 units.
pub fn published_delay(delay: usize, scale: f64) -> Option<f64> {
    let k = DELAYS.iter().position(|&known| known == delay)?;
    let of_scale = SCALES.iter().position(|&known| known == scale)?;
    Some([[4.7e-6, 7.0e-4, 0.040, 0.12], [3.5e-5, 3.8e-5, 3.4e-5, 6.3e-3]][of_scale][k])
}

/// Of 50 steps that a network makes alone.
pub const PUBLISHED_SINE: f64 = 5.6e-12;
/// `½ sin` squared, on the mean.
pub const TRIVIAL_SINE: f64 = 0.125;
/// The variance of U(−½, ½).
pub const TRIVIAL_DELAY: f64 = 1.0 / 12.0;

/// `u(t)`, and `u(t − k)` with 0 before there was any.
pub fn delayed(steps: usize, delay: usize, rng: &mut Rng) -> (Vec<f64>, Vec<f64>) {
    let u: Vec<f64> = (0..steps).map(|_| rng.uniform() - 0.5).collect();
    let late = (0..steps).map(|t| t.checked_sub(delay).map_or(0.0, |t| u[t])).collect();
    (u, late)
}

/// `½ sin(t/4)` at `steps` times.
pub fn sine(steps: usize) -> Vec<f64> {
    let mut t = 0.0;
    let next = |_| {
        t += 1.0;
        0.5 * f64::sin(t / 4.0)
    };
    (0..steps).map(next).collect()
}

/// The mean squared error of 1000 steps after those of the training, from a network that went on through both.
pub fn delay(delay: usize, input_scale: f64, units: usize, seed: u64) -> Result<f64> {
    let mut network = EchoState::new(&EchoStateConfig { input_scale, ..sparse(units, seed) })?;
    let (u, late) = delayed(TRAINED + 1000, delay, &mut Rng::seed(!seed));
    // States are as small as the weights of the input, their squares twice as much: so must be what is added to those.
    let lambda = 1e-12 * input_scale.powi(2);
    network.fit(&[(&u[..TRAINED], &late[..TRAINED])], WASHOUT.max(delay), lambda)?;
    let y = network.run(&mut network.start(), &u)?;
    Ok(mean(&squared_errors(&y[TRAINED..], &late[TRAINED..])))
}

/// 0.8⁴⁰⁰ is nothing.
const REMEMBERED: usize = 400;

/// `min_w Σ_j (w · Wʲ w_in − [j = k])² / 12`: what of the delay no readout of the reservoir with linear units can give.
///
/// `Wʲ w_in` is what is left in the units of an input `j` steps ago, for weights so small that `tanh` is the identity; the readout sees
/// the input of the step as well.
pub fn least_error(delay: usize, units: usize, seed: u64) -> Result<f64> {
    Ok(left(&echoes(units, seed)?, delay))
}

/// An orthonormal basis of what can be made of the echoes of a pulse: that of the input itself and those of the units, as series.
fn echoes(units: usize, seed: u64) -> Result<Vec<Vec<f64>>> {
    // tanh of it is itself in f64.
    const TINY: f64 = 1e-9;
    let network = EchoState::new(&EchoStateConfig { input_scale: TINY, ..sparse(units, seed) })?;
    let (mut h, mut series) = (network.start(), vec![pulse(0); 1 + units]);
    for (j, x) in pulse(0).into_iter().enumerate() {
        network.run(&mut h, &[x])?;
        (0..units).for_each(|i| series[1 + i][j] = h[i] / TINY);
    }
    let norm = |x: &[f64]| x.iter().map(|x| x * x).sum::<f64>().sqrt();
    let mut basis: Vec<Vec<f64>> = Vec::new();
    for series in series {
        let whole = norm(&series);
        // Gram & Schmidt, twice for its rounding.
        let rest = without(&basis, without(&basis, series));
        let length = norm(&rest);
        // Units that others make up, as where few connections leave W without full rank, add nothing but rounding.
        if length > 1e-12 * whole {
            basis.push(rest.into_iter().map(|x| x / length).collect());
        }
    }
    Ok(basis)
}

/// What a basis leaves of the pulse at `k`, as an error of the delay.
fn left(basis: &[Vec<f64>], delay: usize) -> f64 {
    let rest = without(basis, without(basis, pulse(delay)));
    TRIVIAL_DELAY * rest.iter().map(|x| x * x).sum::<f64>()
}

/// `[j = at]` for all `j`.
fn pulse(at: usize) -> Vec<f64> {
    (0..REMEMBERED).map(|j| f64::from(u8::from(j == at))).collect()
}

/// `x − Σ q (q · x)` over an orthonormal basis, one after the other.
fn without(basis: &[Vec<f64>], mut x: Vec<f64>) -> Vec<f64> {
    for q in basis {
        let share: f64 = q.iter().zip(&x).map(|(q, x)| q * x).sum();
        x.iter_mut().zip(q).for_each(|(x, q)| *x -= share * q);
    }
    x
}

/// The squared errors of so many steps that a network makes from its own output.
pub fn go_on(steps: usize, units: usize, seed: u64) -> Result<Vec<f64>> {
    let wave = sine(TRAINED + 2 + steps);
    let mut network = EchoState::new(&EchoStateConfig { connections: units, ..reservoir(units, seed) })?;
    network.fit(&[(&wave[..TRAINED], &wave[1..=TRAINED])], WASHOUT, 1e-10)?;
    let mut h = network.start();
    let heard = network.run(&mut h, &wave[..=TRAINED])?;
    // What it says of the next number is where it begins alone.
    let made = network.generate(&mut h, &heard[TRAINED..], steps)?;
    Ok(squared_errors(&made, &wave[TRAINED + 2..]))
}

fn reservoir(units: usize, seed: u64) -> EchoStateConfig {
    EchoStateConfig { spectral_radius: RADIUS, bias_scale: 0.0, ..EchoStateConfig::new(1, 1, units, seed) }
}

/// Each unit sees three: 15 % of 20.
fn sparse(units: usize, seed: u64) -> EchoStateConfig {
    EchoStateConfig { connections: 3, ..reservoir(units, seed) }
}

fn squared_errors(y: &[f64], wanted: &[f64]) -> Vec<f64> {
    y.iter().zip(wanted).map(|(y, t)| (y - t).powi(2)).collect()
}

#[allow(clippy::cast_precision_loss)] // a number of steps
pub fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

#[cfg(test)]
mod tests {
    use super::{ALONE, DELAYS, PUBLISHED_SINE, REMEMBERED, TRIVIAL_DELAY, UNITS};
    use super::{delay, delayed, echoes, go_on, least_error, left, mean, published_delay, sine};
    use recurrent::rng::Rng;

    #[test]
    fn what_was_heard_comes_later() {
        let (u, late) = delayed(30, 4, &mut Rng::seed(1));
        assert!(u.iter().all(|u| (-0.5..0.5).contains(u)));
        assert_eq!((&late[..4], &late[4..]), (&[0.0; 4][..], &u[..26]));
    }

    #[test]
    fn the_wave_is_half_a_sine_of_a_quarter_of_the_time() {
        let wave = sine(100);
        assert_eq!(wave[3], 0.5 * 1.0_f64.sin());
        // `y(t+1) + y(t−1) = 2 cos(¼) y(t)`.
        assert!(wave.windows(3).all(|y| (y[0] + y[2] - 2.0 * 0.25_f64.cos() * y[1]).abs() < 1e-15));
    }

    #[test]
    fn short_delays_are_learnt_and_those_beyond_the_units_are_not() {
        assert!(delay(4, 0.1, UNITS, 1).unwrap() < 1e-4);
        assert!(delay(60, 0.1, UNITS, 1).unwrap() > 0.5 * TRIVIAL_DELAY);
    }

    #[test]
    fn no_readout_is_better_than_the_reservoir_lets_it_be() {
        for (k, seed) in [(16, 1), (16, 2), (20, 1)] {
            let (least, found) = (least_error(k, UNITS, seed).unwrap(), delay(k, 0.001, UNITS, seed).unwrap());
            // Of 1000 steps the mean of squares is off by a few hundredths.
            assert!(least > 0.0 && found > 0.8 * least, "k = {k}: {found} below {least}");
        }
    }

    #[test]
    fn what_can_be_remembered_adds_up_to_what_is_independent() {
        for seed in 1..=5 {
            let basis = echoes(UNITS, seed).unwrap();
            let shares: f64 = (0..REMEMBERED).map(|delay| 1.0 - left(&basis, delay) / TRIVIAL_DELAY).sum();
            assert!((shares - f64::from(u8::try_from(basis.len()).unwrap())).abs() < 1e-9, "{shares}");
            assert!((15..=1 + UNITS).contains(&basis.len()), "{}", basis.len());
            assert!(left(&basis, 4) < 1e-4 && left(&basis, 200) > 0.99 * TRIVIAL_DELAY);
        }
    }

    #[test]
    fn a_sine_goes_on_by_itself() {
        assert!(mean(&go_on(ALONE, UNITS, 1).unwrap()) < 10.0 * PUBLISHED_SINE);
    }

    #[test]
    fn figures_are_known_for_the_delays_of_the_tutorial_alone() {
        assert!(DELAYS.iter().all(|&delay| published_delay(delay, 0.001).is_some()));
        assert_eq!((published_delay(20, 0.1), published_delay(5, 0.1)), (Some(0.12), None));
    }
}
