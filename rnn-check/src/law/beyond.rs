//! Sizes beyond the blocks that backends cut their work into, which other laws do not reach: they have many cases, and so small ones.
//!
//! Blocks are a backend's own business, and the contract has no way to ask for them. So one size at a time is 129, 300 and
//! 1000 (of sequences 129 and 300): beyond the powers of two and the tiles of rows that such blocks are, with a tail in each.

use super::block::Block;
use super::head::{activations, affine, bernoulli, embedding, softmax, squared};
use super::matmul::Product;
use super::oracle::{adjoint_residual, forward_residual, something};
use super::{Context, Verdict, all, same, within};
use crate::case::{Case, Layout, Lengths, Stream};
use crate::oracle::expected::states;
use crate::oracle::{Activation, Cell, Dims, Reset};
use crate::real::Real;
use rnn_kernels::{Accum, Bias, Direction};

/// `[M, K, N]`: one of them large, then all three.
const PRODUCTS: [[usize; 3]; 10] = [
    [129, 5, 3],
    [300, 7, 5],
    [1000, 2, 3],
    [5, 129, 3],
    [3, 300, 7],
    [2, 1000, 3],
    [3, 5, 129],
    [7, 2, 300],
    [2, 3, 1000],
    [101, 260, 130],
];

/// `[M, K, O]` of a head: rows, columns in, columns out (or classes, or units).
const HEADS: [[usize; 3]; 9] = [
    [129, 5, 3],
    [300, 3, 5],
    [1000, 2, 3],
    [5, 129, 3],
    [3, 300, 5],
    [2, 1000, 3],
    [5, 3, 129],
    [7, 5, 300],
    [6, 2, 1000],
];

/// `[T, N, C, H]`.
const PASSES: [[usize; 4]; 9] = [
    [2, 129, 3, 2],
    [1, 300, 2, 3],
    [1, 97, 2, 20],
    [1, 2, 129, 3],
    [2, 1, 300, 2],
    [2, 2, 3, 129],
    [1, 1, 2, 300],
    [129, 2, 3, 2],
    [300, 1, 2, 3],
];

/// Small integers, whose products are exact in any order: a block left out changes the bits.
pub(super) fn products_of_more_than_one_block_are_exact<T: Real>(ctx: &Context<'_, T>, _: &Case) -> Verdict {
    let mut stream = Stream::new(0, 80);
    let mut verdicts = Vec::new();
    for (at, [m, k, n]) in PRODUCTS.into_iter().enumerate() {
        let mut numbers = |len: usize| (0..len).map(|_| stream.below(9) as f64 - 4.0).collect::<Vec<f64>>();
        let (a, b, c) = (numbers(m * k), numbers(k * n), numbers(m * n));
        let mut product = vec![0.0; m * n];
        for (row, a) in product.chunks_mut(n).zip(a.chunks(k)) {
            for (&a, b) in a.iter().zip(b.chunks(n)) {
                row.iter_mut().zip(b).for_each(|(sum, b)| *sum += a * b);
            }
        }
        let real = |v: &[f64]| v.iter().map(|&v| T::from_f64(v)).collect::<Vec<T>>();
        let layout = Layout::ALL[at % Layout::ALL.len()];
        for (turned, accum) in [([false, true], Accum::Add), ([true, false], Accum::Replace)] {
            let p = Product { m, k, n, a: real(&a), b: real(&b), c: real(&c), turned, accum };
            let want = match accum {
                Accum::Replace => real(&product),
                Accum::Add => real(&product.iter().zip(&c).map(|(product, c)| product + c).collect::<Vec<f64>>()),
            };
            verdicts.push(same(&p.block(), &p.run(ctx, layout, &p.c).0, &want));
        }
    }
    all(verdicts)
}

/// A case that lends its options to a head: layouts, biases, `d_x` and the size of logits change from one to the next.
fn head(at: usize) -> Case {
    Case {
        layout: Layout::ALL[at % Layout::ALL.len()],
        d_x: [Accum::Replace, Accum::Add][at % 2],
        seed: at as u64,
        ..Case::plain()
    }
}

pub(super) fn layers_of_more_than_one_block<T: Real>(ctx: &Context<'_, T>, _: &Case) -> Verdict {
    all(HEADS.into_iter().enumerate().flat_map(|(at, sizes)| {
        let case = head(at);
        [affine(ctx, &case, sizes), embedding(ctx, &case, sizes), activations(ctx, &case, sizes)]
    }))
}

pub(super) fn losses_of_more_than_one_block<T: Real>(ctx: &Context<'_, T>, _: &Case) -> Verdict {
    all(HEADS.into_iter().enumerate().flat_map(|(at, sizes)| {
        let case = head(at);
        [softmax(ctx, &case, sizes), bernoulli(ctx, &case, sizes), squared(ctx, &case, sizes)]
    }))
}

/// Forward, backward and inference of every cell whose passes differ, each step and each adjoint step against the oracle.
pub(super) fn passes_of_more_than_one_block<T: Real>(ctx: &Context<'_, T>, _: &Case) -> Verdict {
    let cells = [Cell::Elman(Activation::Tanh), Cell::Lstm, Cell::Gru(Reset::After), Cell::Gru(Reset::Before)];
    let mut verdicts = Vec::new();
    for (at, [steps, batch, input, hidden]) in PASSES.into_iter().enumerate() {
        for (of, cell) in cells.into_iter().enumerate() {
            let case = Case {
                cell,
                dims: Dims { steps, batch, input, hidden },
                bias: [Bias::Both, Bias::Input, Bias::None][(at + of) % 3],
                direction: [Direction::Forward, Direction::Reverse][(at + of) % 2],
                // A row alone has all steps, or nothing of a large size would be computed.
                lengths: if batch == 1 { Lengths::All } else { Lengths::ALL[(at + of / 2) % Lengths::ALL.len()] },
                layout: Layout::ALL[at % Layout::ALL.len()],
                seed: (10 * at + of) as u64,
                ..Case::plain()
            };
            let problem = case.problem::<T>();
            let (forward, before) = (ctx.rig().forward(&problem), something(&problem, &case));
            let back = ctx.rig().backward_into(&problem, &forward.reserve, &before);
            verdicts.push(forward_residual(ctx, &problem, &forward));
            verdicts.push(adjoint_residual(ctx, &problem, &forward, &back, &before));
            // Errors add up over the steps that inference does not show: few steps keep the bound sharp.
            if steps <= 2 {
                let want = states(ctx.precision, &problem, None).y;
                let y = Block::sequence("y of inference", &problem, hidden);
                verdicts.push(within(ctx.precision, &y, &ctx.rig().infer(&problem).y, &want));
            }
        }
    }
    all(verdicts)
}
