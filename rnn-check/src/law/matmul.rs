//! `C = A·B` and `C += A·B`: the one method every backend writes itself.

use super::block::Block;
use super::{Context, Evidence, Verdict, all, ensure, fail, same, within};
use crate::case::{Case, Cases, Layout, Stream};
use crate::drive::{Guarded, Place};
use crate::number::Number;
use crate::oracle::Dims;
use crate::oracle::expected::{B, exact};
use crate::real::Real;
use rnn_kernels::Accum;

/// One product: data in canonical order, and how each operand lies.
pub(super) struct Product<T> {
    pub(super) m: usize,
    pub(super) k: usize,
    pub(super) n: usize,
    pub(super) a: Vec<T>,
    pub(super) b: Vec<T>,
    pub(super) c: Vec<T>,
    /// Whether each operand is handed over as the transpose of what is stored.
    pub(super) turned: [bool; 2],
    pub(super) accum: Accum,
}

/// Products of the shapes a case of these dims leads to, and their transposes.
fn products<T: Real>(case: &Case, mut number: impl FnMut(&mut Stream) -> f64) -> Vec<Product<T>> {
    let Dims { steps, batch, input, hidden } = case.dims;
    let rows = case.cell.gates() * hidden;
    let mut stream = Stream::new(case.seed, 30);
    let shapes =
        [(steps * batch, input, rows), (batch, hidden, rows), (batch, rows, hidden), (rows, steps * batch, input)];
    let mut all = Vec::new();
    for (m, k, n) in shapes {
        for (turned, accum) in [
            ([false, true], Accum::Add),
            ([true, false], Accum::Add),
            ([false, false], Accum::Replace),
            ([true, true], Accum::Replace),
        ] {
            let mut numbers = |len: usize| (0..len).map(|_| T::from_f64(number(&mut stream))).collect();
            let (a, b, c) = (numbers(m * k), numbers(k * n), numbers(m * n));
            all.push(Product { m, k, n, a, b, c, turned, accum });
        }
    }
    all
}

/// `[rows, cols]` of `[cols, rows]`.
fn transposed<T: Copy>(v: &[T], rows: usize, cols: usize) -> Vec<T> {
    (0..cols).flat_map(|j| (0..rows).map(move |i| v[i * cols + j])).collect()
}

impl<T: Real> Product<T> {
    /// The backend's answer and what it wrote elsewhere; `before` is in `C` at the start.
    pub(super) fn run(&self, ctx: &Context<'_, T>, layout: Layout, before: &[T]) -> (Vec<T>, Vec<String>) {
        let operand = |name, data: &[T], rows, cols, turned: bool| {
            if turned {
                Guarded::input(name, Place::matrix(layout, [cols, rows]), &transposed(data, rows, cols))
            } else {
                Guarded::input(name, Place::matrix(layout, [rows, cols]), data)
            }
        };
        let a = operand("A", &self.a, self.m, self.k, self.turned[0]);
        let b = operand("B", &self.b, self.k, self.n, self.turned[1]);
        let mut c = Guarded::inout("C", Place::matrix(layout, [self.m, self.n]), before);
        let [a_view, b_view] =
            [(&a, self.turned[0]), (&b, self.turned[1])].map(|(g, turned)| if turned { g.mat().t() } else { g.mat() });
        ctx.backend.matmul(c.mat_mut(), self.accum, a_view, b_view);
        (c.read(), [a.breach(), b.breach(), c.breach()].into_iter().flatten().collect())
    }

    /// The oracle's answer, with its bound.
    fn want<'p>(&self, ctx: &Context<'p, T>) -> Vec<B<'p, T>> {
        let lift = |v: T| exact(ctx.precision, v);
        let entry = |i: usize, j: usize| {
            let there = (self.accum == Accum::Add).then(|| lift(self.c[i * self.n + j]));
            let pairs = (0..self.k).map(|l| (lift(self.a[i * self.k + l]), lift(self.b[l * self.n + j])));
            B::<T>::dot(there, pairs)
        };
        (0..self.m).flat_map(|i| (0..self.n).map(move |j| (i, j))).map(|(i, j)| entry(i, j)).collect()
    }

    pub(super) fn block(&self) -> Block<'static> {
        Block::matrix("C", self.n)
    }
}

