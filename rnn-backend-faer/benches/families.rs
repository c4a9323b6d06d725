//! Every cell by its program, beside the LSTM: `cargo bench -p rnn-backend-faer --bench families`.
//!
//! One line for each cell and size: time of a multiply-add of its products, forward and forward with backward, over that of the LSTM
//! with the kernels written by hand, minima of interleaved passes. A cell with few products and much arithmetic for each unit is slow
//! by this measure, whoever computes it.

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

fn main() {
    let rounds = if std::env::args().any(|argument| argument == "--bench") { 30 } else { 1 };
    for (t, n, h) in [(50, 16, 64), (50, 16, 128), (20, 16, 512)] {
        let shape = [t, n, h, h];
        for &cell in oracle::Cell::PEEPHOLE.iter().chain(oracle::Cell::FAMILIES) {
            let (mut lstm, mut own) = (
                Layer::new(Faer::sequential(), &Cell::lstm(), shape),
                Layer::new(Faer::sequential(), cell.kernel(), shape),
            );
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
            println!("H{h:<4} {:<48} forward {:.2} · training {:.2}", name(cell), ratio(forward), ratio(training));
        }
    }
}
