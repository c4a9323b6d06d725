//! The few-row products: exact on whole numbers in every layout, the same bits
//! whatever the number of rows and the instruction set.

mod support;

use rnn_backend_faer::simd::Simd;
use rnn_backend_faer::simd::product::pack::{pack_panels, pack_panels_by_depth, packed_len};
use rnn_backend_faer::simd::product::{Accum, Product, by_depth, dots, outer, packed};
use support::{Random, TestReal, bits};

/// `[M, K, N]` around the tile sizes, and some without anything in them.
const SHAPES: [[usize; 3]; 18] = [
    [1, 1, 1],
    [1, 64, 256],
    [1, 5, 47],
    [2, 17, 33],
    [3, 16, 16],
    [4, 3, 80],
    [5, 31, 7],
    [6, 8, 24],
    [7, 9, 65],
    [8, 33, 32],
    [13, 20, 40],
    [17, 6, 130],
    [3, 0, 5],
    [0, 4, 4],
    [4, 4, 0],
    [2, 1, 129],
    [21, 300, 40],
    [100, 7, 33],
];

#[derive(Clone, Copy, Debug, PartialEq)]
enum Kernel {
    Packed,
    PackedByDepth,
    ByDepth,
    Dots,
    Outer,
}

const KERNELS: [Kernel; 5] = [Kernel::Packed, Kernel::PackedByDepth, Kernel::ByDepth, Kernel::Dots, Kernel::Outer];

/// `[rows, cols]` row-major into rows `stride` apart, with NaN in the gaps: a
/// kernel that reads them shows it.
fn strided<T: TestReal>(x: &[T], rows: usize, cols: usize, stride: usize) -> Vec<T> {
    let mut out = vec![T::NAN; rows * stride];
    for r in 0..rows {
        out[r * stride..][..cols].copy_from_slice(&x[r * cols..][..cols]);
    }
    out
}

fn transposed<T: TestReal>(w: &[T], rows: usize, cols: usize) -> Vec<T> {
    (0..cols * rows).map(|i| w[i % rows * cols + i / rows]).collect()
}

/// `C (+)= A·Wᵀ`, `w` `[N, K]`, all with gaps between the rows; C comes back with its gaps.
fn multiply<T: TestReal>(
    simd: Simd,
    kernel: Kernel,
    accum: Accum,
    [m, k, n]: [usize; 3],
    a: &[T],
    w: &[T],
    c: &mut [T],
) {
    let (a, a_stride) = match kernel {
        Kernel::Outer => (strided(&transposed(a, m, k), k, m, m + 3), m + 3),
        _ => (strided(a, m, k, k + 3), k + 3),
    };
    let mut panels = vec![T::NAN; packed_len::<T>(n, k)];
    let (b, b_stride) = match kernel {
        Kernel::Packed => {
            pack_panels(&strided(w, n, k, k + 1), n, k, k + 1, &mut panels);
            (panels, 0)
        }
        Kernel::PackedByDepth => {
            pack_panels_by_depth(&strided(&transposed(w, n, k), k, n, n + 1), n, k, n + 1, &mut panels);
            (panels, 0)
        }
        Kernel::ByDepth | Kernel::Outer => (strided(&transposed(w, n, k), k, n, n + 1), n + 1),
        Kernel::Dots => (strided(w, n, k, k + 1), k + 1),
    };
    let product = Product { c, c_stride: n + 2, accum, a: &a, a_stride, b: &b, b_stride, rows: m, cols: n, depth: k };
    match kernel {
        Kernel::Packed | Kernel::PackedByDepth => packed(simd, product),
        Kernel::ByDepth => by_depth(simd, product),
        Kernel::Dots => dots(simd, product),
        Kernel::Outer => outer(simd, product),
    }
}

fn whole_numbers_are_exact<T: TestReal>() {
    let canary = T::from_f64(12345.0);
    for simd in Simd::each() {
        for shape @ [m, k, n] in SHAPES {
            let mut random = Random(m as u64 * 1000 + n as u64);
            let (a, w): (Vec<T>, Vec<T>) = (random.whole(m * k), random.whole(n * k));
            for kernel in KERNELS {
                for accum in [Accum::Replace, Accum::Add] {
                    let start = if accum == Accum::Add { T::ONE } else { T::NAN };
                    let mut c = vec![canary; m * (n + 2)];
                    for row in c.chunks_exact_mut(n + 2) {
                        row[..n].fill(start);
                    }
                    multiply(simd, kernel, accum, shape, &a, &w, &mut c);
                    for r in 0..m {
                        for j in 0..n {
                            let dot: f64 = (0..k).map(|i| a[r * k + i].to_f64() * w[j * k + i].to_f64()).sum();
                            let want = if accum == Accum::Add { 1.0 + dot } else { dot };
                            let got = c[r * (n + 2) + j].to_f64();
                            assert_eq!(got, want, "{kernel:?} {accum:?} {shape:?} [{r}, {j}] on {:?}", simd.isa());
                        }
                        assert_eq!(c[r * (n + 2) + n..][..2], [canary; 2], "{kernel:?} wrote between the rows");
                    }
                }
            }
        }
    }
}

