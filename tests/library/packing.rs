//! Weights are packed for each use by itself, when a pass first needs them, in the room of those before.

use crate::common::values;
use allocation_counter::measure;
use recurrent::kernels::{Accum, Backend, MatMut, MatRef, Scalar, Spec, Use};
use recurrent::network::{Config, Purpose, RecurrentSpec};
use recurrent::{Batch, Error, Network, State, Targets, Workspace};
use rnn_backend_faer::Faer;
use rnn_backend_naive::Naive;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// The yardstick, which counts how often it packs a layer for training and for inference.
#[derive(Debug, Default)]
struct Counting([AtomicUsize; 2]);

impl Counting {
    fn counts(&self) -> [usize; 2] {
        self.0.each_ref().map(|count| count.load(Ordering::Relaxed))
    }
}

impl<T: Scalar> Backend<T> for Counting {
    fn matmul(&self, c: MatMut<'_, T>, accum: Accum, a: MatRef<'_, T>, b: MatRef<'_, T>) {
        Naive.matmul(c, accum, a, b);
    }

    fn pack(&self, _: &Spec<T>, usage: Use, _: &[T], _: &mut [T]) {
        self.0[usize::from(usage == Use::Infer)].fetch_add(1, Ordering::Relaxed);
    }
}

const SYMBOLS: [u32; 13] = [0, 3, 1, 2, 4, 4, 0, 1, 2, 3, 0, 2, 1];

fn config() -> Config {
    Config::one_hot(5).recurrent(RecurrentSpec::lstm(20)).recurrent(RecurrentSpec::gru(9)).softmax(5)
}

/// Everything for a pass, and one of each kind.
struct Passes<T> {
    workspace: Workspace<T>,
    state: State<T>,
    gradients: recurrent::Parameters<T>,
}

impl<T: Scalar> Passes<T> {
    fn of<B: Backend<T> + ?Sized>(network: &Network<T, B>) -> Self {
        let (state, gradients) = (network.state(2).unwrap(), network.gradients().unwrap());
        Self { workspace: Workspace::new(), state, gradients }
    }

    fn infer<B: Backend<T> + ?Sized>(&mut self, network: &Network<T, B>) -> Vec<T> {
        self.state.as_mut_slice().fill(T::ZERO);
        let output = network.step_symbols(&mut self.workspace, &SYMBOLS[..2], &mut self.state).unwrap();
        [output.row(0), output.row(1)].concat()
    }

    fn train<B: Backend<T> + ?Sized>(&mut self, network: &Network<T, B>) {
        self.state.as_mut_slice().fill(T::ZERO);
        self.gradients.fill_zero();
        let (batch, targets) = (Batch::symbols(&SYMBOLS[..12], [6, 2]).unwrap(), Targets::Classes(&SYMBOLS[1..]));
        let Self { workspace, state, gradients } = self;
        network.loss_and_gradients(workspace, &batch, targets, state, gradients).unwrap();
    }
}

#[test]
fn each_use_is_packed_when_a_pass_first_needs_it_and_once_a_change() {
    let backend = Arc::new(Counting::default());
    let mut network = Network::<f64, Counting>::with_backend(&config(), 1, backend.clone()).unwrap();
    let mut passes = Passes::of(&network);
    assert_eq!(backend.counts(), [0, 0], "a network that is not used packs nothing");
    (0..3).for_each(|_| drop(passes.infer(&network)));
    assert_eq!(backend.counts(), [0, 2], "two layers, for inference alone");
    (0..3).for_each(|_| passes.train(&network));
    assert_eq!(backend.counts(), [2, 2]);
    for _ in 0..5 {
        network.update(|_| ());
    }
    assert_eq!(backend.counts(), [2, 2], "a change packs nothing");
    passes.train(&network);
    assert_eq!(backend.counts(), [4, 2]);
    passes.infer(&network);
    assert_eq!(backend.counts(), [4, 4]);
}

