//! Graphs built by hand that are chains of layers, and graphs that only look like it: a network or a refusal, never another function.

use recurrent::graph::{Builder, Graph, Kind, Layout, Op, Recurrent, Tensor, Value};
use recurrent::network::{Config, RecurrentSpec};
use recurrent::rng::Rng;
use recurrent::{Batch, Network, Workspace};
use rnn_backend_naive::Naive;

const STEPS: usize = 5;
const ROWS: usize = 2;
const WIDTH: usize = 3;
const HIDDEN: usize = 4;
const UNITS: usize = 2;

/// Multiples of 1/8 from −1 to 1.
fn numbers(seed: u64, len: usize) -> Vec<f32> {
    let mut rng = Rng::seed(seed);
    (0..len).map(|_| rng.below(17) as f32 / 8.0 - 1.0).collect()
}

/// What a graph reads of a recurrent layer.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Read {
    EveryStep,
    /// `y[−1]`.
    LastStep,
    /// `y[−1:]`, whose axis of steps is taken out.
    LastStepCut,
    FinalStates,
}

/// A graph that is being built, with the order of axes of its layers.
struct Building {
    builder: Builder<Naive>,
    layout: Layout,
}

impl Building {
    fn new(layout: Layout) -> (Self, Value) {
        let mut builder = Builder::new(Naive);
        let x = builder.input("x", Kind::F32, [None, None, Some(WIDTH)]).unwrap();
        (Self { builder, layout }, x)
    }

    fn add(&mut self, op: Op<Naive>, inputs: &[Value]) -> Value {
        self.builder.add(op, inputs).unwrap()
    }

    fn whole(&mut self, numbers: &[i64]) -> Value {
        self.builder.constant(Tensor::i64(&[numbers.len()], numbers).unwrap()).unwrap()
    }

    fn real(&mut self, shape: &[usize], seed: u64) -> Value {
        let numbers = numbers(seed, shape.iter().product());
        self.builder.constant(Tensor::f32(shape, numbers).unwrap()).unwrap()
    }

    /// `Y`, `Y_h`, and `Y_c` if the cell has one.
    fn layer(&mut self, spec: RecurrentSpec, width: usize, inputs: &[Option<Value>]) -> Vec<Value> {
        let network = Network::with_backend(&Config::features(width).recurrent(spec), 9, Naive).unwrap();
        let layer = Recurrent::new(network, self.layout).unwrap();
        self.builder.add_named("layer", Op::Recurrent(Box::new(layer)), inputs).unwrap()
    }

    /// `Y` or `Y_h` with its directions side by side.
    fn beside(&mut self, value: Value, both: bool, state: bool) -> Value {
        let time_major = self.layout == Layout::TimeMajor;
        if !both {
            let axis = if time_major { i64::from(!state) } else { 2 - i64::from(state) };
            return self.add(Op::Squeeze { axes: vec![axis] }, &[value]);
        }
        let mut value = value;
        if time_major {
            let permutation = if state { vec![1, 0, 2] } else { vec![0, 2, 1, 3] };
            value = self.add(Op::Transpose { permutation }, &[value]);
        }
        let shape = self.whole(if state { &[0, -1] } else { &[0, 0, -1] });
        self.add(Op::Reshape { allow_zero: false }, &[value, shape])
    }

    fn read(&mut self, outputs: &[Value], both: bool, read: Read) -> Value {
        let time = i64::from(self.layout == Layout::BatchMajor);
        if read == Read::FinalStates {
            return self.beside(outputs[1], both, true);
        }
        let y = self.beside(outputs[0], both, false);
        match read {
            Read::LastStep => {
                let last = self.builder.constant(Tensor::i64(&[], [-1]).unwrap()).unwrap();
                self.add(Op::Gather { axis: time }, &[y, last])
            }
            Read::LastStepCut => {
                let cut = self.cut(y, [-1, i64::MAX, time, 1]);
                self.add(Op::Squeeze { axes: vec![time] }, &[cut])
            }
            _ => y,
        }
    }

