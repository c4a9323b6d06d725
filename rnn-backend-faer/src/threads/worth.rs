//! Whether work is worth sharing out: what it saves against what threads cost each other.
//!
//! Shared out, work of `n` rows takes as long as its largest share, `⌈n / k⌉` rows: of two rows four threads save no more than two do. What
//! it costs is a run of the pool: a few microseconds while the threads are awake, and some twenty if they must be woken. Layers of a few
//! dozen units make 10 to 25 multiply-adds in a nanosecond on AVX2, so that these save 12 to 30 µs, at least what waking costs. Measured
//! beside layers of 16 to 256 units and 2 to 64 rows: with 100 000 saved, passes on two threads took up to 1.4 times as long as on one.

use super::Workers;

/// Multiply-adds that sharing must take off the calling thread.
const SAVED: usize = 300_000;

/// Whether so many multiply-adds, equally many in each row, are worth sharing out.
pub fn worth_sharing(workers: &Workers, rows: usize, multiply_adds: usize) -> bool {
    let shared = rows - rows.div_ceil(workers.threads());
    shared > 0 && (multiply_adds / rows).saturating_mul(shared) >= SAVED
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_other_threads_take_over_counts() {
        let [one, two, four] = [1, 2, 4].map(|threads| Workers::pool(threads).expect("the system gives the threads"));
        assert!(!worth_sharing(&one, 64, usize::MAX));
        assert!(worth_sharing(&two, 2, 600_000) && !worth_sharing(&two, 2, 599_999));
        assert!(worth_sharing(&two, 3, 900_000) && !worth_sharing(&two, 3, 899_000));
        assert!(worth_sharing(&four, 4, 400_000) && !worth_sharing(&four, 4, 399_999));
        assert!(!worth_sharing(&four, 1, usize::MAX) && !worth_sharing(&four, 0, 0));
    }
}
