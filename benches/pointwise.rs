//! The pointwise kernels of each cell on one step, `N × H` units. Throughput: one element is one hidden unit.

use criterion::{BenchmarkGroup, Criterion, Throughput, criterion_group, criterion_main, measurement::WallTime};
use rnn_kernels::{Activation, ElmanStep, ElmanStepGrad, GruStep, GruStepGrad, LstmStep, LstmStepGrad, MatMut, MatRef};
use side_by_side::{Number, values};
use std::time::Duration;

mod side_by_side;

const SHAPES: [[usize; 2]; 2] = [[1, 128], [32, 256]];

fn group<'c>(criterion: &'c mut Criterion, op: &str, [n, h]: [usize; 2], number: &str) -> BenchmarkGroup<'c, WallTime> {
    let mut group = criterion.benchmark_group(format!("pointwise {op}/N{n} H{h}/{number}"));
    group.throughput(Throughput::Elements((n * h) as u64));
    group.warm_up_time(Duration::from_millis(200)).measurement_time(Duration::from_millis(500)).sample_size(10);
    group
}

fn lstm<T: Number>(criterion: &mut Criterion) {
    for shape @ [n, h] in SHAPES {
        let pre = values::<T>(n * 4 * h, 1);
        let [c_prev, d_h, d_c] = [2, 3, 4].map(|seed| values::<T>(n * h, seed));
        let [mut gates, mut d_pre] = [pre.clone(), pre.clone()];
        let [mut c, mut state, mut d_c_prev] = [c_prev.clone(), c_prev.clone(), c_prev.clone()];
        let mut forward = group(criterion, "lstm forward", shape, T::NAME);
        for (name, backend) in T::backends() {
            forward.bench_function(name, |bencher| {
                bencher.iter(|| {
                    gates.copy_from_slice(&pre);
                    backend.lstm_pointwise_forward(LstmStep {
                        gates: MatMut::new(&mut gates, n, 4 * h),
                        c_prev: MatRef::new(&c_prev, n, h),
                        c: MatMut::new(&mut c, n, h),
                        h: MatMut::new(&mut state, n, h),
                    });
                });
            });
        }
        forward.finish();
        let mut backward = group(criterion, "lstm backward", shape, T::NAME);
        for (name, backend) in T::backends() {
            backward.bench_function(name, |bencher| {
                bencher.iter(|| {
                    backend.lstm_pointwise_backward(LstmStepGrad {
                        gates: MatRef::new(&gates, n, 4 * h),
                        c_prev: MatRef::new(&c_prev, n, h),
                        c: MatRef::new(&c, n, h),
                        d_h: MatRef::new(&d_h, n, h),
                        d_c: MatRef::new(&d_c, n, h),
                        d_c_prev: MatMut::new(&mut d_c_prev, n, h),
                        d_pre: MatMut::new(&mut d_pre, n, 4 * h),
                    });
                });
            });
        }
        backward.finish();
    }
}

fn gru<T: Number>(criterion: &mut Criterion) {
    for shape @ [n, h] in SHAPES {
        let pre = values::<T>(n * 3 * h, 1);
        let [aux, h_prev, d_h] = [2, 3, 4].map(|seed| values::<T>(n * h, seed));
        let [mut gates, mut d_pre] = [pre.clone(), pre.clone()];
        let [mut state, mut d_aux, mut d_h_prev] = [aux.clone(), aux.clone(), aux.clone()];
        let mut forward = group(criterion, "gru forward", shape, T::NAME);
        for (name, backend) in T::backends() {
            forward.bench_function(name, |bencher| {
                bencher.iter(|| {
                    gates.copy_from_slice(&pre);
                    backend.gru_pointwise_forward(GruStep {
                        gates: MatMut::new(&mut gates, n, 3 * h),
                        aux: MatRef::new(&aux, n, h),
                        h_prev: MatRef::new(&h_prev, n, h),
                        h: MatMut::new(&mut state, n, h),
                    });
                });
            });
        }
        forward.finish();
        let mut backward = group(criterion, "gru backward", shape, T::NAME);
        for (name, backend) in T::backends() {
            backward.bench_function(name, |bencher| {
                bencher.iter(|| {
                    backend.gru_pointwise_backward(GruStepGrad {
                        gates: MatRef::new(&gates, n, 3 * h),
                        aux: MatRef::new(&aux, n, h),
                        h_prev: MatRef::new(&h_prev, n, h),
                        d_h: MatRef::new(&d_h, n, h),
                        d_pre: MatMut::new(&mut d_pre, n, 3 * h),
                        d_aux: MatMut::new(&mut d_aux, n, h),
                        d_h_prev: MatMut::new(&mut d_h_prev, n, h),
                    });
                });
            });
        }
        backward.finish();
    }
}

fn elman<T: Number>(criterion: &mut Criterion) {
    for shape @ [n, h] in SHAPES {
        let [pre, d_h] = [1, 2].map(|seed| values::<T>(n * h, seed));
        let [mut state, mut d_pre] = [pre.clone(), pre.clone()];
        let mut forward = group(criterion, "elman forward", shape, T::NAME);
        for (name, backend) in T::backends() {
            forward.bench_function(name, |bencher| {
                bencher.iter(|| {
                    state.copy_from_slice(&pre);
                    let h = MatMut::new(&mut state, n, h);
                    backend.elman_pointwise_forward(ElmanStep { activation: Activation::Tanh, h });
                });
            });
        }
        forward.finish();
        let mut backward = group(criterion, "elman backward", shape, T::NAME);
        for (name, backend) in T::backends() {
            backward.bench_function(name, |bencher| {
                bencher.iter(|| {
                    backend.elman_pointwise_backward(ElmanStepGrad {
                        activation: Activation::Tanh,
                        h: MatRef::new(&state, n, h),
                        d_h: MatRef::new(&d_h, n, h),
                        d_pre: MatMut::new(&mut d_pre, n, h),
                    });
                });
            });
        }
        backward.finish();
    }
}

criterion_group!(benches, lstm::<f32>, lstm::<f64>, gru::<f32>, gru::<f64>, elman::<f32>, elman::<f64>);
criterion_main!(benches);