    /// From a start to an end, along an axis, in steps.
    fn cut(&mut self, y: Value, bounds: [i64; 4]) -> Value {
        let [start, end, axis, step] = bounds.map(|bound| self.whole(&[bound]));
        self.add(Op::Slice, &[y, start, end, axis, step])
    }

    fn affine(&mut self, x: Value, width: usize, units: usize) -> Value {
        let (w, b) = (self.real(&[width, units], 3), self.real(&[units], 4));
        let product = self.add(Op::MatMul, &[x, w]);
        self.add(Op::Add, &[product, b])
    }

    fn graph(mut self, y: Value) -> Graph<Naive> {
        self.builder.output("y", y).unwrap();
        self.builder.build().unwrap()
    }
}

fn lstm(both: bool) -> RecurrentSpec {
    let spec = RecurrentSpec::lstm(HIDDEN);
    if both { spec.bidirectional() } else { spec }
}

/// Outputs of a graph and of the network that it becomes, both time-major.
fn both_ways(build: impl Fn() -> Graph<Naive>, layout: Layout, read: Read) -> (Vec<f32>, Vec<f32>) {
    let data = numbers(1, STEPS * ROWS * WIDTH);
    let (shape, batch) = if layout == Layout::TimeMajor {
        ([STEPS, ROWS, WIDTH], Batch::features(&data, [STEPS, ROWS, WIDTH]).unwrap())
    } else {
        ([ROWS, STEPS, WIDTH], Batch::batch_first(&data, [ROWS, STEPS, WIDTH]).unwrap())
    };
    let graph = build();
    let mut session = graph.session();
    let x = Tensor::f32(&shape, &data[..]).unwrap();
    let outputs = graph.run(&mut session, &[&x]).unwrap();
    let (found, units) = (outputs[0].as_f32().unwrap(), *outputs[0].shape().last().unwrap());
    let found = if layout == Layout::BatchMajor && read == Read::EveryStep {
        let place = |t: usize, n: usize| (n * STEPS + t) * units;
        let rows = (0..STEPS).flat_map(|t| (0..ROWS).map(move |n| place(t, n)));
        rows.flat_map(|at| found[at..at + units].to_vec()).collect()
    } else {
        found.to_vec()
    };
    let network = build().into_network().unwrap();
    let (mut workspace, mut state) = (Workspace::new(), network.state(ROWS).unwrap());
    let y = network.infer(&mut workspace, &batch, &mut state).unwrap();
    (found, y.storage()[..y.steps() * y.rows() * y.cols()].to_vec())
}

/// Two sums of `terms` products of numbers within −1 and 1 and a bias, in any order, differ by `2 γ (terms + 1)`, γ = `terms · u` and
/// less than 1 % (Higham, §3.1). Tanh does not widen that, and is off by 3 ulp of at most `2 u` in each.
fn bound(terms: usize) -> f32 {
    let (u, terms) = (f32::EPSILON / 2.0, terms as f32);
    1.01 * (2.0 * terms * u * (terms + 1.0) + 12.0 * u)
}

#[test]
fn every_reading_of_a_layer_is_the_same_as_a_graph_and_as_a_network() {
    let (layouts, reads) = (
        [Layout::TimeMajor, Layout::BatchMajor],
        [Read::EveryStep, Read::LastStep, Read::LastStepCut, Read::FinalStates],
    );
    for (layout, both, read) in layouts.into_iter().flat_map(|layout| {
        reads.into_iter().flat_map(move |read| [false, true].into_iter().map(move |both| (layout, both, read)))
    }) {
        let wide = if both { 2 * HIDDEN } else { HIDDEN };
        let build = |dense: bool| {
            let (mut building, x) = Building::new(layout);
            let outputs = building.layer(lstm(both), WIDTH, &[Some(x)]);
            let mut y = building.read(&outputs, both, read);
            if dense {
                y = building.affine(y, wide, UNITS);
                y = building.add(Op::Tanh, &[y]);
            }
            building.graph(y)
        };
        let what = format!("{layout:?}, both {both}, {read:?}");
        let (graph, network) = both_ways(|| build(false), layout, read);
        assert_eq!(graph, network, "{what}: the layer alone has the same bits");
        let (graph, network) = both_ways(|| build(true), layout, read);
        assert_eq!(graph.len(), network.len(), "{what}");
        for (a, b) in graph.iter().zip(&network) {
            assert!((a - b).abs() <= bound(wide), "{what}: {a} is not {b}");
        }
    }
}

