//! `C += A·Bᵀ` at recurrent shapes: one step's product `h · W_hhᵀ`, the input product of all steps, and the
//! weight gradient. Throughput: one element is one floating-point operation.

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use rnn_kernels::{Accum, MatMut, MatRef};
use side_by_side::{Number, values};
use std::time::Duration;

mod side_by_side;

/// `M, K, N`: rows of the batch (or of all steps), width, gate rows.
const SHAPES: [[usize; 3]; 5] = [[1, 128, 512], [16, 128, 512], [64, 256, 1024], [800, 64, 512], [512, 800, 128]];

fn products<T: Number>(criterion: &mut Criterion) {
    for [m, k, n] in SHAPES {
        let mut group = criterion.benchmark_group(format!("matmul/M{m} K{k} N{n}/{}", T::NAME));
        group.throughput(Throughput::Elements(2 * (m * k * n) as u64));
        group.warm_up_time(Duration::from_millis(200)).measurement_time(Duration::from_millis(600)).sample_size(10);
        let (a, b) = (values::<T>(m * k, 1), values::<T>(n * k, 2));
        let mut c = vec![T::ZERO; m * n];
        for (name, backend) in T::backends() {
            group.bench_function(name, |bencher| {
                bencher.iter(|| {
                    let c = MatMut::new(&mut c, m, n);
                    backend.matmul(c, Accum::Replace, MatRef::new(&a, m, k), MatRef::new(&b, n, k).t());
                });
            });
        }
        group.finish();
    }
}

criterion_group!(benches, products::<f32>, products::<f64>);
criterion_main!(benches);
