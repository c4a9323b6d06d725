//! Linear recurrences of one long row beside the memory's speed: `cargo bench -p rnn-backend-faer --bench scan`.
//!
//! `h = a h + b` over 10⁵ steps of one row, f32, forward and adjoint, by each [`Scan`], on one thread and on two. Bytes are those that
//! must move: forward reads `a`, `b` and writes `h`, 12 a unit and step; the adjoint reads `a`, `h`, `d_h` and writes `d_a`, `d_b`, 20.
//! (Lines that are written are read first, by most machines, which counts in no line.) Beside it a triad `x = y + s z` over arrays
//! of as many elements, on as many threads, in the same interleaved rounds; the last column is our rate over its rate.

use rnn_backend_faer::{Faer, Scan};
use rnn_kernels::{Backend, Direction, LinearBackward, LinearForward, SeqMut, SeqRef};
use std::sync::Barrier;
use std::time::Instant;

#[path = "support/drawn.rs"]
mod drawn;

use drawn::drawn;

const STEPS: usize = 100_000;

/// Arrays of one recurrence and of the triad.
struct Arrays {
    width: usize,
    a: Vec<f32>,
    b: Vec<f32>,
    h: Vec<f32>,
    d_a: Vec<f32>,
    d_b: Vec<f32>,
}

impl Arrays {
    fn new(width: usize) -> Self {
        let len = STEPS * width;
        let a = drawn(len, 1).into_iter().map(|a| 1.0 - a.abs() / 4.0).collect();
        Self { width, a, b: drawn(len, 2), h: vec![0.0; len + width], d_a: vec![0.0; len], d_b: vec![0.0; len] }
    }

    fn forward(&mut self, backend: &Faer) {
        let w = self.width;
        backend.linear_forward(LinearForward {
            direction: Direction::Forward,
            a: SeqRef::new(&self.a, STEPS, 1, w),
            b: SeqRef::new(&self.b, STEPS, 1, w),
            initial: None,
            h: SeqMut::new(&mut self.h, STEPS + 1, 1, w),
        });
    }

    fn backward(&mut self, backend: &Faer) {
        let w = self.width;
        backend.linear_backward(LinearBackward {
            direction: Direction::Forward,
            a: SeqRef::new(&self.a, STEPS, 1, w),
            h: SeqRef::new(&self.h, STEPS + 1, 1, w),
            d_h: SeqRef::new(&self.b, STEPS, 1, w),
            d_last: None,
            d_a: SeqMut::new(&mut self.d_a, STEPS, 1, w),
            d_b: SeqMut::new(&mut self.d_b, STEPS, 1, w),
            d_initial: None,
        });
    }
}

/// The time of a triad over three arrays of as many elements, cut into one part a thread: from the first that begins to the last that
/// ends.
fn triad(x: &mut [f32], y: &[f32], z: &[f32], threads: usize) -> f64 {
    let part = x.len().div_ceil(threads);
    let ready = &Barrier::new(threads);
    let times: Vec<[Instant; 2]> = std::thread::scope(|scope| {
        let parts = x.chunks_mut(part).zip(y.chunks(part)).zip(z.chunks(part));
        let triad = parts.map(|((x, y), z)| {
            scope.spawn(move || {
                ready.wait();
                let begun = Instant::now();
                x.iter_mut().zip(y).zip(z).for_each(|((x, y), z)| *x = y + 0.75 * z);
                [begun, Instant::now()]
            })
        });
        let running: Vec<_> = triad.collect();
        running.into_iter().map(|thread| thread.join().expect("a triad")).collect()
    });
    let (begun, ended) = (times.iter().map(|t| t[0]).min(), times.iter().map(|t| t[1]).max());
    ended.zip(begun).map_or(0.0, |(ended, begun)| (ended - begun).as_secs_f64())
}

fn timed(pass: impl FnOnce()) -> f64 {
    let begun = Instant::now();
    pass();
    begun.elapsed().as_secs_f64()
}

fn main() {
    let rounds = if std::env::args().any(|argument| argument == "--bench") { 40 } else { 1 };
    println!(
        "{:<5} {:>7} {:<10} {:<10} {:>9} {:>7} {:>6} {:>6}",
        "H", "threads", "pass", "scan", "ms", "ns/unit", "GB/s", "share"
    );
    for width in [1, 4, 8, 64] {
        let mut arrays = Arrays::new(width);
        let len = STEPS * width;
        for threads in [1, 2] {
            let forms = [Scan::Sequential, Scan::Chunked].map(|scan| (scan, Faer::parallel(threads).with_scan(scan)));
            let mut best = [f64::INFINITY; 5];
            for _ in 0..rounds {
                let Arrays { a, b, d_a, .. } = &mut arrays;
                let mut times = [triad(d_a, a, b, threads), 0.0, 0.0, 0.0, 0.0];
                for (i, (_, backend)) in forms.iter().enumerate() {
                    times[1 + 2 * i] = timed(|| arrays.forward(backend));
                    times[2 + 2 * i] = timed(|| arrays.backward(backend));
                }
                best.iter_mut().zip(times).for_each(|(best, time)| *best = best.min(time));
            }
            let rate = |time: f64, words: usize| (4 * words * len) as f64 / time / 1e9;
            let triad = rate(best[0], 3);
            let line = |pass: &str, scan: &str, time: f64, words: usize| {
                let (each, rate) = (time / len as f64 * 1e9, rate(time, words));
                let (ms, share) = (time * 1e3, 100.0 * rate / triad);
                println!(
                    "{width:<5} {threads:>7} {pass:<10} {scan:<10} {ms:>9.3} {each:>7.3} {rate:>6.2} {share:>5.0}%"
                );
            };
            line("triad", "", best[0], 3);
            for (i, (scan, _)) in forms.iter().enumerate() {
                line("forward", &format!("{scan:?}"), best[1 + 2 * i], 3);
                line("adjoint", &format!("{scan:?}"), best[2 + 2 * i], 5);
            }
        }
    }
}
