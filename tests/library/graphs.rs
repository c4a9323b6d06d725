//! Graphs that are built by hand, from outside: what they compute, keep and refuse.

use recurrent::graph::{Builder, Graph, Kind, Layout, Op, Padding, Recurrent, Tensor};
use recurrent::network::{Config, RecurrentSpec};
use recurrent::{Error, Network, NonFinite, Result};
use rnn_backend_naive::Naive;

fn real(shape: &[usize], numbers: &[f32]) -> Tensor {
    Tensor::f32(shape, numbers).unwrap()
}

fn whole(numbers: &[i64]) -> Tensor {
    Tensor::i64(&[numbers.len()], numbers).unwrap()
}

/// What an operation makes of inputs of any shape.
fn computed(op: Op<Naive>, inputs: &[Tensor]) -> Result<Tensor> {
    let mut builder = Builder::new(Naive);
    let values = inputs.iter().enumerate().map(|(k, x)| builder.input_of_any_shape(format!("{k}"), x.kind()));
    let values = values.collect::<Result<Vec<_>>>()?;
    let y = builder.add(op, values)?;
    builder.output("y", y)?;
    let graph = builder.build()?;
    let mut session = graph.session();
    Ok(graph.run(&mut session, &inputs.iter().collect::<Vec<_>>())?[0].clone())
}

#[track_caller]
fn refused<T>(result: Result<T>, says: &str) {
    let error = result.map(|_| ()).expect_err(says).to_string();
    assert!(error.contains(says), "`{error}` does not say `{says}`");
}

fn network(spec: RecurrentSpec) -> Network<f32, Naive> {
    Network::with_backend(&Config::features(2).recurrent(spec), 1, Naive).unwrap()
}

/// `y = layer(x)`, `x [T, N, 2]`.
fn layer(spec: RecurrentSpec) -> Graph<Naive> {
    let mut builder = Builder::new(Naive);
    let x = builder.input("x", Kind::F32, [None, None, Some(2)]).unwrap();
    let op = Op::Recurrent(Box::new(Recurrent::new(network(spec), Layout::TimeMajor).unwrap()));
    let y = builder.add(op, [x]).unwrap();
    builder.output("y", y).unwrap();
    builder.build().unwrap()
}

#[test]
fn an_axis_of_length_one_beside_one_of_length_zero_becomes_none() {
    let sum = computed(Op::Add, &[real(&[2, 1], &[1.0, 2.0]), real(&[2, 0], &[])]).unwrap();
    assert_eq!(sum.shape(), [2, 0]);
}

#[test]
fn a_tensor_has_at_most_eight_axes() {
    assert_eq!(real(&[1; 8], &[1.0]).rank(), 8);
    refused(Tensor::f32(&[1; 9], [1.0]), "axes of a tensor: expected at most 8, found 9");
}

#[test]
fn numbers_that_are_not_finite_are_refused_unless_the_session_allows_them() {
    let graph = layer(RecurrentSpec::gru(3));
    let x = real(&[1, 1, 2], &[f32::NAN, 0.0]);
    let mut session = graph.session();
    let refusal = graph.run(&mut session, &[&x]).map(|_| ());
    assert!(matches!(refusal, Err(Error::Node { .. })), "{refusal:?}");
    session.on_non_finite(NonFinite::Allow);
    assert!(graph.run(&mut session, &[&x]).unwrap()[0].as_f32().unwrap()[0].is_nan());
}

#[test]
fn an_output_may_be_an_input_beside_one_that_is_computed() {
    let mut builder = Builder::new(Naive);
    let x = builder.input("x", Kind::F32, [1]).unwrap();
    let y = builder.add(Op::Relu, [x]).unwrap();
    builder.output("x", x).unwrap();
    builder.output("y", y).unwrap();
    let graph = builder.build().unwrap();
    let (mut session, x) = (graph.session(), real(&[1], &[-2.0]));
    let outputs = graph.run(&mut session, &[&x]).unwrap();
    assert_eq!((outputs[0].as_f32().unwrap(), outputs[1].as_f32().unwrap()), (&[-2.0][..], &[0.0][..]));
}

#[test]
fn an_input_has_as_many_axes_as_it_was_declared_with() {
    let graph = layer(RecurrentSpec::gru(3));
    let mut session = graph.session();
    for shape in [&[1, 1][..], &[1, 1, 2, 1]] {
        let found = real(shape, &vec![0.0; shape.iter().product()]);
        refused(graph.run(&mut session, &[&found]).map(|_| ()), "expected shape [?, ?, 2]");
    }
}

