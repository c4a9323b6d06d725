//! What it costs to refuse numbers that are not finite: `cargo bench --bench finite`.
//!
//! The same calls with a workspace that refuses them and with one that allows them, interleaved, since machines are shared and
//! noisy: a pass takes the median time of both in turn, the estimate is the lowest median of all passes, and a ratio
//! is the refusing one over the other. What `update` examines is part of both; its line gives the time of it alone.

use recurrent::backend::Faer;
use recurrent::network::{Config, RecurrentSpec};
use recurrent::{Batch, Network, NonFinite, Targets, Workspace};
use side_by_side::{Effort, time};
use std::hint::black_box;
use std::time::Duration;

mod side_by_side;

/// Refuses and allows: seconds a call of each.
type Both = [f64; 2];

fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    // Run by `cargo test`, or with `--test`: everything once.
    let quick = args.iter().any(|arg| arg == "--test") || !args.iter().any(|arg| arg == "--bench");
    let passes = if quick { 1 } else { 9 };
    let effort = Effort { time: Duration::from_millis(if quick { 0 } else { 200 }), samples: 1 };
    println!("{:<52} {:>12} {:>12} {:>8}", "faer f32, one thread", "refuses", "allows", "ratio");
    for hidden in [8, 32, 128, 256] {
        line(&format!("LSTM, a streaming step, C = H = {hidden}"), streaming(hidden, passes, effort));
    }
    for [t, n, c, h] in [[32, 16, 96, 128], [50, 64, 256, 256], [35, 20, 650, 650], [100, 1, 128, 128]] {
        for (held, what) in [(0.0, "gradients 0"), (1e-3, "accumulating")] {
            let name = format!("LSTM, loss and gradients, {what}, T{t} N{n} C{c} H{h}");
            line(&name, training([t, n, c, h], held, passes, effort));
        }
    }
    for h in [128, 256, 650] {
        let mut network = network(h, h);
        let update = best(passes, || time(effort, || network.update(|p| _ = black_box(p))).median);
        let parameters = network.parameters().len();
        println!(
            "{:<52} {:>9.2} µs",
            format!("LSTM, update, H {h}: {parameters} parameters packed, examined"),
            update * 1e6
        );
    }
}

fn line(name: &str, [refuses, allows]: Both) {
    println!("{name:<52} {:>9.2} µs {:>9.2} µs {:>8.4}", refuses * 1e6, allows * 1e6, refuses / allows);
}

fn network(input: usize, hidden: usize) -> Network<f32, Faer> {
    let config = Config::features(input).recurrent(RecurrentSpec::lstm(hidden)).linear(8);
    Network::with_backend(&config, 1, Faer::sequential()).expect("a valid configuration")
}

fn workspaces() -> [Workspace<f32>; 2] {
    [NonFinite::Refuse, NonFinite::Allow].map(|choice| {
        let mut workspace = Workspace::new();
        workspace.on_non_finite(choice);
        workspace
    })
}

fn best(passes: usize, mut pass: impl FnMut() -> f64) -> f64 {
    (0..passes).map(|_| pass()).fold(f64::INFINITY, f64::min)
}

fn interleaved(passes: usize, mut pass: impl FnMut(&mut Workspace<f32>) -> f64) -> Both {
    let mut best = [f64::INFINITY; 2];
    let mut workspaces = workspaces();
    for _ in 0..passes {
        for (best, workspace) in best.iter_mut().zip(&mut workspaces) {
            *best = best.min(pass(workspace));
        }
    }
    best
}

fn streaming(hidden: usize, passes: usize, effort: Effort) -> Both {
    let (network, x) = (network(hidden, hidden), vec![0.25; hidden]);
    let mut state = network.state(1).expect("it fits into memory");
    interleaved(passes, |workspace| {
        let mut step = || {
            black_box(network.step_features(workspace, &x, &mut state).expect("valid data"));
        };
        time(effort, &mut step).median
    })
}

fn training([t, n, c, h]: [usize; 4], held: f32, passes: usize, effort: Effort) -> Both {
    let (network, x, targets) = (network(c, h), vec![0.25; t * n * c], vec![0.5; t * n * 8]);
    let (mut state, mut gradients) = (network.state(n).expect("it fits"), network.gradients().expect("it fits"));
    let batch = Batch::features(&x, [t, n, c]).expect("the sizes agree");
    interleaved(passes, |workspace| {
        let mut step = || {
            gradients.fill(held);
            state.fill_zero();
            let targets = Targets::Values(&targets);
            let loss = network.loss_and_gradients(workspace, &batch, targets, &mut state, &mut gradients);
            black_box(loss.expect("valid data"));
        };
        time(effort, &mut step).median
    })
}
