//! `Σ_m x[m]` over all steps and rows: sums of many terms in blocks, in a fixed order that depends on the places of the terms alone.
//!
//! Added one after another, `M` terms in f32 are off by up to `M u`: 10⁶ equal ones by 1 %, 2·10⁷ by 5 %. Here the error is
//!
//! ```text
//! columns     (33 + log₂ max(1, M/32)) u Σ|x|     blocks of 32 rows, which are added in pairs
//! by_index    (62 + ⌈M/1024⌉) u Σ|x|              blocks of 1024 places, in them groups of 32; a block is added to what is there
//! ```
//!
//! to first order, and never more than that of one sum in some order, as clause C8 of the [contract](crate::Backend) wants.
//!
//! Everything is `#[inline(always)]`, so that a backend may run it inside an instruction set of its own, with the same bits: there is
//! nothing but additions, and each column is by itself.

use crate::scalar::Scalar;
use crate::view::MatRef;

/// Columns that are summed together: what stays in registers on every machine.
const COLS: usize = 32;
/// Rows that are added one after another.
const BLOCK: usize = 32;
/// Sums of 1, 2, 4, … blocks; the last one takes all that are beyond, 2³² rows each.
const LEVELS: usize = 28;

/// `sum[j] += Σ_m x[m, j]` over the rows of all matrices that `parts` gives, one matrix after another; nothing else is read.
///
/// Rows are added in blocks of 32, blocks in pairs, pairs in pairs, the earlier to the later: a term takes part in at most 31 additions
/// of its block, one for each doubling of the number of blocks, one for the rows that are left and one to what is there.
///
/// # Panics
/// If a matrix has another number of columns than `sum`, or is transposed.
#[inline(always)]
pub fn columns<'a, T: Scalar, I: Iterator<Item = MatRef<'a, T>>>(sum: &mut [T], parts: impl Fn() -> I) {
    let width = sum.len();
    let mut from = 0;
    while from < width {
        let to = (from + COLS).min(width);
        // The last columns are taken with some before them again, so that they are as many as all others.
        let start = to.saturating_sub(COLS);
        let mut cascade = Cascade::new();
        for part in parts() {
            assert!(part.cols() == width, "sum of columns: a matrix of {} columns, {width} sums", part.cols());
            cascade.add(part.cols_range(start, to));
        }
        let total = cascade.sum();
        for (sum, &more) in sum[from..to].iter_mut().zip(&total[from - start..]) {
            *sum += more;
        }
        from = to;
    }
}

/// The sums of some columns on their way.
struct Cascade<T> {
    /// Of the rows of a block that is not full.
    block: [T; COLS],
    rows: usize,
    /// Level `l` holds the sum of `2ˡ` blocks where bit `l` of their number is 1.
    levels: [[T; COLS]; LEVELS],
    blocks: usize,
}

impl<T: Scalar> Cascade<T> {
    #[inline(always)]
    fn new() -> Self {
        Self { block: [T::ZERO; COLS], rows: 0, levels: [[T::ZERO; COLS]; LEVELS], blocks: 0 }
    }

    /// At most `COLS` columns.
    #[inline(always)]
    fn add(&mut self, x: MatRef<'_, T>) {
        let mut m = 0;
        while m < x.rows() {
            let to = x.rows().min(m + BLOCK - self.rows);
            let mut block = self.block;
            for m in m..to {
                add(&mut block, x.row(m));
            }
            (self.block, self.rows) = (block, self.rows + (to - m));
            m = to;
            if self.rows == BLOCK {
                self.carry();
            }
        }
    }

    /// A full block goes to the levels, as 1 is added to a binary number.
    #[inline(always)]
    fn carry(&mut self) {
        let (mut sum, mut level) = (self.block, 0);
        while level < LEVELS - 1 && self.holds(level) {
            sum = plus(&self.levels[level], &sum);
            level += 1;
        }
        self.levels[level] = if level == LEVELS - 1 { plus(&self.levels[level], &sum) } else { sum };
        (self.block, self.rows) = ([T::ZERO; COLS], 0);
        self.blocks += 1;
    }

    #[inline(always)]
    fn holds(&self, level: usize) -> bool {
        self.blocks >> level & 1 == 1
    }

