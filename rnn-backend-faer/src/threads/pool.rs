//! A persistent pool that runs `task(0), task(1), …` on the calling thread and on others that come in time.
#![allow(unsafe_code)]

use core::fmt;
use core::mem;
use core::ptr::NonNull;
use core::time::Duration;

use super::error::ThreadsError;
use super::lane::{Lane, Look, MOST_TASKS, Owner};
use super::pace::{End, Pace, Watch};
use super::panics::Panics;
use super::sync::{Arc, Builder, Instant, JoinHandle, Mutex, MutexGuard, TryLockError, UnsafeCell, park};
use super::tally::Tally;

/// The most threads of a pool: what belongs to each of them is 64 bytes and more, and no machine has so many cores.
const MOST_THREADS: usize = 1 << 16;

/// `n` threads, the calling one among them, that wait between runs.
///
/// Tasks lie in [lanes](Lane), task `i` in that of thread `i mod n`: each thread takes those of its own lane first, so that it
/// meets the same memory again in the next run, and then those that others have not begun. Nothing about a result can depend
/// on who takes a task, as long as tasks are independent.
///
/// A run waits for nothing but tasks that workers have begun. So it ends although they sleep, are put aside by the system or
/// do not exist, as in a process that was forked from the one that made the pool. It does not allocate, makes no system call
/// but to wake a sleeping worker or to sleep until a late one is done, and waits for no lock.
pub struct Pool {
    shared: Arc<Shared>,
    workers: Vec<JoinHandle<()>>,
    /// The process that has the workers.
    process: u32,
}

type Task<'a> = dyn Fn(usize) + Sync + 'a;

struct Shared {
    /// Held by the caller whose tasks the workers do.
    turn: Mutex<Pace>,
    /// The tasks of that caller. A pointer, because it dangles between runs; its lifetime is erased.
    job: UnsafeCell<Option<NonNull<Task<'static>>>>,
    /// One for each thread; the caller's is the first.
    lanes: Vec<Lane>,
    /// Tasks of the present job that workers have done.
    tally: Tally,
    /// Panics of those tasks.
    panics: Panics,
}

// SAFETY: all fields but `job` are `Sync`. `job` is written by `Pool::begin` alone, which then holds `turn`; the holder before it
// has let go of `turn` in `Run::drop`, after every task that a worker had taken was reported. `job` is read by workers alone,
// between taking a task and reporting it. A task that is taken after the write was offered after it (`Lane::offer` releases what
// `Lane::take` acquires), one that was taken before the write has been reported before it (`Tally::report` releases what
// `Tally::wait` acquires). So writes and reads never overlap. It does not matter when a worker looked at a lane first, or how
// many runs it slept through: only taking a task leads to `job`, and what it takes belongs to the present run.
unsafe impl Sync for Shared {}
// SAFETY: what `job` holds, a pointer to a `Sync` closure, may be used on any thread.
unsafe impl Send for Shared {}

impl Pool {
    /// A pool of `threads` threads including the caller of [`run`](Pool::run); 0 counts as 1.
    ///
    /// # Errors
    /// If there are too many, no memory, or the system refuses a thread; those started before have then ended.
    pub fn new(threads: usize) -> Result<Pool, ThreadsError> {
        let threads = threads.max(1);
        if threads > MOST_THREADS {
            return Err(ThreadsError::TooMany { asked: threads, most: MOST_THREADS });
        }
        let (mut lanes, mut workers) = (Vec::new(), Vec::new());
        let reserved = lanes.try_reserve_exact(threads).and_then(|()| workers.try_reserve_exact(threads - 1));
        reserved.map_err(|_| ThreadsError::Memory { asked: threads })?;
        lanes.resize_with(threads, Lane::new);
        let shared = Arc::new(Shared {
            turn: Mutex::new(Pace::new()),
            job: UnsafeCell::new(None),
            lanes,
            tally: Tally::new(),
            panics: Panics::default(),
        });
        // From here on a return ends the workers that are there.
        let mut pool = Pool { shared, workers, process: std::process::id() };
        for own in 1..threads {
            let shared = Arc::clone(&pool.shared);
            let spawned = Builder::new().name(format!("recurrent {own}")).spawn(move || shared.work(own));
            let refused = |source| ThreadsError::Refused { asked: threads, given: own, source };
            pool.workers.push(spawned.map_err(refused)?);
        }
        Ok(pool)
    }

    /// How many threads a run uses at most.
    pub fn threads(&self) -> usize {
        self.shared.lanes.len()
    }

    /// Calls `task(0), …, task(tasks − 1)` once each, on any thread, and returns when all are done.
    ///
    /// Called from inside a task, while another thread's run is under way, or while the workers are known to come too late, it
    /// runs all tasks on the calling thread.
    ///
    /// # Panics
    /// With a panic of a task, after all tasks have run; if several panic, with one of them.
    pub fn run(&self, tasks: usize, task: &Task<'_>) {
        let panics = Panics::default();
        // SAFETY: whatever `begin` returns is dropped at the end of this block, by unwinding if need be, and `task` outlives it.
        if let Some(mut run) = unsafe { self.begin(tasks, task) } {
            while let Some(i) = run.take() {
                panics.catch(|| task(i));
            }
            run.finish();
            panics.take_from(&self.shared.panics);
        } else {
            (0..tasks).for_each(|i| panics.catch(|| task(i)));
        }
        panics.resume();
    }

