//! Ratios against `Naive`, in one run: `cargo bench --bench ratios`, all shapes with `-- --grid`, which takes minutes a
//! pass (`--once`: a single pass).
//!
//! Machines are shared and noisy, so backends are interleaved: a pass takes the median time of every backend in
//! turn, and the estimate is the lowest median of all passes. A ratio is Naive's estimate over the backend's;
//! spread is the highest median over the lowest.

use side_by_side::{Cell, Effort, FOUR_SIZES, GRID, Mode, Number, Problem, Shape, feature_line, label, time};
use std::time::Duration;

mod side_by_side;

fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let has = |flag: &str| args.iter().any(|arg| arg == flag);
    // Run by `cargo test`, or with `--test`: everything once.
    let quick = has("--test") || !has("--bench");
    let passes = if quick || has("--once") { 1 } else { 5 };
    let effort = Effort { time: Duration::from_millis(if quick { 0 } else { 60 }), samples: 1 };
    println!("estimate: lowest of the medians of {passes} interleaved passes");
    println!("{}", feature_line());
    if has("--grid") {
        table::<f32>(&GRID, &[Mode::Forward, Mode::Train], passes, effort);
    } else if quick {
        table::<f32>(&[[3, 2, 5, 7]], &[Mode::Forward, Mode::Train, Mode::Infer], passes, effort);
    } else {
        table::<f32>(&FOUR_SIZES, &[Mode::Forward, Mode::Train], passes, effort);
        table::<f64>(&FOUR_SIZES[..3], &[Mode::Forward, Mode::Train], passes, effort);
    }
    let steps: Vec<Shape> = [8, 16, 32, 64, 128, 256].into_iter().map(|h| [1, 1, h, h]).collect();
    table::<f32>(&steps, &[Mode::Infer], passes, effort);
    table::<f64>(&steps, &[Mode::Infer], passes, effort);
}

fn table<T: Number>(shapes: &[Shape], modes: &[Mode], passes: usize, effort: Effort) {
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
        for _ in 0..passes {
            for (problem, medians) in problems.iter_mut().zip(&mut medians) {
                medians.push(time(effort, || problem.run(mode)).median);
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
