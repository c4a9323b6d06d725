//! The operands of one row of a stage as a program asks for them: place by place, some units at a time.

use super::unit::{UnitBackward, UnitForward};
use crate::accum::Accum;
use crate::program::{Operands, Place};
use crate::scalar::Scalar;
use core::ops::Range;

/// One row of a stage, for a program.
pub(crate) struct Row<'u, U> {
    pub(crate) unit: &'u mut U,
    pub(crate) n: usize,
}

impl<T: Scalar> Operands<T> for Row<'_, UnitForward<'_, T>> {
    fn width(&self) -> usize {
        self.unit.width()
    }

    fn load(&self, place: Place, units: Range<usize>) -> &[T] {
        let Self { unit, n } = self;
        match place {
            Place::Pre(j) => {
                let pre = &unit.reserve[unit.memory.pre(unit.stage, unit.t, *n)];
                &pre[j * unit.width()..][units]
            }
            Place::Read(j) => &unit.read(j, *n)[units],
            Place::Vector(j) => &unit.vector(j)[units],
            Place::Kept(_) | Place::Write(_) | Place::Cotangent(_) => unreachable!("forward loads none of these"),
        }
    }

    fn store(&mut self, place: Place, units: Range<usize>) -> Option<(Accum, &mut [T])> {
        let Self { unit, n } = self;
        let width = unit.width();
        Some((
            Accum::Replace,
            match place {
                Place::Pre(j) => &mut unit.pre(*n)[j * width..][units],
                Place::Write(j) => &mut unit.write(j, *n)[units],
                _ => unreachable!("forward stores what is kept and written"),
            },
        ))
    }
}

impl<T: Scalar> Operands<T> for Row<'_, UnitBackward<'_, T>> {
    fn width(&self) -> usize {
        self.unit.width()
    }

    fn load(&self, place: Place, units: Range<usize>) -> &[T] {
        let Self { unit, n } = self;
        match place {
            Place::Kept(j) => &unit.kept(*n)[j * unit.width()..][units],
            Place::Read(j) => &unit.read(j, *n)[units],
            Place::Vector(j) => &unit.vector(j)[units],
            Place::Write(j) => &unit.written(j, *n)[units],
            Place::Cotangent(j) => &unit.d_written(j, *n)[units],
            Place::Pre(_) => unreachable!("a pullback reads what is kept"),
        }
    }

    fn store(&mut self, place: Place, units: Range<usize>) -> Option<(Accum, &mut [T])> {
        let Self { unit, n } = self;
        let width = unit.width();
        match place {
            Place::Pre(j) => Some((Accum::Replace, &mut unit.d_pre(*n)[j * width..][units])),
            Place::Read(j) => unit.d_read(j, *n).map(|(accum, d)| (accum, &mut d[units])),
            Place::Vector(j) => Some((Accum::Add, &mut unit.d_vector(j)[units])),
            _ => unreachable!("a pullback stores cotangents of operands"),
        }
    }
}
