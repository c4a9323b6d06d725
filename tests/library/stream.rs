//! A stream is the steps of its network, one after another; streams join and leave without the others noticing.

use crate::common::{naive, values};
use recurrent::kernels::Activation;
use recurrent::network::{CellSpec, Config, DenseSpec, Network, RecurrentSpec};
use recurrent::{Error, Scalar, State, Stream, Workspace};
use rnn_backend_faer::Faer;
use rnn_backend_naive::Naive;
use rnn_kernels::{Backend, Direction};

/// Every kind of stage that can be streamed.
fn stack(config: Config) -> Config {
    config
        .recurrent(RecurrentSpec::lstm(5).layers(2).learned_initial())
        .dense(DenseSpec::new(4, Activation::Relu))
        .recurrent(RecurrentSpec::gru(3))
        .recurrent(RecurrentSpec::elman(3, Activation::Tanh))
        .softmax(6)
}

/// With learned initial states that are not the 0 they begin as.
fn real() -> Network<f64, Naive> {
    let mut network = naive(&stack(Config::features(2)), 3);
    network.update(|parameters| parameters.iter_mut().for_each(|p| *p += 0.05));
    network
}

#[test]
fn pushes_give_the_bits_of_steps() {
    let (network, x) = (real(), values(2, 9 * 3 * 2));
    let (mut workspace, mut state) = (Workspace::new(), network.state(3).unwrap());
    let steps: Vec<Vec<f64>> = x
        .chunks(6)
        .map(|x| {
            let y = network.step_features(&mut workspace, x, &mut state).unwrap();
            (0..3).flat_map(|n| y.row(n).to_vec()).collect()
        })
        .collect();
    let mut stream = Stream::many(network, 3).unwrap();
    for (t, (x, step)) in x.chunks(6).zip(&steps).enumerate() {
        assert_eq!(stream.push(x).unwrap(), step, "step {t}");
    }
    assert_eq!(stream.state(), &state);
}

#[test]
fn symbols_are_pushed_like_real_vectors() {
    for config in [Config::one_hot(6), Config::embedding(6, 2), Config::one_hot(6).last_step()] {
        let network = naive(&stack(config), 3);
        let (mut workspace, mut state) = (Workspace::new(), network.state(2).unwrap());
        let symbols = [[1, 2], [0, 5], [3, 3]];
        let step = |symbols: &[u32; 2]| {
            let y = network.step_symbols(&mut workspace, symbols, &mut state).unwrap();
            [y.row(0), y.row(1)].concat()
        };
        let steps: Vec<_> = symbols.iter().map(step).collect();
        let mut stream = Stream::many(network, 2).unwrap();
        for (symbols, step) in symbols.iter().zip(steps) {
            assert_eq!(stream.push_symbols(symbols).unwrap(), step);
        }
    }
}

#[test]
fn layers_that_a_batch_may_have_masks_for_are_pushed_like_others() {
    let zoneout = RecurrentSpec::new(CellSpec::lstm().zoneout(0.3), 4);
    for config in
        [Config::features(2).recurrent(zoneout), Config::features(2).dropout(0.5).recurrent(RecurrentSpec::gru(3))]
    {
        let (network, x) = (naive(&config.linear(2), 3), values(3, 4 * 2));
        let (mut workspace, mut state) = (Workspace::new(), network.state(1).unwrap());
        let step = |x: &[f64]| network.step_features(&mut workspace, x, &mut state).unwrap().row(0).to_vec();
        let steps: Vec<_> = x.chunks(2).map(step).collect();
        let mut stream = Stream::new(network).unwrap();
        for (x, step) in x.chunks(2).zip(steps) {
            assert_eq!(stream.push(x).unwrap(), step);
        }
    }
}

/// The outputs of one stream of its own.
fn alone(x: &[[f64; 2]]) -> Vec<Vec<f64>> {
    let mut stream = Stream::new(real()).unwrap();
    x.iter().map(|x| stream.push(x).unwrap().to_vec()).collect()
}

#[test]
fn who_joins_or_leaves_changes_nothing_for_the_others() {
    let x = values(5, 3 * 8 * 2);
    let x: Vec<[f64; 2]> = x.as_chunks().0.to_vec();
    let [a, b, c] = [&x[..8], &x[8..16], &x[16..]];
    let [of_a, of_b, of_c] = [a, b, c].map(alone);
    let mut streams = Stream::many(real(), 0).unwrap();
    assert_eq!(streams.push(&[]).unwrap(), [0.0; 0]);
    streams.join().unwrap();
    assert_eq!(streams.push(&a[0]).unwrap(), of_a[0]);
    streams.join().unwrap();
    streams.join().unwrap();
    for t in 0..3 {
        let y = streams.push(&[a[t + 1], b[t], c[t]].concat()).unwrap();
        assert_eq!(y, [&of_a[t + 1][..], &of_b[t], &of_c[t]].concat());
    }
    let of_second = streams.leave(1).unwrap();
    assert_eq!(streams.streams(), 2);
    assert_eq!(streams.push(&[a[4], c[3]].concat()).unwrap(), [&of_a[4][..], &of_c[3]].concat());
    streams.join_from(&of_second).unwrap();
    let y = streams.push(&[a[5], c[4], b[3]].concat()).unwrap();
    assert_eq!(y, [&of_a[5][..], &of_c[4], &of_b[3]].concat());
    streams.reset(1).unwrap();
    let y = streams.push(&[a[6], c[0], b[4]].concat()).unwrap();
    assert_eq!(y, [&of_a[6][..], &of_c[0], &of_b[4]].concat());
    let all = streams.state().clone();
    let before = streams.push(&[a[7], c[1], b[5]].concat()).unwrap().to_vec();
    streams.set_state(&all).unwrap();
    assert_eq!(streams.push(&[a[7], c[1], b[5]].concat()).unwrap(), before);
}

