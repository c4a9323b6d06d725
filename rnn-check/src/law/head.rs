//! The output side: affine layers, embeddings, dense activations, losses; forward and gradient against the oracle.

use super::block::Block;
use super::{Context, Verdict, all, ensure, same, within};
use crate::bound::Expanded;
use crate::case::{Case, Stream};
use crate::drive::{Guarded, Place};
use crate::number::Number;
use crate::oracle::expected::{B, exact, lift};
use crate::oracle::{self, Activation};
use crate::real::Real;
use rnn_kernels::{
    Accum, AffineBackward, AffineForward, BernoulliCrossEntropy, EmbeddingBackward, EmbeddingForward, IGNORE,
    SoftmaxCrossEntropy, SquaredError,
};

/// Matrices of one head: `M` rows, `K` columns in, `O` columns out, laid out as the case says.
struct Data<'c> {
    case: &'c Case,
    m: usize,
    k: usize,
    o: usize,
    stream: Stream,
}

impl<'c> Data<'c> {
    fn new(case: &'c Case, [m, k, o]: [usize; 3], purpose: u64) -> Self {
        Self { case, m, k, o, stream: Stream::new(case.seed, 60 + purpose) }
    }

    fn numbers<T: Real>(&mut self, len: usize, scale: f64) -> Vec<T> {
        (0..len).map(|_| T::from_f64(scale * self.stream.signed())).collect()
    }

    /// Indices below `n`, some of them [`IGNORE`].
    #[allow(clippy::cast_possible_truncation)] // n is a small size
    fn indices(&mut self, n: usize) -> Vec<u32> {
        (0..self.m).map(|_| if self.stream.below(4) == 0 { IGNORE } else { self.stream.below(n) as u32 }).collect()
    }

    fn input<T: Real>(&self, name: &'static str, shape: [usize; 2], data: &[T]) -> Guarded<T> {
        Guarded::input(name, Place::matrix(self.case.layout, shape), data)
    }

    fn inout<T: Real>(&self, name: &'static str, shape: [usize; 2], data: &[T]) -> Guarded<T> {
        Guarded::inout(name, Place::matrix(self.case.layout, shape), data)
    }

    fn output<T: Real>(&self, name: &'static str, shape: [usize; 2]) -> Guarded<T> {
        Guarded::output(name, Place::matrix(self.case.layout, shape), T::from_f64(f64::NAN))
    }

    /// Logits: of order one, or so large that `e^a` overflows.
    fn logits<T: Real>(&mut self, cols: usize) -> Vec<T> {
        let scale = [2.0, 30.0, 1e4][self.case.pick(3)];
        self.numbers(self.m * cols, scale)
    }
}

/// `[M, K, O]` of a case; [`beyond`](super::beyond) has the large ones.
fn small(case: &Case) -> [usize; 3] {
    [(case.dims.steps * case.dims.batch).min(12), case.dims.input.min(9), case.dims.hidden.min(17)]
}

/// The same with few rows of a table, so that indices repeat.
fn few_rows(case: &Case) -> [usize; 3] {
    let [m, v, e] = small(case);
    [m, v.min(3), e]
}

pub(super) fn intact<T: Real>(buffers: &[&Guarded<T>]) -> Verdict {
    all(buffers.iter().map(|buffer| {
        let breach = buffer.breach();
        ensure(breach.is_none(), || breach.unwrap_or_default())
    }))
}

pub(super) fn affine_layers_and_their_gradients<T: Real>(ctx: &Context<'_, T>, case: &Case) -> Verdict {
    affine(ctx, case, small(case))
}

