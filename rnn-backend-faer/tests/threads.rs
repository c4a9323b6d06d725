//! The pool runs every task once and never deadlocks; rows of one buffer may be
//! written by several threads.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use rnn_backend_faer::threads::{Pool, Rows, RowsShape};

#[test]
fn every_task_runs_exactly_once_whatever_the_number_of_threads() {
    for threads in [0, 1, 2, 3, 8] {
        let pool = Pool::new(threads);
        assert_eq!(pool.threads(), threads.max(1));
        for tasks in [0, 1, 2, 5, 8, 100] {
            let runs: Vec<_> = (0..tasks).map(|_| AtomicUsize::new(0)).collect();
            pool.run(tasks, &|i| {
                runs[i].fetch_add(1, Ordering::Relaxed);
            });
            assert!(runs.iter().all(|runs| runs.load(Ordering::Relaxed) == 1), "{threads} threads, {tasks} tasks");
        }
    }
}

#[test]
fn ten_thousand_runs_in_a_row_lose_no_wakeup() {
    let pool = Pool::new(3);
    let sum = AtomicUsize::new(0);
    for run in 0..10_000 {
        pool.run(4, &|i| {
            sum.fetch_add(i + 1, Ordering::Relaxed);
        });
        if run % 1000 == 0 {
            // Long enough that the workers go to sleep.
            std::thread::sleep(std::time::Duration::from_millis(2));
        }
    }
    assert_eq!(sum.into_inner(), 100_000);
}

#[test]
fn a_task_belongs_to_the_same_thread_in_every_run() {
    let pool = Pool::new(3);
    let mut first: Option<Vec<_>> = None;
    for _ in 0..50 {
        let owners = Mutex::new(vec![None; 7]);
        pool.run(7, &|i| {
            owners.lock().expect("no task panics")[i] = Some(std::thread::current().id());
        });
        let owners = owners.into_inner().expect("no task panics");
        assert_eq!(owners[0], Some(std::thread::current().id()));
        assert_eq!(owners[0], owners[3]);
        assert_ne!(owners[0], owners[1]);
        assert_eq!(*first.get_or_insert_with(|| owners.clone()), owners);
    }
}

#[test]
fn a_run_inside_a_task_runs_on_the_calling_thread() {
    let pool = Pool::new(2);
    let inner = AtomicUsize::new(0);
    pool.run(4, &|_| {
        let outer = std::thread::current().id();
        pool.run(5, &|_| {
            assert_eq!(std::thread::current().id(), outer);
            inner.fetch_add(1, Ordering::Relaxed);
        });
    });
    assert_eq!(inner.into_inner(), 20);
}

#[test]
fn several_callers_at_once_all_finish() {
    let pool = Pool::new(2);
    let done = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for _ in 0..500 {
                    pool.run(3, &|_| {
                        done.fetch_add(1, Ordering::Relaxed);
                    });
                }
            });
        }
    });
    assert_eq!(done.into_inner(), 4 * 500 * 3);
}

#[test]
fn a_panic_reaches_the_caller_after_all_tasks_and_the_pool_lives_on() {
    for threads in [1, 2, 3] {
        let pool = Pool::new(threads);
        for bad in [0, 1, 5] {
            let ran = AtomicUsize::new(0);
            let caught = catch_unwind(AssertUnwindSafe(|| {
                pool.run(6, &|i| {
                    ran.fetch_add(1, Ordering::Relaxed);
                    assert!(i != bad, "task {i} fails");
                });
            }));
            let payload = caught.expect_err("the panic passes through");
            let message = payload.downcast_ref::<String>().expect("a formatted message");
            assert_eq!(*message, format!("task {bad} fails"));
            assert_eq!(ran.into_inner(), 6);
        }
        let after = AtomicUsize::new(0);
        pool.run(6, &|_| {
            after.fetch_add(1, Ordering::Relaxed);
        });
        assert_eq!(after.into_inner(), 6);
    }
}

/// Every element is its index in the buffer.
fn numbered(len: usize) -> Vec<usize> {
    (0..len).collect()
}

#[test]
fn rows_lie_where_their_strides_say() {
    let time_major = RowsShape { steps: 3, rows: 4, cols: 2, step_stride: 25, row_stride: 5 };
    let batch_major = RowsShape { steps: 3, rows: 4, cols: 2, step_stride: 5, row_stride: 25 };
    for shape in [time_major, batch_major] {
        let mut buffer = numbered(100);
        let mut rows = Rows::new(&mut buffer, shape);
        for t in 0..3 {
            for n in 0..4 {
                let start = t * shape.step_stride + n * shape.row_stride;
                assert_eq!(rows.row(t, n), [start, start + 1]);
                assert_eq!(rows.row_mut(t, n), [start, start + 1]);
            }
        }
        let (from, to) = rows.row_pair(0, 2, 1);
        assert_eq!((from[0], to[0]), (shape.row_stride, 2 * shape.step_stride + shape.row_stride));
    }
}

