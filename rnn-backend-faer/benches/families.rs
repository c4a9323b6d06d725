//! Every cell by its program, beside the LSTM: `cargo bench -p rnn-backend-faer --bench families`.
//!
//! One line for each cell and size: time of a multiply-add of its products, forward and forward with backward, over that of the LSTM
//! with the kernels written by hand, minima of interleaved passes. A cell with few products and much arithmetic for each unit is slow
//! by this measure, whoever computes it. Behind `--`: shapes `T,N,H` and names of cells, all of each if none is given, and
//! `threads=2`.

use rnn_backend_faer::Faer;
use rnn_check::oracle;
use rnn_kernels::{Cell, Slot};
use support::{Layer, minima};

mod support;

/// Multiply-adds of a step and row.
fn products(layer: &Layer) -> f64 {
    let plan = layer.spec().plan();
    let inner = plan.stages.iter().flat_map(|stage| &stage.inner);
    let segments = plan.input.iter().chain(&plan.old).chain(inner);
    segments.map(|segment| segment.weights.len()).sum::<usize>() as f64
}

/// The name, and whether there is no product of a state.
fn name(cell: oracle::Cell) -> String {
    let form = cell.kernel().form();
    let products = form.stages.iter().flat_map(|stage| &stage.products);
    let of_state = products.filter(|product| product.of != Slot::X).count();
    format!("{}{}", cell.name(), if of_state == 0 { " (products of x alone)" } else { "" })
}

/// `T,N,H`.
fn shape(argument: &str) -> Option<(usize, usize, usize)> {
    let mut sizes = argument.split(',').map(|size| size.parse().ok());
    let shape = (sizes.next()??, sizes.next()??, sizes.next()??);
    sizes.next().is_none().then_some(shape)
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let rounds = if arguments.iter().any(|argument| argument == "--bench") { 30 } else { 1 };
    let mut shapes: Vec<_> = arguments.iter().filter_map(|argument| shape(argument)).collect();
    if shapes.is_empty() {
        shapes = vec![(50, 16, 64), (50, 16, 128), (20, 16, 512)];
    }
    let threads = arguments.iter().find_map(|argument| argument.strip_prefix("threads=")?.parse().ok()).unwrap_or(1);
    let backend = Faer::parallel(threads);
    let is_name = |a: &&String| !a.starts_with("--") && !a.starts_with("threads=") && shape(a).is_none();
    let names: Vec<_> = arguments.iter().filter(is_name).collect();
    for (t, n, h) in shapes {
        let shape = [t, n, h, h];
        let cells = oracle::Cell::PEEPHOLE.iter().chain(oracle::Cell::FAMILIES);
        for &cell in cells.filter(|cell| names.is_empty() || names.iter().any(|&name| name == cell.name())) {
            let (mut lstm, mut own) =
                (Layer::new(backend.clone(), &Cell::lstm(), shape), Layer::new(backend.clone(), cell.kernel(), shape));
            let work = products(&lstm) / products(&own);
            let forward = minima(rounds, 1, [&mut || lstm.forward(), &mut || own.forward()]);
            let training = minima(
                rounds,
                1,
                [
                    &mut || {
                        lstm.forward();
                        lstm.backward();
                    },
                    &mut || {
                        own.forward();
                        own.backward();
                    },
                ],
            );
            let ratio = |[lstm, own]: [f64; 2]| work * own / lstm;
            let time = |[_, own]: [f64; 2]| own * 1e6;
            println!(
                "T{t:<4} N{n:<2} H{h:<4} {:<48} forward {:.2} · training {:.2} · {:.0} µs, {:.0} µs",
                name(cell),
                ratio(forward),
                ratio(training),
                time(forward),
                time(training)
            );
        }
    }
}