pub(super) fn affine<T: Real>(ctx: &Context<'_, T>, case: &Case, sizes: [usize; 3]) -> Verdict {
    let mut data = Data::new(case, sizes, 0);
    let (m, k, o) = (data.m, data.k, data.o);
    let (x, w, b) = (data.numbers::<T>(m * k, 1.0), data.numbers::<T>(o * k, 1.0), data.numbers::<T>(o, 1.0));
    let (d_y, d_w, d_b, d_x) = (
        data.numbers::<T>(m * o, 1.0),
        data.numbers::<T>(o * k, 1.0),
        data.numbers::<T>(o, 1.0),
        data.numbers::<T>(m * k, 1.0),
    );
    let biased = case.bias != rnn_kernels::Bias::None;
    let (gx, gw, gd_y) = (data.input("x", [m, k], &x), data.input("w", [o, k], &w), data.input("d_y", [m, o], &d_y));
    let mut y = data.output("y", [m, o]);
    ctx.backend.affine_forward(AffineForward { x: gx.mat(), w: gw.mat(), b: biased.then_some(&b), y: y.mat_mut() });
    let (mut gd_w, mut gd_b) = (data.inout("d_w", [o, k], &d_w), d_b.clone());
    let mut gd_x = if case.d_x == Accum::Add { data.inout("d_x", [m, k], &d_x) } else { data.output("d_x", [m, k]) };
    ctx.backend.affine_backward(AffineBackward {
        x: gx.mat(),
        w: gw.mat(),
        d_y: gd_y.mat(),
        d_w: Some(gd_w.mat_mut()),
        d_b: Some(&mut gd_b),
        d_x: Some(gd_x.mat_mut()),
        d_x_accum: case.d_x,
    });
    let [lx, lw, lb, ld_y, ld_w, ld_b, ld_x] = [&x, &w, &b, &d_y, &d_w, &d_b, &d_x].map(|v| lift(ctx.precision, v));
    let want_y = oracle::affine(&lx, &lw, biased.then_some(&lb[..]), k);
    let grid = |rows: usize, cols: usize| (0..rows).flat_map(move |i| (0..cols).map(move |j| (i, j)));
    let want_w: Vec<_> = grid(o, k)
        .map(|(i, j)| B::<T>::dot([ld_w[i * k + j]], (0..m).map(|r| (ld_y[r * o + i], lx[r * k + j]))))
        .collect();
    let want_b: Vec<_> =
        (0..o).map(|i| B::<T>::dot([ld_b[i]].into_iter().chain((0..m).map(|r| ld_y[r * o + i])), [])).collect();
    let there = |i: usize| (case.d_x == Accum::Add).then(|| ld_x[i]);
    let want_x: Vec<_> = grid(m, k)
        .map(|(r, j)| B::<T>::dot(there(r * k + j), (0..o).map(|i| (ld_y[r * o + i], lw[i * k + j]))))
        .collect();
    all([
        within(ctx.precision, &Block::matrix("affine y", o), &y.read(), &want_y),
        within(ctx.precision, &Block::matrix("affine d_w", k), &gd_w.read(), &want_w),
        within(ctx.precision, &Block::matrix("affine d_b", o), &gd_b, &want_b),
        within(ctx.precision, &Block::matrix("affine d_x", k), &gd_x.read(), &want_x),
        intact(&[&gx, &gw, &gd_y, &y, &gd_w, &gd_x]),
    ])
}

pub(super) fn embeddings_and_their_gradients<T: Real>(ctx: &Context<'_, T>, case: &Case) -> Verdict {
    embedding(ctx, case, few_rows(case))
}

