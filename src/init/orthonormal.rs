//! `Q` with `⟨qᵢ, qⱼ⟩ = δᵢⱼ`: orthonormal vectors, uniform over all systems of them.

use crate::error::{Result, checked_product};
use crate::memory::{reserve, zeros};
use crate::rng::Rng;
use rnn_kernels::Scalar;

/// Vectors that are projected together.
const LANES: usize = 8;

/// `count` orthonormal vectors of length `len ≥ count`, uniform over all such systems.
///
/// Gram–Schmidt on normal vectors: its triangular factor has a positive diagonal, which is the sign rule that makes
/// the orthogonal factor uniform (Mezzadri 2007). Each vector is projected twice, so that rounding cannot leave
/// it far from orthogonal ("twice is enough", Parlett 1980). Costs `4 count² len` operations and `8 count · len` bytes.
///
/// The first projections are those of eight vectors at once, which follow each other as little as they wait for the sum of one another; the
/// second cannot be, because what is known of a vector is known when it is done. Every sum has the order of its elements, whatever is
/// computed together: the bits are those of one vector after another.
pub(super) fn orthonormal(what: &str, count: usize, len: usize, rng: &mut Rng) -> Result<Vec<f64>> {
    // The last vector of a square system may happen to lie almost in the span of the others: draw it again.
    longer_than(1e-8, what, count, len, rng)
}

/// Vectors of which none was as short as `least` when it was orthogonal to those before.
fn longer_than(least: f64, what: &str, count: usize, len: usize, rng: &mut Rng) -> Result<Vec<f64>> {
    let total = checked_product(what, &[count, len])?;
    let (mut q, mut together): (Vec<f64>, Vec<[f64; LANES]>) = (Vec::new(), Vec::new());
    reserve(what, &mut q, total)?;
    reserve(what, &mut together, len)?;
    together.resize(len, [0.0; LANES]);
    let mut v = zeros::<f64>(what, len)?;
    while q.len() < total {
        // No more than are still missing, so that no draw is in vain.
        let drawn = ((total - q.len()) / len).min(LANES);
        (0..drawn).for_each(|lane| together.iter_mut().for_each(|v| v[lane] = rng.normal()));
        project_together(&q, &mut together);
        let known = q.len();
        for lane in 0..drawn {
            v.iter_mut().zip(&together).for_each(|(v, together)| *v = together[lane]);
            project(&q[known..], &mut v);
            project(&q, &mut v);
            let size = Scalar::sqrt(v.iter().map(|v| v * v).sum::<f64>());
            if size > least {
                q.extend(v.iter().map(|v| v / size));
            }
        }
    }
    Ok(q)
}

/// `v ← v − ⟨e, v⟩ e` for one `e` after another. The sum of the next goes along with the difference of the last.
fn project(vectors: &[f64], v: &mut [f64]) {
    let mut vectors = vectors.chunks_exact(v.len());
    let Some(mut e) = vectors.next() else { return };
    let mut along: f64 = e.iter().zip(&*v).map(|(e, v)| e * v).sum();
    for next in vectors {
        let mut along_next = -0.0;
        for ((v, e), next) in v.iter_mut().zip(e).zip(next) {
            *v -= along * e;
            along_next += next * *v;
        }
        (e, along) = (next, along_next);
    }
    v.iter_mut().zip(e).for_each(|(v, e)| *v -= along * e);
}

/// [`project`] of several vectors, of each as if it were alone.
fn project_together(vectors: &[f64], v: &mut [[f64; LANES]]) {
    let mut vectors = vectors.chunks_exact(v.len());
    let Some(mut e) = vectors.next() else { return };
    let mut along = [-0.0; LANES];
    for (e, v) in e.iter().zip(&*v) {
        (0..LANES).for_each(|k| along[k] += e * v[k]);
    }
    for next in vectors {
        let mut along_next = [-0.0; LANES];
        for ((v, e), next) in v.iter_mut().zip(e).zip(next) {
            for k in 0..LANES {
                v[k] -= along[k] * e;
                along_next[k] += next * v[k];
            }
        }
        (e, along) = (next, along_next);
    }
    for (v, e) in v.iter_mut().zip(e) {
        (0..LANES).for_each(|k| v[k] -= along[k] * e);
    }
}

#[cfg(test)]
mod tests {
    use super::longer_than;
    use crate::rng::Rng;

    /// One vector after another.
    fn one_by_one(least: f64, count: usize, len: usize, rng: &mut Rng) -> Vec<f64> {
        let mut q: Vec<f64> = Vec::new();
        while q.len() < count * len {
            let mut v: Vec<f64> = (0..len).map(|_| rng.normal()).collect();
            for _ in 0..2 {
                for e in q.chunks_exact(len) {
                    let along: f64 = e.iter().zip(&v).map(|(e, v)| e * v).sum();
                    v.iter_mut().zip(e).for_each(|(v, e)| *v -= along * e);
                }
            }
            let size = v.iter().map(|v| v * v).sum::<f64>().sqrt();
            if size > least {
                q.extend(v.iter().map(|v| v / size));
            }
        }
        q
    }

    #[test]
    fn vectors_that_are_projected_together_have_the_bits_of_one_after_another() {
        for (count, len) in [(0, 3), (1, 1), (2, 2), (5, 9), (8, 8), (9, 9), (16, 40), (31, 33)] {
            // Of a square system every third last vector is shorter than ½, and drawn again.
            for least in [1e-8, 0.5] {
                let [mut rng, mut own] = [Rng::seed(7), Rng::seed(7)];
                let found = longer_than(least, "test", count, len, &mut rng).unwrap();
                let expected = one_by_one(least, count, len, &mut own);
                let bits = |q: &[f64]| q.iter().map(|x| x.to_bits()).collect::<Vec<_>>();
                assert!(bits(&found) == bits(&expected), "{count} of {len}, {least}");
                // As many draws, no more.
                assert_eq!(rng, own, "{count} of {len}, {least}");
            }
        }
    }
}
