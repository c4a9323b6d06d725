//! What must hold in every order: each task is done once, and nobody uses what a run borrowed after its end. Compiled by `loom/` alone.

use std::sync::Arc as StdArc;
use std::sync::atomic::{AtomicUsize as Count, Ordering::Relaxed};

use loom::cell::UnsafeCell;
use loom::sync::Arc;
use loom::thread;

use crate::pool::Pool;

/// Runs `scene` in every order with at most so many preemptions, or `LOOM_MAX_PREEMPTIONS`, and says how many there were.
fn in_every_order(name: &str, preemptions: Option<usize>, scene: impl Fn() + Sync + Send + 'static) {
    let orders = StdArc::new(Count::new(0));
    let counted = orders.clone();
    let mut model = loom::model::Builder::new();
    model.preemption_bound = model.preemption_bound.or(preemptions);
    let preemptions = model.preemption_bound;
    model.max_branches = 100_000;
    model.check(move || {
        counted.fetch_add(1, Relaxed);
        scene();
    });
    let bound = preemptions.map_or("any number of".into(), |most| format!("at most {most}"));
    println!("{name}: {} orders, {bound} preemptions", orders.load(Relaxed));
}

/// Places that tasks write without a lock: loom reports two that may overlap, and the caller's reading before a task has ended.
struct Places(Vec<UnsafeCell<usize>>);

// SAFETY: loom watches every access.
unsafe impl Sync for Places {}

impl Places {
    fn new(number: usize) -> Self {
        Self((0..number).map(|_| UnsafeCell::new(0)).collect())
    }

    fn add(&self, i: usize) {
        // SAFETY: loom watches every access.
        self.0[i].with_mut(|place| unsafe { *place += 1 });
    }

    /// One run, each of whose tasks must have been done once when it returns.
    fn filled_by(pool: &Pool, tasks: usize) {
        let places = Self::new(tasks);
        pool.run(tasks, &|i| places.add(i));
        for (i, place) in places.0.iter().enumerate() {
            // SAFETY: loom watches every access.
            assert_eq!(place.with(|place| unsafe { *place }), 1, "task {i}");
        }
    }
}

fn pool(threads: usize) -> Pool {
    Pool::new(threads).expect("loom gives the threads")
}

#[test]
fn two_runs_on_two_threads() {
    in_every_order("two runs on two threads", Some(3), || {
        let pool = pool(2);
        Places::filled_by(&pool, 2);
        Places::filled_by(&pool, 2);
    });
}

#[test]
fn three_tasks_on_two_threads() {
    in_every_order("three tasks on two threads", Some(4), || Places::filled_by(&pool(2), 3));
}

#[test]
fn a_run_on_three_threads() {
    in_every_order("a run on three threads", Some(0), || Places::filled_by(&pool(3), 3));
}

#[test]
fn two_callers_of_one_pool() {
    in_every_order("two callers of one pool", Some(2), || {
        let pool = Arc::new(pool(2));
        let other = pool.clone();
        let caller = thread::spawn(move || Places::filled_by(&other, 2));
        Places::filled_by(&pool, 2);
        caller.join().expect("the other caller returns");
    });
}

#[test]
fn a_pool_that_does_nothing_ends() {
    in_every_order("a pool that does nothing", None, || drop(pool(3)));
}

#[test]
fn a_panic_ends_a_run_no_sooner_than_a_return() {
    in_every_order("a panic in each task", Some(3), || {
        let (pool, places) = (pool(2), Places::new(2));
        let run = std::panic::AssertUnwindSafe(|| {
            pool.run(2, &|i| {
                places.add(i);
                std::panic::resume_unwind(Box::new(i));
            });
        });
        assert!(std::panic::catch_unwind(run).is_err());
        for place in &places.0 {
            // SAFETY: loom watches every access.
            assert_eq!(place.with(|place| unsafe { *place }), 1);
        }
    });
}
