//! The same numbers as another kind: towards zero, truth as 1.

use super::super::room::Room;
use super::super::tensor::{Data, Kind, Tensor};
use crate::error::{Error, Result};

/// A real number whose whole part does not fit into the kind is refused, as NaN is; so is a whole number that does not fit.
pub(super) fn cast(x: &Tensor, to: Kind, y: &mut Tensor, room: &mut Room) -> Result<()> {
    if x.kind() == to {
        return y.copy_as(x, x.shape(), room);
    }
    y.reset(to, x.shape(), room)?;
    match &mut y.data {
        #[expect(clippy::cast_precision_loss, reason = "rounded once, to the nearest")]
        Data::F32(y) => match x.data() {
            Data::I64(x) => y.iter_mut().zip(x).for_each(|(y, &x)| *y = x as f32),
            Data::I32(x) => y.iter_mut().zip(x).for_each(|(y, &x)| *y = x as f32),
            Data::Bool(x) => y.iter_mut().zip(x).for_each(|(y, &x)| *y = f32::from(u8::from(x))),
            Data::F32(_) => {}
        },
        Data::Bool(y) => match x.data() {
            Data::F32(x) => y.iter_mut().zip(x).for_each(|(y, &x)| *y = x != 0.0),
            Data::I64(x) => y.iter_mut().zip(x).for_each(|(y, &x)| *y = x != 0),
            Data::I32(x) => y.iter_mut().zip(x).for_each(|(y, &x)| *y = x != 0),
            Data::Bool(_) => {}
        },
        Data::I64(y) => {
            for (k, y) in y.iter_mut().enumerate() {
                *y = whole(x, k)?;
            }
        }
        Data::I32(y) => {
            for (k, y) in y.iter_mut().enumerate() {
                let found = whole(x, k)?;
                let wrong = |_| Error::range(format!("element {k}"), "a whole number of 32 bits", found);
                *y = i32::try_from(found).map_err(wrong)?;
            }
        }
    }
    Ok(())
}

/// Element `k` as a whole number.
fn whole(x: &Tensor, k: usize) -> Result<i64> {
    match x.data() {
        Data::I64(x) => Ok(x[k]),
        Data::I32(x) => Ok(i64::from(x[k])),
        Data::Bool(x) => Ok(i64::from(x[k])),
        // −2⁶³ ≤ x < 2⁶³, which NaN is not.
        #[expect(clippy::cast_possible_truncation, reason = "within its range, and towards zero")]
        Data::F32(x) if (-9_223_372_036_854_775_808.0..9_223_372_036_854_775_808.0).contains(&x[k]) => Ok(x[k] as i64),
        Data::F32(x) => Err(Error::range(format!("element {k}"), "a whole number of 64 bits", x[k])),
    }
}
