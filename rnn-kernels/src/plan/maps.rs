//! `[a, c] ⇄ [a, b, c]`: the fixed maps of a stage with the sizes of a layer.
//!
//! A part of a gate is a map without repeats into some of its columns.

use super::{Size, SizeError};
use crate::accum::Accum;
use crate::form::{Factor, Form, Product, Slot};
use crate::plan::Home;
use core::ops::Range;

/// The axes of a fixed map. The narrow side is `[outer, inner]`, the wide one `[outer, repeats, inner]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Axes {
    /// How often there is a group of repeats.
    pub outer: usize,
    /// How often a narrow element stands on the wide side.
    pub repeats: usize,
    /// How many neighbours stay together.
    pub inner: usize,
}

/// Which way a fixed map goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Way {
    /// From the narrow side to the wide one: every element is repeated.
    Spread,
    /// From the wide side to the narrow one: repeats are summed.
    Sum,
    /// From the wide side to the narrow one: repeats are summed and divided by their number.
    Mean,
}

/// A fixed map: `pre[cols] += F · slot`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Map {
    /// What it is taken of.
    pub of: Slot,
    /// Which way it goes.
    pub way: Way,
    /// Between which sides.
    pub axes: Axes,
    /// Where the first of its pre-activations lies.
    pub home: Home,
    /// Which columns of the cotangents of all pre-activations of a step it has.
    pub cols: Range<usize>,
    /// Whether forward overwrites its pre-activations: nothing else is added to them before.
    pub forward: Accum,
    /// Whether its part of the cotangent of the slot is the first of a step.
    pub backward: Accum,
}

impl Axes {
    /// The width of the narrow side.
    #[must_use]
    pub const fn narrow(self) -> usize {
        self.outer * self.inner
    }

    /// The width of the wide side.
    #[must_use]
    pub const fn wide(self) -> usize {
        self.outer * self.repeats * self.inner
    }
}

/// The axes of a product of stage `s` with so many gates that multiplies by no matrix, and the first of its columns among those of the
/// gates; `None` if it does.
pub(super) fn axes(
    form: &Form,
    size: Size,
    s: usize,
    product: &Product,
    gates: usize,
) -> Option<Result<(Way, Axes, usize), SizeError>> {
    let of = form.slot_width(product.of).map_or(size.input, |width| size.width(width));
    let out = size.width(form.stages[s].width) * gates;
    if let Factor::Part { at, of: parts } = product.factor {
        let axes = Axes { outer: 1, repeats: 1, inner: of };
        let fits = of > 0 && of.checked_mul(parts) == Some(out);
        return Some(if fits {
            Ok((Way::Spread, axes, at * of))
        } else {
            Err(SizeError::Parts { cell: form.name.clone(), stage: s, of, parts, out })
        });
    }
    let inner = product.factor.inner()?;
    let way = match product.factor {
        Factor::Spread { .. } => Way::Spread,
        Factor::Sum { .. } => Way::Sum,
        Factor::Mean { .. } => Way::Mean,
        Factor::Matrix(_) | Factor::Heads { .. } | Factor::Part { .. } => return None,
    };
    let inner = size.width(inner);
    let (narrow, wide) = if way == Way::Spread { (of, out) } else { (out, of) };
    let fits = narrow > 0 && wide.is_multiple_of(narrow) && inner > 0 && narrow.is_multiple_of(inner) && wide > 0;
    Some(if fits {
        Ok((way, Axes { outer: narrow / inner, repeats: wide / narrow, inner }, 0))
    } else {
        Err(SizeError::Axes { cell: form.name.clone(), stage: s, narrow, wide, inner })
    })
}
