//! A persistent pool that runs `f(0), f(1), …` on a fixed number of threads.
#![allow(unsafe_code)]

use core::any::Any;
use core::cell::UnsafeCell;
use core::fmt;
use core::hint::spin_loop;
use core::ptr::NonNull;
use core::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle, Thread};

/// Turns of a waiting loop before the thread goes to sleep: tens of
/// microseconds (hundreds where the pause instruction is slow), longer than
/// what lies between two steps of a sequence.
const SPINS: usize = 4096;

/// `n` threads, the calling one among them, that wait between runs.
///
/// A run neither allocates nor locks, unless a task panics. Task `i` belongs to
/// thread `i mod n` whatever the load: nothing about a result can depend on it
/// as long as tasks are independent.
pub struct Pool {
    shared: Arc<Shared>,
    workers: Vec<JoinHandle<()>>,
}

type Task<'a> = dyn Fn(usize) + Sync + 'a;

struct Shared {
    /// Held by the caller whose tasks the workers run.
    busy: AtomicBool,
    /// Written by that caller before it raises the doorbells, read by workers
    /// between their doorbell and their decrement of `unfinished`.
    job: UnsafeCell<Job>,
    /// Workers that have not finished the present job.
    unfinished: AtomicUsize,
    /// The first panic of the present job.
    panic: Mutex<Option<Box<dyn Any + Send>>>,
    /// One per worker: the number of jobs given to it.
    doorbells: Box<[Doorbell]>,
    closing: AtomicBool,
}

/// On a cache line of its own: each is polled by another thread.
#[repr(align(64))]
#[derive(Default)]
struct Doorbell(AtomicUsize);

struct Job {
    /// A pointer, because it dangles between runs; its lifetime is erased.
    task: Option<NonNull<Task<'static>>>,
    tasks: usize,
    caller: Option<Thread>,
}

// SAFETY: all fields but `job` are `Sync`. `job` is written only by the thread
// that holds `busy`, while `unfinished` is 0; it is read only by workers whose
// doorbell was rung after that write (Release, then Acquire) and that have not
// yet decremented `unfinished`. So writes and reads never overlap.
unsafe impl Sync for Shared {}
// SAFETY: what `job` holds (a pointer to a `Sync` closure, a number, a thread
// handle) may be used and dropped on any thread.
unsafe impl Send for Shared {}

impl Pool {
    /// A pool of `threads` threads including the caller of [`run`](Pool::run);
    /// 0 counts as 1.
    ///
    /// # Panics
    /// If the system refuses a thread.
    pub fn new(threads: usize) -> Pool {
        let workers = threads.saturating_sub(1);
        let shared = Arc::new(Shared {
            busy: AtomicBool::new(false),
            job: UnsafeCell::new(Job { task: None, tasks: 0, caller: None }),
            unfinished: AtomicUsize::new(0),
            panic: Mutex::new(None),
            doorbells: (0..workers).map(|_| Doorbell::default()).collect(),
            closing: AtomicBool::new(false),
        });
        let spawn = |worker| {
            let shared = Arc::clone(&shared);
            let body = move || shared.work(worker);
            let name = format!("recurrent {}", worker + 1);
            thread::Builder::new().name(name).spawn(body).expect("the system gives a thread for the pool")
        };
        let workers = (0..workers).map(spawn).collect();
        Pool { shared, workers }
    }

    /// How many threads a run uses.
    pub fn threads(&self) -> usize {
        self.workers.len() + 1
    }