#[test]
fn halves_see_their_own_rows_and_split_again() {
    let mut buffer = numbered(2 * 5 * 3);
    let (low, high) = Rows::new(&mut buffer, RowsShape::contiguous(2, 5, 3)).split_at_row(2);
    let (mut middle, last) = high.split_at_row(2);
    assert_eq!((low.rows(), middle.rows(), last.rows()), (2, 2, 1));
    assert_eq!(low.step(1), [15, 16, 17, 18, 19, 20]);
    assert_eq!(middle.row(0, 1), [9, 10, 11]);
    assert_eq!(last.row(1, 0), [27, 28, 29]);
    let (from, to) = middle.step_pair(0, 1);
    to.copy_from_slice(from);
    let (nothing, all) = last.split_at_row(0);
    assert_eq!((nothing.rows(), all.rows()), (0, 1));
    assert!(nothing.step(1).is_empty());
    assert_eq!(buffer[21..27], [6, 7, 8, 9, 10, 11]);
}

#[test]
fn threads_write_disjoint_rows_over_all_steps() {
    let shape = RowsShape { steps: 50, rows: 7, cols: 3, step_stride: 30, row_stride: 4 };
    let mut buffer = vec![0_u32; 50 * 30];
    let (a, rest) = Rows::new(&mut buffer, shape).split_at_row(2);
    let (b, c) = rest.split_at_row(3);
    let parts = [(a, 0), (b, 2), (c, 5)].map(Some).map(Mutex::new);
    Pool::new(3).run(3, &|i| {
        let taken = parts[i].lock().expect("no task panics").take();
        let (mut rows, first) = taken.expect("each part is taken once");
        for t in 0..rows.steps() {
            for n in 0..rows.rows() {
                rows.row_mut(t, n).fill(u32::try_from(1 + t * 7 + first + n).expect("small"));
            }
        }
    });
    for (i, &x) in buffer.iter().enumerate() {
        let (t, n, col) = (i / 30, i % 30 / 4, i % 30 % 4);
        let want = if n < 7 && col < 3 { 1 + t * 7 + n } else { 0 };
        assert_eq!(x as usize, want, "element {i}");
    }
}

#[test]
fn shapes_that_overlap_or_do_not_fit_are_refused() {
    let shape = |steps, rows, cols, step_stride, row_stride| RowsShape { steps, rows, cols, step_stride, row_stride };
    let refused = |len: usize, shape: RowsShape| {
        let mut buffer = vec![0_u8; len];
        catch_unwind(AssertUnwindSafe(|| {
            let _ = Rows::new(&mut buffer, shape);
        }))
        .is_err()
    };
    assert!(refused(100, shape(2, 3, 4, 12, 3)), "rows overlap");
    assert!(refused(100, shape(2, 3, 4, 11, 4)), "steps overlap");
    assert!(refused(100, shape(3, 2, 4, 4, 11)), "batch-major rows overlap");
    assert!(refused(100, shape(2, 2, 1, 0, 1)), "no stride between steps");
    assert!(refused(23, shape(2, 3, 4, 12, 4)), "one element short");
    assert!(refused(100, shape(2, 2, 4, usize::MAX, 4)), "overflow");
    assert!(refused(100, shape(2, 3, 4, usize::MAX / 2, usize::MAX / 2)), "overflow of the inner span");
    assert!(!refused(24, shape(2, 3, 4, 12, 4)));
    assert!(!refused(4, shape(1, 1, 4, 0, 0)), "strides of a single row do not matter");
    assert!(!refused(0, shape(0, 3, 4, 12, 4)));
    assert!(!refused(0, shape(2, 3, 0, 0, 0)), "empty rows overlap nothing");
}

#[test]
fn access_out_of_range_or_across_gaps_panics() {
    let panics = |access: fn(&mut Rows<'_, u8>)| {
        let mut buffer = [0_u8; 60];
        let shape = RowsShape { steps: 3, rows: 4, cols: 4, step_stride: 20, row_stride: 5 };
        let mut rows = Rows::new(&mut buffer, shape);
        catch_unwind(AssertUnwindSafe(|| access(&mut rows))).is_err()
    };
    assert!(panics(|rows| drop(rows.row(3, 0).to_vec())));
    assert!(panics(|rows| rows.row_mut(0, 4).fill(1)));
    assert!(panics(|rows| drop(rows.step(0).to_vec())));
    assert!(panics(|rows| rows.row_pair(1, 1, 0).1.fill(1)));
    assert!(panics(|rows| rows.reborrow().split_at_row(5).0.row_mut(0, 0).fill(1)));
    assert!(panics(|rows| rows.reborrow().split_at_row(2).0.row_mut(0, 2).fill(1)));
    assert!(!panics(|rows| rows.row_mut(2, 3).fill(1)));
}
