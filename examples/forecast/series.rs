//! `z = (g(x) − m) / s`: a series and the scale it is forecast on.

use recurrent::data::{CsvOptions, Normaliser, Scaling, read_csv};
use recurrent::{Error, Result};
use std::path::Path;

/// The numbers of a column, in the order of time.
pub fn read(file: &Path, column: &str) -> Result<Vec<f64>> {
    Ok(read_csv(file, &CsvOptions::new().columns([column]))?.column(column)?.collect())
}

/// `g` and its inverse, then a mean of 0 and a deviation of 1, which know the past alone.
#[derive(Clone, Debug)]
pub struct Scale {
    /// Whether `g` is the square root: what is counted varies the more, the more there is of it, and its root does not.
    root: bool,
    normaliser: Normaliser,
}

impl Scale {
    /// Of the numbers up to the test.
    pub fn fit(past: &[f64], root: bool) -> Result<Self> {
        if let Some(negative) = past.iter().find(|&&x| root && x < 0.0) {
            return Err(Error::format("a series on the scale of its roots", "numbers ≥ 0", negative));
        }
        let bent: Vec<f64> = past.iter().map(|x| if root { x.sqrt() } else { *x }).collect();
        Ok(Self { root, normaliser: Normaliser::fit(Scaling::Standard, &bent, 1)? })
    }

    /// `z` of `x`; what is below 0 has the root of 0.
    pub fn apply(&self, x: &[f64]) -> Result<Vec<f64>> {
        let mut z: Vec<f64> = x.iter().map(|x| if self.root { x.max(0.0).sqrt() } else { *x }).collect();
        self.normaliser.apply(&mut z)?;
        Ok(z)
    }

    /// `x` of `z`.
    pub fn invert(&self, z: &[f64]) -> Result<Vec<f64>> {
        let mut x = z.to_vec();
        self.normaliser.invert(&mut x)?;
        if self.root {
            x.iter_mut().for_each(|x| *x = x.max(0.0).powi(2));
        }
        Ok(x)
    }
}

#[cfg(test)]
mod tests {
    use super::Scale;

    #[test]
    fn what_is_scaled_comes_back() {
        let past = [0.0, 1.0, 4.0, 9.0, 25.0];
        for root in [false, true] {
            let scale = Scale::fit(&past, root).unwrap();
            let back = scale.invert(&scale.apply(&[16.0, 2.0]).unwrap()).unwrap();
            assert!((back[0] - 16.0).abs() < 1e-12 && (back[1] - 2.0).abs() < 1e-12, "{back:?}");
        }
    }

    #[test]
    fn on_the_scale_of_roots_no_forecast_is_negative() {
        let scale = Scale::fit(&[1.0, 4.0, 9.0], true).unwrap();
        assert_eq!(scale.invert(&[-100.0]).unwrap(), [0.0]);
        assert!(Scale::fit(&[1.0, -4.0], true).is_err());
    }
}
