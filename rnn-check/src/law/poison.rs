//! The output side given what it must not swallow: numbers that are none, targets and shapes that do not exist.

use super::block::Block;
use super::{Context, Verdict, all, ensure, same};
use crate::case::{Case, Stream};
use crate::drive::message;
use crate::real::Real;
use rnn_kernels::{
    Accum, AffineBackward, AffineForward, BernoulliCrossEntropy, Ctc, EmbeddingForward, MatMut, MatRef,
    SoftmaxCrossEntropy, SquaredError,
};
use std::panic::{AssertUnwindSafe, catch_unwind};

/// A loss with its gradient, of logits (or outputs) `[M, K]`.
type Loss<'a, T> = &'a dyn Fn(&[T]) -> (Vec<T>, Vec<T>);

/// One NaN in a row: its loss is NaN, its gradient is NaN there (softmax: in the whole row), every other row keeps its bits.
pub(super) fn a_nan_stays_in_its_row_and_is_seen_there<T: Real>(ctx: &Context<'_, T>, case: &Case) -> Verdict {
    let (m, k) = (2 + case.dims.batch.min(5), case.dims.hidden.min(17));
    let mut stream = Stream::new(case.seed, 70);
    let mut numbers = |len: usize| (0..len).map(|_| T::from_f64(2.0 * stream.signed())).collect::<Vec<T>>();
    let (a, t, w) = (numbers(m * k), numbers(m * k), numbers(k * k));
    #[allow(clippy::cast_possible_truncation)] // below K
    let targets: Vec<u32> = (0..m).map(|row| (row % k) as u32).collect();
    let (row, col) = (case.pick(m), case.pick(k));
    let mut poisoned = a.clone();
    poisoned[row * k + col] = T::from_f64(f64::NAN);
    let buffers = || (vec![T::ZERO; m], vec![T::ZERO; m * k]);
    let softmax = |a: &[T]| {
        let (mut loss, mut d) = buffers();
        ctx.backend.softmax_cross_entropy(SoftmaxCrossEntropy {
            logits: MatRef::new(a, m, k),
            targets: &targets,
            loss: &mut loss,
            d_logits: Some(MatMut::new(&mut d, m, k)),
            scale: T::ONE,
        });
        (loss, d)
    };
    let bernoulli = |a: &[T]| {
        let (mut loss, mut d) = buffers();
        ctx.backend.bernoulli_cross_entropy(BernoulliCrossEntropy {
            logits: MatRef::new(a, m, k),
            targets: MatRef::new(&t, m, k),
            live: None,
            loss: &mut loss,
            d_logits: Some(MatMut::new(&mut d, m, k)),
            scale: T::ONE,
        });
        (loss, d)
    };
    let squared = |a: &[T]| {
        let (mut loss, mut d) = buffers();
        ctx.backend.squared_error(SquaredError {
            y: MatRef::new(a, m, k),
            targets: MatRef::new(&t, m, k),
            live: None,
            loss: &mut loss,
            d_y: Some(MatMut::new(&mut d, m, k)),
            scale: T::ONE,
        });
        (loss, d)
    };
    // One step of each row, which reads its target; class 0 is the blank.
    let (counts, labels): (Vec<usize>, Vec<u32>) =
        (targets.iter().map(|&k| usize::from(k > 0)).collect(), targets.iter().copied().filter(|&k| k > 0).collect());
    let ctc = |a: &[T]| {
        let (mut loss, mut d) = buffers();
        ctx.backend.ctc(Ctc {
            logits: MatRef::new(a, m, k),
            labels: &labels,
            counts: &counts,
            live: None,
            loss: &mut loss,
            d_logits: Some(MatMut::new(&mut d, m, k)),
            scale: T::ONE,
            workspace: &mut vec![f64::NAN; Ctc::<T>::workspace(1, k, 1).unwrap_or(0)],
        });
        (loss, d)
    };
    // A layer has no loss: the NaN of a row of x is seen in that row of y, which stands for both.
    let affine = |x: &[T]| {
        let mut y = vec![T::ZERO; m * k];
        let (x, w) = (MatRef::new(x, m, k), MatRef::new(&w, k, k));
        ctx.backend.affine_forward(AffineForward { x, w, b: None, y: MatMut::new(&mut y, m, k) });
        (y.iter().step_by(k).copied().collect(), y)
    };
    let pullback = |d_y: &[T]| {
        let mut d_x = vec![T::ZERO; m * k];
        ctx.backend.affine_backward(AffineBackward {
            x: MatRef::new(&a, m, k),
            w: MatRef::new(&w, k, k),
            d_y: MatRef::new(d_y, m, k),
            d_w: None,
            d_b: None,
            d_x: Some(MatMut::new(&mut d_x, m, k)),
            d_x_accum: Accum::Replace,
        });
        (d_x.iter().step_by(k).copied().collect(), d_x)
    };
    let all_of: [(&str, bool, Loss<'_, T>); 6] = [
        ("softmax cross-entropy", true, &softmax),
        ("Bernoulli cross-entropy", false, &bernoulli),
        ("squared error", false, &squared),
        ("ctc", true, &ctc),
        ("affine y", true, &affine),
        ("affine d_x", true, &pullback),
    ];
    all(all_of.map(|(name, whole_row, f)| {
        let ((mut loss, mut d), nan) = (f(&a), T::from_f64(f64::NAN));
        loss[row] = nan;
        let hit = if whole_row { row * k..(row + 1) * k } else { row * k + col..row * k + col + 1 };
        d[hit].fill(nan);
        let (got_loss, got_d) = f(&poisoned);
        all([same(&Block::matrix(name, 1), &got_loss, &loss), same(&Block::matrix(name, k), &got_d, &d)])
    }))
}

/// Everything is checked before anything is written, on the output side too: shapes, targets and indices.
pub(super) fn a_wrong_head_is_named_before_any_write<T: Real>(ctx: &Context<'_, T>, _: &Case) -> Verdict {
    let ones = vec![T::ONE; 12];
    let refuses = |what: &str, word: &str, call: &dyn Fn(&mut [T])| {
        let mut written = vec![T::CANARY; 12];
        let panic = catch_unwind(AssertUnwindSafe(|| call(&mut written))).err().map(|panic| message(&*panic));
        let kept = written.iter().all(|v| v.bits() == T::CANARY.bits());
        all([
            ensure(panic.as_ref().is_some_and(|text| text.contains(word)), || {
                format!("{what}: {panic:?} names no {word}")
            }),
            ensure(kept, || format!("{what}: something was written before the panic")),
        ])
    };
    let matrix = |rows, cols| MatRef::new(&ones, rows, cols);
    let softmax = |targets: &[u32], out: &mut [T]| {
        let (loss, d) = out.split_at_mut(3);
        ctx.backend.softmax_cross_entropy(SoftmaxCrossEntropy {
            logits: matrix(3, 2),
            targets,
            loss,
            d_logits: Some(MatMut::new(d, 3, 2)),
            scale: T::ONE,
        });
    };
    let ctc = |labels: &[u32], room: usize, out: &mut [T]| {
        let (loss, d) = out.split_at_mut(1);
        ctx.backend.ctc(Ctc {
            logits: matrix(3, 2),
            labels,
            counts: &[2],
            live: None,
            loss,
            d_logits: Some(MatMut::new(&mut d[..6], 3, 2)),
            scale: T::ONE,
            workspace: &mut vec![0.0; room],
        });
    };
    all([
        refuses("a target beyond the classes", "targets", &|out| softmax(&[0, 2, 1], out)),
        refuses("a target too many", "targets", &|out| softmax(&[0, 1, 1, 0], out)),
        refuses("a label beyond the classes", "labels", &|out| ctc(&[1, 2], 100, out)),
        refuses("the blank as a label", "labels", &|out| ctc(&[1, 0], 100, out)),
        refuses("a label too many", "labels", &|out| ctc(&[1, 1, 1], 100, out)),
        refuses("too little workspace", "workspace", &|out| ctc(&[1, 1], 5, out)),
        refuses("an index beyond the table", "index", &|out| {
            let table = matrix(3, 2);
            ctx.backend.embedding_forward(EmbeddingForward { table, index: &[0, 3], y: MatMut::new(out, 2, 2) });
        }),
        refuses("an affine layer of other columns", "w", &|out| {
            let (x, w) = (matrix(2, 3), matrix(2, 4));
            ctx.backend.affine_forward(AffineForward { x, w, b: None, y: MatMut::new(out, 2, 2) });
        }),
        refuses("targets of other rows", "targets", &|out| {
            let (loss, d) = out.split_at_mut(3);
            ctx.backend.squared_error(SquaredError {
                y: matrix(3, 2),
                targets: matrix(2, 2),
                live: None,
                loss,
                d_y: Some(MatMut::new(d, 3, 2)),
                scale: T::ONE,
            });
        }),
        refuses("targets of other columns", "targets", &|out| {
            let (loss, d) = out.split_at_mut(3);
            ctx.backend.bernoulli_cross_entropy(BernoulliCrossEntropy {
                logits: matrix(3, 2),
                targets: matrix(3, 3),
                live: None,
                loss,
                d_logits: Some(MatMut::new(d, 3, 2)),
                scale: T::ONE,
            });
        }),
    ])
}