#[test]
fn a_stack_with_affine_layers_between_is_the_same_as_a_graph_and_as_a_network() {
    for layout in [Layout::TimeMajor, Layout::BatchMajor] {
        let build = || {
            let (mut building, x) = Building::new(layout);
            let x = building.affine(x, WIDTH, WIDTH);
            let first = building.layer(lstm(true), WIDTH, &[Some(x)]);
            let y = building.read(&first, true, Read::EveryStep);
            let second = building.layer(RecurrentSpec::gru(3), 2 * HIDDEN, &[Some(y)]);
            let y = building.read(&second, false, Read::FinalStates);
            let (w, b) = (building.real(&[UNITS, 3], 5), building.real(&[1, UNITS], 6));
            let gemm = Op::Gemm { alpha: 1.0, beta: 1.0, transpose_a: false, transpose_b: true };
            let y = building.add(gemm, &[y, w, b]);
            building.graph(y)
        };
        let (graph, network) = both_ways(build, layout, Read::FinalStates);
        // The first affine layer is exact, its numbers being multiples of 1/64; recurrent layers are the same code; the last one is left.
        for (a, b) in graph.iter().zip(&network) {
            assert!((a - b).abs() <= bound(3), "{layout:?}: {a} is not {b}");
        }
    }
}

fn refused(graph: Graph<Naive>, says: &str) {
    let error = graph.into_network().map(|_| ()).unwrap_err().to_string();
    assert!(error.contains("chain of layers") && error.contains(says), "{error}");
}

#[test]
fn a_layer_behind_a_softmax_is_refused_and_not_put_in_its_place() {
    for recurrent in [false, true] {
        let (mut building, x) = Building::new(Layout::TimeMajor);
        let y = building.affine(x, WIDTH, WIDTH);
        let y = building.add(Op::Softmax { axis: -1, flatten: false }, &[y]);
        let y = if recurrent {
            let outputs = building.layer(lstm(false), WIDTH, &[Some(y)]);
            building.read(&outputs, false, Read::EveryStep)
        } else {
            building.affine(y, WIDTH, UNITS)
        };
        refused(building.graph(y), "nothing behind a softmax");
    }
}

#[test]
fn states_other_than_the_last_h_are_not_taken_for_it() {
    let (mut building, x) = Building::new(Layout::TimeMajor);
    let outputs = building.layer(lstm(false), WIDTH, &[Some(x)]);
    let y = building.beside(outputs[2], false, true);
    refused(building.graph(y), "what the layer before it gives");

    let (mut building, x) = Building::new(Layout::TimeMajor);
    let first = building.layer(lstm(false), WIDTH, &[Some(x)]);
    let y = building.read(&first, false, Read::EveryStep);
    let second = building.layer(lstm(false), HIDDEN, &[Some(y)]);
    let h = building.beside(first[1], false, true);
    building.builder.output("last", second[1]).unwrap();
    refused(building.graph(h), "what the layer before it gives");

    let (mut building, x) = Building::new(Layout::TimeMajor);
    let h0 = building.builder.input("h0", Kind::F32, [Some(1), None, Some(HIDDEN)]).unwrap();
    let outputs = building.layer(RecurrentSpec::gru(HIDDEN), WIDTH, &[Some(x), None, Some(h0)]);
    building.builder.output("last", outputs[1]).unwrap();
    refused(building.graph(h0), "one output, of the last layer");
}

