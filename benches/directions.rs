//! A bidirectional LSTM over a sequence, inference and training, with one row and with many: what threads gain where rows
//! cannot be shared out. Throughput: one element is one step of one row.

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use recurrent::backend::Backend;
use recurrent::network::{Config, RecurrentSpec};
use recurrent::{Batch, Network, Targets, Workspace};
use side_by_side::Number;
use std::time::Duration;

mod side_by_side;

const STEPS: usize = 50;

fn both_directions<T: Number>(criterion: &mut Criterion) {
    for (rows, hidden) in [(1, 32), (1, 128), (1, 256), (4, 128), (16, 128), (64, 256)] {
        let config = Config::features(hidden).recurrent(RecurrentSpec::lstm(hidden).bidirectional()).linear(1);
        let x: Vec<T> = (0..STEPS * rows * hidden).map(|i| T::from_f64((i % 17) as f64 / 17.0 - 0.5)).collect();
        let targets = vec![T::ONE; STEPS * rows];
        let mut group =
            criterion.benchmark_group(format!("directions/lstm T{STEPS} N{rows} C{hidden} H{hidden}/{}", T::NAME));
        group.throughput(Throughput::Elements((STEPS * rows) as u64));
        group.warm_up_time(Duration::from_millis(200)).measurement_time(Duration::from_secs(1)).sample_size(10);
        for (name, backend) in T::backends() {
            let network = Network::<T, dyn Backend<T>>::with_backend(&config, 1, backend);
            let network = network.expect("a valid configuration");
            let (mut workspace, mut gradients) = (Workspace::new(), network.gradients().expect("it fits into memory"));
            let batch = Batch::features(&x, [STEPS, rows, hidden]).expect("the sizes agree");
            let mut state = network.state(rows).expect("it fits into memory");
            group.bench_function(format!("infer/{name}"), |bencher| {
                bencher.iter(|| {
                    network.infer(&mut workspace, &batch, &mut state).expect("valid data");
                });
            });
            group.bench_function(format!("train/{name}"), |bencher| {
                bencher.iter(|| {
                    gradients.fill_zero();
                    let targets = Targets::Values(&targets);
                    network
                        .loss_and_gradients(&mut workspace, &batch, targets, &mut state, &mut gradients)
                        .expect("valid data");
                });
            });
        }
        group.finish();
    }
}

criterion_group!(benches, both_directions::<f32>);
criterion_main!(benches);
