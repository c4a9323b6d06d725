//! The pointwise kernels are their equations, forward and backward, at every
//! length and on every instruction set.

mod support;

use rnn_backend_faer::simd::gates::elman::{self, Activation, Identity, Relu};
use rnn_backend_faer::simd::gates::{gru_after, gru_before, lstm};
use rnn_backend_faer::simd::math::{Sigmoid, Tanh};
use rnn_backend_faer::simd::{Isa, Simd};
use support::{Random, TestReal, bits};

/// Lengths around the block sizes 8 and 16.
const LENGTHS: [usize; 12] = [0, 1, 3, 7, 8, 9, 15, 16, 17, 24, 33, 50];

fn sigmoid(x: f64) -> f64 {
    1.0 / (1.0 + (-x).exp())
}

/// `|got − want| ≤ 16 ε · scale`: every result is a sum of at most two products
/// of at most seven factors; each product or sum rounds by ε/2, each activation
/// by at most ε (its declared ULP), and its reference in f64 as much again.
/// `scale` bounds the sum of the products' magnitudes before any cancellation.
fn assert_close<T: TestReal>(what: &str, j: usize, got: T, want: f64, scale: f64) {
    let error = (got.to_f64() - want).abs();
    let bound = 16.0 * T::EPSILON * scale;
    assert!(error <= bound, "{what}[{j}]: {got:?}, should be {want}; error {error:e}, bound {bound:e}");
}