/// Small sizes are enough for most mistakes; the products of a wide case are as large as in a run, beyond one block of rows.
fn sized(case: &Case) -> Case {
    let [d, most] = [case.dims, Cases::SMALL.largest];
    let many = d.steps * d.batch > most.steps * most.batch;
    let wide = many || d.input > most.input || d.hidden > most.hidden;
    if wide { *case } else { small(case) }
}

fn small(case: &Case) -> Case {
    case.at_most(4, 4, 17, 9)
}

pub(super) fn every_product_is_within_gamma<T: Real>(ctx: &Context<'_, T>, case: &Case) -> Verdict {
    let products = products::<T>(&sized(case), Stream::signed);
    all(products.iter().map(|p| within(ctx.precision, &p.block(), &p.run(ctx, case.layout, &p.c).0, &p.want(ctx))))
}

pub(super) fn replace_never_reads_c<T: Real>(ctx: &Context<'_, T>, case: &Case) -> Verdict {
    let replaced: Vec<_> =
        products::<T>(&small(case), Stream::signed).into_iter().filter(|p| p.accum == Accum::Replace).collect();
    all(replaced.iter().flat_map(|p| {
        let over = |value: f64| p.run(ctx, case.layout, &vec![T::from_f64(value); p.c.len()]).0;
        let want = over(0.0);
        [f64::NAN, f64::INFINITY, 1e30].map(|value| same(&p.block(), &over(value), &want))
    }))
}

pub(super) fn an_empty_sum_is_zero_or_nothing<T: Real>(ctx: &Context<'_, T>, case: &Case) -> Verdict {
    let (m, n) = (1 + case.dims.batch, case.dims.hidden);
    let mut verdicts = Vec::new();
    for turned in [[false, false], [true, true]] {
        for accum in [Accum::Replace, Accum::Add] {
            let p = Product { m, k: 0, n, a: vec![], b: vec![], c: vec![T::from_f64(1.25); m * n], turned, accum };
            let want = if accum == Accum::Add { p.c.clone() } else { vec![T::ZERO; m * n] };
            verdicts.push(same(&p.block(), &p.run(ctx, case.layout, &p.c).0, &want));
            for (m, n) in [(0, n), (m, 0), (0, 0)] {
                let (a, b) = (vec![T::ONE; m * 3], vec![T::ONE; 3 * n]);
                let p = Product { m, k: 3, n, a, b, c: vec![], turned, accum };
                let (c, breaches) = p.run(ctx, case.layout, &[]);
                verdicts.push(ensure(c.is_empty() && breaches.is_empty(), || {
                    format!("matmul of [{m}, 3, {n}]: {breaches:?}")
                }));
            }
        }
    }
    all(verdicts)
}

pub(super) fn nothing_outside_the_view_is_written<T: Real>(ctx: &Context<'_, T>, case: &Case) -> Verdict {
    let products = products::<T>(&small(case), Stream::signed);
    all(Layout::ALL.iter().flat_map(|&layout| products.iter().map(move |p| (layout, p))).map(|(layout, p)| {
        match p.run(ctx, layout, &p.c).1.first() {
            Some(breach) => Err(fail(format!("matmul {layout:?}: {breach}"))),
            None => Ok(Evidence::facts(p.c.len())),
        }
    }))
}

/// Products of small integers are exact in any order, with and without FMA, so every backend must give the same bits.
pub(super) fn integers_multiply_exactly<T: Real>(ctx: &Context<'_, T>, case: &Case) -> Verdict {
    let products = products::<T>(&sized(case), |stream| stream.below(9) as f64 - 4.0);
    all(products.iter().map(|p| {
        let want: Vec<T> = p.want(ctx).iter().map(|w| T::from_f64(w.value())).collect();
        same(&p.block(), &p.run(ctx, case.layout, &p.c).0, &want)
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::case::{covering, wide};
    use crate::plan::Plan;

    #[test]
    fn the_full_profile_has_products_beyond_a_block_of_rows_and_the_quick_one_is_spared_them() {
        let largest = |cases: &mut dyn Iterator<Item = Case>| {
            let products: Vec<_> = cases.flat_map(|case| products::<f32>(&sized(&case), Stream::signed)).collect();
            let most = |of: fn(&Product<f32>) -> usize| products.iter().map(of).max();
            [most(|p| p.m), most(|p| p.k), most(|p| p.n)].map(|most| most.expect("there are products"))
        };
        assert!(largest(&mut wide().take(Plan::full().wide)).iter().all(|&size| size > 128));
        assert!(largest(&mut covering().iter().copied()).iter().all(|&size| size < 64));
    }
}
