//! Echo-state networks: the reservoir's equation, its spectral radius, the readout's normal equations, and what they can do.

use crate::common::values;
use recurrent::echo_state::{EchoState, EchoStateConfig, Ridge, nrmse};
use recurrent::gradient_flow::spectral_radius;
use recurrent::kernels::MatRef;
use recurrent::{Error, Result};

pub fn config() -> EchoStateConfig {
    EchoStateConfig { connections: 4, spectral_radius: 0.8, leak: 0.3, ..EchoStateConfig::new(2, 2, 20, 7) }
}

/// What a reservoir with a readout shows of itself.
#[derive(Clone, Debug)]
pub struct Shown {
    /// `[H, H]`.
    pub w: Vec<f64>,
    /// `[O, 1 + K + H]`.
    pub readout: Vec<f64>,
    /// Outputs from `h = 0` on `x`, and then on the outputs.
    pub outputs: Vec<f64>,
    pub generated: Vec<f64>,
}

pub const WASHOUT: usize = 10;
pub const LAMBDA: f64 = 0.01;

/// `[60, 2]` inputs and targets.
pub fn data() -> (Vec<f64>, Vec<f64>) {
    (values(1, 120), values(2, 120))
}

/// The library, fitted to the data.
pub fn library(config: &EchoStateConfig) -> Result<(EchoState, Shown)> {
    let (x, y) = data();
    let mut network = EchoState::new(config)?;
    network.fit(&[(&x, &y)], WASHOUT, LAMBDA)?;
    let mut h = network.start();
    let outputs = network.run(&mut h, &x)?;
    let generated = network.generate(&mut h, &outputs[118..], 5)?;
    let shown = Shown { w: network.recurrent_weights()?, readout: network.readout().to_vec(), outputs, generated };
    Ok((network, shown))
}

/// The weights of the input, `[H, 1 + K]`, which follow from how states answer: `tanh⁻¹(h/α)` of one step from 0.
pub fn input_weights(config: &EchoStateConfig) -> Vec<f64> {
    let EchoStateConfig { units, inputs, leak, .. } = *config;
    let network = EchoState::new(config).unwrap();
    let pre = |x: &[f64]| {
        let mut h = network.start();
        network.run(&mut h, x).unwrap();
        h.into_iter().map(|h| (h / leak).atanh()).collect::<Vec<_>>()
    };
    let zero = vec![0.0; inputs];
    let bias = pre(&zero);
    let mut w = vec![0.0; units * (1 + inputs)];
    for i in 0..units {
        w[i * (1 + inputs)] = bias[i];
    }
    for k in 0..inputs {
        let mut x = zero.clone();
        x[k] = 1.0;
        let of_k = pre(&x);
        (0..units).for_each(|i| w[i * (1 + inputs) + 1 + k] = of_k[i] - bias[i]);
    }
    w
}

/// States `[T, H]` by the equation, from 0.
pub fn states(config: &EchoStateConfig, w_in: &[f64], w: &[f64], x: &[f64]) -> Vec<f64> {
    let EchoStateConfig { units, inputs, leak, .. } = *config;
    let (mut h, mut all) = (vec![0.0; units], Vec::new());
    for x in x.chunks_exact(inputs) {
        let pre = |i: usize| {
            let of_input: f64 = (0..inputs).map(|k| w_in[i * (1 + inputs) + 1 + k] * x[k]).sum();
            let of_units: f64 = (0..units).map(|j| w[i * units + j] * h[j]).sum();
            w_in[i * (1 + inputs)] + of_input + of_units
        };
        h = (0..units).map(|i| (1.0 - leak) * h[i] + leak * pre(i).tanh()).collect();
        all.extend(&h);
    }
    all
}

