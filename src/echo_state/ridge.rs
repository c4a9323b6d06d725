//! `W = argmin Σ ‖y − W z‖² + λ ‖W‖²`: `(Σ z zᵀ + λ I) Wᵀ = Σ z yᵀ`, by Cholesky's factorisation.
//!
//! Written here and not taken from faer, so that a readout has the same bits with every set of features and on every machine: everything is
//! additions, products, quotients and square roots in one fixed order. A readout of 1000 numbers takes `D³/3` multiply-adds, a third of a second.

use crate::error::{Error, Result, check_len, checked_product};
use crate::memory::zeros;

/// The sums of a linear regression from `z [D]` to `y [O]`.
#[derive(Clone, Debug, PartialEq)]
pub struct Ridge {
    inputs: usize,
    outputs: usize,
    count: usize,
    /// `[D, D]`: the lower half of `Σ z zᵀ`.
    gram: Vec<f64>,
    /// `[D, O]`: `Σ z yᵀ`.
    moments: Vec<f64>,
}

impl Ridge {
    /// No examples yet.
    ///
    /// # Errors
    /// [`Error::Range`] if a width is 0, [`Error::Overflow`] or [`Error::Memory`] if the sums do not fit.
    pub fn new(inputs: usize, outputs: usize) -> Result<Self> {
        if inputs == 0 || outputs == 0 {
            return Err(Error::range("ridge: widths", "at least 1", format!("{inputs} and {outputs}")));
        }
        let gram = zeros("ridge", checked_product("ridge", &[inputs, inputs])?)?;
        let moments = zeros("ridge", checked_product("ridge", &[inputs, outputs])?)?;
        Ok(Self { inputs, outputs, count: 0, gram, moments })
    }

    /// How many examples were added.
    #[must_use]
    pub fn count(&self) -> usize {
        self.count
    }

    /// One more example.
    ///
    /// # Errors
    /// [`Error::Len`] if a width is wrong; nothing is added then.
    pub fn add(&mut self, z: &[f64], y: &[f64]) -> Result<()> {
        check_len("ridge: z", self.inputs, z.len())?;
        check_len("ridge: y", self.outputs, y.len())?;
        for (i, &zi) in z.iter().enumerate() {
            let (gram, moments) =
                (&mut self.gram[i * self.inputs..][..=i], &mut self.moments[i * self.outputs..][..self.outputs]);
            gram.iter_mut().zip(z).for_each(|(sum, z)| *sum += zi * z);
            moments.iter_mut().zip(y).for_each(|(sum, y)| *sum += zi * y);
        }
        self.count += 1;
        Ok(())
    }

    /// `W [O, D]` with this `λ`, which all weights bear alike.
    ///
    /// # Errors
    /// [`Error::Range`] if `λ` is negative or not finite, there is no example, or the matrix is not positive definite in f64: `λ` is too small
    /// then for how the examples depend on each other. [`Error::Memory`] if there is no room for a copy.
    pub fn solve(&self, lambda: f64) -> Result<Vec<f64>> {
        if !(lambda >= 0.0 && lambda.is_finite()) {
            return Err(Error::range("ridge: λ", "a finite number ≥ 0", lambda));
        }
        if self.count == 0 {
            return Err(Error::range("ridge: number of examples", "at least 1", 0));
        }
        let (d, o) = (self.inputs, self.outputs);
        let mut l = zeros("ridge", d * d)?;
        l.copy_from_slice(&self.gram);
        (0..d).for_each(|i| l[i * d + i] += lambda);
        factor(&mut l, d)?;
        let mut x = zeros("ridge", d * o)?;
        x.copy_from_slice(&self.moments);
        substitute(&l, &mut x, [d, o]);
        let mut w = zeros("ridge", d * o)?;
        (0..d * o).for_each(|k| w[k % o * d + k / o] = x[k]);
        Ok(w)
    }
}

/// `A = L Lᵀ`, in place of the lower half.
fn factor(a: &mut [f64], d: usize) -> Result<()> {
    for i in 0..d {
        let (above, row) = a.split_at_mut(i * d);
        for j in 0..=i {
            let of_j = if j < i { &above[j * d..][..=j] } else { &[][..] };
            let sum: f64 = row[..j].iter().zip(of_j).map(|(a, b)| a * b).sum();
            if j < i {
                row[j] = (row[j] - sum) / of_j[j];
            } else {
                let squares: f64 = row[..i].iter().map(|l| l * l).sum();
                let pivot = row[i] - squares;
                // What is below the rounding of the difference is noise, whatever its sign (Higham 2002, theorem 10.3).
                #[allow(clippy::cast_precision_loss)] // widths are far below 2⁵³
                let noise = (d + 2) as f64 * f64::EPSILON * row[i];
                if !(pivot > noise && pivot.is_finite()) {
                    let expected = format!("above {noise:e}; enlarge λ");
                    return Err(Error::range(format!("ridge: pivot {i}"), expected, pivot));
                }
                row[i] = pivot.sqrt();
            }
        }
    }
    Ok(())
}

/// `L Lᵀ X = B`, in place of `B [D, O]`.
fn substitute(l: &[f64], x: &mut [f64], [d, o]: [usize; 2]) {
    for i in 0..d {
        let (before, row) = x.split_at_mut(i * o);
        for (j, &lij) in l[i * d..][..i].iter().enumerate() {
            row[..o].iter_mut().zip(&before[j * o..]).for_each(|(x, b)| *x -= lij * b);
        }
        row[..o].iter_mut().for_each(|x| *x /= l[i * d + i]);
    }
    for i in (0..d).rev() {
        let (head, after) = x.split_at_mut((i + 1) * o);
        let row = &mut head[i * o..];
        for j in i + 1..d {
            let lji = l[j * d + i];
            row.iter_mut().zip(&after[(j - i - 1) * o..]).for_each(|(x, b)| *x -= lji * b);
        }
        row.iter_mut().for_each(|x| *x /= l[i * d + i]);
    }
}