#[test]
fn a_network_that_is_kept_for_one_purpose_is_packed_at_once_and_for_that_alone() {
    let backend = Arc::new(Counting::default());
    let mut network = Network::<f64, Counting>::with_backend(&config(), 1, backend.clone()).unwrap();
    network.keep_packed_for(Purpose::Infer).unwrap();
    assert_eq!(backend.counts(), [0, 2]);
    passes_refuses_training(&network);
    Passes::of(&network).infer(&network);
    assert_eq!(backend.counts(), [0, 2], "the first pass finds it done");
    network.keep_packed_for(Purpose::Both).unwrap();
    assert_eq!(backend.counts(), [2, 2], "what was packed stays");
    Passes::of(&network).train(&network);
    assert_eq!(backend.counts(), [2, 2]);
}

fn passes_refuses_training(network: &Network<f64, Counting>) {
    let Passes { mut workspace, mut state, .. } = Passes::of(network);
    let batch = Batch::symbols(&SYMBOLS[..12], [6, 2]).unwrap();
    let refused = network.forward(&mut workspace, &batch, &mut state);
    assert!(matches!(refused, Err(Error::Order { call: "forward", .. })), "{refused:?}");
}

#[test]
fn a_change_is_seen_by_the_next_pass_of_each_use() {
    fn check<T: Scalar, B: Backend<T>>(backend: B) {
        let backend = Arc::new(backend);
        let mut network = Network::<T, B>::with_backend(&config(), 1, backend.clone()).unwrap();
        let mut passes = Passes::of(&network);
        for change in 0..4 {
            // Not every use between two changes.
            if change != 1 {
                passes.infer(&network);
            }
            if change != 2 {
                passes.train(&network);
            }
            let by: Vec<T> = values(change, network.parameters().len()).into_iter().map(T::from_f64).collect();
            network.update(|parameters| parameters.iter_mut().zip(&by).for_each(|(p, &by)| *p += by));
            let mut fresh = Network::<T, B>::with_backend(&config(), 2, backend.clone()).unwrap();
            fresh.update(|parameters| parameters.copy_from_flat(network.parameters())).unwrap();
            let mut of_fresh = Passes::of(&fresh);
            assert_eq!(passes.infer(&network), of_fresh.infer(&fresh));
            passes.train(&network);
            of_fresh.train(&fresh);
            assert_eq!(passes.gradients, of_fresh.gradients);
        }
    }
    check::<f32, _>(Faer::sequential());
    check::<f64, _>(Faer::sequential());
    check::<f64, _>(Naive);
}

#[test]
fn packing_anew_allocates_nothing() {
    let mut network = Network::<f32, Faer>::with_backend(&config(), 1, Faer::sequential()).unwrap();
    let mut passes = Passes::of(&network);
    let mut allocated = |changed: bool| {
        let mut both = || {
            if changed {
                network.update(|parameters| parameters[0] += 0.5);
            }
            passes.train(&network);
            assert_eq!(
                network.step_symbols(&mut passes.workspace, &SYMBOLS[..2], &mut passes.state).unwrap().rows(),
                2
            );
        };
        both();
        measure(|| (0..10).for_each(|_| both())).count_total
    };
    let without = allocated(false);
    assert_eq!(allocated(true), without);
}

#[test]
fn threads_that_meet_a_change_at_once_compute_the_same() {
    let mut network = Network::<f32, Faer>::with_backend(&config(), 1, Faer::parallel(2)).unwrap();
    for _ in 0..20 {
        network.update(|parameters| parameters.iter_mut().for_each(|p| *p += 0.01));
        let outputs: Vec<Vec<f32>> = std::thread::scope(|scope| {
            let one = || Passes::of(&network).infer(&network);
            let threads: Vec<_> = (0..4).map(|_| scope.spawn(one)).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        let alone = Passes::of(&network).infer(&network);
        assert!(outputs.iter().all(|output| *output == alone));
    }
}