    #[inline(always)]
    fn sum(self) -> [T; COLS] {
        let mut sum = self.block;
        for level in 0..LEVELS {
            if level == LEVELS - 1 || self.holds(level) {
                sum = plus(&self.levels[level], &sum);
            }
        }
        sum
    }
}

#[inline(always)]
fn plus<T: Scalar>(a: &[T; COLS], b: &[T; COLS]) -> [T; COLS] {
    let mut sum = *a;
    for j in 0..COLS {
        sum[j] += b[j];
    }
    sum
}

/// `sum[j] += x[j]`, at most `COLS` elements.
#[inline(always)]
fn add<T: Scalar>(sum: &mut [T; COLS], x: &[T]) {
    if let Some(x) = x.first_chunk::<COLS>() {
        for j in 0..COLS {
            sum[j] += x[j];
        }
    } else {
        sum.iter_mut().zip(x).for_each(|(sum, &x)| *sum += x);
    }
}

/// Places whose indices are put in order together; their places are what the stack holds of them.
const PLACES: usize = 1024;
/// Places that are added one after another.
const GROUP: usize = 32;

/// `Σ row(m)` over the places `m` of each index, block by block: `add(index, from, sums)` is called with the sums of some columns, `from`
/// the first of them, to be added to what there is of that index. `places` gives index and place, places in ascending order; a row has
/// `width` elements.
///
/// A term takes part in at most 31 additions of its group of 32 places, 31 of the groups of its block of 1024, and in one for each block
/// that has its index. Which terms share a group depends on their places, not on how many others there are.
pub fn by_index<'a, T: Scalar>(
    places: impl Iterator<Item = (u32, usize)>,
    width: usize,
    row: impl Fn(usize) -> &'a [T],
    mut add: impl FnMut(usize, usize, &[T]),
) {
    // Index, then place within the block: what stands in order needs no other sort key.
    let (mut keys, mut len, mut first) = ([0_u64; PLACES], 0, 0);
    for (index, m) in places {
        if m - first >= PLACES {
            block(&mut keys[..len], first, width, &row, &mut add);
            (len, first) = (0, m - m % PLACES);
        }
        keys[len] = u64::from(index) << 32 | (m - first) as u64;
        len += 1;
    }
    block(&mut keys[..len], first, width, &row, &mut add);
}

/// The places `first + key mod 2³²`.
fn block<'a, T: Scalar>(
    keys: &mut [u64],
    first: usize,
    width: usize,
    row: &impl Fn(usize) -> &'a [T],
    add_sums: &mut impl FnMut(usize, usize, &[T]),
) {
    keys.sort_unstable();
    for run in keys.chunk_by(|a, b| a >> 32 == b >> 32) {
        let index = (run[0] >> 32) as usize;
        for from in (0..width).step_by(COLS) {
            let to = (from + COLS).min(width);
            let mut total = [T::ZERO; COLS];
            for group in run.chunk_by(|a, b| a / GROUP as u64 == b / GROUP as u64) {
                let mut sum = [T::ZERO; COLS];
                for key in group {
                    add(&mut sum, &row(first + place(*key))[from..to]);
                }
                total = plus(&total, &sum);
            }
            add_sums(index, from, &total[..to - from]);
        }
    }
}

/// The place in its block.
#[allow(clippy::cast_possible_truncation)] // below `PLACES`
fn place(key: u64) -> usize {
    key as u32 as usize
}

#[cfg(test)]
#[allow(clippy::cast_precision_loss)] // small numbers
mod tests {
    extern crate std;
    use super::{by_index, columns};
    use crate::view::MatRef;
    use std::vec;
    use std::vec::Vec;

    /// `2⁻²⁴`.
    const U: f64 = 1.0 / 16_777_216.0;

    /// Numbers of one sign, never a short binary fraction.
    fn wave(i: usize) -> f32 {
        0.6 + 0.1 * libm::sinf(i as f32 * 12.9898)
    }

