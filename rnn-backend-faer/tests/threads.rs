//! Threads of a backend: what a piece of a join, a fork or a refusing system leaves behind.

#[path = "../src/threads/tests/process.rs"]
mod process;

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

use rnn_backend_faer::{Faer, ThreadsError};
use rnn_kernels::{Accum, Backend, Effort, MatMut, MatRef};

/// Work that is worth two threads.
fn effort() -> Effort {
    Effort { rows: 1, multiply_adds: 100_000_000 }
}

fn join(backend: &Faer, first: &mut (dyn FnMut() + Send), second: &mut (dyn FnMut() + Send)) {
    Backend::<f32>::join(backend, effort(), first, second);
}

/// Panics when it is dropped.
struct Bomb;

impl Drop for Bomb {
    fn drop(&mut self) {
        resume_unwind(Box::new("a bomb"));
    }
}

#[test]
fn two_pieces_whose_panics_panic_again_when_dropped_end_the_join_and_not_the_backend() {
    process::passes_alone("pieces_whose_panics_panic_again", "");
}

#[test]
#[ignore = "run in a process of its own"]
fn pieces_whose_panics_panic_again() {
    end_the_join(&Faer::parallel(2));
}

#[cfg(feature = "rayon")]
#[test]
fn two_such_pieces_on_a_rayon_pool_end_the_join_and_not_the_process() {
    process::passes_alone("pieces_whose_panics_panic_again_on_rayon", "");
}

#[cfg(feature = "rayon")]
#[test]
#[ignore = "run in a process of its own"]
fn pieces_whose_panics_panic_again_on_rayon() {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(2).build().expect("the system gives two threads");
    end_the_join(&Faer::on_rayon(std::sync::Arc::new(pool)));
}

fn end_the_join(backend: &Faer) {
    for _ in 0..200 {
        let joined = catch_unwind(AssertUnwindSafe(|| {
            join(backend, &mut || resume_unwind(Box::new(Bomb)), &mut || resume_unwind(Box::new(Bomb)));
        }));
        std::mem::forget(joined.expect_err("both pieces have panicked"));
        assert_eq!(product(backend), product(&Faer::sequential()));
    }
}

/// A product that is worth sharing, as bits.
fn product(backend: &Faer) -> Vec<u32> {
    let [m, k, n] = [8, 256, 256];
    let values = |len: usize| (0..len).map(|i| (i % 17) as f32 - 8.0).collect::<Vec<_>>();
    let (a, b, mut c) = (values(m * k), values(k * n), vec![0.0; m * n]);
    backend.matmul(MatMut::new(&mut c, m, n), Accum::Replace, MatRef::new(&a, m, k), MatRef::new(&b, k, n));
    c.into_iter().map(f32::to_bits).collect()
}

#[cfg(unix)]
#[test]
fn a_forked_process_computes_with_the_backend_of_its_parent_and_drops_it() {
    process::passes_alone("a_fork_computes_and_drops", "");
}

#[cfg(unix)]
#[test]
#[ignore = "run in a process of its own"]
fn a_fork_computes_and_drops() {
    use fork::{Fork, fork, waitpid_nohang};
    let backend = Faer::parallel(3);
    let want = product(&backend);
    match fork().expect("the system gives a process") {
        Fork::Child => {
            let right = (0..100).all(|_| product(&backend) == want);
            let dropped = catch_unwind(AssertUnwindSafe(|| drop(backend)));
            std::process::exit(if right && dropped.is_ok() { 0 } else { 1 });
        }
        Fork::Parent(child) => {
            for _ in 0..2_000 {
                if let Some(status) = waitpid_nohang(child).expect("a child can be waited for") {
                    assert_eq!(status, 0, "the child has failed");
                    return assert_eq!(product(&backend), want);
                }
                std::thread::sleep(std::time::Duration::from_millis(5));
            }
            let _ = std::process::Command::new("kill").args(["-9", &child.to_string()]).status();
            panic!("the child hangs");
        }
    }
}

#[test]
fn more_threads_than_a_pool_may_have_are_an_error() {
    for threads in [65_537, 1 << 33, usize::MAX] {
        let error = Faer::try_parallel(threads).expect_err("no machine has so many");
        assert!(matches!(error, ThreadsError::TooMany { asked, most: 65_536, .. } if asked == threads), "{error}");
        assert_eq!(error.to_string(), format!("a backend has at most 65536 threads, not {threads}"));
    }
}

#[cfg(target_os = "linux")]
#[test]
fn threads_that_the_system_refuses_are_an_error_that_leaves_none_behind() {
    // Room in the address space for some hundreds of stacks.
    process::passes_alone("refused_threads_leave_none_behind", "ulimit -v 2000000");
}

#[cfg(target_os = "linux")]
#[test]
#[ignore = "run in a process of its own"]
fn refused_threads_leave_none_behind() {
    let threads = || std::fs::read_dir("/proc/self/task").expect("Linux lists the threads").count();
    let before = threads();
    let error = Faer::try_parallel(4000).expect_err("there is no room for so many stacks");
    assert!(matches!(error, ThreadsError::Refused { asked: 4000, given: 2.., .. }), "{error}");
    assert_eq!(threads(), before);
    assert!(catch_unwind(|| Faer::parallel(4000)).is_err());
    assert_eq!(threads(), before);
    assert_eq!(product(&Faer::parallel(2)), product(&Faer::sequential()));
}