#[test]
fn products_of_whole_numbers_are_exact_and_stay_inside_their_views() {
    whole_numbers_are_exact::<f32>();
    whole_numbers_are_exact::<f64>();
}

fn a_row_is_the_same_alone<T: TestReal>() {
    let (k, n) = (37, 75);
    let mut random = Random(1);
    let (a, w): (Vec<T>, Vec<T>) = (random.vec(17 * k, -1.0, 1.0), random.vec(n * k, -1.0, 1.0));
    for kernel in KERNELS {
        let mut reference: Vec<u64> = Vec::new();
        for simd in Simd::each() {
            for m in [17, 8, 7, 6, 5, 4, 3, 2, 1] {
                let mut c = vec![T::ZERO; m * (n + 2)];
                multiply(simd, kernel, Accum::Replace, [m, k, n], &a[..m * k], &w, &mut c);
                let c = bits(&c);
                if reference.is_empty() {
                    reference.clone_from(&c);
                }
                assert_eq!(c, reference[..c.len()], "{kernel:?}, {m} rows on {:?}", simd.isa());
            }
        }
    }
}

#[test]
fn a_row_does_not_depend_on_the_other_rows_nor_on_the_instruction_set() {
    a_row_is_the_same_alone::<f32>();
    a_row_is_the_same_alone::<f64>();
}

#[test]
fn packed_and_by_depth_agree_in_every_bit() {
    let shape @ [m, k, n] = [6, 41, 53];
    let mut random = Random(2);
    let (a, w): (Vec<f32>, Vec<f32>) = (random.vec(m * k, -1.0, 1.0), random.vec(n * k, -1.0, 1.0));
    let [packed, packed_by_depth, by_depth] = [Kernel::Packed, Kernel::PackedByDepth, Kernel::ByDepth].map(|kernel| {
        let mut c = vec![0.0; m * (n + 2)];
        multiply(Simd::detect(), kernel, Accum::Replace, shape, &a, &w, &mut c);
        bits(&c)
    });
    assert_eq!(packed, by_depth);
    assert_eq!(packed, packed_by_depth);
}

#[test]
fn products_stay_within_the_bound_of_a_dot_product() {
    // |c − AB| ≤ γ(K)·|A||B| for any order of summation, γ(K) = Ku/(1 − Ku)
    // (Higham 2002, §3.1); one more u for the reference, itself in f64.
    let shape @ [m, k, n] = [5, 301, 20];
    let mut random = Random(3);
    let (a, w): (Vec<f32>, Vec<f32>) = (random.vec(m * k, -1.0, 1.0), random.vec(n * k, -1.0, 1.0));
    let u = f64::from(f32::EPSILON) / 2.0;
    let gamma = (k + 1) as f64 * u / (1.0 - (k + 1) as f64 * u);
    for kernel in KERNELS {
        let mut c = vec![0.0; m * (n + 2)];
        multiply(Simd::detect(), kernel, Accum::Replace, shape, &a, &w, &mut c);
        for r in 0..m {
            for j in 0..n {
                let terms = (0..k).map(|i| f64::from(a[r * k + i]) * f64::from(w[j * k + i]));
                let (dot, sum) = terms.fold((0.0, 0.0), |(dot, sum), t| (dot + t, sum + t.abs()));
                let error = (f64::from(c[r * (n + 2) + j]) - dot).abs();
                assert!(error <= gamma * sum, "{kernel:?} [{r}, {j}]: error {error:e} of {:e}", gamma * sum);
            }
        }
    }
}

#[test]
fn an_infinity_in_the_last_column_of_b_reaches_its_column_only() {
    for kernel in KERNELS {
        let (m, k, n) = (3, 4, 18);
        let a = vec![1.0_f32; m * k];
        let mut w = vec![1.0; n * k];
        w[17 * k] = f32::INFINITY;
        let mut c = vec![0.0; m * (n + 2)];
        multiply(Simd::detect(), kernel, Accum::Replace, [m, k, n], &a, &w, &mut c);
        for (i, &x) in c.iter().enumerate() {
            let want = [4.0, f32::INFINITY, 0.0][usize::from(i % 20 >= 17) + usize::from(i % 20 >= 18)];
            assert_eq!(x, want, "{kernel:?} element {i}");
        }
    }
}

#[test]
#[should_panic(expected = "packed product: B is [1, 80] with rows 0 apart, which does not fit into 63 elements")]
fn a_short_operand_is_named_before_any_write() {
    let product = Product {
        c: &mut [0.0_f32; 12],
        c_stride: 12,
        accum: Accum::Replace,
        a: &[0.0; 4],
        a_stride: 4,
        b: &[0.0; 63],
        b_stride: 0,
        rows: 1,
        cols: 12,
        depth: 4,
    };
    packed(Simd::detect(), product);
}
