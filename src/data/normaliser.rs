//! `z = (x − m) / s` for each column: features brought to one scale, and back.

use super::Sequences;
use crate::error::{Error, Result, check_len};
use crate::memory::reserve;
use rnn_kernels::Scalar;
use serde::{Deserialize, Serialize};

/// What columns are brought to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scaling {
    /// Mean 0 and standard deviation 1: `m` the mean, `s = √(Σ (x − m)² / M)`.
    Standard,
    /// From 0 to 1: `m` the least, `s` the largest minus the least.
    MinMax,
}

/// `z = (x − m) / s` and back, `x = z · s + m`, with an `m` and an `s` for each column.
///
/// Both are computed in `f64`, whatever the numbers are, from sums in the order of the rows. In a column that is constant `m` is that
/// constant and `s` is 1: it becomes 0, and comes back exactly.
///
/// Accuracy: `z` and then `x` are each rounded to their type, with unit roundoff `u`, so that a number comes back with an error of
/// `u (|x − m| + |x|)` and of as much in `f64`, times three for the operations there.
///
/// Fit it to the rows to train on alone: what others are scaled by must not know them.
///
/// ```
/// use recurrent::data::{Normaliser, Scaling};
/// let mut x = [1.0_f32, 5.0, 3.0, 5.0]; // two steps of two columns
/// let normaliser = Normaliser::fit(Scaling::Standard, &x, 2)?;
/// normaliser.apply(&mut x)?;
/// assert_eq!(x, [-1.0, 0.0, 1.0, 0.0]);
/// normaliser.invert(&mut x)?;
/// assert_eq!(x, [1.0, 5.0, 3.0, 5.0]);
/// # Ok::<(), recurrent::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Columns", into = "Columns")]
pub struct Normaliser {
    columns: Columns,
}

/// As a file keeps them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Columns {
    /// `m`.
    shift: Vec<f64>,
    /// `s`, above 0.
    scale: Vec<f64>,
}

impl Normaliser {
    /// Of numbers `[M, C]`, `width` of them in a row.
    ///
    /// # Errors
    /// [`Error::Range`] if there are no columns or rows, [`Error::Len`] if there is no whole number of rows, [`Error::NotFinite`] if a number is
    /// not finite, or so large that a sum or a difference is not; [`Error::Memory`].
    pub fn fit<T: Scalar>(scaling: Scaling, values: &[T], width: usize) -> Result<Self> {
        if width == 0 {
            return Err(Error::range("normaliser, columns", "at least 1", 0));
        }
        check_len("values [M, C]", values.len() / width * width, values.len())?;
        if values.is_empty() {
            return Err(Error::range("normaliser, rows to fit to", "at least 1", 0));
        }
        if let Some(index) = values.iter().position(|x| !x.to_f64().is_finite()) {
            return Err(Error::NotFinite { what: "values [M, C]".into(), index, found: values[index].to_f64() });
        }
        let (mut shift, mut scale) = (Vec::new(), Vec::new());
        reserve("normaliser", &mut shift, width)?;
        reserve("normaliser", &mut scale, width)?;
        for c in 0..width {
            let column = || values[c..].iter().step_by(width).map(|x| x.to_f64());
            let (m, s) = fit(scaling, column);
            if let Some(&found) = [m, s].iter().find(|number| !number.is_finite()) {
                return Err(Error::NotFinite { what: format!("column {c}, mean and deviation"), index: c, found });
            }
            shift.push(m);
            scale.push(s);
        }
        Ok(Self { columns: Columns { shift, scale } })
    }

    /// Of the features of all rows of a data set.
    ///
    /// # Errors
    /// [`Error::Kind`] if its rows are symbols, and those of [`fit`](Self::fit).
    pub fn fit_sequences<T: Scalar>(scaling: Scaling, data: &Sequences<T>) -> Result<Self> {
        Self::fit(scaling, data.flat_features(), width_of(data)?)
    }