/// What an echo-state network promises; the first promise that is broken.
pub fn broken_promise(config: &EchoStateConfig, w_in: &[f64], shown: &Shown) -> Option<String> {
    let EchoStateConfig { units, inputs, outputs, .. } = *config;
    let (d, (x, y)) = (1 + inputs + units, data());
    let radius = spectral_radius(MatRef::new(&shown.w, units, units)).unwrap().value;
    if (radius - config.spectral_radius).abs() > 1e-12 {
        return Some(format!("the spectral radius is {radius}"));
    }
    let sparse = |row: &[f64]| row.iter().filter(|&&w| w != 0.0).count() == config.connections;
    if !shown.w.chunks_exact(units).all(sparse) {
        return Some("each unit sees as many units as it should".into());
    }
    let h = states(config, w_in, &shown.w, &x);
    let z = |t: usize, x: &[f64]| [&[1.0][..], x, &h[t * units..][..units]].concat();
    let read = |z: &[f64]| -> Vec<f64> {
        shown.readout.chunks_exact(d).map(|w| w.iter().zip(z).map(|(w, z)| w * z).sum()).collect()
    };
    for t in 0..60 {
        let expected = read(&z(t, &x[t * inputs..][..inputs]));
        for (o, expected) in expected.iter().enumerate() {
            if (shown.outputs[t * outputs + o] - expected).abs() > 1e-10 {
                return Some(format!("output {o} of step {t} is that of the equation"));
            }
        }
    }
    // ∂/∂W of Σ ‖y − W z‖² + λ ‖W‖² is 0.
    for o in 0..outputs {
        let mut slope: Vec<f64> = shown.readout[o * d..][..d].iter().map(|w| LAMBDA * w).collect();
        for t in WASHOUT..60 {
            let z = z(t, &x[t * inputs..][..inputs]);
            let error = read(&z)[o] - y[t * outputs + o];
            slope.iter_mut().zip(z).for_each(|(slope, z)| *slope += error * z);
        }
        if let Some(at) = slope.iter().position(|slope| slope.abs() > 1e-9) {
            return Some(format!("the readout is at the minimum of its loss: slope {} at {at}", slope[at]));
        }
    }
    // What is generated is the run on its own outputs.
    let fed = [&x[..], &shown.outputs[118..], &shown.generated[..8]].concat();
    let h = states(config, w_in, &shown.w, &fed);
    for t in 0..5 {
        let z = [&[1.0][..], &fed[(60 + t) * 2..][..2], &h[(60 + t) * units..][..units]].concat();
        if read(&z).iter().zip(&shown.generated[2 * t..]).any(|(a, b)| (a - b).abs() > 1e-8) {
            return Some(format!("step {t} of what is generated goes on from the one before"));
        }
    }
    None
}

#[test]
fn the_reservoir_and_its_readout_are_what_their_equations_say() {
    for config in [config(), EchoStateConfig { leak: 1.0, connections: 20, ..config() }] {
        let (_, shown) = library(&config).unwrap();
        assert_eq!(broken_promise(&config, &input_weights(&config), &shown), None);
    }
}

#[test]
fn a_seed_gives_the_same_bits_and_another_one_another_network() {
    let (network, _) = library(&config()).unwrap();
    assert_eq!(network, library(&config()).unwrap().0);
    let other = EchoStateConfig { seed: 8, ..config() };
    assert_ne!(network.recurrent_weights().unwrap(), library(&other).unwrap().0.recurrent_weights().unwrap());
    // Kept as a configuration and a readout.
    let text = serde_json::to_string(network.config()).unwrap();
    let mut again = EchoState::new(&serde_json::from_str(&text).unwrap()).unwrap();
    again.set_readout(network.readout()).unwrap();
    assert_eq!(again, network);
}

#[test]
fn inputs_and_biases_have_scales_of_their_own() {
    let full = input_weights(&EchoStateConfig { leak: 1.0, ..config() });
    let scaled = input_weights(&EchoStateConfig { leak: 1.0, input_scale: 0.1, bias_scale: 0.0, ..config() });
    for (full, scaled) in full.chunks_exact(3).zip(scaled.chunks_exact(3)) {
        assert_eq!(scaled[0], 0.0);
        assert!((1..3).all(|k| (scaled[k] - 0.1 * full[k]).abs() < 1e-12), "{full:?} {scaled:?}");
    }
    // Without biases what is said of −x is said of x with the other sign.
    let network = EchoState::new(&EchoStateConfig { bias_scale: 0.0, ..config() }).unwrap();
    let (x, _) = data();
    let [mut h, mut turned] = [network.start(), network.start()];
    network.run(&mut h, &x).unwrap();
    network.run(&mut turned, &x.iter().map(|x| -x).collect::<Vec<_>>()).unwrap();
    assert!(h.iter().zip(&turned).all(|(h, turned)| *h == -turned));
}

