//! Interleaved passes over all settings of a shape.

use crate::line::{Line, resident};
use crate::selection::{Pass, Selection};
use crate::setting::Setting;
use crate::side_by_side::{Effort, Number, Problem, Shape, Timing, Which, time};
use clap::ValueEnum;
use rnn_backend_faer::simd::Isa;
use rnn_kernels::{Backend, Use};

/// The backends of a run, one for each number of threads.
pub type Backends<T> = Vec<(usize, Box<dyn Backend<T>>)>;

/// Makes the backends, and says which ones cannot be had.
pub fn backends<T: Number>(selection: &Selection) -> Backends<T> {
    let make = |&threads: &usize| {
        let made = T::backend(selection.backend, threads, selection.isa, selection.accuracy);
        if made.is_none() {
            eprintln!("left out: {:?} on {threads} threads with {:?}", selection.backend, selection.isa);
        }
        made.map(|backend| (threads, backend))
    };
    selection.threads.iter().filter_map(make).collect()
}

/// The settings of a shape that the selection asks for.
pub fn settings(selection: &Selection, dtype: &str, shape: Shape, passes: &[Pass]) -> Vec<Setting> {
    let mut settings = Vec::new();
    for &cell in &selection.cells {
        for &pass in passes {
            let of = |&threads: &usize| Setting { cell, shape, pass, threads };
            settings.extend(selection.threads.iter().map(of).filter(|setting| selection.wants(&setting.label(dtype))));
        }
    }
    settings
}

/// Every line of a shape: each pass takes the median of every setting in turn, so that a slow moment of the machine
/// hits one pass of several settings rather than all passes of one.
pub fn measure<T: Number>(
    selection: &Selection,
    backends: &Backends<T>,
    shape: Shape,
    passes: &[Pass],
) -> Vec<(Setting, Line)> {
    let mut measured = Vec::new();
    for setting in settings(selection, T::NAME, shape, passes) {
        if let Some((_, backend)) = backends.iter().find(|(threads, _)| *threads == setting.threads) {
            measured.push((setting, &**backend, Vec::new()));
        }
    }
    for _ in 0..selection.passes() {
        for (setting, backend, timings) in &mut measured {
            timings.push(one_pass(selection, *setting, *backend));
        }
    }
    measured.into_iter().map(|(setting, _, timings)| (setting, line::<T>(selection, setting, &timings))).collect()
}

/// The time of a setting, and of packing its weights where that is part of it. Buffers are made anew for each pass:
/// how pages happen to lie in memory is then part of the spread and not of the result.
fn one_pass<T: Number>(selection: &Selection, setting: Setting, backend: &dyn Backend<T>) -> (Timing, Option<f64>) {
    let effort = selection.effort();
    let mut problem = Problem::<T>::new(backend, setting.cell, setting.shape);
    match setting.pass {
        Pass::Step => (time(effort, || problem.run(setting.pass.mode())), None),
        Pass::Fwd => {
            let call = || {
                problem.restart();
                problem.run(setting.pass.mode());
            };
            (time(effort, call), None)
        }
        Pass::Train => {
            // Weights change with every update, and other libraries lay them out anew inside the call.
            let call = || {
                problem.pack(Use::Train);
                problem.run(setting.pass.mode());
            };
            let timing = time(effort, call);
            let pack = Effort { time: effort.time / 10, ..effort };
            (timing, Some(time(pack, || problem.pack(Use::Train)).median))
        }
    }
}

fn line<T: Number>(selection: &Selection, setting: Setting, timings: &[(Timing, Option<f64>)]) -> Line {
    let lowest = |values: &mut dyn Iterator<Item = f64>| values.fold(f64::INFINITY, f64::min);
    let medians: Vec<f64> = timings.iter().map(|(timing, _)| timing.median).collect();
    let median = lowest(&mut medians.iter().copied());
    let min = lowest(&mut timings.iter().map(|(timing, _)| timing.min));
    let flops = setting.cost(size_of::<T>()).flops;
    let isa = (selection.backend == Which::Faer).then(|| selection.isa.unwrap_or_else(Isa::detect));
    let [rss, peak_rss] = resident().map_or([None; 2], |both| both.map(Some));
    Line {
        peer: "recurrent",
        version: env!("CARGO_PKG_VERSION"),
        backend: selection.backend.to_possible_value().map_or_else(String::new, |value| value.get_name().into()),
        isa: isa.map(|isa| format!("{isa:?}").to_lowercase()),
        accuracy: isa.map(|_| format!("{:?}", selection.accuracy).to_lowercase()),
        key: setting.key(T::NAME),
        median_s: median,
        min_s: min,
        calls: timings.iter().map(|(timing, _)| timing.calls).sum(),
        gflops: flops / median / 1e9,
        gflops_best: flops / min / 1e9,
        spread: medians.iter().copied().fold(0.0, f64::max) / median,
        medians_s: medians,
        pack_s: timings.iter().filter_map(|&(_, pack)| pack).reduce(f64::min),
        rss_mb: rss,
        peak_rss_mb: peak_rss,
    }
}