#[test]
fn a_session_takes_another_number_of_rows_in_every_run() {
    let graph = layer(RecurrentSpec::lstm(3));
    let mut session = graph.session();
    for rows in [2, 3, 1] {
        let x = real(&[2, rows, 2], &vec![0.5; 4 * rows]);
        let outputs = graph.run(&mut session, &[&x]).unwrap();
        assert_eq!(outputs[0].shape(), [2, 1, rows, 3]);
        let y = outputs[0].as_f32().unwrap();
        // Every row is what it is alone.
        let mut alone = graph.session();
        let one = graph.run(&mut alone, &[&real(&[2, 1, 2], &[0.5; 4])]).unwrap()[0].as_f32().unwrap().to_vec();
        for (all, alone) in y.chunks(3 * rows).zip(one.chunks(3)) {
            all.chunks(3).for_each(|row| assert_eq!(row, alone));
        }
    }
}

#[test]
fn a_layer_refuses_what_its_network_cannot_take() {
    let learned = network(RecurrentSpec::gru(3).learned_initial());
    refused(Recurrent::new(learned, Layout::TimeMajor), "learned states");
    let mut builder = Builder::new(Naive);
    let x = builder.input("x", Kind::F32, [None, None, Some(2)]).unwrap();
    let c = builder.constant(real(&[1, 1, 3], &[0.0; 3])).unwrap();
    let op = Op::Recurrent(Box::new(Recurrent::new(network(RecurrentSpec::gru(3)), Layout::TimeMajor).unwrap()));
    let y = builder.add_named("gru", op, &[Some(x), None, None, Some(c)]).unwrap();
    builder.output("y", y[0]).unwrap();
    let graph = builder.build().unwrap();
    let mut session = graph.session();
    refused(graph.run(&mut session, &[&real(&[1, 1, 2], &[0.0; 2])]).map(|_| ()), "initial c: expected none");
}

#[test]
fn operands_of_another_size_than_the_operation_has_are_refused() {
    let x = real(&[1, 1, 3], &[1.0; 3]);
    let conv = || {
        let padding = Padding::Explicit([0, 0]);
        Op::Conv1d { stride: 1, dilation: 1, padding, groups: 1, taps: None }
    };
    let weights = real(&[2, 1, 1], &[1.0; 2]);
    refused(computed(conv(), &[x.clone(), weights.clone(), real(&[1], &[0.0])]), "biases of a convolution");
    refused(computed(conv(), &[x, weights, real(&[3], &[0.0; 3])]), "biases of a convolution");

    let gemm = Op::Gemm { alpha: 1.0, beta: 1.0, transpose_a: false, transpose_b: false };
    let larger = [real(&[1, 2], &[1.0; 2]), real(&[2, 3], &[1.0; 6]), real(&[2, 3], &[1.0; 6])];
    refused(computed(gemm, &larger), "summand of a product");

    let two = Op::ConstantOfShape { value: real(&[2], &[1.0, 2.0]) };
    refused(computed(two, &[whole(&[3])]), "value of a constant");
}

#[test]
fn a_slice_counts_ends_below_zero_from_the_end_also_backwards() {
    let slice = |start: i64, end: i64, step: i64| {
        let x = real(&[5], &[0.0, 1.0, 2.0, 3.0, 4.0]);
        let y = computed(Op::Slice, &[x, whole(&[start]), whole(&[end]), whole(&[0]), whole(&[step])]);
        y.unwrap().as_f32().unwrap().to_vec()
    };
    assert_eq!(slice(-1, -3, -1), [4.0, 3.0]);
    assert_eq!(slice(4, -5, -2), [4.0, 2.0]);
    assert_eq!(slice(4, -6, -2), [4.0, 2.0, 0.0]);
    assert_eq!(slice(1, -1, 1), [1.0, 2.0, 3.0]);
}

#[test]
fn a_slice_has_an_axis_and_a_step_for_each_start() {
    let (x, one, two) = (real(&[2, 2], &[0.0; 4]), whole(&[0]), whole(&[0, 1]));
    let slice = |axes: &Tensor, steps: &Tensor| {
        computed(Op::Slice, &[x.clone(), one.clone(), one.clone(), axes.clone(), steps.clone()])
    };
    refused(slice(&two, &whole(&[1])), "axes");
    refused(slice(&one, &whole(&[1, 1])), "steps");
}

#[test]
fn a_flattened_softmax_may_begin_behind_the_last_axis() {
    let every = computed(Op::Softmax { axis: 2, flatten: true }, &[real(&[1, 3], &[0.0, 1.0, 2.0])]).unwrap();
    assert_eq!(every.as_f32().unwrap(), [1.0; 3]);
    refused(computed(Op::Softmax { axis: 2, flatten: false }, &[real(&[1, 3], &[0.0; 3])]), "axis");
}
