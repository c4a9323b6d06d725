//! Independent jobs on two threads: the suite's own runs, not those of a backend.

use std::panic::resume_unwind;
use std::sync::atomic::{AtomicUsize, Ordering};

/// `items.map(job)` in the order of `items`, on two threads.
///
/// # Panics
/// If a job does.
pub(crate) fn on_two_threads<I: Sync, O: Send>(items: &[I], job: impl Fn(&I) -> O + Sync) -> Vec<O> {
    let next = AtomicUsize::new(0);
    let worker = || {
        let mut done = Vec::new();
        loop {
            let index = next.fetch_add(1, Ordering::Relaxed);
            let Some(item) = items.get(index) else { return done };
            done.push((index, job(item)));
        }
    };
    let mut done = std::thread::scope(|scope| {
        let other = scope.spawn(worker);
        let mut done = worker();
        done.extend(other.join().unwrap_or_else(|panic| resume_unwind(panic)));
        done
    });
    done.sort_by_key(|(index, _)| *index);
    done.into_iter().map(|(_, result)| result).collect()
}

#[cfg(test)]
mod tests {
    use super::on_two_threads;

    #[test]
    fn results_come_in_the_order_of_the_jobs() {
        let items: Vec<u64> = (0..100).collect();
        assert_eq!(on_two_threads(&items, |i| i * i), items.iter().map(|i| i * i).collect::<Vec<_>>());
        assert!(on_two_threads(&[] as &[u64], |i| *i).is_empty());
    }
}