pub(super) fn embedding<T: Real>(ctx: &Context<'_, T>, case: &Case, sizes: [usize; 3]) -> Verdict {
    let mut data = Data::new(case, sizes, 1);
    let (m, v, e) = (data.m, data.k, data.o);
    let (table, mut d_y, d_table) =
        (data.numbers::<T>(v * e, 1.0), data.numbers::<T>(m * e, 1.0), data.numbers::<T>(v * e, 1.0));
    let index = data.indices(v);
    let mut want = vec![T::ZERO; m * e];
    for (row, &i) in index.iter().enumerate() {
        if i == IGNORE {
            d_y[row * e..][..e].fill(T::from_f64(f64::NAN));
        } else {
            want[row * e..][..e].copy_from_slice(&table[i as usize * e..][..e]);
        }
    }
    let (g_table, gd_y) = (data.input("table", [v, e], &table), data.input("d_y", [m, e], &d_y));
    let (mut y, mut gd_table) = (data.output("y", [m, e]), data.inout("d_table", [v, e], &d_table));
    ctx.backend.embedding_forward(EmbeddingForward { table: g_table.mat(), index: &index, y: y.mat_mut() });
    ctx.backend.embedding_backward(EmbeddingBackward { index: &index, d_y: gd_y.mat(), d_table: gd_table.mat_mut() });
    let want_table: Vec<_> = (0..v * e)
        .map(|at| {
            let (i, j) = (at / e, at % e);
            let rows = (0..m).filter(|&row| index[row] as usize == i).map(|row| exact(ctx.precision, d_y[row * e + j]));
            B::<T>::dot([exact(ctx.precision, d_table[at])].into_iter().chain(rows), [])
        })
        .collect();
    all([
        same(&Block::matrix("embedding y", e), &y.read(), &want),
        within(ctx.precision, &Block::matrix("d_table", e), &gd_table.read(), &want_table),
        intact(&[&g_table, &gd_y, &y, &gd_table]),
    ])
}

pub(super) fn dense_activations_and_their_gradients<T: Real>(ctx: &Context<'_, T>, case: &Case) -> Verdict {
    activations(ctx, case, small(case))
}

pub(super) fn activations<T: Real>(ctx: &Context<'_, T>, case: &Case, sizes: [usize; 3]) -> Verdict {
    let mut data = Data::new(case, sizes, 2);
    let (m, o) = (data.m, data.o);
    let (x, d) = (data.numbers::<T>(m * o, 3.0), data.numbers::<T>(m * o, 1.0));
    all([Activation::Tanh, Activation::Relu, Activation::Sigmoid, Activation::Identity].map(|activation| {
        let mut y = data.inout("y", [m, o], &x);
        ctx.backend.activation_forward(activation.kernel(), y.mat_mut());
        let stored = y.read();
        let g_y = data.input("y", [m, o], &stored);
        let mut gd = data.inout("d", [m, o], &d);
        ctx.backend.activation_backward(activation.kernel(), g_y.mat(), gd.mat_mut());
        let image = |x: &T| {
            let x = exact(ctx.precision, *x);
            match activation {
                Activation::Tanh => x.tanh(),
                Activation::Relu => x.relu(),
                Activation::Sigmoid => x.sigmoid(),
                Activation::Identity => x,
            }
        };
        let slope = |y: &T| {
            let y = Expanded::given(exact(ctx.precision, *y));
            match activation {
                Activation::Tanh => y.tanh_slope(),
                Activation::Relu => y.exceeds(Expanded::from_f64(0.0)),
                Activation::Sigmoid => y.sigmoid_slope(),
                Activation::Identity => Expanded::from_f64(1.0),
            }
        };
        let pulled = |(y, &d): (&T, &T)| (Expanded::given(exact(ctx.precision, d)) * slope(y)).bounded();
        let want_y: Vec<_> = x.iter().map(image).collect();
        let want_d: Vec<_> = stored.iter().zip(&d).map(pulled).collect();
        all([
            within(ctx.precision, &Block::matrix("activation y", o), &stored, &want_y),
            within(ctx.precision, &Block::matrix("activation d", o), &gd.read(), &want_d),
            intact(&[&y, &g_y, &gd]),
        ])
    }))
}

pub(super) fn softmax_cross_entropy_and_its_gradient<T: Real>(ctx: &Context<'_, T>, case: &Case) -> Verdict {
    softmax(ctx, case, small(case))
}

