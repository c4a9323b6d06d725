//! The pool runs every task once, waits for no task that has not begun, and outlives whatever a task does.
#![allow(unsafe_code)]

mod pace;
mod process;

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use super::pool::Pool;

fn pool(threads: usize) -> Pool {
    Pool::new(threads).expect("the system gives the threads")
}

#[test]
fn every_task_runs_exactly_once_whatever_the_number_of_threads() {
    for threads in [0, 1, 2, 3, 8] {
        let pool = pool(threads);
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
fn ten_thousand_runs_in_a_row_lose_no_task() {
    let pool = pool(3);
    let sum = AtomicUsize::new(0);
    for run in 0..10_000 {
        pool.run(4, &|i| {
            sum.fetch_add(i + 1, Ordering::Relaxed);
        });
        if run % 1000 == 0 {
            // Long enough that the workers go to sleep.
            thread::sleep(Duration::from_millis(2));
        }
    }
    assert_eq!(sum.into_inner(), 100_000);
}

#[test]
fn a_run_inside_a_task_runs_on_the_calling_thread() {
    let pool = pool(2);
    let inner = AtomicUsize::new(0);
    pool.run(4, &|_| {
        let outer = thread::current().id();
        pool.run(5, &|_| {
            assert_eq!(thread::current().id(), outer);
            inner.fetch_add(1, Ordering::Relaxed);
        });
    });
    assert_eq!(inner.into_inner(), 20);
}

#[test]
fn several_callers_at_once_all_finish() {
    let pool = pool(2);
    let done = AtomicUsize::new(0);
    thread::scope(|scope| {
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
        let pool = pool(threads);
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
        runs_every_task(&pool);
    }
}

/// Whether a pool still does what it is for.
fn runs_every_task(pool: &Pool) {
    let after = AtomicUsize::new(0);
    pool.run(6, &|_| {
        after.fetch_add(1, Ordering::Relaxed);
    });
    assert_eq!(after.into_inner(), 6);
}

/// Panics when it is dropped, with something that does so, too.
struct Bomb(usize);

impl Drop for Bomb {
    fn drop(&mut self) {
        if self.0 > 0 {
            resume_unwind(Box::new(Bomb(self.0 - 1)));
        }
    }
}

/// Takes a caught panic without dropping what it carries.
fn forget_the_payload(run: impl FnOnce()) {
    std::mem::forget(catch_unwind(AssertUnwindSafe(run)).expect_err("a task has panicked"));
}

#[test]
fn panics_that_panic_again_when_dropped_leave_every_task_done_and_the_pool_alive() {
    process::passes_alone("threads::tests::panics_that_panic_again", "");
}

#[test]
#[ignore = "run in a process of its own"]
fn panics_that_panic_again() {
    for threads in [1, 2, 3] {
        let pool = pool(threads);
        for _ in 0..200 {
            let (on_the_stack, ran) = ([0x5A_u8; 4096], AtomicUsize::new(0));
            forget_the_payload(|| {
                pool.run(16, &|i| {
                    thread::yield_now();
                    assert!(on_the_stack.iter().all(|&byte| byte == 0x5A));
                    ran.fetch_add(1, Ordering::Relaxed);
                    if i % 2 == 0 {
                        resume_unwind(Box::new(Bomb(2)));
                    }
                });
            });
            assert_eq!(ran.into_inner(), 16);
            runs_every_task(&pool);
        }
    }
}

#[test]
fn a_run_left_between_two_tasks_takes_back_those_that_nobody_has_begun_and_waits_for_the_others() {
    for _ in 0..20 {
        let (pool, begun, ended) = (pool(3), AtomicUsize::new(0), AtomicUsize::new(0));
        let task = |_| {
            begun.fetch_add(1, Ordering::Relaxed);
            thread::sleep(Duration::from_millis(1));
            ended.fetch_add(1, Ordering::Relaxed);
        };
        let left = catch_unwind(AssertUnwindSafe(|| {
            // SAFETY: the run is dropped by the panic below, `task` after it.
            let _run = unsafe { pool.begin(1000, &task) }.expect("nobody else asks the pool");
            while begun.load(Ordering::Relaxed) == 0 {
                thread::yield_now();
            }
            panic!("between two tasks");
        }));
        assert!(left.is_err());
        let ended = ended.load(Ordering::Relaxed);
        assert!(ended == begun.load(Ordering::Relaxed) && ended < 1000, "{ended}");
        runs_every_task(&pool);
    }
}

#[test]
fn a_panic_that_calls_the_pool_when_it_is_dropped_is_like_any_other() {
    process::passes_alone("threads::tests::panics_that_call_the_pool", "");
}

#[test]
#[ignore = "run in a process of its own"]
fn panics_that_call_the_pool() {
    struct Calls(std::sync::Arc<Pool>);
    impl Drop for Calls {
        fn drop(&mut self) {
            runs_every_task(&self.0);
        }
    }
    let pool = std::sync::Arc::new(pool(3));
    for _ in 0..50 {
        let caught = catch_unwind(AssertUnwindSafe(|| {
            pool.run(8, &|_| resume_unwind(Box::new(Calls(pool.clone()))));
        }));
        drop(caught.expect_err("every task has panicked"));
        runs_every_task(&pool);
    }
}

#[test]
fn tasks_that_have_not_begun_do_not_wait_for_one_that_lasts() {
    process::passes_alone("threads::tests::tasks_behind_one_that_lasts", "");
}

#[test]
#[ignore = "run in a process of its own"]
fn tasks_behind_one_that_lasts() {
    for lasting in 0..8 {
        let (pool, done) = (pool(2), AtomicUsize::new(0));
        pool.run(8, &|i| {
            // Seven other tasks and two threads: some of them are behind this one wherever tasks belong to threads.
            while i == lasting && done.load(Ordering::Acquire) < 7 {
                thread::yield_now();
            }
            done.fetch_add(1, Ordering::Release);
        });
        assert_eq!(done.into_inner(), 8);
    }
}

#[test]
fn a_wake_up_that_the_application_has_asked_for_is_not_taken_by_a_run() {
    let pool = pool(2);
    let begun = AtomicBool::new(false);
    thread::current().unpark();
    pool.run(2, &|i| {
        if i == 0 {
            // The other task is under way: the caller has nothing left to do but to wait for it.
            while !begun.load(Ordering::Acquire) {
                thread::yield_now();
            }
        } else {
            begun.store(true, Ordering::Release);
            thread::sleep(Duration::from_millis(50));
        }
    });
    let (started, long) = (std::time::Instant::now(), Duration::from_secs(60));
    thread::park_timeout(long);
    assert!(started.elapsed() < long / 2, "the wake-up is lost");
}
