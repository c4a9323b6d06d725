//! What examining a step costs: a step that examines its numbers over one that does not, in one run.
//! `cargo bench --bench optimisers` (`--once`: a single pass).
//!
//! Both take turns, as machines are shared and noisy: a pass takes the median time of each, and the estimate is the
//! lowest median of all passes.

use recurrent::optim::{
    Adadelta, Adagrad, Adam, Optimiser, RmsProp, Rule, Sgd, clip_norm, clip_value, clip_value_with,
};
use recurrent::{NonFinite, Scalar};
use side_by_side::{Effort, time};
use std::hint::black_box;
use std::time::Duration;

mod side_by_side;

fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let has = |flag: &str| args.iter().any(|arg| arg == flag);
    // Run by `cargo test`, or with `--test`: everything once.
    let quick = has("--test") || !has("--bench");
    let passes = if quick || has("--once") { 1 } else { 7 };
    let effort = Effort { time: Duration::from_millis(if quick { 0 } else { 60 }), samples: 1 };
    println!("estimate: lowest of the medians of {passes} interleaved passes");
    println!("{:<28} {:>12} {:>12} {:>8}", "", "examined", "unexamined", "ratio");
    // The first-level cache, the second, memory.
    let sizes: &[usize] = if quick { &[100] } else { &[1_000, 30_000, 3_000_000] };
    for &size in sizes {
        table::<f32>("f32", size, passes, effort);
        table::<f64>("f64", size, passes, effort);
    }
}

fn table<T: Scalar>(number: &str, size: usize, passes: usize, effort: Effort) {
    let rules = [
        ("sgd", Rule::Sgd(Sgd { momentum: 0.9, ..Sgd::default() })),
        ("rms_prop", Rule::RmsProp(RmsProp::default())),
        ("rms_prop centred", Rule::RmsProp(RmsProp { centred: true, ..RmsProp::default() })),
        ("adam", Rule::Adam(Adam::default())),
        ("adagrad", Rule::Adagrad(Adagrad::default())),
        ("adadelta", Rule::Adadelta(Adadelta::default())),
    ];
    let gradients: Vec<T> = (0..size).map(|i| T::from_f64(if i % 3 == 0 { 0.01 } else { -0.02 })).collect();
    let rate = 1e-6;
    for (name, rule) in rules {
        let mut optimiser = Optimiser::new(rule, size).expect("a valid rule");
        let mut params = vec![T::ONE; size];
        let mut step = |non_finite| {
            let call = || optimiser.step_with(&mut params, black_box(&gradients), rate, non_finite).expect("finite");
            time(effort, call).median
        };
        ratio(&format!("{number} {name} {size}"), passes, &mut step);
    }
    let mut clipped = gradients.clone();
    let mut clip = |non_finite| {
        let call = || {
            clip_value_with(black_box(&mut clipped), 1.0, non_finite).expect("finite");
        };
        time(effort, call).median
    };
    ratio(&format!("{number} clip_value {size}"), passes, &mut clip);
    // The same call for both, whose ratio says how far to trust the others.
    let mut norm = |_| {
        let call = || {
            clip_norm(black_box(&mut clipped), 1e9).expect("finite");
            clip_value(black_box(&mut clipped), 1e9).expect("finite");
        };
        time(effort, call).median
    };
    ratio(&format!("{number} control {size}"), passes, &mut norm);
}

fn ratio(label: &str, passes: usize, seconds: &mut impl FnMut(NonFinite) -> f64) {
    let mut best = [f64::INFINITY; 2];
    for _ in 0..passes {
        for (best, non_finite) in best.iter_mut().zip([NonFinite::Refuse, NonFinite::Allow]) {
            *best = best.min(seconds(non_finite));
        }
    }
    println!("{label:<28} {:>9.2} µs {:>9.2} µs {:>8.3}", best[0] * 1e6, best[1] * 1e6, best[0] / best[1]);
}