    /// `C`.
    #[must_use]
    pub fn width(&self) -> usize {
        self.columns.shift.len()
    }

    /// `x ← (x − m) / s` for numbers `[M, C]`.
    ///
    /// # Errors
    /// [`Error::Len`] if there is no whole number of rows; nothing changes then.
    pub fn apply<T: Scalar>(&self, values: &mut [T]) -> Result<()> {
        self.each(values, |x, m, s| (x - m) / s)
    }

    /// `z ← z · s + m` for numbers `[M, C]`: what was [applied](Self::apply), undone.
    ///
    /// # Errors
    /// As there.
    pub fn invert<T: Scalar>(&self, values: &mut [T]) -> Result<()> {
        self.each(values, |z, m, s| z * s + m)
    }

    /// [`apply`](Self::apply) to the features of all rows of a data set; so targets that are next steps are scaled, too, and others are not.
    ///
    /// # Errors
    /// [`Error::Kind`] if rows are symbols, [`Error::Len`] if they have another width; nothing changes then.
    pub fn apply_to<T: Scalar>(&self, data: &mut Sequences<T>) -> Result<()> {
        check_len("features of a step", self.width(), width_of(data)?)?;
        self.apply(data.flat_features_mut())
    }

    /// The normaliser of these columns alone, in this order: of targets that are some of the features.
    ///
    /// # Errors
    /// [`Error::Range`] if there are none or there is no such column.
    pub fn columns(&self, columns: &[usize]) -> Result<Self> {
        if columns.is_empty() {
            return Err(Error::range("normaliser, columns", "at least 1", 0));
        }
        let (mut shift, mut scale) = (Vec::new(), Vec::new());
        reserve("normaliser", &mut shift, columns.len())?;
        reserve("normaliser", &mut scale, columns.len())?;
        for &c in columns {
            if c >= self.width() {
                return Err(Error::range("normaliser, column", format!("below {}", self.width()), c));
            }
            shift.push(self.columns.shift[c]);
            scale.push(self.columns.scale[c]);
        }
        Ok(Self { columns: Columns { shift, scale } })
    }

    fn each<T: Scalar>(&self, values: &mut [T], f: impl Fn(f64, f64, f64) -> f64) -> Result<()> {
        let Columns { shift, scale } = &self.columns;
        check_len("values [M, C]", values.len() / shift.len() * shift.len(), values.len())?;
        for row in values.chunks_exact_mut(shift.len()) {
            for ((x, &m), &s) in row.iter_mut().zip(shift).zip(scale) {
                *x = T::from_f64(f(x.to_f64(), m, s));
            }
        }
        Ok(())
    }
}

fn width_of<T: Scalar>(data: &Sequences<T>) -> Result<usize> {
    data.width().ok_or_else(|| Error::kind("normaliser", "rows of features", "symbols"))
}

/// `m` and `s` of a column of finite numbers; those that do not fit into `f64` are not finite.
fn fit<I: Iterator<Item = f64>>(scaling: Scaling, column: impl Fn() -> I) -> (f64, f64) {
    let (least, largest) = column().fold((f64::INFINITY, f64::NEG_INFINITY), |(a, b), x| (a.min(x), b.max(x)));
    if least == largest {
        return (least, 1.0);
    }
    if scaling == Scaling::MinMax {
        return (least, largest - least);
    }
    #[allow(clippy::cast_precision_loss)] // rows beyond 2⁵³ do not fit into memory
    let rows = column().count() as f64;
    let mean = column().sum::<f64>() / rows;
    // Squares of the differences themselves would overflow or vanish long before these.
    let furthest = (mean - least).max(largest - mean);
    let squares: f64 = column().map(|x| ((x - mean) / furthest) * ((x - mean) / furthest)).sum();
    let deviation = furthest * Scalar::sqrt(squares / rows);
    // Differences that are the least of all numbers have none.
    (mean, if deviation > 0.0 { deviation } else { furthest })
}