pub(super) fn softmax<T: Real>(ctx: &Context<'_, T>, case: &Case, sizes: [usize; 3]) -> Verdict {
    let mut data = Data::new(case, sizes, 3);
    let (m, v) = (data.m, data.o);
    let mut logits = data.logits::<T>(v);
    let targets = data.indices(v);
    for (row, _) in targets.iter().enumerate().filter(|&(_, &t)| t == IGNORE) {
        logits[row * v..][..v].fill(T::from_f64(f64::NAN));
    }
    let scale = T::from_f64(0.375);
    let g_logits = data.input("logits", [m, v], &logits);
    let (mut loss, mut d) = (vec![T::from_f64(f64::NAN); m], data.output("d_logits", [m, v]));
    ctx.backend.softmax_cross_entropy(SoftmaxCrossEntropy {
        logits: g_logits.mat(),
        targets: &targets,
        loss: &mut loss,
        d_logits: Some(d.mat_mut()),
        scale,
    });
    let zero = exact(ctx.precision, T::ZERO);
    let (mut want_loss, mut want_d) = (vec![zero; m], vec![zero; m * v]);
    let one = exact(ctx.precision, T::ONE);
    for (row, &target) in targets.iter().enumerate().filter(|&(_, &t)| t != IGNORE) {
        let a = lift(ctx.precision, &logits[row * v..][..v]);
        want_loss[row] = oracle::softmax_cross_entropy(&a, &[Some(target as usize)], v);
        let largest = a.iter().skip(1).fold(a[0], |m, &a| m.max(a));
        let e: Vec<_> = a.iter().map(|&a| (a - largest).exp()).collect();
        // As a product with the reciprocal: a backend may divide or multiply.
        let share = one / B::<T>::dot(e.iter().copied(), []);
        for (j, &e) in e.iter().enumerate() {
            let p = B::<T>::product(&[e, share]);
            let scale = exact(ctx.precision, scale);
            want_d[row * v + j] =
                if j == target as usize { scale * (p - one) } else { B::<T>::product(&[scale, e, share]) };
        }
    }
    all([
        within(ctx.precision, &Block::matrix("softmax loss", 1), &loss, &want_loss),
        within(ctx.precision, &Block::matrix("softmax d_logits", v), &d.read(), &want_d),
        intact(&[&g_logits, &d]),
    ])
}

/// Rows that do not count, and `None` where all do.
fn live_rows(data: &mut Data<'_>) -> Option<Vec<bool>> {
    let some = data.case.pick(2) == 0;
    let rows = (0..data.m).map(|_| data.stream.below(3) > 0).collect();
    some.then_some(rows)
}

fn poison<T: Real>(live: Option<&[bool]>, cols: usize, arrays: [&mut Vec<T>; 2]) {
    for array in arrays {
        for (row, values) in array.chunks_mut(cols).enumerate() {
            if live.is_some_and(|live| !live[row]) {
                values.fill(T::from_f64(f64::NAN));
            }
        }
    }
}

pub(super) fn bernoulli_cross_entropy_and_its_gradient<T: Real>(ctx: &Context<'_, T>, case: &Case) -> Verdict {
    bernoulli(ctx, case, small(case))
}

