//! The home runtime of nnnoiseless: its own network, with the requests and answers of `home.py`.
//!
//! A frame's features come from the package's interface, [`nnnoiseless::DenoiseFeatures`]. The network is its module `rnn`, which no one
//! outside can call; so it is compiled once more here, from the files of the package that Cargo has fetched. Nothing is copied.

use serde_json::{json, Value};
use std::io::{self, Write};
use std::time::Instant;

// `mod rnn` and `mod util`, by the paths of the package's own files.
include!(concat!(env!("OUT_DIR"), "/modules.rs"));

use rnn::{RnnModel, RnnState};
use std::borrow::Cow;

const FRAME: usize = 480;
const FEATURES: usize = 42;
const GAINS: usize = 22;

/// A tone that glides, with noise from a linear congruence, as 16-bit samples: not silent, not constant.
fn sound(frames: usize) -> Vec<f32> {
    let (mut phase, mut noise) = (0.0_f64, 1_u64);
    let sample = |k: usize| {
        phase += 2.0 * std::f64::consts::PI * (200.0 + 0.02 * k as f64) / 48_000.0;
        noise = noise.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let hiss = (noise >> 40) as f64 / f64::from(1 << 23) - 1.0;
        (6000.0 * phase.sin() + 800.0 * hiss) as f32
    };
    (0..frames * FRAME).map(sample).collect()
}

fn features(frames: usize) -> Vec<f32> {
    let mut of_frame = nnnoiseless::DenoiseFeatures::new();
    let mut all = Vec::new();
    for frame in sound(frames).chunks_exact(FRAME) {
        of_frame.shift_and_filter_input(frame);
        let silent = of_frame.compute_frame_features();
        assert!(!silent, "the sound is not silent");
        all.extend_from_slice(of_frame.features());
    }
    all
}

fn tensor(shape: &[usize], data: &[f32]) -> Value {
    json!({ "shape": shape, "kind": "f32", "data": data.iter().map(|&x| f64::from(x)).collect::<Vec<_>>() })
}

fn fresh() -> RnnState<'static> {
    RnnState::new(Cow::Owned(RnnModel::default()))
}

fn run(state: &mut RnnState, x: &[f32]) -> (Vec<f32>, Vec<f32>) {
    let (mut gains, mut vad) = (Vec::new(), Vec::new());
    let (mut g, mut v) = ([0.0; GAINS], [0.0]);
    for frame in x.chunks_exact(FEATURES) {
        state.compute(&mut g, &mut v, frame);
        gains.extend_from_slice(&g);
        vad.extend_from_slice(&v);
    }
    (gains, vad)
}

/// Median, minimum and number of calls: a warm-up of a quarter of `secs`, then samples for `secs`, each long enough for the clock.
fn timed(secs: f64, mut call: impl FnMut()) -> Value {
    let mut many = |calls: usize| {
        let start = Instant::now();
        (0..calls).for_each(|_| call());
        start.elapsed().as_secs_f64() / calls as f64
    };
    let (start, mut once) = (Instant::now(), many(1));
    while start.elapsed().as_secs_f64() < secs / 4.0 {
        once = many(1);
    }
    let calls = (20e-6 / once.max(1e-9)).ceil() as usize;
    let (start, mut times) = (Instant::now(), Vec::new());
    while times.len() < 3 || (start.elapsed().as_secs_f64() < secs && times.len() < 2000) {
        times.push(many(calls));
    }
    times.sort_by(f64::total_cmp);
    json!({ "median_s": times[times.len() / 2], "min_s": times[0], "n": times.len() * calls })
}

/// The largest absolute errors of σ and tanh over values between -30 and 30.
fn functions() -> Value {
    let (mut sigmoid, mut tanh) = (0.0_f64, 0.0_f64);
    for k in 0..=(1 << 18) {
        let x = (f64::from(k) / f64::from(1 << 17) - 1.0) as f32 * 30.0;
        let exact = f64::from(x);
        sigmoid = sigmoid.max((f64::from(util::sigmoid_approx(x)) - 1.0 / (1.0 + (-exact).exp())).abs());
        tanh = tanh.max((f64::from(util::tansig_approx(x)) - exact.tanh()).abs());
    }
    json!({ "sigmoid": { "absolute": sigmoid }, "tanh": { "absolute": tanh } })
}

fn main() -> io::Result<()> {
    let mut answers = io::stdout();
    writeln!(answers, "{}", json!({ "version": "nnnoiseless 0.5.2" }))?;
    let (mut x, mut stream) = (Vec::new(), fresh());
    for text in io::stdin().lines() {
        let request: Value = serde_json::from_str(&text?)?;
        let secs = request["secs"].as_f64().unwrap_or(0.0);
        let answer = match (request["do"].as_str(), request["what"].as_str()) {
            (Some("open"), _) => {
                x = features(request["frames"].as_u64().unwrap_or(20) as usize);
                stream = fresh();
                let frames = x.len() / FEATURES;
                let weights = concat!(env!("NNNOISELESS"), "/weights.rnn");
                json!({ "path": weights, "x": tensor(&[frames, 1, FEATURES], &x) })
            }
            (Some("run"), _) => {
                let (gains, vad) = run(&mut fresh(), &x);
                let frames = vad.len();
                json!({ "outputs": { "gains": tensor(&[frames, 1, GAINS], &gains), "vad": tensor(&[frames, 1, 1], &vad) } })
            }
            (Some("functions"), _) => json!({ "functions": functions() }),
            (Some("time"), what) => {
                let frames = if what == Some("step") { &x[..FEATURES] } else { &x[..] };
                let (mut g, mut v) = ([0.0; GAINS], [0.0]);
                timed(secs, || frames.chunks_exact(FEATURES).for_each(|frame| stream.compute(&mut g, &mut v, frame)))
            }
            _ => json!({ "error": "an unknown request" }),
        };
        writeln!(answers, "{}", answer)?;
        answers.flush()?;
    }
    Ok(())
}