impl TryFrom<Columns> for Normaliser {
    type Error = Error;

    fn try_from(columns: Columns) -> Result<Self> {
        let Columns { shift, scale } = &columns;
        if shift.is_empty() {
            return Err(Error::format("normaliser", "at least one column", "none"));
        }
        check_len("normaliser, scale", shift.len(), scale.len())?;
        if let Some(c) = (0..shift.len()).find(|&c| !(shift[c].is_finite() && scale[c].is_finite() && scale[c] > 0.0)) {
            let found = format!("{} and {}", shift[c], scale[c]);
            return Err(Error::format(format!("normaliser, column {c}"), "finite numbers, the scale above 0", found));
        }
        Ok(Self { columns })
    }
}

impl From<Normaliser> for Columns {
    fn from(normaliser: Normaliser) -> Self {
        normaliser.columns
    }
}

#[cfg(test)]
mod tests {
    use super::{Normaliser, Scaling};
    use crate::data::{Input, Sequences, TargetKind};
    use crate::rng::Rng;
    use rnn_kernels::Scalar;

    const BOTH: [Scaling; 2] = [Scaling::Standard, Scaling::MinMax];

    #[test]
    fn columns_have_mean_0_and_deviation_1_or_run_from_0_to_1() {
        let values = [1.0, 10.0, 2.0, 30.0, 3.0, 20.0];
        let applied = |scaling| {
            let mut z = values;
            Normaliser::fit(scaling, &values, 2).unwrap().apply(&mut z).unwrap();
            z
        };
        assert_eq!(applied(Scaling::MinMax), [0.0, 0.0, 0.5, 1.0, 1.0, 0.5]);
        let z = applied(Scaling::Standard);
        // Three roundings of numbers below 2.
        let close = |a: f64, b: f64| (a - b).abs() <= 3.0 * f64::EPSILON;
        let end = 1.5_f64.sqrt();
        let expected = [-end, -end, 0.0, end, end, 0.0];
        assert!(z.iter().zip(expected).all(|(&z, expected)| close(z, expected)), "{z:?}");
    }

    fn comes_back<T: Scalar>(seed: u64) {
        let mut rng = Rng::seed(seed);
        for scaling in BOTH {
            let values: Vec<T> = (0..300).map(|k| T::from_f64(rng.normal() * [1e-3, 1.0, 1e5][k % 3] + 7.0)).collect();
            let normaliser = Normaliser::fit(scaling, &values, 3).unwrap();
            let mut x = values.clone();
            normaliser.apply(&mut x).unwrap();
            normaliser.invert(&mut x).unwrap();
            for (k, (x, before)) in x.iter().zip(&values).enumerate() {
                // The bound of the documentation: EPSILON is 2u, and terms in u² are below the second of the two halves.
                let (x, before, m) = (x.to_f64(), before.to_f64(), normaliser.columns.shift[k % 3]);
                let bound = (0.51 * T::EPSILON.to_f64() + 1.51 * f64::EPSILON) * ((before - m).abs() + before.abs());
                assert!((x - before).abs() <= bound, "{scaling:?} {k}: {before:e} came back as {x:e}");
            }
        }
    }

    #[test]
    fn numbers_come_back_within_rounding() {
        comes_back::<f32>(1);
        comes_back::<f64>(2);
    }

    #[test]
    fn a_row_that_is_not_whole_is_refused_and_nothing_changes() {
        let normaliser = Normaliser::fit(Scaling::MinMax, &[1.0, 10.0, 3.0, 30.0], 2).unwrap();
        let mut values = [1.0, 10.0, 2.0];
        for refused in [normaliser.apply(&mut values), normaliser.invert(&mut values)] {
            assert_eq!(refused.unwrap_err().to_string(), "values [M, C]: expected 2 elements, found 3");
        }
        assert_eq!(values, [1.0, 10.0, 2.0]);
    }

