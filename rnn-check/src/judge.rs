//! One law on one case: the verdict, a panic included.

use crate::case::Case;
use crate::claims::Feature;
use crate::drive::message;
use crate::law::{Context, Law, Stop, Verdict, fail};
use crate::quiet::quietly;
use crate::real::Real;

/// The verdict on one case; a panic is a failure with its message.
pub(crate) fn judge<T: Real>(ctx: &Context<'_, T>, law: &Law<T>, case: &Case) -> Verdict {
    quietly(|| (law.check)(ctx, case)).unwrap_or_else(|(panic, place)| {
        Err(match panic.downcast_ref::<Feature>() {
            Some(&feature) => Stop::Unsupported(feature),
            None => fail(format!("it panicked: {} ({place})", message(&*panic))),
        })
    })
}
