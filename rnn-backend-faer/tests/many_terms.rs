//! Gradients that are sums over a million steps and rows: within bounds that one sum after the other exceeds.

use rnn_backend_faer::Faer;
use rnn_backend_naive::Naive;
use rnn_kernels::cells::IndRnn;
use rnn_kernels::{
    Accum, AffineBackward, Backend, Backward, Cell, Direction, EmbeddingBackward, Forward, Input, MatMut, MatRef,
    SeqRef, Size, Spec, Steps, Use,
};

/// `2⁻²⁴`.
const U: f64 = 1.0 / 16_777_216.0;
const TERMS: usize = 1_000_000;

/// Numbers of one sign, never a short binary fraction.
fn wave(i: usize) -> f32 {
    0.6 + 0.1 * (i as f32 * 12.9898).sin()
}

/// Roundings of a term on its way into a column, into a sum by index, and into the sum of a vector.
fn roundings() -> [f64; 3] {
    let terms = TERMS as f64;
    [33.0 + (terms / 32.0).log2(), 62.0 + (terms / 1024.0).ceil(), 1024.0 + 1024.0 + 1.0]
}

/// The sum of these terms in f64, and that one sum in f32 after the other is beyond the bound of so many roundings.
fn exact(roundings: f64, terms: impl Iterator<Item = f32> + Clone) -> f64 {
    let exact: f64 = terms.clone().map(f64::from).sum();
    let sequential = terms.fold(0.0_f32, |sum, term| sum + term);
    let off = (f64::from(sequential) - exact).abs();
    assert!(off > roundings * U * exact, "a sum of one after the other is off by {off} of {exact}");
    exact
}

fn within(what: &str, roundings: f64, found: f32, exact: f64) {
    let ratio = (f64::from(found) - exact).abs() / (roundings * U * exact);
    println!("{what}: error over bound {ratio:.4}");
    assert!(ratio <= 1.0, "{what}: {found}, not {exact}");
}

/// `h = max(W x + w h₋₁ + b, 0)` with `W = 0`, `w = 0`, `b = 1`: the cotangent of every pre-activation is that of the output, and
/// the state 1 but for the first. The symbol is 1 but at every hundredth place.
fn gradients(backend: &dyn Backend<f32>, steps: usize, lengths: Option<&[usize]>) -> [f32; 3] {
    let rows = TERMS / steps;
    let spec = Spec::new(&Cell::new(&IndRnn::default()).expect("a cell"), Size::new(3, 1)).expect("sizes");
    let block = |name: &str| spec.blocks().iter().find(|block| block.name == name).expect("a block").range.start;
    let [weight, bias, vector] = ["weight_ih", "bias_ih", "weight_hh"].map(block);
    let mut params = vec![0.0; spec.params_len()];
    params[bias] = 1.0;
    let lens = backend.lens(&spec, steps, rows);
    let mut packed = vec![0.0; lens.packed_train];
    backend.pack(&spec, Use::Train, &params, &mut packed);
    let index: Vec<u32> = (0..TERMS).map(|m| u32::from(m % 100 > 0)).collect();
    let d_y: Vec<f32> = (0..TERMS).map(wave).collect();
    let x = Input::OneHot { index: &index, steps, rows };
    let belongs = lengths.map_or(Steps::all(), Steps::ragged);
    let (mut reserve, mut workspace) = (vec![0.0; lens.reserve], vec![0.0; lens.forward.max(lens.backward)]);
    backend.forward(Forward {
        spec: &spec,
        direction: Direction::Forward,
        steps: belongs,
        params: &params,
        packed: &packed,
        x,
        masks: &[],
        initial: None,
        y: None,
        last: None,
        reserve: &mut reserve,
        workspace: &mut workspace,
    });
    let mut d_params = vec![0.0; params.len()];
    backend.backward(Backward {
        spec: &spec,
        direction: Direction::Forward,
        steps: belongs,
        params: &params,
        packed: &packed,
        x,
        masks: &[],
        reserve: &reserve,
        d_y: Some(SeqRef::new(&d_y, steps, rows, 1)),
        d_last: None,
        d_params: Some(&mut d_params),
        d_x: None,
        d_x_accum: Accum::Replace,
        clip: None,
        d_initial: None,
        d_trace: None,
        workspace: &mut workspace,
    });
    [d_params[bias], d_params[weight + 1], d_params[vector]]
}

fn backends() -> [(&'static str, Box<dyn Backend<f32>>); 2] {
    [("naive", Box::new(Naive)), ("faer", Box::new(Faer::sequential()))]
}

#[test]
fn gradients_of_biases_columns_and_vectors_of_a_layer() {
    let [bias, column, vector] = roundings();
    let all = exact(bias, (0..TERMS).map(wave));
    let of_symbol = exact(column, (0..TERMS).filter(|m| m % 100 > 0).map(wave));
    for (steps, ragged) in [(1000, false), (1000, true), (TERMS, false)] {
        let rows = TERMS / steps;
        let with_state = exact(vector, (rows..TERMS).map(wave));
        let lengths = vec![steps; rows];
        let lengths = ragged.then_some(&lengths[..]);
        for (name, backend) in backends() {
            let [d_bias, d_column, d_vector] = gradients(&*backend, steps, lengths);
            let of =
                |what: &str| format!("{name}, {steps} steps of {rows} rows, lengths {}, {what}", lengths.is_some());
            within(&of("bias"), bias, d_bias, all);
            within(&of("column"), column, d_column, of_symbol);
            within(&of("vector"), vector, d_vector, with_state);
        }
    }
}

#[test]
fn gradients_of_affine_biases_and_embeddings() {
    let [bias, column, _] = roundings();
    let d_y: Vec<f32> = (0..TERMS).map(wave).collect();
    let d_y = MatRef::new(&d_y, TERMS, 1);
    let index: Vec<u32> = (0..TERMS).map(|m| u32::from(m % 100 > 0)).collect();
    let all = exact(bias, (0..TERMS).map(wave));
    let of_symbol = exact(column, (0..TERMS).filter(|m| m % 100 > 0).map(wave));
    for (name, backend) in backends() {
        let (x, mut d_b, mut d_table) = (vec![0.0; TERMS], [0.0], [0.0; 3]);
        backend.affine_backward(AffineBackward {
            x: MatRef::new(&x, TERMS, 1),
            w: MatRef::new(&[0.5], 1, 1),
            d_y,
            d_w: None,
            d_b: Some(&mut d_b),
            d_x: None,
            d_x_accum: Accum::Replace,
        });
        within(&format!("{name}, affine bias"), bias, d_b[0], all);
        backend.embedding_backward(EmbeddingBackward { index: &index, d_y, d_table: MatMut::new(&mut d_table, 3, 1) });
        within(&format!("{name}, embedding"), column, d_table[1], of_symbol);
    }
}
