//! The same numbers as another kind: towards zero, truth as 1.

use super::super::room::Room;
use super::super::tensor::{Data, Kind, Tensor};
use crate::error::{Error, Result};

/// Real numbers that have no whole number of the kind are refused; so is a whole one that does not fit.
pub(super) fn cast(x: &Tensor, to: Kind, y: &mut Tensor, room: &mut Room) -> Result<()> {
    if x.kind() == to {
        return y.copy_as(x, x.shape(), room);
    }
    y.reset(to, x.shape(), room)?;
    let number = |k: usize| match x.data() {
        // Exact: 24 bits in 53.
        Data::F32(x) => f64::from(x[k]),
        Data::I32(x) => f64::from(x[k]),
        Data::Bool(x) => f64::from(x[k]),
        #[expect(clippy::cast_precision_loss, reason = "f32 keeps fewer digits, and the others are taken whole")]
        Data::I64(x) => x[k] as f64,
    };
    let whole = |k: usize| -> Result<i64> {
        if let Data::I64(x) = x.data() {
            return Ok(x[k]);
        }
        let found = number(k).trunc();
        // −2⁶³ ≤ x < 2⁶³; NaN is neither.
        if (-9_223_372_036_854_775_808.0..9_223_372_036_854_775_808.0).contains(&found) {
            #[expect(clippy::cast_possible_truncation, reason = "within its range")]
            return Ok(found as i64);
        }
        Err(Error::range(format!("element {k}"), "a whole number of 64 bits", number(k)))
    };
    match &mut y.data {
        #[expect(clippy::cast_possible_truncation, reason = "to the nearest")]
        Data::F32(y) => y.iter_mut().enumerate().for_each(|(k, y)| *y = number(k) as f32),
        Data::Bool(y) => y.iter_mut().enumerate().for_each(|(k, y)| *y = number(k) != 0.0),
        Data::I64(y) => {
            for (k, y) in y.iter_mut().enumerate() {
                *y = whole(k)?;
            }
        }
        Data::I32(y) => {
            for (k, y) in y.iter_mut().enumerate() {
                let found = whole(k)?;
                *y = i32::try_from(found)
                    .map_err(|_| Error::range(format!("element {k}"), "a whole number of 32 bits", found))?;
            }
        }
    }
    Ok(())
}
