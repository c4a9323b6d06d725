//! `C (+)= A·B` in the layouts that recurrent networks have, without allocation.
//!
//! - [`packed`]: B packed once into panels ([`pack`]), for weights that are
//!   multiplied many times;
//! - [`by_depth`]: B as it lies, `[K, N]` row-major;
//! - [`dots`]: B = Wᵀ with W as it lies, `[N, K]` row-major;
//! - [`outer`]: Aᵀ and B as they lie, for any number of rows.
//!
//! Each element of C is computed by the same operations in the same order
//! whatever the number of rows, the layout of C and the instruction set:
//! `packed` and `by_depth` add the K products one after another (and agree
//! with each other in every bit), `dots` in as many interleaved sums as a cache
//! line has elements, added up in a fixed tree.

mod by_depth;
mod dots;
mod outer;
pub mod pack;
mod packed;
mod tile;

pub use by_depth::by_depth;
pub use dots::dots;
pub use outer::outer;
pub use packed::{Start, Sum, Term, packed, sum_of_products};
pub use rnn_kernels::Accum;

/// One product `C (+)= A·B`: `M` rows, `N` columns, depth `K`.
#[derive(Debug)]
pub struct Product<'a, T> {
    /// `[M, N]`, rows `c_stride` apart.
    pub c: &'a mut [T],
    /// Distance of two rows of C, at least `N`.
    pub c_stride: usize,
    /// Whether C is overwritten (and never read) or added to.
    pub accum: Accum,
    /// `[M, K]`, rows `a_stride` apart.
    pub a: &'a [T],
    /// Distance of two rows of A, at least `K`.
    pub a_stride: usize,
    /// B, in the layout that the function asks for.
    pub b: &'a [T],
    /// Distance of two rows of B as it lies; ignored for a packed B.
    pub b_stride: usize,
    /// M.
    pub rows: usize,
    /// N.
    pub cols: usize,
    /// K.
    pub depth: usize,
}

impl<T> Product<'_, T> {
    /// Panics unless A and C hold their rows, and B has `b_rows` of `b_cols`.
    #[track_caller]
    fn check(&self, kernel: &str, b_rows: usize, b_cols: usize) {
        check_matrix(kernel, "C", self.c.len(), self.rows, self.cols, self.c_stride);
        check_matrix(kernel, "A", self.a.len(), self.rows, self.depth, self.a_stride);
        check_matrix(kernel, "B", self.b.len(), b_rows, b_cols, self.b_stride);
    }
}

/// Panics unless `rows` rows of `cols` elements, `stride` apart, fit into `len`.
#[track_caller]
fn check_matrix(kernel: &str, name: &str, len: usize, rows: usize, cols: usize, stride: usize) {
    let needed = match rows.checked_sub(1) {
        None => Some(0),
        Some(before) => before.checked_mul(stride).and_then(|start| start.checked_add(cols)),
    };
    let apart = rows < 2 || stride >= cols;
    assert!(
        apart && needed.is_some_and(|needed| needed <= len),
        "{kernel}: {name} is [{rows}, {cols}] with rows {stride} apart, which does not fit into {len} elements"
    );
}
