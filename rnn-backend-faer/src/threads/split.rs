//! One task per block of rows: matrices cut by rows and shared out to threads.
#![allow(unsafe_code)]

use core::marker::PhantomData;
use core::ptr::NonNull;

use rnn_kernels::MatMut;

use super::Workers;

/// A mutable matrix whose rows several threads may take apart.
struct Shared<'a, T> {
    base: NonNull<T>,
    cols: usize,
    stride: usize,
    owner: PhantomData<&'a mut [T]>,
}

// SAFETY: `Shared` hands out elements only through `block`, whose contract keeps what two threads get disjoint;
// `T: Send` lets an element be used by the thread that got it.
unsafe impl<T: Send> Sync for Shared<'_, T> {}

impl<'a, T> Shared<'a, T> {
    fn new(matrix: MatMut<'a, T>) -> Self {
        let cols = matrix.cols();
        let (data, stride) = matrix.storage();
        Self { base: NonNull::from(data).cast(), cols, stride, owner: PhantomData }
    }

    /// Rows `from..to`.
    ///
    /// # Safety
    /// `from <= to <=` the rows of the matrix, and no other block that is alive may share a row with this one.
    unsafe fn block(&self, from: usize, to: usize) -> MatMut<'_, T> {
        let rows = to - from;
        if rows == 0 || self.cols == 0 {
            return MatMut::new(&mut [], rows, self.cols);
        }
        let len = (rows - 1) * self.stride + self.cols;
        // SAFETY: `MatMut` guarantees that row `m < rows` occupies `m·stride .. m·stride + cols` of its slice and that
        // `stride >= cols` where there are two rows. So this range lies within the slice, which is exclusively ours
        // for 'a, and ends before row `to` begins: it overlaps no block of other rows.
        let data = unsafe { core::slice::from_raw_parts_mut(self.base.as_ptr().add(from * self.stride), len) };
        MatMut::with_stride(data, rows, self.cols, self.stride)
    }
}

impl Workers {
    /// Cuts all matrices into blocks of `block` rows and calls `task(first row, blocks)` once for each, on any thread.
    ///
    /// # Panics
    /// If the matrices do not all have `rows` rows, or `block` is 0; with the first panic of a task.
    pub fn by_rows<T: Send, const K: usize>(
        &self,
        rows: usize,
        block: usize,
        matrices: [MatMut<'_, T>; K],
        task: impl Fn(usize, [MatMut<'_, T>; K]) + Sync,
    ) {
        assert!(block > 0, "a block must have rows");
        assert!(matrices.iter().all(|matrix| matrix.rows() == rows), "all matrices must have {rows} rows");
        if rows <= block {
            return task(0, matrices);
        }
        let shared = matrices.map(Shared::new);
        self.run(rows.div_ceil(block), &|i| {
            let (from, to) = (i * block, rows.min((i + 1) * block));
            // SAFETY: `from <= to <= rows`. `Workers::run` calls this once for each `i`, and blocks of different `i` share
            // no row.
            task(from, shared.each_ref().map(|matrix| unsafe { matrix.block(from, to) }));
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_reaches_one_task_and_gaps_are_left_alone() {
        let mut data = vec![-1.0_f32; 7 * 5];
        let workers = Workers::pool(3);
        workers.by_rows(7, 2, [MatMut::with_stride(&mut data, 7, 3, 5)], |from, [mut block]| {
            for m in 0..block.rows() {
                block.row_mut(m).fill((from + m) as f32);
            }
        });
        for (m, row) in data.chunks(5).enumerate() {
            assert_eq!(row, [m as f32, m as f32, m as f32, -1.0, -1.0]);
        }
    }
}
