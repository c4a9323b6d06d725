//! Ratios against `Naive`, in one run: `cargo bench --bench ratios`, all shapes with `-- --grid`, which takes minutes a
//! pass (`--once`: a single pass).
//!
//! Machines are shared and noisy, so backends are interleaved: a pass takes the median time of every backend in
//! turn, and the estimate is the lowest median of all passes. A ratio is Naive's estimate over the backend's;
//! spread is the highest median over the lowest.

use side_by_side::{Cell, FOUR_SIZES, Mode, Number, Problem, Shape, label};
use std::time::{Duration, Instant};

mod side_by_side;

/// The shapes `T, N, C, H` at which recurrent layers are commonly compared.
const GRID: [Shape; 12] = [
    [100, 1, 32, 32],
    [100, 1, 128, 128],
    [100, 1, 512, 512],
    [50, 16, 64, 128],
    [50, 32, 128, 256],
    [50, 64, 256, 256],
    [50, 64, 512, 512],
    [100, 128, 128, 128],
    [35, 20, 200, 200],
    [35, 20, 650, 650],
    [25, 64, 1024, 1024],
    [1000, 8, 16, 64],
];

struct Effort {
    passes: usize,
    per_median: Duration,
}

fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let has = |flag: &str| args.iter().any(|arg| arg == flag);
    // Run by `cargo test`, or with `--test`: everything once.
    let quick = has("--test") || !has("--bench");
    let effort = match quick {
        true => Effort { passes: 1, per_median: Duration::ZERO },
        false => Effort { passes: if has("--once") { 1 } else { 5 }, per_median: Duration::from_millis(60) },
    };
    println!("estimate: lowest of the medians of {} interleaved passes", effort.passes);
    for (name, present) in cpu_features() {
        print!("{name}: {}  ", if present { "yes" } else { "no" });
    }
    println!();
    if has("--grid") {
        table::<f32>(&GRID, &[Mode::Forward, Mode::Train], &effort);
    } else if quick {
        table::<f32>(&[[3, 2, 5, 7]], &[Mode::Forward, Mode::Train, Mode::Infer], &effort);
    } else {
        table::<f32>(&FOUR_SIZES, &[Mode::Forward, Mode::Train], &effort);
        table::<f64>(&FOUR_SIZES[..3], &[Mode::Forward, Mode::Train], &effort);
    }
    let steps: Vec<Shape> = [8, 16, 32, 64, 128, 256].into_iter().map(|h| [1, 1, h, h]).collect();
    table::<f32>(&steps, &[Mode::Infer], &effort);
    table::<f64>(&steps, &[Mode::Infer], &effort);
}

fn cpu_features() -> Vec<(&'static str, bool)> {
    #[cfg(target_arch = "x86_64")]
    let found = vec![
        ("avx2", std::arch::is_x86_feature_detected!("avx2")),
        ("fma", std::arch::is_x86_feature_detected!("fma")),
        ("avx512f", std::arch::is_x86_feature_detected!("avx512f")),
    ];
    #[cfg(not(target_arch = "x86_64"))]
    let found = vec![];
    found
}

fn table<T: Number>(shapes: &[Shape], modes: &[Mode], effort: &Effort) {
    let backends = T::backends();
    print!("\n{} {:<31} {:>12} {:>8}", T::NAME, "cell mode shape", "naive", "GFLOP/s");
    backends[1..].iter().for_each(|(name, _)| print!(" {name:>15} {:>8}", "GFLOP/s"));
    println!("   spread");
    for (&shape, cell, &mode) in
        shapes.iter().flat_map(|s| Cell::ALL.map(|c| (s, c))).flat_map(|(s, c)| modes.iter().map(move |m| (s, c, m)))
    {
        let mut problems: Vec<_> = backends.iter().map(|(_, b)| Problem::<T>::new(&**b, cell, shape)).collect();
        let flops = problems[0].flops(mode);
        let mut medians = vec![Vec::new(); problems.len()];
        for _ in 0..effort.passes {
            for (problem, medians) in problems.iter_mut().zip(&mut medians) {
                medians.push(median(effort.per_median, || problem.run(mode)));
            }
        }
        let best: Vec<f64> = medians.iter().map(|m| m.iter().copied().fold(f64::INFINITY, f64::min)).collect();
        let spread = medians.iter().zip(&best).map(|(m, best)| m.iter().copied().fold(0.0, f64::max) / best);
        print!(
            "    {:<31} {:>9.2} µs {:>8.1}",
            format!("{} {} {}", cell.name(), mode.name(), label(shape)),
            best[0] * 1e6,
            flops / best[0] / 1e9
        );
        best[1..].iter().for_each(|time| print!(" {:>14.2}× {:>8.1}", best[0] / time, flops / time / 1e9));
        println!("   {:.2}", spread.fold(0.0, f64::max));
    }
}

/// The median time of one call in seconds: of as many samples as the budget allows, of as many calls as make one
/// measurable.
fn median(budget: Duration, mut call: impl FnMut()) -> f64 {
    let first = Instant::now();
    call();
    let once = first.elapsed().as_secs_f64().max(1e-9);
    if once > budget.as_secs_f64() {
        return once; // also where the budget is zero: one call is all there is time for
    }
    // A sample lasts at least 20 µs, so that the clock's own time does not count.
    let calls = (20e-6 / once).ceil().max(1.0);
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // small positive counts
    let (calls, samples) = (calls as usize, (budget.as_secs_f64() / (once * calls)).clamp(1.0, 1000.0) as usize);
    let mut times: Vec<f64> = (0..samples)
        .map(|_| {
            let start = Instant::now();
            (0..calls).for_each(|_| call());
            start.elapsed().as_secs_f64() / calls as f64
        })
        .collect();
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}
