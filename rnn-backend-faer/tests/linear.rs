//! Linear recurrences by [`Scan`]: both ways obey the laws, with the same bits on any number of threads and instruction set; they
//! are as near to each other as the documentation of [`Scan::Chunked`] says.

use rnn_backend_faer::simd::Isa;
use rnn_backend_faer::{Faer, Scan};
use rnn_check::dispatch::Required;
use rnn_check::{Claims, Plan};
use rnn_kernels::{Backend, Direction, LinearBackward, LinearForward, SeqMut, SeqRef};

const SCANS: [Scan; 2] = [Scan::Sequential, Scan::Chunked];

#[derive(Clone, Copy, Debug)]
struct Shape {
    steps: usize,
    rows: usize,
    width: usize,
    direction: Direction,
    batch_first: bool,
}

fn drawn(len: usize, seed: u64) -> impl Iterator<Item = f32> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let next = move || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 40) as f32 / (1 << 23) as f32 - 1.0
    };
    std::iter::repeat_with(next).take(len)
}

struct Problem {
    shape: Shape,
    a: Vec<f32>,
    b: Vec<f32>,
    initial: Vec<f32>,
}

impl Problem {
    /// Coefficients near 1, so that states remember several chunks.
    fn new(shape: Shape) -> Self {
        let (len, units) = (shape.steps * shape.rows * shape.width, shape.rows * shape.width);
        let a = drawn(len, 1).map(|a| 1.0 - a.abs() / 32.0).collect();
        Self { shape, a, b: drawn(len, 2).collect(), initial: drawn(units, 3).collect() }
    }

    fn seq<'a>(&self, data: &'a [f32], steps: usize) -> SeqRef<'a, f32> {
        let Shape { rows, width, batch_first, .. } = self.shape;
        if batch_first { SeqRef::batch_first(data, rows, steps, width) } else { SeqRef::new(data, steps, rows, width) }
    }

    fn seq_mut<'a>(&self, data: &'a mut [f32], steps: usize) -> SeqMut<'a, f32> {
        let Shape { rows, width, batch_first, .. } = self.shape;
        if batch_first { SeqMut::batch_first(data, rows, steps, width) } else { SeqMut::new(data, steps, rows, width) }
    }

    fn forward(&self, backend: &Faer) -> Vec<f32> {
        let Shape { steps, direction, .. } = self.shape;
        let mut h = vec![f32::NAN; self.a.len() + self.initial.len()];
        backend.linear_forward(LinearForward {
            direction,
            a: self.seq(&self.a, steps),
            b: self.seq(&self.b, steps),
            initial: Some(&self.initial),
            h: self.seq_mut(&mut h, steps + 1),
        });
        h
    }

    /// `d_a`, `d_b`, `d_initial`, with `b` in the place of the cotangents.
    fn backward(&self, backend: &Faer, h: &[f32]) -> Vec<f32> {
        let Shape { steps, direction, .. } = self.shape;
        let nan = || vec![f32::NAN; self.a.len()];
        let (mut d_a, mut d_b, mut d_initial) = (nan(), nan(), self.initial.clone());
        backend.linear_backward(LinearBackward {
            direction,
            a: self.seq(&self.a, steps),
            h: self.seq(h, steps + 1),
            d_h: self.seq(&self.b, steps),
            d_last: Some(&self.initial),
            d_a: self.seq_mut(&mut d_a, steps),
            d_b: self.seq_mut(&mut d_b, steps),
            d_initial: Some(&mut d_initial),
        });
        [d_a, d_b, d_initial].concat()
    }
}

fn bits(v: &[f32]) -> Vec<u32> {
    v.iter().map(|v| v.to_bits()).collect()
}

/// One row of few, some and many units; several rows; rows that do not lie one after another. Long enough to be shared out, and with
/// steps beyond the last chunk.
fn shapes() -> Vec<Shape> {
    let sizes = [
        (40_007, 1, 1, false),
        (9_001, 1, 4, false),
        (3_333, 1, 11, false),
        (1_029, 1, 64, false),
        (700, 1, 100, false),
        (300, 1, 410, false),
        (1_000, 3, 21, false),
        (900, 5, 13, true),
    ];
    let each = |(steps, rows, width, batch_first)| {
        [Direction::Forward, Direction::Reverse].map(|direction| Shape { steps, rows, width, direction, batch_first })
    };
    sizes.into_iter().flat_map(each).collect()
}