#[test]
fn an_input_that_is_x_and_a_state_is_no_state() {
    let (mut building, x) = Building::new(Layout::TimeMajor);
    let outputs = building.layer(RecurrentSpec::gru(WIDTH), WIDTH, &[Some(x), None, Some(x)]);
    let y = building.read(&outputs, false, Read::EveryStep);
    refused(building.graph(y), "initial states of 0, or that are inputs");
}

#[test]
fn another_order_of_axes_is_not_both_directions_side_by_side() {
    for (layout, permutation) in [
        (Layout::BatchMajor, vec![]),
        (Layout::BatchMajor, vec![0, 2, 1, 3]),
        (Layout::TimeMajor, vec![]),
        (Layout::TimeMajor, vec![2, 0, 1, 3]),
    ] {
        let (mut building, x) = Building::new(layout);
        let outputs = building.layer(lstm(true), WIDTH, &[Some(x)]);
        let turned = building.add(Op::Transpose { permutation }, &[outputs[0]]);
        let shape = building.whole(&[0, 0, -1]);
        let y = building.add(Op::Reshape { allow_zero: false }, &[turned, shape]);
        refused(building.graph(y), "directions beside units");
    }
    // Without the transposition, steps of one direction lie beside those of the other.
    let (mut building, x) = Building::new(Layout::TimeMajor);
    let outputs = building.layer(lstm(true), WIDTH, &[Some(x)]);
    let shape = building.whole(&[0, 0, -1]);
    let y = building.add(Op::Reshape { allow_zero: false }, &[outputs[0], shape]);
    refused(building.graph(y), "both directions side by side");
    // A length of 0 that is meant.
    let (mut building, x) = Building::new(Layout::BatchMajor);
    let outputs = building.layer(lstm(true), WIDTH, &[Some(x)]);
    let shape = building.whole(&[0, 0, 8]);
    let y = building.add(Op::Reshape { allow_zero: true }, &[outputs[0], shape]);
    refused(building.graph(y), "a layer of a network");
}

#[test]
fn a_sum_along_another_axis_than_that_of_units_is_no_bias() {
    for shape in [&[UNITS, 1][..], &[], &[1, 1, 1, UNITS]] {
        let (mut building, x) = Building::new(Layout::TimeMajor);
        let (w, b) = (building.real(&[WIDTH, UNITS], 3), building.real(shape, 4));
        let product = building.add(Op::MatMul, &[x, w]);
        let y = building.add(Op::Add, &[product, b]);
        refused(building.graph(y), "a bias of the product before it");
    }
}

#[test]
fn steps_other_than_the_last_are_no_last_step() {
    for (index, axis) in [(0, 0), (-2, 0), (-1, 1), (-1, 2)] {
        let (mut building, x) = Building::new(Layout::TimeMajor);
        let outputs = building.layer(lstm(false), WIDTH, &[Some(x)]);
        let y = building.read(&outputs, false, Read::EveryStep);
        let index = building.builder.constant(Tensor::i64(&[], [index]).unwrap()).unwrap();
        let y = building.add(Op::Gather { axis }, &[y, index]);
        refused(building.graph(y), "the last step of a recurrent layer");
    }
    for bounds in [[-2, i64::MAX, 0, 1], [-1, 3, 0, 1], [-1, i64::MAX, 1, 1], [-1, i64::MAX, 0, 2]] {
        let (mut building, x) = Building::new(Layout::TimeMajor);
        let outputs = building.layer(lstm(false), WIDTH, &[Some(x)]);
        let y = building.read(&outputs, false, Read::EveryStep);
        let cut = building.cut(y, bounds);
        let y = building.add(Op::Squeeze { axes: vec![0] }, &[cut]);
        refused(building.graph(y), "the last step of a recurrent layer");
    }
}