    #[test]
    fn every_column_of_every_part_counts_once() {
        for (width, rows) in [0, 1, 31, 32, 33, 64, 70].into_iter().flat_map(|w| [0, 1, 31, 32, 33, 97].map(|r| (w, r)))
        {
            let x: Vec<f64> = (0..rows * (width + 3)).map(|i| (i % 19) as f64).collect();
            let x = MatRef::with_stride(&x, rows, width, width + 3);
            let expected: Vec<f64> = (0..width).map(|j| 5.0 + (0..rows).map(|m| x.at(m, j)).sum::<f64>()).collect();
            for cut in [0, rows / 3, rows] {
                let mut sum = vec![5.0; width];
                columns(&mut sum, || [x.rows_range(0, cut), x.rows_range(cut, rows)].into_iter());
                assert_eq!(sum, expected, "{rows} rows of {width}, cut at {cut}");
            }
        }
    }

    #[test]
    fn rows_of_zeros_at_the_place_of_others_change_no_bit_of_a_sum_by_index() {
        let x: Vec<f32> = (0..3000).map(wave).collect();
        for every in 2..20 {
            let sum = |takes: &dyn Fn(usize) -> bool| {
                let places = (0..x.len()).filter(|&m| takes(m)).map(|m| (0, m));
                let mut sum = 0.0;
                by_index(
                    places,
                    1,
                    |m| if m % every == 1 { &[0.0] } else { &x[m..][..1] },
                    |_, _, more| sum += more[0],
                );
                sum
            };
            assert_eq!(sum(&|_| true).to_bits(), sum(&|m| m % every != 1).to_bits(), "a zero in {every} places");
        }
    }

    #[test]
    fn every_place_counts_at_its_index() {
        for (width, places) in [1, 32, 40].into_iter().flat_map(|w| [1, 33, 1024, 1025, 4000].map(|p| (w, p))) {
            #[allow(clippy::cast_possible_truncation)] // below 7
            let index = |m: usize| (m * m % 7) as u32;
            let x: Vec<f64> = (0..places * width).map(|i| (i % 19) as f64).collect();
            let (mut found, mut expected) = (vec![1.0; 7 * width], vec![1.0; 7 * width]);
            let live = |m: &usize| m % 5 != 3 && !(1000..2100).contains(m);
            for m in (0..places).filter(live) {
                (0..width).for_each(|j| expected[index(m) as usize * width + j] += x[m * width + j]);
            }
            by_index(
                (0..places).filter(live).map(|m| (index(m), m)),
                width,
                |m| &x[m * width..][..width],
                |index, from, more| {
                    let sums = found[index * width + from..][..more.len()].iter_mut();
                    sums.zip(more).for_each(|(sum, &more)| *sum += more);
                },
            );
            assert_eq!(found, expected, "{places} places of {width}");
        }
    }

    /// Both sums of `M` terms within the bounds of the module; and whether one sum after the other is.
    fn errors_over_bounds(terms: usize) -> [f64; 4] {
        let exact: f64 = (0..terms).map(|m| f64::from(wave(m))).sum();
        let mut one_by_one = 0.0_f32;
        (0..terms).for_each(|m| one_by_one += wave(m));
        let x: Vec<f32> = (0..terms).map(wave).collect();
        let mut column = [0.0_f32];
        columns(&mut column, || [MatRef::new(&x, terms, 1)].into_iter());
        let mut indexed = 0.0_f32;
        by_index((0..terms).map(|m| (3, m)), 1, |m| &x[m..][..1], |_, _, more| indexed += more[0]);
        let blocks = libm::log2((terms as f64 / 32.0).max(1.0));
        let bounds = [33.0 + blocks, 62.0 + (terms as f64 / 1024.0).ceil()].map(|roundings| roundings * U * exact);
        let off = |sum: f32| (f64::from(sum) - exact).abs();
        [off(column[0]) / bounds[0], off(indexed) / bounds[1], off(one_by_one) / bounds[0], off(one_by_one) / bounds[1]]
    }

    #[test]
    fn a_million_terms_stay_within_bounds_that_one_sum_exceeds() {
        let [column, indexed, sequential @ ..] = errors_over_bounds(1_000_000);
        assert!(column <= 1.0 && indexed <= 1.0, "{column}, {indexed}");
        assert!(sequential.iter().all(|&ratio| ratio > 1.0), "{sequential:?}");
    }

    #[test]
    #[ignore = "prints figures"]
    fn errors_over_bounds_of_many_terms() {
        for terms in [1_000_000, 20_000_000] {
            std::println!(
                "{terms} terms, error over bound: columns, by index, one sum over each: {:?}",
                errors_over_bounds(terms)
            );
        }
    }
}