/// `f` of the results of forward and backward of every shape, way and form of a backend, beside those of the first form.
fn compare(forms: &[Faer]) {
    for (shape, scan) in shapes().into_iter().flat_map(|shape| SCANS.map(|scan| (shape, scan))) {
        let problem = Problem::new(shape);
        let [first, others @ ..] = forms else { panic!("nothing to compare") };
        let first = first.clone().with_scan(scan);
        let h = problem.forward(&first);
        let d = problem.backward(&first, &h);
        for other in others {
            let other = other.clone().with_scan(scan);
            assert!(bits(&problem.forward(&other)) == bits(&h), "{shape:?} {scan:?} {other:?}: h");
            assert!(bits(&problem.backward(&other, &h)) == bits(&d), "{shape:?} {scan:?} {other:?}: gradients");
        }
    }
}

#[test]
fn the_laws_hold_for_both_ways_on_one_thread_and_on_several() {
    let claims = Claims::new().allocation_free().batch_invariant();
    let plan =
        || Plan::from_env().only("recurrence").count_allocations(|call| allocation_counter::measure(call).count_total);
    for scan in SCANS {
        for backend in [Faer::sequential(), Faer::parallel(3)].map(|backend| backend.with_scan(scan)) {
            rnn_check::run::<f32>(&backend, &claims, &plan()).assert_passes();
            rnn_check::run::<f64>(&backend, &claims, &plan()).assert_passes();
        }
    }
}

#[test]
fn the_bits_are_the_same_for_any_number_of_threads() {
    compare(&[Faer::sequential(), Faer::parallel(2), Faer::parallel(3)]);
}

#[test]
fn the_bits_are_the_same_on_every_instruction_set() {
    let paths = Required::from_env().each(
        Isa::ALL,
        |isa| Faer::sequential().with_isa(isa),
        |_, backend| compare(&[Faer::sequential(), backend]),
    );
    paths.unwrap_or_else(|missing| panic!("{missing}"));
}

#[test]
fn a_sequential_run_has_the_bits_of_its_windows() {
    let (steps, cut) = (150, 67);
    let shape = Shape { steps, rows: 1, width: 19, direction: Direction::Forward, batch_first: false };
    let (whole, backend) = (Problem::new(shape), Faer::sequential());
    let window = |from: usize, to: usize, initial: &[f32]| {
        let part = |v: &[f32]| v[19 * from..19 * to].to_vec();
        let shape = Shape { steps: to - from, ..shape };
        Problem { shape, a: part(&whole.a), b: part(&whole.b), initial: initial.to_vec() }
    };
    let h = whole.forward(&backend);
    let first = window(0, cut, &whole.initial).forward(&backend);
    let second = window(cut, steps, &first[19 * cut..]).forward(&backend);
    assert_eq!(bits(&[&first, &second[19..]].concat()), bits(&h));
    // Backward: what the later window hands back is what comes to the last state of the earlier one.
    let d = whole.backward(&backend, &h);
    let late = window(cut, steps, &whole.initial).backward(&backend, &h[19 * cut..]);
    let early = window(0, cut, &late[2 * 19 * (steps - cut)..]).backward(&backend, &h[..19 * (cut + 1)]);
    let (cut, steps) = (19 * cut, 19 * steps);
    assert_eq!(bits(&[&early[..cut], &late[..steps - cut]].concat()), bits(&d[..steps]));
    assert_eq!(
        bits(&[&early[cut..2 * cut], &late[steps - cut..2 * (steps - cut)]].concat()),
        bits(&d[steps..2 * steps])
    );
    assert_eq!(bits(&early[2 * cut..]), bits(&d[2 * steps..]));
}

/// `|chunked − sequential| ≤ Σ_j (γ(t − j + 2) + γ(t − j + 1)) |a_t ⋯ a_{j+1}| |b_j|`.
#[test]
fn chunks_are_as_near_to_the_sequential_states_as_they_claim_and_are_not_them() {
    let shape = Shape { steps: 5000, rows: 1, width: 3, direction: Direction::Forward, batch_first: false };
    let problem = Problem::new(shape);
    let [sequential, chunked] = SCANS.map(|scan| problem.forward(&Faer::sequential().with_scan(scan)));
    let u = f64::from(f32::EPSILON) / 2.0;
    let mut differ = 0;
    for unit in 0..3 {
        // Σ |terms|, and Σ (t − j) |terms|.
        let (mut size, mut moments) = (f64::from(problem.initial[unit].abs()), 0.0);
        for i in (unit..problem.a.len()).step_by(3) {
            let a = f64::from(problem.a[i]);
            moments = a * (moments + size);
            size = a * size + f64::from(problem.b[i].abs());
            let bound = (2.0 * moments + 3.0 * size) * u / (1.0 - 5002.0 * u);
            let apart = (f64::from(chunked[i + 3]) - f64::from(sequential[i + 3])).abs();
            assert!(apart <= bound, "step {}: {apart:e} > {bound:e}", i / 3);
            differ += usize::from(apart > 0.0);
        }
    }
    assert!(differ > 100, "{differ} states differ");
}