#[test]
fn initial_states_that_are_neither_zero_nor_inputs_are_refused() {
    for (number, fits) in [(0.0, true), (0.5, false)] {
        let (mut building, x) = Building::new(Layout::TimeMajor);
        let state = building.builder.constant(Tensor::f32(&[1, 1, HIDDEN], [number; HIDDEN]).unwrap()).unwrap();
        let rows = building.whole(&[1, ROWS as i64, HIDDEN as i64]);
        let state = building.add(Op::Expand, &[state, rows]);
        let outputs = building.layer(RecurrentSpec::gru(HIDDEN), WIDTH, &[Some(x), None, Some(state)]);
        let y = building.read(&outputs, false, Read::EveryStep);
        let found = building.graph(y).into_network();
        assert_eq!(found.is_ok(), fits, "{number}");
    }
}

#[test]
fn a_softmax_over_another_axis_than_that_of_units_is_refused() {
    let build = |last_step: bool, axis: i64| {
        let (mut building, x) = Building::new(Layout::TimeMajor);
        let outputs = building.layer(lstm(false), WIDTH, &[Some(x)]);
        let y = building.read(&outputs, false, if last_step { Read::LastStep } else { Read::EveryStep });
        let y = building.affine(y, HIDDEN, UNITS);
        let y = building.add(Op::Softmax { axis, flatten: false }, &[y]);
        building.graph(y)
    };
    for (last_step, axis) in [(false, -1), (false, 2), (true, -1), (true, 1)] {
        assert!(build(last_step, axis).into_network().is_ok(), "{last_step}, {axis}");
    }
    for (last_step, axis) in [(false, 0), (false, 1), (false, -2), (true, 0), (true, -2)] {
        refused(build(last_step, axis), "a softmax over the units of an affine layer");
    }
}

#[test]
fn one_hot_vectors_of_other_values_than_0_and_1_are_refused() {
    for (values, fits) in [([0.0, 1.0], true), ([1.0, 0.0], false), ([0.0, 2.0], false), ([-1.0, 1.0], false)] {
        let mut builder = Builder::new(Naive);
        let symbols = builder.input("symbols", Kind::I64, [None, None]).unwrap();
        let mut building = Building { builder, layout: Layout::TimeMajor };
        let depth = building.whole(&[WIDTH as i64]);
        let pair = building.builder.constant(Tensor::f32(&[2], values).unwrap()).unwrap();
        let x = building.add(Op::OneHot { axis: -1 }, &[symbols, depth, pair]);
        let outputs = building.layer(lstm(false), WIDTH, &[Some(x)]);
        let y = building.read(&outputs, false, Read::EveryStep);
        assert_eq!(building.graph(y).into_network().is_ok(), fits, "{values:?}");
    }
}

#[test]
fn an_output_with_an_axis_that_no_network_has_is_refused() {
    for (layout, both) in [Layout::TimeMajor, Layout::BatchMajor].into_iter().flat_map(|it| [(it, false), (it, true)]) {
        // That of directions.
        let (mut building, x) = Building::new(layout);
        let outputs = building.layer(lstm(both), WIDTH, &[Some(x)]);
        refused(building.graph(outputs[0]), "one output, of the last layer");
        // That of the one step that is left.
        let (mut building, x) = Building::new(layout);
        let outputs = building.layer(lstm(both), WIDTH, &[Some(x)]);
        let y = building.read(&outputs, both, Read::EveryStep);
        let y = building.cut(y, [-1, i64::MAX, i64::from(layout == Layout::BatchMajor), 1]);
        refused(building.graph(y), "one output, of the last layer");
    }
}

#[test]
fn a_gemm_with_factors_is_no_affine_layer() {
    for (alpha, beta) in [(0.5, 1.0), (1.0, 2.0), (-1.0, -1.0), (1.0, 0.0)] {
        let (mut building, x) = Building::new(Layout::TimeMajor);
        let outputs = building.layer(lstm(false), WIDTH, &[Some(x)]);
        let y = building.read(&outputs, false, Read::LastStep);
        let (w, b) = (building.real(&[HIDDEN, UNITS], 3), building.real(&[UNITS], 4));
        let y = building.add(Op::Gemm { alpha, beta, transpose_a: false, transpose_b: false }, &[y, w, b]);
        refused(building.graph(y), "a layer of a network");
    }
}
