//! A training step of a character-level network: forward, softmax cross-entropy, BPTT, clipping, Adam, packing.
//! Throughput: one element is one character.

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use recurrent::backend::Backend;
use recurrent::network::{Config, RecurrentSpec};
use recurrent::optim::{Adam, Optimiser, Rule, clip_norm};
use recurrent::{Batch, Network, Targets, Workspace};
use side_by_side::Number;
use std::time::Duration;

mod side_by_side;

const STEPS: usize = 32;
const ROWS: usize = 16;
const SYMBOLS: u32 = 96;

fn training_step<T: Number>(criterion: &mut Criterion) {
    let config = Config::one_hot(SYMBOLS as usize).recurrent(RecurrentSpec::lstm(128)).softmax(SYMBOLS as usize);
    let text: Vec<u32> = (0_u32..).map(|i| i * i % SYMBOLS).take(STEPS * ROWS + 1).collect();
    let mut group = criterion.benchmark_group(format!("training step/lstm T{STEPS} N{ROWS} H128/{}", T::NAME));
    group.throughput(Throughput::Elements((STEPS * ROWS) as u64));
    group.warm_up_time(Duration::from_millis(200)).measurement_time(Duration::from_secs(1)).sample_size(10);
    for (name, backend) in T::backends() {
        let network = Network::<T, dyn Backend<T>>::with_backend(&config, 1, backend);
        let mut network = network.expect("a valid configuration");
        let (mut workspace, mut gradients) = (Workspace::new(), network.gradients().expect("it fits into memory"));
        let mut adam = Optimiser::new(Rule::Adam(Adam::default()), gradients.len()).expect("a valid rule");
        let batch = Batch::symbols(&text[..STEPS * ROWS], [STEPS, ROWS]).expect("the sizes agree");
        let mut state = network.state(ROWS).expect("it fits into memory");
        group.bench_function(name, |bencher| {
            bencher.iter(|| {
                gradients.fill_zero();
                let targets = Targets::Classes(&text[1..]);
                network
                    .loss_and_gradients(&mut workspace, &batch, targets, &mut state, &mut gradients)
                    .expect("valid data");
                clip_norm(&mut gradients, 1.0).expect("finite gradients");
                network.update(|p| adam.step(p, &gradients, 1e-3)).expect("one length");
            });
        });
    }
    group.finish();
}

criterion_group!(benches, training_step::<f32>, training_step::<f64>);
criterion_main!(benches);
