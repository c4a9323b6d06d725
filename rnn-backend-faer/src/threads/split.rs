//! One task per block of rows: matrices cut by rows and shared out to threads.

use rnn_kernels::MatMut;

use super::{Rows, Workers};

impl Workers {
    /// Cuts all matrices into blocks of `block` rows and calls `task(first row, blocks)` once for each, on any thread.
    ///
    /// # Panics
    /// If the matrices do not all have `rows` rows, or `block` is 0; with a panic of a task.
    pub fn by_rows<T: Send + Sync, const K: usize>(
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
        self.by_blocks(rows, block, matrices.map(Rows::of), |from, blocks| {
            task(from, blocks.map(|rows| rows.into_step(0)))
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_reaches_one_task_and_gaps_are_left_alone() {
        let mut data = vec![-1.0_f32; 7 * 5];
        let workers = Workers::pool(3).expect("the system gives the threads");
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