/// What a kernel wrote, by name.
type Written<T> = Vec<(&'static str, Vec<T>)>;

/// Runs the kernel at every length, on every instruction set: the bits must be
/// those of the portable one, and `check` must accept them.
fn for_each_length<T: TestReal>(
    kernel: impl Fn(Simd, usize, &mut Random) -> Written<T>,
    check: impl Fn(usize, &mut Random, &Written<T>),
) {
    for hidden in LENGTHS {
        let seed = || Random(hidden as u64 + 100);
        let portable = Simd::new(Isa::Portable).expect("always available");
        let written = kernel(portable, hidden, &mut seed());
        check(hidden, &mut seed(), &written);
        for simd in Simd::each() {
            for ((name, a), (_, b)) in written.iter().zip(&kernel(simd, hidden, &mut seed())) {
                assert_eq!(bits(a), bits(b), "{name} on {:?}, H = {hidden}", simd.isa());
            }
        }
    }
}

/// A row of `G` gates, each gate by itself.
fn gates_of<T, const G: usize>(row: &mut [T]) -> [&mut [T]; G] {
    let mut gates = row.chunks_exact_mut((row.len() / G).max(1));
    std::array::from_fn(|_| gates.next().unwrap_or_default())
}

/// Never to be read: NaN would show.
fn unread<T: TestReal>(len: usize) -> Vec<T> {
    vec![T::NAN; len]
}

fn to_f64<T: TestReal>(x: &[T]) -> Vec<f64> {
    x.iter().map(|x| x.to_f64()).collect()
}

fn lstm_forward<T: TestReal>() {
    let kernel = |simd, hidden, random: &mut Random| {
        let mut gates: Vec<T> = random.vec(4 * hidden, -4.0, 4.0);
        let c_prev: Vec<T> = random.vec(hidden, -2.0, 2.0);
        let (mut c, mut h) = (unread(hidden), unread(hidden));
        lstm::forward(simd, lstm::Forward { gates: gates_of(&mut gates), c_prev: &c_prev, c: &mut c, h: &mut h });
        vec![("gates", gates), ("c", c), ("h", h)]
    };
    for_each_length(kernel, |hidden, random, written| {
        let pre = to_f64(&random.vec::<T>(4 * hidden, -4.0, 4.0));
        let c_prev = to_f64(&random.vec::<T>(hidden, -2.0, 2.0));
        let (gates, c, h) = (&written[0].1, &written[1].1, &written[2].1);
        for j in 0..hidden {
            let i = sigmoid(pre[j]);
            let f = sigmoid(pre[hidden + j]);
            let g = pre[2 * hidden + j].tanh();
            let o = sigmoid(pre[3 * hidden + j]);
            let c_want = f * c_prev[j] + i * g;
            let scale = (f * c_prev[j]).abs() + (i * g).abs();
            assert_close("i", j, gates[j], i, i);
            assert_close("f", j, gates[hidden + j], f, f);
            assert_close("g", j, gates[2 * hidden + j], g, g.abs());
            assert_close("o", j, gates[3 * hidden + j], o, o);
            assert_close("c", j, c[j], c_want, scale);
            assert_close("h", j, h[j], o * c_want.tanh(), o * scale);
        }
    });
}

fn lstm_backward<T: TestReal>() {
    let inputs = |hidden, random: &mut Random| -> [Vec<T>; 5] {
        [
            random.vec(4 * hidden, 0.0, 1.0),
            random.vec(hidden, -2.0, 2.0),
            random.vec(hidden, -2.0, 2.0),
            random.vec(hidden, -1.0, 1.0),
            random.vec(hidden, -1.0, 1.0),
        ]
    };
    let kernel = |simd, hidden, random: &mut Random| {
        let [gates, c_prev, c, d_h, d_c] = inputs(hidden, random);
        let (mut d_c_prev, mut d_pre) = (unread(hidden), unread(4 * hidden));
        lstm::backward(
            simd,
            lstm::Backward {
                gates: &gates,
                c_prev: &c_prev,
                c: &c,
                d_h: &d_h,
                d_c: &d_c,
                d_c_prev: &mut d_c_prev,
                d_pre: &mut d_pre,
            },
        );
        vec![("d_c_prev", d_c_prev), ("d_pre", d_pre)]
    };
    for_each_length(kernel, |hidden, random, written| {
        let [gates, c_prev, c, d_h, d_c] = inputs(hidden, random).map(|x| to_f64(&x));
        let (d_c_prev, d_pre) = (&written[0].1, &written[1].1);
        for j in 0..hidden {
            let [i, f, g, o] = [0, 1, 2, 3].map(|gate| gates[gate * hidden + j]);
            let tanh_c = c[j].tanh();
            let d_o = d_h[j] * tanh_c;
            let d_cell = d_c[j] + d_h[j] * o * (1.0 - tanh_c) * (1.0 + tanh_c);
            // 1 − tanh(c) cancels: its error is that of tanh(c), not relative to it.
            let scale = d_c[j].abs() + 2.0 * (d_h[j] * o).abs();
            assert_close("d_c_prev", j, d_c_prev[j], d_cell * f, scale * f);
            assert_close("d_pre_i", j, d_pre[j], d_cell * g * i * (1.0 - i), scale);
            let of_f = d_cell * c_prev[j] * f * (1.0 - f);
            assert_close("d_pre_f", j, d_pre[hidden + j], of_f, scale * c_prev[j].abs());
            assert_close("d_pre_g", j, d_pre[2 * hidden + j], d_cell * i * (1.0 - g) * (1.0 + g), scale);
            assert_close("d_pre_o", j, d_pre[3 * hidden + j], d_o * o * (1.0 - o), d_h[j].abs());
        }
    });
}

#[test]
fn lstm_rows_are_the_equations() {
    lstm_forward::<f32>();
    lstm_forward::<f64>();
}

#[test]
fn lstm_pullbacks_are_the_equations() {
    lstm_backward::<f32>();
    lstm_backward::<f64>();
}

fn gru_after_forward<T: TestReal>() {
    let kernel = |simd, hidden, random: &mut Random| {
        let mut gates: Vec<T> = random.vec(3 * hidden, -4.0, 4.0);
        let aux: Vec<T> = random.vec(hidden, -2.0, 2.0);
        let h_prev: Vec<T> = random.vec(hidden, -1.0, 1.0);
        let mut h = unread(hidden);
        let row = gru_after::Forward { gates: gates_of(&mut gates), aux: &aux, h_prev: &h_prev, h: &mut h };
        gru_after::forward(simd, row);
        vec![("gates", gates), ("h", h)]
    };
    for_each_length(kernel, |hidden, random, written| {
        let pre = to_f64(&random.vec::<T>(3 * hidden, -4.0, 4.0));
        let aux = to_f64(&random.vec::<T>(hidden, -2.0, 2.0));
        let h_prev = to_f64(&random.vec::<T>(hidden, -1.0, 1.0));
        let (gates, h) = (&written[0].1, &written[1].1);
        for j in 0..hidden {
            let r = sigmoid(pre[j]);
            let z = sigmoid(pre[hidden + j]);
            let n = (pre[2 * hidden + j] + r * aux[j]).tanh();
            // tanh's slope is at most 1: the sum's error passes undiminished.
            let n_scale = pre[2 * hidden + j].abs() + (r * aux[j]).abs();
            let h_want = (1.0 - z) * n + z * h_prev[j];
            assert_close("r", j, gates[j], r, r);
            assert_close("z", j, gates[hidden + j], z, z);
            assert_close("n", j, gates[2 * hidden + j], n, n_scale);
            assert_close("h", j, h[j], h_want, n_scale + n.abs() + h_prev[j].abs());
        }
    });
}

fn gru_after_backward<T: TestReal>() {
    let inputs = |hidden, random: &mut Random| -> [Vec<T>; 4] {
        [
            random.vec(3 * hidden, 0.0, 1.0),
            random.vec(hidden, -2.0, 2.0),
            random.vec(hidden, -1.0, 1.0),
            random.vec(hidden, -1.0, 1.0),
        ]
    };
    let kernel = |simd, hidden, random: &mut Random| {
        let [gates, aux, h_prev, d_h] = inputs(hidden, random);
        let (mut d_pre, mut d_aux, mut d_h_prev) = (unread(3 * hidden), unread(hidden), unread(hidden));
        gru_after::backward(
            simd,
            gru_after::Backward {
                gates: &gates,
                aux: &aux,
                h_prev: &h_prev,
                d_h: &d_h,
                d_pre: &mut d_pre,
                d_aux: &mut d_aux,
                d_h_prev: &mut d_h_prev,
            },
        );
        vec![("d_pre", d_pre), ("d_aux", d_aux), ("d_h_prev", d_h_prev)]
    };
    for_each_length(kernel, |hidden, random, written| {
        let [gates, aux, h_prev, d_h] = inputs(hidden, random).map(|x| to_f64(&x));
        let (d_pre, d_aux, d_h_prev) = (&written[0].1, &written[1].1, &written[2].1);
        for j in 0..hidden {
            let [r, z, n] = [0, 1, 2].map(|gate| gates[gate * hidden + j]);
            let d_pre_n = d_h[j] * (1.0 - z) * (1.0 - n) * (1.0 + n);
            let d_pre_z = d_h[j] * (h_prev[j] - n) * z * (1.0 - z);
            let d_pre_r = d_pre_n * aux[j] * r * (1.0 - r);
            assert_close("d_pre_r", j, d_pre[j], d_pre_r, d_pre_r.abs());
            assert_close("d_pre_z", j, d_pre[hidden + j], d_pre_z, d_pre_z.abs());
            assert_close("d_pre_n", j, d_pre[2 * hidden + j], d_pre_n, d_pre_n.abs());
            assert_close("d_aux", j, d_aux[j], d_pre_n * r, d_pre_n.abs() * r);
            assert_close("d_h_prev", j, d_h_prev[j], d_h[j] * z, d_h[j].abs() * z);
        }
    });
}

#[test]
fn reset_after_rows_are_the_equations() {
    gru_after_forward::<f32>();
    gru_after_forward::<f64>();
}

#[test]
fn reset_after_pullbacks_are_the_equations() {
    gru_after_backward::<f32>();
    gru_after_backward::<f64>();
}

fn gru_before_forward<T: TestReal>() {
    let kernel = |simd, hidden, random: &mut Random| {
        let [mut r, mut z, mut n] = [0; 3].map(|_| random.vec::<T>(hidden, -4.0, 4.0));
        let h_prev: Vec<T> = random.vec(hidden, -1.0, 1.0);
        let (mut aux, mut h) = (unread(hidden), unread(hidden));
        gru_before::reset(simd, gru_before::Reset { r: &mut r, z: &mut z, h_prev: &h_prev, aux: &mut aux });
        gru_before::blend(simd, gru_before::Blend { z: &z, n: &mut n, h_prev: &h_prev, h: &mut h });
        vec![("r", r), ("z", z), ("n", n), ("aux", aux), ("h", h)]
    };
    for_each_length(kernel, |hidden, random, written| {
        let pre = [0; 3].map(|_| to_f64(&random.vec::<T>(hidden, -4.0, 4.0)));
        let h_prev = to_f64(&random.vec::<T>(hidden, -1.0, 1.0));
        for j in 0..hidden {
            let (r, z, n) = (sigmoid(pre[0][j]), sigmoid(pre[1][j]), pre[2][j].tanh());
            let aux = r * h_prev[j];
            let h = (1.0 - z) * n + z * h_prev[j];
            let wants = [(r, r), (z, z), (n, n.abs()), (aux, aux.abs()), (h, n.abs() + h_prev[j].abs())];
            for ((name, got), (want, scale)) in written.iter().zip(wants) {
                assert_close(name, j, got[j], want, scale);
            }
        }
    });
}

fn gru_before_backward<T: TestReal>() {
    let inputs = |hidden, random: &mut Random| -> [Vec<T>; 6] {
        let [r, z, n] = [0; 3].map(|_| random.vec(hidden, 0.0, 1.0));
        let [h_prev, d_h, d_aux] = [0; 3].map(|_| random.vec(hidden, -1.0, 1.0));
        [r, z, n, h_prev, d_h, d_aux]
    };
    let kernel = |simd, hidden, random: &mut Random| {
        let [r, z, n, h_prev, d_h, d_aux] = inputs(hidden, random);
        let [mut d_pre_r, mut d_pre_z, mut d_pre_n, mut d_h_prev] = [0; 4].map(|_| unread(hidden));
        gru_before::blend_backward(
            simd,
            gru_before::BlendGrad {
                z: &z,
                n: &n,
                h_prev: &h_prev,
                d_h: &d_h,
                d_pre_z: &mut d_pre_z,
                d_pre_n: &mut d_pre_n,
                d_h_prev: &mut d_h_prev,
            },
        );
        gru_before::reset_backward(
            simd,
            gru_before::ResetGrad {
                r: &r,
                h_prev: &h_prev,
                d_aux: &d_aux,
                d_pre_r: &mut d_pre_r,
                d_h_prev: &mut d_h_prev,
            },
        );
        vec![("d_pre_r", d_pre_r), ("d_pre_z", d_pre_z), ("d_pre_n", d_pre_n), ("d_h_prev", d_h_prev)]
    };
    for_each_length(kernel, |hidden, random, written| {
        let [r, z, n, h_prev, d_h, d_aux] = inputs(hidden, random).map(|x| to_f64(&x));
        for j in 0..hidden {
            let d_pre_r = d_aux[j] * h_prev[j] * r[j] * (1.0 - r[j]);
            let d_pre_z = d_h[j] * (h_prev[j] - n[j]) * z[j] * (1.0 - z[j]);
            let d_pre_n = d_h[j] * (1.0 - z[j]) * (1.0 - n[j]) * (1.0 + n[j]);
            let d_h_prev = d_h[j] * z[j] + d_aux[j] * r[j];
            let sum = d_h[j].abs() + d_aux[j].abs();
            let wants = [(d_pre_r, d_pre_r.abs()), (d_pre_z, d_pre_z.abs()), (d_pre_n, d_pre_n.abs()), (d_h_prev, sum)];
            for ((name, got), (want, scale)) in written.iter().zip(wants) {
                assert_close(name, j, got[j], want, scale);
            }
        }
    });
}

#[test]
fn reset_before_rows_are_the_equations() {
    gru_before_forward::<f32>();
    gru_before_forward::<f64>();
}

#[test]
fn reset_before_pullbacks_are_the_equations() {
    gru_before_backward::<f32>();
    gru_before_backward::<f64>();
}

fn elman_row<T: TestReal, F: Activation + Copy>(activation: F, of: fn(f64) -> f64, slope: fn(f64) -> f64) {
    let kernel = |simd, hidden, random: &mut Random| {
        let mut h: Vec<T> = random.vec(hidden, -2.0, 2.0);
        let d_h: Vec<T> = random.vec(hidden, -1.0, 1.0);
        elman::forward(simd, activation, &mut h);
        let mut d_pre = unread(hidden);
        elman::backward(simd, activation, &h, &d_h, &mut d_pre);
        vec![("h", h), ("d_pre", d_pre)]
    };
    for_each_length(kernel, |hidden, random, written| {
        let pre = to_f64(&random.vec::<T>(hidden, -2.0, 2.0));
        let d_h = to_f64(&random.vec::<T>(hidden, -1.0, 1.0));
        let (h, d_pre) = (&written[0].1, &written[1].1);
        for j in 0..hidden {
            assert_close("h", j, h[j], of(pre[j]), of(pre[j]).abs());
            // From the output as it was rounded; 1 − y cancels nothing more.
            let want = d_h[j] * slope(h[j].to_f64());
            assert_close("d_pre", j, d_pre[j], want, want.abs());
        }
    });
}

#[test]
fn elman_rows_are_the_equations() {
    fn of_type<T: TestReal>() {
        elman_row::<T, _>(Tanh, f64::tanh, |y| (1.0 - y) * (1.0 + y));
        elman_row::<T, _>(Sigmoid, sigmoid, |y| y * (1.0 - y));
        elman_row::<T, _>(Relu, |x| x.max(0.0), |y| if y > 0.0 { 1.0 } else { 0.0 });
        elman_row::<T, _>(Identity, |x| x, |_| 1.0);
    }
    of_type::<f32>();
    of_type::<f64>();
}

#[test]
fn relu_and_its_slope_do_not_swallow_nan() {
    for simd in Simd::each() {
        let mut h = [f32::NAN, -1.0, 2.0];
        elman::forward(simd, Relu, &mut h);
        assert!(h[0].is_nan() && h[1..] == [0.0, 2.0]);
        let mut d_pre = [0.0; 3];
        elman::backward(simd, Relu, &h, &[1.0, 1.0, 3.0], &mut d_pre);
        assert!(d_pre[0].is_nan() && d_pre[1..] == [0.0, 3.0]);
    }
}

#[test]
fn a_nan_reaches_every_output_of_its_element_and_no_other() {
    for simd in Simd::each() {
        for gate in 0..4 {
            let mut gates = [0.5_f32; 4 * 9];
            gates[gate * 9 + 4] = f32::NAN;
            let (mut c, mut h) = ([0.0; 9], [0.0; 9]);
            lstm::forward(
                simd,
                lstm::Forward { gates: gates_of(&mut gates), c_prev: &[0.25; 9], c: &mut c, h: &mut h },
            );
            for j in 0..9 {
                assert_eq!(h[j].is_nan(), j == 4, "gate {gate}, element {j}");
            }
        }
    }
}

#[test]
#[should_panic(expected = "lstm forward: a gate has length 9 but H is 8; it must be 1H = 8")]
fn a_wrong_length_says_what_it_must_be() {
    let (mut gates, mut c, mut h) = ([0.0_f32; 36], [0.0; 8], [0.0; 8]);
    let row = lstm::Forward { gates: gates_of(&mut gates), c_prev: &[0.0; 8], c: &mut c, h: &mut h };
    lstm::forward(Simd::detect(), row);
}
