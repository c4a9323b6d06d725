//! Mixed memory of ncps: an LSTM and a closed-form network take turns within a step, the output of each the old `h` of the other.

use super::golden::{Golden, Judge, Kind};
use super::layer::{Gradients, Layer};
use rnn_kernels::cells::Cfc;
use rnn_kernels::{Bias, Lstm, Size};

fn lstm(golden: &Golden) -> Layer<'_> {
    let [h] = golden.sizes(["H"]);
    // Its gates are `g i f o`, and 1 is added to `f`.
    let row = move |row: usize| [2, 0, 1, 3][row / h] * h + row % h;
    Layer::new(golden, &Lstm, Bias::Input)
        .with("lstm.input_map.weight", move |i| ("weight_ih", row(i[0]), i[1]))
        .with("lstm.input_map.bias", move |i| ("bias_ih", row(i[0]), 0))
        .with("lstm.recurrent_map.weight", move |i| ("weight_hh", row(i[0]), i[1]))
        .add_to("bias_ih", h..2 * h, 1.0)
}

fn cfc(golden: &Golden) -> Layer<'_> {
    let [c, h, units] = golden.sizes(["C", "H", "backbone"]);
    let size = Size::new(c, units).with_output(h).with_bias(Bias::Both);
    let backbone = move |i: &[usize]| {
        if i[1] < c { ("weight_ih", i[0], i[1]) } else { ("weight_hh", i[0], i[1] - c) }
    };
    let mut layer = Layer::of_size(golden, &Cfc::default(), size)
        .with("rnn_cell.backbone.0.weight", backbone)
        .with("rnn_cell.backbone.0.bias", |i| ("bias_ih", i[0], 0));
    let outputs = [
        ("rnn_cell.ff1.weight", "rnn_cell.ff1.bias"),
        ("rnn_cell.ff2.weight", "rnn_cell.ff2.bias"),
        ("rnn_cell.time_a.weight", "rnn_cell.time_a.bias"),
        ("rnn_cell.time_b.weight", "rnn_cell.time_b.bias"),
    ];
    for (gate, (weight, bias)) in outputs.into_iter().enumerate() {
        layer = layer.with(weight, move |i| ("weight_out", gate * h + i[0], i[1]));
        layer = layer.with(bias, move |i| ("bias_out", gate * h + i[0], 0));
    }
    layer
}

/// Every step is a run of its own of each of the two.
#[test]
fn an_lstm_in_turn_with_cfc_is_the_mixed_memory_of_the_reference() {
    let golden = Golden::read("cfc-mixed");
    let [t, n, h] = golden.sizes(["T", "N", "H"]);
    let (mut memory, mut output) = (lstm(&golden), cfc(&golden));
    let mut state = golden.initial(&["h", "c"]).expect("two states");
    let (mut runs, mut y) = (vec![], vec![]);
    for step in 0..t {
        (memory.steps, output.steps) = (step..step + 1, step..step + 1);
        let of_memory = memory.forward(Some(&state));
        let of_output = output.forward(Some(&of_memory.last[..n * h]));
        state = [&of_output.last[..], &of_memory.last[n * h..]].concat();
        y.extend_from_slice(&of_output.y);
        runs.push((of_memory, of_output));
    }
    let mut d_state = golden.d_last(&["h", "c"]).expect("two states");
    let mut gradients: Option<[Gradients; 2]> = None;
    for (step, (of_memory, of_output)) in runs.iter().enumerate().rev() {
        (memory.steps, output.steps) = (step..step + 1, step..step + 1);
        let d_y = &golden.d_output("h")[step * n * h..(step + 1) * n * h];
        let d_output = output.backward(of_output, d_y, Some(&d_state[..n * h]));
        let d_last = [&d_output.initial[..], &d_state[n * h..]].concat();
        let d_memory = memory.backward(of_memory, &vec![0.0; n * h], Some(&d_last));
        d_state.clone_from(&d_memory.initial);
        gradients = Some(match gradients {
            None => [d_memory, d_output],
            Some([memory, output]) => [d_memory.before(memory), d_output.before(output)],
        });
    }
    let [d_memory, d_output] = gradients.expect("five steps");
    let d_x: Vec<f64> = d_memory.x.iter().zip(&d_output.x).map(|(a, b)| a + b).collect();
    Judge::all(&golden, |judge| {
        judge.compare(Kind::Output, "h", &y);
        judge.compare(Kind::InputGradient, "x", &d_x);
        memory.compare_parameters(judge, &d_memory);
        output.compare_parameters(judge, &d_output);
        judge.compare_states(Kind::LastState, &["h", "c"], &state);
        judge.compare_states(Kind::InitialStateGradient, &["h", "c"], &d_state);
    });
}