pub(super) fn bernoulli<T: Real>(ctx: &Context<'_, T>, case: &Case, sizes: [usize; 3]) -> Verdict {
    let mut data = Data::new(case, sizes, 4);
    let (m, k) = (data.m, data.o);
    let mut logits = data.logits::<T>(k);
    let mut targets: Vec<T> = (0..m * k).map(|_| T::from_f64(data.stream.below(5) as f64 / 4.0)).collect();
    let live = live_rows(&mut data);
    poison(live.as_deref(), k, [&mut logits, &mut targets]);
    let scale = T::from_f64(0.375);
    let (g_logits, g_targets) = (data.input("logits", [m, k], &logits), data.input("targets", [m, k], &targets));
    let (mut loss, mut d) = (vec![T::from_f64(f64::NAN); m], data.output("d_logits", [m, k]));
    ctx.backend.bernoulli_cross_entropy(BernoulliCrossEntropy {
        logits: g_logits.mat(),
        targets: g_targets.mat(),
        live: live.as_deref(),
        loss: &mut loss,
        d_logits: Some(d.mat_mut()),
        scale,
    });
    let zero = exact(ctx.precision, T::ZERO);
    let (mut want_loss, mut want_d) = (vec![zero; m], vec![zero; m * k]);
    for row in (0..m).filter(|&row| live.as_ref().is_none_or(|live| live[row])) {
        let at = row * k..(row + 1) * k;
        let (a, t) = (lift(ctx.precision, &logits[at.clone()]), lift(ctx.precision, &targets[at]));
        // One sum of max(a, 0), ln(1 + e^−|a|) and −t a over all k, in any order.
        let tails: Vec<_> = a.iter().map(|&a| if a.value() < 0.0 { a } else { -a }.exp().ln_1p()).collect();
        let terms = a.iter().map(|a| a.relu()).chain(tails);
        want_loss[row] = B::<T>::dot(terms, a.iter().zip(&t).map(|(&a, &t)| (-t, a)));
        for j in 0..k {
            want_d[row * k + j] = exact(ctx.precision, scale) * (a[j].sigmoid() - t[j]);
        }
    }
    all([
        within(ctx.precision, &Block::matrix("Bernoulli loss", 1), &loss, &want_loss),
        within(ctx.precision, &Block::matrix("Bernoulli d_logits", k), &d.read(), &want_d),
        intact(&[&g_logits, &g_targets, &d]),
    ])
}

pub(super) fn squared_error_and_its_gradient<T: Real>(ctx: &Context<'_, T>, case: &Case) -> Verdict {
    squared(ctx, case, small(case))
}

pub(super) fn squared<T: Real>(ctx: &Context<'_, T>, case: &Case, sizes: [usize; 3]) -> Verdict {
    let mut data = Data::new(case, sizes, 5);
    let (m, k) = (data.m, data.o);
    let (mut y, mut targets) = (data.numbers::<T>(m * k, 2.0), data.numbers::<T>(m * k, 2.0));
    let live = live_rows(&mut data);
    poison(live.as_deref(), k, [&mut y, &mut targets]);
    let scale = T::from_f64(0.375);
    let (g_y, g_targets) = (data.input("y", [m, k], &y), data.input("targets", [m, k], &targets));
    let (mut loss, mut d) = (vec![T::from_f64(f64::NAN); m], data.output("d_y", [m, k]));
    ctx.backend.squared_error(SquaredError {
        y: g_y.mat(),
        targets: g_targets.mat(),
        live: live.as_deref(),
        loss: &mut loss,
        d_y: Some(d.mat_mut()),
        scale,
    });
    let zero = exact(ctx.precision, T::ZERO);
    let (mut want_loss, mut want_d) = (vec![zero; m], vec![zero; m * k]);
    for row in (0..m).filter(|&row| live.as_ref().is_none_or(|live| live[row])) {
        let at = row * k..(row + 1) * k;
        let (y, t) = (lift(ctx.precision, &y[at.clone()]), lift(ctx.precision, &targets[at]));
        want_loss[row] = oracle::squared_error(&y, &t);
        for j in 0..k {
            let two = exact(ctx.precision, T::from_f64(2.0));
            want_d[row * k + j] = B::<T>::product(&[exact(ctx.precision, scale), two, y[j] - t[j]]);
        }
    }
    all([
        within(ctx.precision, &Block::matrix("squared error", 1), &loss, &want_loss),
        within(ctx.precision, &Block::matrix("squared error d_y", k), &d.read(), &want_d),
        intact(&[&g_y, &g_targets, &d]),
    ])
}
