//! The pool of `rnn-backend-faer` over the types of loom, which runs every order in which its threads may act (up to a bound on
//! preemptions, where a test says so) and reports an access that another one may overlap, a deadlock, or a leak.
//!
//! `cargo test --release --manifest-path rnn-backend-faer/loom/Cargo.toml -- --nocapture --test-threads=1`
//! takes a minute; `LOOM_MAX_PREEMPTIONS=4` before it raises every bound, for a night.
//!
//! The pool's own files are compiled, not copies; only [`sync`] stands in for theirs. Its clock stands still, so that no run rests
//! and no thread stays awake: the pool then sleeps at every occasion.
#![cfg(test)]

#[path = "../../src/threads/error.rs"]
mod error;
#[path = "../../src/threads/lane.rs"]
mod lane;
#[path = "../../src/threads/pace.rs"]
mod pace;
#[path = "../../src/threads/panics.rs"]
mod panics;
#[path = "../../src/threads/pool.rs"]
mod pool;
mod sync;
#[path = "../../src/threads/tally.rs"]
mod tally;

#[path = "../../src/threads/tests/orders.rs"]
mod model;
