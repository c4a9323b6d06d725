//! Whole sequences, forward and training, and the one-row streaming step. Throughput: one element is one
//! floating-point operation of the products.

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use side_by_side::{Cell, Mode, Number, Problem, Shape, label};
use std::time::Duration;

mod side_by_side;

fn sequences<T: Number>(criterion: &mut Criterion) {
    let sizes: [Shape; 3] = [[20, 1, 64, 64], [20, 16, 64, 128], [10, 64, 128, 256]];
    for (cell, shape) in Cell::ALL.into_iter().flat_map(|cell| sizes.map(|shape| (cell, shape))) {
        for mode in [Mode::Forward, Mode::Train] {
            measure::<T>(criterion, cell, shape, mode, &format!("{} {}", cell.name(), mode.name()));
        }
    }
}

fn steps<T: Number>(criterion: &mut Criterion) {
    for (cell, h) in Cell::ALL.into_iter().flat_map(|cell| [8, 32, 128, 256].map(|h| (cell, h))) {
        measure::<T>(criterion, cell, [1, 1, h, h], Mode::Infer, &format!("{} step", cell.name()));
    }
}

fn measure<T: Number>(criterion: &mut Criterion, cell: Cell, shape: Shape, mode: Mode, name: &str) {
    let mut group = criterion.benchmark_group(format!("{name}/{}/{}", label(shape), T::NAME));
    group.warm_up_time(Duration::from_millis(100)).measurement_time(Duration::from_millis(400)).sample_size(10);
    for (name, backend) in T::backends() {
        let mut problem = Problem::<T>::new(&*backend, cell, shape);
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // a count below 2⁶³
        group.throughput(Throughput::Elements(problem.flops(mode) as u64));
        group.bench_function(name, |bencher| bencher.iter(|| problem.run(mode)));
    }
    group.finish();
}

criterion_group!(benches, sequences::<f32>, sequences::<f64>, steps::<f32>, steps::<f64>);
criterion_main!(benches);