    /// Offers the tasks to the workers, unless they are busy, late, or not worth asking.
    ///
    /// # Safety
    /// What it returns must be dropped before `task` is.
    pub(super) unsafe fn begin(&self, tasks: usize, task: &Task<'_>) -> Option<Run<'_>> {
        if self.workers.is_empty() || !(2..=MOST_TASKS).contains(&tasks) {
            return None;
        }
        let shared = &*self.shared;
        let pace = match shared.turn.try_lock() {
            Ok(pace) => pace,
            // A run that ended by unwinding ended all the same.
            Err(TryLockError::Poisoned(pace)) => pace.into_inner(),
            // A caller of another thread, or this one from inside a task. In a forked process it may be one for ever, whose
            // thread is not there: then every run is alone.
            Err(TryLockError::WouldBlock) => return None,
        };
        let begun = Instant::now();
        if pace.rests(begun) {
            return None;
        }
        // SAFETY: the two pointer types differ in a lifetime only, which has no representation. Workers use the pointer until they
        // report a task; `Run::drop` awaits every report, and by the contract of this function comes before the end of `task`.
        let erased = unsafe { mem::transmute::<NonNull<Task<'_>>, NonNull<Task<'static>>>(NonNull::from(task)) };
        // SAFETY: `turn` is ours, and nobody reads the job. See `impl Sync`.
        shared.job.with_mut(|job| unsafe { *job = Some(erased) });
        shared.tally.clear();
        let mut run = Run { shared, pace, begun, elsewhere: 0, woken: false, finished: false };
        let threads = self.threads();
        for (lane, worker) in (1..tasks.min(threads)).zip(&self.workers) {
            if run.offer(lane, (tasks - lane).div_ceil(threads)) == Owner::Asleep {
                worker.thread().unpark();
                run.woken = true;
            }
        }
        // The first lane has no other owner than the caller, who is awake.
        let _ = run.offer(0, tasks.div_ceil(threads));
        Some(run)
    }
}

/// A run under way, on the caller's side. Dropped early, by a panic between two tasks, it takes back what nobody has begun and
/// waits for the rest: nothing that it lent out is in use when it is gone.
pub struct Run<'a> {
    shared: &'a Shared,
    pace: MutexGuard<'a, Pace>,
    begun: Instant,
    /// Tasks offered that the caller has not taken: at the end, those that workers have.
    elsewhere: usize,
    /// Whether a worker was woken.
    woken: bool,
    finished: bool,
}

impl Run<'_> {
    fn offer(&mut self, lane: usize, tasks: usize) -> Owner {
        self.elsewhere += tasks;
        self.shared.lanes[lane].offer(tasks)
    }

    /// A task that nobody has begun.
    fn take(&mut self) -> Option<usize> {
        let task = self.shared.take(0)?;
        self.elsewhere -= 1;
        Some(task)
    }

    /// Returns when no worker has a task any more. Never unwinds.
    fn finish(&mut self) {
        for lane in &self.shared.lanes {
            self.elsewhere -= lane.withdraw();
        }
        let slept = self.shared.tally.wait(self.elsewhere);
        self.finished = true;
        let end = match slept {
            Some(slept) => {
                let took = Instant::now().saturating_duration_since(self.begun);
                End::Slept { worked: took.saturating_sub(slept), slept }
            }
            None if self.elsewhere > 0 => End::Helped,
            None if self.woken => End::InVain,
            None => End::Alone,
        };
        self.pace.note(end, Instant::now);
    }
}

impl Drop for Run<'_> {
    fn drop(&mut self) {
        if !self.finished {
            self.finish();
            self.shared.panics.clear();
        }
    }
}

impl Shared {
    /// The life of the owner of lane `own`.
    fn work(&self, own: usize) {
        let mut watch = Watch::new();
        while self.has_tasks(own, &mut watch) {
            let begun = Instant::now();
            while let Some(i) = self.take(own) {
                self.perform(i);
            }
            watch.earn(begun.elapsed());
        }
    }

    /// Waits for tasks in lane `own`, awake at first and then asleep; false if no more are to come.
    fn has_tasks(&self, own: usize, watch: &mut Watch) -> bool {
        let lane = &self.lanes[own];
        loop {
            watch.until(|| lane.look() != Look::Nothing);
            match lane.look() {
                Look::Tasks => return true,
                Look::Closed => return false,
                Look::Nothing => {}
            }
            if lane.fall_asleep() {
                while lane.is_asleep() {
                    park();
                }
                watch.earn(Duration::ZERO);
            }
        }
    }

    /// Takes a task that nobody has begun, from lane `own` if it has one.
    fn take(&self, own: usize) -> Option<usize> {
        let threads = self.lanes.len();
        let of = |lane: usize| Some(lane + self.lanes[lane].take()? * threads);
        (own..threads).chain(0..own).find_map(of)
    }

    /// Does a task that this worker has taken.
    fn perform(&self, i: usize) {
        self.job.with(|job| {
            // SAFETY: this worker has taken a task and not reported it: nobody writes the job. See `impl Sync`.
            if let Some(task) = unsafe { *job } {
                // SAFETY: the closure is alive until the run ends, and the run does not end, by returning or by unwinding, before
                // this task is reported: `Run::drop` awaits that, and between taking and reporting nothing can unwind or return
                // early, since the panic of the task is caught, and so are those of the drops of what it carries.
                let task = unsafe { task.as_ref() };
                self.panics.catch(|| task(i));
            }
        });
        self.tally.report();
    }
}

impl Drop for Pool {
    /// Not from inside a task: a run borrows the pool until all of its tasks are done.
    fn drop(&mut self) {
        let workers = mem::take(&mut self.workers);
        if std::process::id() != self.process {
            // A fork has no other threads than the one that forked. Their handles stand for nothing there, and even to drop them
            // is to ask the system about threads that do not exist.
            return mem::forget(workers);
        }
        for (lane, worker) in self.shared.lanes[1..].iter().zip(&workers) {
            if lane.close() == Owner::Asleep {
                worker.thread().unpark();
            }
        }
        for worker in workers {
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
