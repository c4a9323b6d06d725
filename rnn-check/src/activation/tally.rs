//! What one function of one backend did on a run of neighbours, and the sum over runs.

use super::Function;
use super::exact::Settled;
use super::format::Format;
use super::inputs::Run;
use super::table::{Cell, Place, Row, SpecialValue, Violations};

/// Cells of the curve for each sign: quarters of the binades from 2⁻¹⁴ to 2¹⁰, all below, all beyond.
const CELLS: usize = 24 * 4 + 2;

/// Where the curve begins to be divided.
const LOWEST: i32 = -14;

/// Results of one run: `f(a)` and `f(−a)` for its magnitudes `a`, and for the one above them if that is finite.
#[derive(Debug)]
pub(super) struct Results<'a, T: Format> {
    pub a: &'a [T],
    pub of_plus: &'a [T],
    pub of_minus: &'a [T],
    pub exact_plus: &'a [T::Exact],
    pub exact_minus: &'a [T::Exact],
}

/// The sum over the runs of one thread.
#[derive(Clone, Debug)]
pub(super) struct Tally {
    function: Function,
    inputs: u64,
    worst: Place,
    misrounded: u64,
    double_roundings: u64,
    undecided: u64,
    decreasing: Violations,
    step_back: u64,
    odd: Violations,
    complement: Place,
    outside: Violations,
    nan_lost: u64,
    digest: u64,
    pub(super) seconds: f64,
    /// The largest error of each cell, first for positive arguments, then for negative; `None` where there were none.
    curve: Vec<Option<f64>>,
    /// Errors of the run in hand.
    errors: Vec<f64>,
}

impl Tally {
    pub(super) fn new(function: Function) -> Self {
        Self {
            function,
            inputs: 0,
            worst: Place { ulp: 0.0, x: f64::INFINITY },
            misrounded: 0,
            double_roundings: 0,
            undecided: 0,
            decreasing: Violations::default(),
            step_back: 0,
            odd: Violations::default(),
            complement: Place { ulp: 0.0, x: f64::INFINITY },
            outside: Violations::default(),
            nan_lost: 0,
            digest: 0,
            seconds: 0.0,
            curve: vec![None; 2 * CELLS],
            errors: Vec::new(),
        }
    }

    /// NaN must stay NaN.
    pub(super) fn nan<T: Format>(&mut self, results: &[T]) {
        self.inputs += results.len() as u64;
        self.nan_lost += results.iter().filter(|y| !y.is_nan()).count() as u64;
    }