#[test]
fn a_number_that_is_not_finite_stays_in_its_stream_until_that_starts_anew() {
    let mut streams = Stream::many(real(), 2).unwrap();
    let of_second = streams.push(&[f64::NAN, 0.0, 0.5, 0.5]).unwrap()[6..].to_vec();
    assert_eq!(of_second, alone(&[[0.5, 0.5]])[0]);
    assert!(matches!(streams.check(), Err(Error::NotFinite { .. })));
    streams.reset(0).unwrap();
    streams.check().unwrap();
    assert_eq!(streams.push(&[0.5, 0.5, 0.0, 0.0]).unwrap()[..6], of_second);
}

#[test]
fn what_does_not_fit_is_an_error_and_changes_nothing() {
    let mut streams = Stream::many(real(), 2).unwrap();
    streams.push(&[0.1, 0.2, 0.3, 0.4]).unwrap();
    let before = streams.state().clone();
    let error = streams.push(&[0.0; 3]).unwrap_err().to_string();
    assert_eq!(error, "features [N, C]: expected 4 elements, found 3");
    assert!(matches!(streams.push_symbols(&[1, 2]), Err(Error::Kind { .. })));
    assert!(matches!(streams.leave(2), Err(Error::Range { .. })));
    assert!(matches!(streams.reset(2), Err(Error::Range { .. })));
    let other: State<f64> =
        naive(&Config::features(2).recurrent(RecurrentSpec::lstm(4)).linear(1), 1).state(1).unwrap();
    assert!(matches!(streams.join_from(&other), Err(Error::Kind { .. })));
    let error = streams.join_from(&before).unwrap_err().to_string();
    assert!(error.starts_with("state to join from"), "{error}");
    assert!(matches!(streams.set_state(&other), Err(Error::Kind { .. })));
    assert_eq!((streams.state(), streams.streams()), (&before, 2));
    let mut symbols = Stream::new(naive(&stack(Config::one_hot(6)), 3)).unwrap();
    assert!(matches!(symbols.push(&[0.0]), Err(Error::Kind { .. })));
    let error = symbols.push_symbols(&[6]).unwrap_err().to_string();
    assert_eq!(error, "symbols[0]: expected below 6, found 6");
    let backwards = RecurrentSpec::lstm(4).bidirectional();
    assert!(matches!(
        Stream::new(naive(&Config::features(2).recurrent(backwards).linear(1), 1)),
        Err(Error::Kind { .. })
    ));
}

fn allocates_nothing<T: Scalar, B: Backend<T>>(backend: B) {
    let network = Network::<T, B>::with_backend(&stack(Config::features(2)), 1, backend).unwrap();
    let mut streams = Stream::many(network, 3).unwrap();
    let x = [T::ONE; 6];
    streams.push(&x).unwrap();
    let later = allocation_counter::measure(|| (0..50).for_each(|_| assert!(streams.push(&x).is_ok())));
    assert_eq!(later.count_total, 0);
}

#[test]
fn a_push_allocates_nothing() {
    allocates_nothing::<f64, _>(Naive);
    allocates_nothing::<f32, _>(Faer::sequential());
}

/// On 64 units the caller is alone, on 512 the threads share out the row.
#[test]
fn thousands_of_pushes_allocate_nothing_whatever_the_threads() {
    for (hidden, backend) in [(64, Faer::sequential()), (64, Faer::parallel(2)), (512, Faer::parallel(2))] {
        let config = Config::features(hidden).recurrent(RecurrentSpec::lstm(hidden)).linear(1);
        let network = Network::<f32, Faer>::with_backend(&config, 1, backend).unwrap();
        let mut stream = Stream::new(network).unwrap();
        let x: Vec<f32> = (0..hidden).map(|unit| (unit as f32).sin()).collect();
        stream.push(&x).unwrap();
        let later = allocation_counter::measure(|| (0..2000).for_each(|_| assert!(stream.push(&x).is_ok())));
        assert_eq!(later.count_total, 0, "{hidden} units");
    }
}

#[test]
fn a_stream_may_go_on_on_another_thread() {
    let x = values(7, 4);
    let x: Vec<[f64; 2]> = x.as_chunks().0.to_vec();
    let mut stream = Stream::new(real()).unwrap();
    let first = stream.push(&x[0]).unwrap().to_vec();
    let second = std::thread::scope(|scope| {
        let there = scope.spawn(|| stream.push(&x[1]).map(<[f64]>::to_vec));
        there.join().expect("a step does not panic").unwrap()
    });
    assert_eq!([first, second].to_vec(), alone(&x));
    assert!(stream.state().h(0, Direction::Forward).is_ok());
}
