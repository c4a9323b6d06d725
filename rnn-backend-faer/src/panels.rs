//! The weights of a layer in a buffer of their own: biases added up, matrices cut into panels.
//!
//! A pass repeats the same products at every step; laying the weights out once, in the order in which the kernels read
//! them, is what a general matmul loses.

use rnn_kernels::{MatMut, MatRef, Params, Use};

use crate::number::Number;
use crate::simd::product::pack::{pack_panels, pack_panels_by_depth, packed_len, panel_len};
use crate::simd::vector::line_len;
use crate::threads::Workers;

/// The sizes of a layer's weights, and where they are cut in two.
#[derive(Clone, Copy, Debug)]
pub struct Form {
    /// `G·H`.
    pub gate_rows: usize,
    /// `C`.
    pub input: usize,
    /// `P`.
    pub output: usize,
    /// The row from which on the recurrent product is another one: `2H` for a GRU, whose candidate has a product of its
    /// own, `G·H` for the others.
    pub cut: usize,
    /// The row from which on `b_hh` is not added to `b_ih`: `2H` for a GRU with its reset after the product, else `G·H`.
    pub joint: usize,
}

/// The rows of `r z` and of `n` of a GRU; everything and nothing for the others.
type Parts<'a, T> = [&'a [T]; 2];

/// What [`pack`] left in a buffer.
#[derive(Clone, Copy, Debug)]
pub struct Weights<'a, T> {
    /// The sizes.
    pub form: Form,
    /// `[G·H]`: what every pre-activation begins with.
    pub bias: &'a [T],
    /// `[G·H − joint]`: the rest of `b_hh`.
    pub aux_bias: &'a [T],
    /// `W_ihᵀ` in panels.
    pub input: Parts<'a, T>,
    /// `W_hhᵀ` in panels.
    pub recurrent: Parts<'a, T>,
    /// `W_hh` in panels, for backward; empty after [`Use::Infer`].
    pub transposed: Parts<'a, T>,
    /// `W_ih` in panels, for backward; empty after [`Use::Infer`].
    pub transposed_input: &'a [T],
}

impl Form {
    /// Of a cell whose gates all have one recurrent product and both biases.
    pub fn whole(gate_rows: usize, input: usize, output: usize) -> Self {
        Self { gate_rows, input, output, cut: gate_rows, joint: gate_rows }
    }

    /// The length of each piece, in their order in the buffer.
    #[inline]
    fn lens<T: Number>(&self, usage: Use) -> [usize; 9] {
        let Form { gate_rows, input, output, cut, joint } = *self;
        let rest = gate_rows - cut;
        let transposed = |cols, depth| if usage == Use::Train { packed_len::<T>(cols, depth) } else { 0 };
        [
            gate_rows,
            gate_rows - joint,
            packed_len::<T>(cut, input),
            packed_len::<T>(rest, input),
            packed_len::<T>(cut, output),
            packed_len::<T>(rest, output),
            transposed(output, cut),
            transposed(output, rest),
            transposed(input, gate_rows),
        ]
    }

    /// The elements that [`pack`] writes.
    pub fn len<T: Number>(&self, usage: Use) -> usize {
        self.lens::<T>(usage).iter().sum()
    }

    /// The weights as [`pack`] left them in `buffer`.
    ///
    /// # Panics
    /// If the buffer is shorter than [`len`](Form::len).
    pub fn weights<'a, T: Number>(self, usage: Use, buffer: &'a [T]) -> Weights<'a, T> {
        let [bias, aux_bias, i0, i1, r0, r1, t0, t1, ti] = self.lens::<T>(usage);
        let mut rest = buffer;
        let mut piece = |len| {
            let (piece, tail) = rest.split_at(len);
            rest = tail;
            piece
        };
        Weights {
            form: self,
            bias: piece(bias),
            aux_bias: piece(aux_bias),
            input: [piece(i0), piece(i1)],
            recurrent: [piece(r0), piece(r1)],
            transposed: [piece(t0), piece(t1)],
            transposed_input: piece(ti),
        }
    }
}

/// Elements of a matrix from which its panels are shared out to threads.
const WORTH_SHARING: usize = 32_768;

/// Writes the weights for a purpose into `buffer`.
///
/// # Panics
/// If the buffer is shorter than [`Form::len`].
pub fn pack<T: Number>(workers: &Workers, form: Form, usage: Use, params: Params<'_, T>, buffer: &mut [T]) {
    let mut rest = buffer;
    let [bias, aux_bias, i0, i1, r0, r1, t0, t1, ti] = form.lens::<T>(usage).map(|len| {
        let (piece, tail) = core::mem::take(&mut rest).split_at_mut(len);
        rest = tail;
        piece
    });
    copy_or_zero(bias, params.b_ih);
    if let Some(b_hh) = params.b_hh {
        let (joint, rest) = b_hh.split_at(form.joint);
        bias.iter_mut().zip(joint).for_each(|(sum, &b)| *sum += b);
        aux_bias.copy_from_slice(rest);
    } else {
        aux_bias.fill(T::default());
    }
    for (w, panels) in parts(form, params.w_ih).into_iter().chain(parts(form, params.w_hh)).zip([i0, i1, r0, r1]) {
        in_blocks(workers, w.cols(), panels, |from, panels| {
            let w = w.rows_range(from, w.rows().min(from + panels.len() / panel_len::<T>(w.cols()) * line_len::<T>()));
            let ([rows, cols], (data, stride)) = (w.shape(), w.storage());
            pack_panels(data, rows, cols, stride, panels);
        });
    }
    if usage == Use::Train {
        for (w, panels) in parts(form, params.w_hh).into_iter().chain([params.w_ih]).zip([t0, t1, ti]) {
            in_blocks(workers, w.rows(), panels, |from, panels| {
                let w =
                    w.cols_range(from, w.cols().min(from + panels.len() / panel_len::<T>(w.rows()) * line_len::<T>()));
                let ([rows, cols], (data, stride)) = (w.shape(), w.storage());
                pack_panels_by_depth(data, cols, rows, stride, panels);
            });
        }
    }
}

/// Calls `task(first column, panels)` for blocks of the panels of a matrix of some depth, on any thread.
pub fn in_blocks<T: Number>(workers: &Workers, depth: usize, panels: &mut [T], task: impl Fn(usize, &mut [T]) + Sync) {
    let len = panel_len::<T>(depth);
    if len == 0 || panels.is_empty() {
        return;
    }
    let number = panels.len() / len;
    let block = workers.block(number, panels.len() >= WORTH_SHARING);
    workers.by_rows(number, block, [MatMut::new(panels, number, len)], |first, [panels]| {
        task(first * line_len::<T>(), panels.storage().0);
    });
}

fn parts<T>(form: Form, w: MatRef<'_, T>) -> [MatRef<'_, T>; 2] {
    [w.rows_range(0, form.cut), w.rows_range(form.cut, form.gate_rows)]
}

fn copy_or_zero<T: Number>(to: &mut [T], from: Option<&[T]>) {
    match from {
        Some(from) => to.copy_from_slice(from),
        None => to.fill(T::default()),
    }
}