    /// All properties, on a run of finite arguments.
    pub(super) fn finite<T: Format>(&mut self, run: Run, results: &Results<'_, T>) {
        let Results { a, of_plus, of_minus, exact_plus, exact_minus } = *results;
        let n = run.len;
        self.inputs += 2 * n as u64;
        self.accuracy(a, &of_plus[..n], exact_plus, 0);
        self.accuracy(a, &of_minus[..n], exact_minus, T::SIGN);
        self.range(a, &of_plus[..n], 0);
        self.range(a, &of_minus[..n], T::SIGN);
        self.order(a, of_plus, of_minus);
        self.symmetry(a, &of_plus[..n], &of_minus[..n]);
        let weighted = |sign: u64, y: &[T]| {
            let term = |(i, y): (u64, &T)| y.bits().wrapping_mul((i | sign).wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
            (run.from..).zip(y).map(term).fold(0, u64::wrapping_add)
        };
        let of_run = weighted(0, &of_plus[..n]).wrapping_add(weighted(T::SIGN, &of_minus[..n]));
        self.digest = self.digest.wrapping_add(of_run);
    }

    fn accuracy<T: Format>(&mut self, a: &[T], y: &[T], exact: &[T::Exact], sign: u64) {
        let mut errors = std::mem::take(&mut self.errors);
        errors.clear();
        errors.extend(y.iter().zip(exact).map(|(&y, &exact)| T::error(y, exact)));
        let doubtful = |error: f64| error >= T::DOUBT || error.is_nan();
        if errors.iter().fold(false, |any, &error| any | doubtful(error)) {
            for i in (0..y.len()).filter(|&i| doubtful(errors[i])).collect::<Vec<_>>() {
                let x = T::from_bits(a[i].bits() | sign);
                errors[i] = self.settled(x, y[i], exact[i]);
            }
        }
        let largest = errors.iter().fold(0.0, |largest, &error| if error > largest { error } else { largest });
        if largest >= self.worst.ulp
            && let Some(i) = errors.iter().position(|&error| error == largest)
        {
            self.worst.see(Place { ulp: largest, x: signed(a[i], sign) });
        }
        if let Some(first) = a.first() {
            let cell = &mut self.curve[cell_of(first.to_f64()) + if sign == 0 { 0 } else { CELLS }];
            *cell = Some(cell.map_or(largest, |before| largest.max(before)));
        }
        self.errors = errors;
    }

    /// The error where it decides about rounding, counted.
    fn settled<T: Format>(&mut self, x: T, y: T, exact: T::Exact) -> f64 {
        let Settled { error, excess, decided } = T::settle(self.function, x, y, exact);
        if error.is_nan() {
            self.misrounded += 1;
            return f64::MAX;
        }
        if !decided {
            self.undecided += 1;
        } else if excess > 0.0 {
            self.misrounded += 1;
            self.double_roundings += u64::from(excess <= T::double_rounding(exact));
        }
        error.min(f64::MAX)
    }

    fn range<T: Format>(&mut self, a: &[T], y: &[T], sign: u64) {
        let low = if self.function == Function::Sigmoid { T::ZERO } else { -T::ONE };
        let outside = |y: T| y < low || y > T::ONE || y.is_nan();
        if y.iter().fold(false, |any, &y| any | outside(y)) {
            let at = a.iter().zip(y).filter(|&(_, &y)| outside(y));
            at.for_each(|(&a, _)| self.outside.see(signed(a, sign)));
        }
    }

    /// Results of neighbours, the last one's neighbour above included.
    fn order<T: Format>(&mut self, a: &[T], of_plus: &[T], of_minus: &[T]) {
        // Beside a NaN there is no correct order.
        let wrong = |low: T, high: T| low > high || low.is_nan() || high.is_nan();
        let pairs = of_plus.windows(2).zip(of_minus.windows(2));
        if pairs.fold(false, |any, (p, m)| any | wrong(p[0], p[1]) | wrong(m[1], m[0])) {
            for i in 0..of_plus.len() - 1 {
                if wrong(of_plus[i], of_plus[i + 1]) {
                    self.back(signed(a[i], 0), of_plus[i], of_plus[i + 1]);
                }
                if wrong(of_minus[i + 1], of_minus[i]) {
                    self.back(signed(a[i], T::SIGN), of_minus[i + 1], of_minus[i]);
                }
            }
        }
        if a[0].bits() == 0 && wrong(of_minus[0], of_plus[0]) {
            self.back(0.0, of_minus[0], of_plus[0]);
        }
    }

    /// The result `high` of the larger argument is below `low`; numbers of one sign, as σ and tanh are but at 0, are in the order of their bits.
    fn back<T: Format>(&mut self, x: f64, low: T, high: T) {
        self.decreasing.see(x);
        if !(low.is_nan() || high.is_nan()) {
            self.step_back = self.step_back.max(low.bits().abs_diff(high.bits()));
        }
    }

    fn symmetry<T: Format>(&mut self, a: &[T], of_plus: &[T], of_minus: &[T]) {
        let pairs = || of_plus.iter().zip(of_minus);
        match self.function {
            Function::Tanh => {
                let wrong = |(&p, &m): (&T, &T)| m != -p;
                if pairs().fold(false, |any, pair| any | wrong(pair)) {
                    let at = a.iter().zip(pairs()).filter(|&(_, pair)| wrong(pair));
                    at.for_each(|(&a, _)| self.odd.see(signed(a, 0)));
                }
            }
            Function::Sigmoid => {
                // The ulp of numbers from ½ to 1 is half of EPSILON. The first difference is exact where it matters.
                let per_ulp = 2.0 / T::EPSILON.to_f64();
                let off = |(&p, &m): (&T, &T)| ((p.to_f64() - 1.0) + m.to_f64()).abs() * per_ulp;
                let largest = pairs().map(off).fold(0.0, |largest, off| if off > largest { off } else { largest });
                if largest >= self.complement.ulp
                    && let Some(i) = pairs().position(|pair| off(pair) == largest)
                {
                    self.complement.see(Place { ulp: largest, x: signed(a[i], 0) });
                }
            }
        }
    }

    /// The sum of two threads.
    pub(super) fn add(&mut self, other: &Tally) {
        self.inputs += other.inputs;
        self.worst.see(other.worst);
        self.misrounded += other.misrounded;
        self.double_roundings += other.double_roundings;
        self.undecided += other.undecided;
        self.decreasing.add(other.decreasing);
        self.step_back = self.step_back.max(other.step_back);
        self.odd.add(other.odd);
        self.complement.see(other.complement);
        self.outside.add(other.outside);
        self.nan_lost += other.nan_lost;
        self.digest = self.digest.wrapping_add(other.digest);
        self.seconds += other.seconds;
        for (mine, theirs) in self.curve.iter_mut().zip(&other.curve) {
            *mine = match (*mine, *theirs) {
                (Some(a), Some(b)) => Some(a.max(b)),
                (a, b) => a.or(b),
            };
        }
    }

    pub(super) fn row(&self, backend: &str, specials: usize, broken_specials: Vec<SpecialValue>) -> Row {
        let positive = (0..CELLS).map(|i| (1.0, i, self.curve[i]));
        let negative = (0..CELLS).rev().map(|i| (-1.0, i, self.curve[CELLS + i]));
        let cell = |(sign, i, ulp): (f64, usize, Option<f64>)| {
            Some(Cell { from: sign * cell_from(i), to: sign * cell_from(i + 1), ulp: ulp? })
        };
        Row {
            backend: backend.into(),
            function: self.function,
            // Both infinities are among the special values.
            inputs: self.inputs + 2,
            worst: finite(self.worst),
            misrounded: self.misrounded,
            double_roundings: self.double_roundings,
            undecided: self.undecided,
            decreasing: self.decreasing,
            step_back: self.step_back,
            odd: self.odd,
            complement: finite(self.complement),
            outside: self.outside,
            nan_lost: self.nan_lost,
            specials,
            broken_specials,
            digest: format!("{:016x}", self.digest),
            seconds: self.seconds,
            curve: negative.chain(positive).filter_map(cell).collect(),
        }
    }
}

/// `±a`
fn signed<T: Format>(a: T, sign: u64) -> f64 {
    if sign == 0 { a.to_f64() } else { -a.to_f64() }
}

/// Nothing seen is no place.
fn finite(place: Place) -> Place {
    if place.x.is_finite() { place } else { Place::default() }
}

/// The cell of a magnitude.
fn cell_of(a: f64) -> usize {
    // Exponent and the first two digits after the leading one, counted from the first cell.
    let quarters = (a.to_bits() >> 50).saturating_sub(((1023 + LOWEST) as u64) << 2);
    if a < cell_from(1) { 0 } else { usize::try_from(quarters).map_or(CELLS - 1, |i| (1 + i).min(CELLS - 1)) }
}

/// Where a cell begins.
fn cell_from(cell: usize) -> f64 {
    match cell {
        0 => 0.0,
        CELLS => f64::MAX,
        _ => f64::from_bits((((1023 + LOWEST) as u64) << 52) + ((cell as u64 - 1) << 50)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_quarters_of_binades_and_every_number_is_in_its_own() {
        for a in [0.0, 1e-300, 6e-5, 6.2e-5, 0.1, 1.0, 1.25, 1.5, 3.999, 1023.0, 1024.0, 1e300] {
            let cell = cell_of(a);
            assert!(cell_from(cell) <= a && a < cell_from(cell + 1), "{a} in cell {cell}");
        }
        assert_eq!(cell_of(1.25) - cell_of(1.0), 1);
        assert_eq!(cell_of(2.0) - cell_of(1.0), 4);
    }
}
