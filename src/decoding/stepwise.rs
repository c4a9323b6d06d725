//! `y_t = argmax_v p(v | y_{<t})` and `y_t ~ p(· | y_{<t})`: one text for each row, a symbol at a time.

use super::{Continue, Hypothesis, advance, check};
use crate::error::{Error, Result, check_len};
use crate::rng::Rng;
use crate::sampling::{Sampler, Sampling};

/// The likeliest symbol at every step, among equals the smallest, until the end or `longest` symbols, the end counted.
///
/// # Errors
/// [`Error::Range`] if `longest` is 0; those of the model.
pub fn greedy(model: &mut impl Continue, longest: usize) -> Result<Vec<Hypothesis>> {
    one_each(model, longest, |_, log_p| {
        let likeliest = (1..log_p.len()).fold(0, |best, v| if log_p[v] > log_p[best] { v } else { best });
        symbol(likeliest)
    })
}

/// A symbol drawn at every step, until the end or `longest` symbols. Each row has a generator of its own, so that its text does not depend
/// on the other rows; a text's probability is that of the model, whatever the [`Sampling`].
///
/// # Errors
/// [`Error::Range`] if `longest` is 0, [`Error::Len`] unless there is a generator for each row; those of [`Sampler::new`] and of the model.
pub fn sample(
    model: &mut impl Continue,
    longest: usize,
    sampling: Sampling,
    rngs: &mut [Rng],
) -> Result<Vec<Hypothesis>> {
    check_len("decoding: generators [N]", model.rows(), rngs.len())?;
    let mut sampler = Sampler::new(sampling)?;
    one_each(model, longest, |n, log_p| sampler.draw(log_p, &mut rngs[n]))
}

fn one_each(
    model: &mut impl Continue,
    longest: usize,
    mut choose: impl FnMut(usize, &[f64]) -> Result<u32>,
) -> Result<Vec<Hypothesis>> {
    check(model, longest)?;
    let (rows, end, width) = (model.rows(), model.end(), model.symbols());
    let empty = Hypothesis { symbols: Vec::new(), log_probability: 0.0, ended: false };
    let (mut found, mut log_p) = (vec![empty; rows], Vec::new());
    // The rows whose texts go on, their places in the last call, and the symbols they go on with.
    let mut open: Vec<usize> = (0..rows).collect();
    let (mut from, mut last) = (open.clone(), vec![model.begin(); rows]);
    for _ in 0..longest {
        if open.is_empty() {
            break;
        }
        advance(model, &from, &last, &mut log_p)?;
        (from, last) = (Vec::new(), Vec::new());
        let mut still = Vec::new();
        for (k, &n) in open.iter().enumerate() {
            let log_p = &log_p[k * width..][..width];
            let (text, next) = (&mut found[n], choose(n, log_p)?);
            text.log_probability += log_p[next as usize];
            text.ended = next == end;
            if !text.ended {
                text.symbols.push(next);
                still.push(n);
                from.push(k);
                last.push(next);
            }
        }
        open = still;
    }
    Ok(found)
}

pub(super) fn symbol(v: usize) -> Result<u32> {
    u32::try_from(v).map_err(|_| Error::range("decoding: symbol", "below 2³²", v))
}