    #[test]
    fn a_constant_column_becomes_0_and_comes_back_exactly() {
        // The mean of so many 0.1 in f64 is another number.
        let values = [0.1_f64; 10];
        for scaling in BOTH {
            let normaliser = Normaliser::fit(scaling, &values, 1).unwrap();
            let mut x = values;
            normaliser.apply(&mut x).unwrap();
            assert_eq!(x, [0.0; 10]);
            normaliser.invert(&mut x).unwrap();
            assert_eq!(x, values);
        }
    }

    #[test]
    fn the_largest_and_the_least_differences_have_a_scale() {
        for values in [[1e300, -1e300], [5e-324, 0.0], [1e-200, 2e-200]] {
            for scaling in BOTH {
                let mut z = values;
                Normaliser::fit(scaling, &values, 1).unwrap().apply(&mut z).unwrap();
                assert!(z.iter().all(|z| z.is_finite()) && z[0] != z[1], "{values:?} became {z:?}");
            }
        }
    }

    #[test]
    fn what_cannot_be_fitted_is_an_error_that_says_why() {
        let message =
            |values: &[f64], width| Normaliser::fit(Scaling::Standard, values, width).unwrap_err().to_string();
        assert_eq!(message(&[1.0], 0), "normaliser, columns: expected at least 1, found 0");
        assert_eq!(message(&[], 2), "normaliser, rows to fit to: expected at least 1, found 0");
        assert_eq!(message(&[1.0; 3], 2), "values [M, C]: expected 2 elements, found 3");
        assert_eq!(message(&[1.0, f64::NAN], 2), "values [M, C]: expected finite numbers, found NaN at flat index 1");
        assert!(message(&[1e308, 1e308, 0.0], 1).starts_with("column 0, mean and deviation: expected finite numbers"));
    }

    #[test]
    fn a_data_set_is_scaled_by_its_features_and_columns_can_be_picked() {
        let mut data = Sequences::features(2, TargetKind::NextStep).unwrap();
        data.push(Input::Features(&[1.0, 10.0, 3.0, 10.0])).unwrap();
        data.push(Input::Features(&[2.0, 20.0])).unwrap();
        let normaliser = Normaliser::fit_sequences(Scaling::MinMax, &data).unwrap();
        normaliser.apply_to(&mut data).unwrap();
        assert_eq!(data.flat_features(), [0.0, 0.0, 1.0, 0.0, 0.5, 1.0]);
        let mut second = [0.5];
        normaliser.columns(&[1]).unwrap().invert(&mut second).unwrap();
        assert_eq!(second, [15.0]);
        assert!(normaliser.columns(&[2]).is_err() && normaliser.columns(&[]).is_err());
        let symbols = Sequences::<f64>::symbols(TargetKind::Nothing).unwrap();
        assert!(Normaliser::fit_sequences(Scaling::MinMax, &symbols).is_err());
        assert!(normaliser.apply_to(&mut Sequences::<f64>::features(3, TargetKind::Nothing).unwrap()).is_err());
    }

    #[test]
    fn a_stored_normaliser_is_examined() {
        let normaliser = Normaliser::fit(Scaling::Standard, &[0.1, 0.7, 0.2], 1).unwrap();
        let json = serde_json::to_string(&normaliser).unwrap();
        assert_eq!(serde_json::from_str::<Normaliser>(&json).unwrap(), normaliser);
        for bad in [
            r#"{"shift": [], "scale": []}"#,
            r#"{"shift": [1.0], "scale": []}"#,
            r#"{"shift": [1.0], "scale": [0.0]}"#,
            r#"{"shift": [1.0], "scale": [-1.0]}"#,
        ] {
            assert!(serde_json::from_str::<Normaliser>(bad).is_err(), "{bad}");
        }
    }
}
