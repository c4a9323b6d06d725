//! The pool runs every task once and never deadlocks.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use rnn_backend_faer::threads::Pool;

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
