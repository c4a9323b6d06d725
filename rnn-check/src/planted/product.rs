//! Bugs of the product.

use super::plain::{in_order, product};
use super::{Bug, Planted};
use crate::real::Real;
use rnn_kernels::{Accum, MatMut, MatRef};
use std::sync::atomic::{AtomicUsize, Ordering};

/// How many threads have asked before this one.
fn ordinal_of_this_thread() -> usize {
    static THREADS: AtomicUsize = AtomicUsize::new(0);
    thread_local! {
        static ORDINAL: usize = THREADS.fetch_add(1, Ordering::Relaxed);
    }
    ORDINAL.with(|ordinal| *ordinal)
}

/// The first eight bits.
#[allow(clippy::cast_possible_truncation)] // through f32, which is how bfloat16 is defined
fn eight_bits<T: Real>(v: T) -> T {
    T::from_f64(f64::from(f32::from_bits((v.to_f64() as f32).to_bits() & 0xffff_0000)))
}

#[allow(clippy::cast_possible_truncation)] // the bug
fn narrow<T: Real>(v: T) -> T {
    T::from_f64(f64::from(v.to_f64() as f32))
}

pub(super) fn run<T: Real>(planted: &Planted, mut c: MatMut<'_, T>, accum: Accum, a: MatRef<'_, T>, b: MatRef<'_, T>) {
    let call = planted.calls.fetch_add(1, Ordering::Relaxed);
    let sum = |start: T, terms: &mut dyn Iterator<Item = (T, T)>| terms.fold(start, |sum, (a, b)| sum + a * b);
    let k = a.cols();
    match planted.bug {
        Bug::ReplaceTimesZero if accum == Accum::Replace => {
            for m in 0..c.rows() {
                c.row_mut(m).iter_mut().for_each(|c| *c *= T::ZERO);
            }
            product(c, Accum::Add, a, b, sum);
        }
        Bug::TailDropped if k > 4 => product(c, accum, a, b, |start, terms| sum(start, &mut terms.take(k - k % 4))),
        Bug::SquareNotTransposed if b.rows() == b.cols() && accum == Accum::Replace => product(c, accum, a, b.t(), sum),
        Bug::OrderByThread if ordinal_of_this_thread() % 2 == 1 => product(c, accum, a, b, |start, terms| {
            let terms: Vec<_> = terms.collect();
            sum(start, &mut terms.into_iter().rev())
        }),
        Bug::OrderByCall if call % 2 == 1 => product(c, accum, a, b, |start, terms| {
            let terms: Vec<_> = terms.collect();
            sum(start, &mut terms.into_iter().rev())
        }),
        Bug::WritesBesideRows => {
            product(c.rb_mut(), accum, a, b, sum);
            let [rows, cols] = c.shape();
            let (data, stride) = c.storage();
            for m in (0..rows).filter(|_| stride > cols) {
                if let Some(beside) = data.get_mut(m * stride + cols) {
                    *beside = T::ZERO;
                }
            }
        }
        Bug::EmptySumLeft if k == 0 => {}
        Bug::ShapesNotChecked if k != b.rows() => {}
        Bug::EightBits => {
            product(c, accum, a, b, |s, terms| terms.fold(s, |s, (a, b)| s + eight_bits(a) * eight_bits(b)));
        }
        Bug::ScaledByTenThousandth => {
            product(c, accum, a, b, |start, terms| start + sum(T::ZERO, terms) * T::from_f64(1.0001));
        }
        Bug::DepthBeyondBlock => product(c, accum, a, b, |start, terms| sum(start, &mut terms.take(64))),
        Bug::RowsBeyondBlock | Bug::ColumnsBeyondBlock => {
            in_order(c.rb_mut(), accum, a, b);
            let by_rows = planted.bug == Bug::RowsBeyondBlock;
            for m in (0..c.rows()).filter(|&m| accum == Accum::Replace && (m >= 96 || !by_rows)) {
                c.row_mut(m).iter_mut().skip(if by_rows { 0 } else { 512 }).for_each(|c| *c = T::ZERO);
            }
        }
        Bug::NarrowAccumulator => {
            product(c, accum, a, b, |start, terms| terms.fold(start, |s, (a, b)| narrow(s + a * b)))
        }
        _ => in_order(c, accum, a, b),
    }
}

pub(super) fn bfloat16<T: Real>(v: T) -> T {
    eight_bits(v)
}