    /// Runs `task(0), …, task(tasks − 1)`, task `i` on thread `i mod n`, and
    /// returns when all are done.
    ///
    /// Called from inside a task, or while another thread's run is under way,
    /// it runs all tasks on the calling thread instead of waiting.
    ///
    /// # Panics
    /// With the first panic of a task, after all tasks have run.
    pub fn run(&self, tasks: usize, task: &Task<'_>) {
        let helpers = self.workers.len().min(tasks.saturating_sub(1));
        let shared = &*self.shared;
        if helpers == 0 || shared.busy.swap(true, Ordering::Acquire) {
            let mut panic = None;
            run_share(task, 0, 1, tasks, |payload| {
                panic.get_or_insert(payload);
            });
            return panic.map_or((), |payload| resume_unwind(payload));
        }

        // SAFETY: the two pointer types differ in a lifetime only, which has no
        // representation. For why no use outlives the referent see `work`.
        let erased = unsafe { core::mem::transmute::<NonNull<Task<'_>>, NonNull<Task<'static>>>(NonNull::from(task)) };
        let job = Job { task: Some(erased), tasks, caller: Some(thread::current()) };
        // SAFETY: `busy` is ours and the last job's workers are done (its
        // caller saw `unfinished` = 0 before it let go of `busy`), so nobody
        // reads the job now. See `impl Sync`.
        unsafe { *shared.job.get() = job };
        shared.unfinished.store(helpers, Ordering::Relaxed);
        for worker in 0..helpers {
            shared.doorbells[worker].0.fetch_add(1, Ordering::Release);
            self.workers[worker].thread().unpark();
        }
        run_share(task, 0, self.threads(), tasks, |payload| shared.keep_panic(payload));
        wait_until(|| shared.unfinished.load(Ordering::Acquire) == 0);

        let panic = shared.panic.lock().unwrap_or_else(PoisonError::into_inner).take();
        shared.busy.store(false, Ordering::Release);
        if let Some(payload) = panic {
            resume_unwind(payload);
        }
    }
}

impl Shared {
    /// The life of worker `worker` (thread `worker + 1` of the pool).
    fn work(&self, worker: usize) {
        let doorbell = &self.doorbells[worker].0;
        let threads = self.doorbells.len() + 1;
        let mut answered = 0;
        loop {
            wait_until(|| doorbell.load(Ordering::Acquire) != answered);
            if self.closing.load(Ordering::Acquire) {
                return;
            }
            answered += 1;
            // SAFETY: our doorbell was rung for this job and `unfinished` still
            // counts us, so nobody writes the job. See `impl Sync`.
            let job = unsafe { &*self.job.get() };
            // Taken before the decrement: after it the job may change.
            let caller = job.caller.clone();
            if let Some(task) = job.task {
                // SAFETY: the closure is borrowed by the `run` that rang, which
                // cannot return or unwind (no task's panic passes `run_share`)
                // before `unfinished` has come down to 0: it is alive until our
                // decrement below, after which `task` is not used.
                let task = unsafe { task.as_ref() };
                run_share(task, worker + 1, threads, job.tasks, |payload| self.keep_panic(payload));
            }
            let last = self.unfinished.fetch_sub(1, Ordering::AcqRel) == 1;
            if let (true, Some(caller)) = (last, caller) {
                caller.unpark();
            }
        }
    }

    fn keep_panic(&self, payload: Box<dyn Any + Send>) {
        let mut first = self.panic.lock().unwrap_or_else(PoisonError::into_inner);
        first.get_or_insert(payload);
    }
}

/// Tasks `thread, thread + threads, …`; a panic goes to `on_panic` and the rest still run.
fn run_share(
    task: &Task<'_>,
    thread: usize,
    threads: usize,
    tasks: usize,
    mut on_panic: impl FnMut(Box<dyn Any + Send>),
) {
    for i in (thread..tasks).step_by(threads) {
        if let Err(payload) = catch_unwind(AssertUnwindSafe(|| task(i))) {
            on_panic(payload);
        }
    }
}

/// Spins, then sleeps. Whoever makes the condition true unparks this thread
/// afterwards; a wake-up left over from earlier only costs a turn.
fn wait_until(condition: impl Fn() -> bool) {
    for _ in 0..SPINS {
        if condition() {
            return;
        }
        spin_loop();
    }
    while !condition() {
        thread::park();
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        // `&mut self`: no run is under way.
        self.shared.closing.store(true, Ordering::Release);
        for (doorbell, worker) in self.shared.doorbells.iter().zip(&self.workers) {
            doorbell.0.fetch_add(1, Ordering::Release);
            worker.thread().unpark();
        }
        for worker in self.workers.drain(..) {
            // A worker cannot panic: its tasks' panics are caught.
            let _ = worker.join();
        }
    }
}

impl fmt::Debug for Pool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pool").field("threads", &self.threads()).finish_non_exhaustive()
    }
}