#[test]
fn the_bits_of_a_reservoir_are_pinned() {
    let w = EchoState::new(&config()).unwrap().recurrent_weights().unwrap();
    let digest = w.iter().fold(0_u64, |sum, w| sum.rotate_left(7) ^ w.to_bits());
    assert_eq!(digest, PINNED, "{digest}");
}

/// Of the same weights under every set of features.
const PINNED: u64 = 8_187_997_817_464_166_630;

#[test]
fn echoes_of_where_it_began_die_out() {
    let network = EchoState::new(&config()).unwrap();
    let (x, _) = data();
    let (mut a, mut b) = (vec![0.9; 20], vec![-0.9; 20]);
    network.run(&mut a, &x).unwrap();
    network.run(&mut b, &x).unwrap();
    let far = a.iter().zip(&b).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
    assert!(far < 1e-3, "{far}");
}

#[test]
fn ridge_regression_finds_the_weights_that_made_the_data() {
    let mut sums = Ridge::new(3, 2).unwrap();
    let truth = [1.0, -2.0, 0.5, 0.0, 3.0, -1.0];
    let z = values(4, 30);
    for z in z.chunks_exact(3) {
        let y: Vec<f64> = truth.chunks_exact(3).map(|w| w.iter().zip(z).map(|(w, z)| w * z).sum()).collect();
        sums.add(z, &y).unwrap();
    }
    let found = sums.solve(0.0).unwrap();
    assert!(found.iter().zip(truth).all(|(found, truth)| (found - truth).abs() < 1e-12), "{found:?}");
    let shrunk = sums.solve(1e6).unwrap();
    assert!(shrunk.iter().all(|w| w.abs() < 1e-4));
}

#[test]
fn nrmse_is_0_for_the_targets_and_1_for_their_mean() {
    let t = [1.0, 10.0, 3.0, 20.0];
    assert_eq!(nrmse(&t, &t, 2).unwrap(), 0.0);
    assert_eq!(nrmse(&[2.0, 15.0, 2.0, 15.0], &t, 2).unwrap(), 1.0);
    assert!(matches!(nrmse(&[1.0; 2], &[1.0; 2], 1), Err(Error::Range { .. })));
    assert!(matches!(nrmse(&[1.0; 3], &[1.0; 3], 2), Err(Error::Len { .. })));
}

#[test]
fn settings_out_of_range_and_data_that_do_not_fit_are_errors_and_change_nothing() {
    let refused = |config: EchoStateConfig| match EchoState::new(&config).unwrap_err() {
        Error::Config { at, .. } => at,
        other => panic!("{other}"),
    };
    assert_eq!(refused(EchoStateConfig { connections: 21, ..config() }), "echo_state.connections");
    assert_eq!(refused(EchoStateConfig { leak: 0.0, ..config() }), "echo_state.leak");
    assert_eq!(refused(EchoStateConfig { spectral_radius: f64::NAN, ..config() }), "echo_state.spectral_radius");
    assert_eq!(refused(EchoStateConfig { bias_scale: -1.0, ..config() }), "echo_state.bias_scale");
    assert_eq!(refused(EchoStateConfig { units: 0, connections: 0, ..config() }), "echo_state.units");
    let (mut network, shown) = library(&config()).unwrap();
    let (x, y) = data();
    let nan = [&y[..119], &[f64::NAN]].concat();
    assert!(matches!(network.fit(&[(&x, &nan)], 0, 0.1), Err(Error::NotFinite { .. })));
    assert!(matches!(network.fit(&[(&x, &y[..118])], 0, 0.1), Err(Error::Len { .. })));
    assert!(matches!(network.fit(&[(&x, &y)], 60, 0.1), Err(Error::Range { .. })));
    assert!(matches!(network.fit(&[(&x[..20], &y[..20])], 0, 0.0), Err(Error::Range { .. }))); // 10 examples of 23 weights
    assert_eq!(network.readout(), shown.readout);
    let narrow = EchoState::new(&EchoStateConfig { outputs: 1, ..config() }).unwrap();
    assert!(matches!(narrow.generate(&mut narrow.start(), &[0.0; 2], 1), Err(Error::Kind { .. })));
    assert!(matches!(narrow.run(&mut [0.0; 3], &x), Err(Error::Len { .. })));
}
