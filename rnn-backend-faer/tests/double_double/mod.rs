//! `eˣ`, tanh and σ to 95 bits (tanh near 0 to 75), as `(hi + lo)·2^exponent`: the reference
//! for f64. Written from the definitions (Taylor series, squaring), without the
//! minimax polynomials of the code under test; checked against mpmath below.

/// An unevaluated sum, `|lo|` at most half an ulp of `hi`.
#[derive(Clone, Copy, Debug)]
pub struct Dd {
    pub hi: f64,
    pub lo: f64,
}

/// ln 2 in three parts (mpmath 1.3).
const LN2: [f64; 3] = [
    f64::from_bits(0x3fe6_2e42_fefa_39ef),
    f64::from_bits(0x3c7a_bc9e_3b39_803f),
    f64::from_bits(0x3907_b57a_079a_1934),
];

impl Dd {
    pub const ONE: Dd = Dd { hi: 1.0, lo: 0.0 };

    pub fn new(hi: f64) -> Dd {
        Dd { hi, lo: 0.0 }
    }

    /// Knuth's two-sum.
    fn sum(a: f64, b: f64) -> Dd {
        let hi = a + b;
        let b_part = hi - a;
        Dd { hi, lo: (a - (hi - b_part)) + (b - b_part) }
    }

    fn product(a: f64, b: f64) -> Dd {
        let hi = a * b;
        Dd { hi, lo: a.mul_add(b, -hi) }
    }

    pub fn add(self, other: Dd) -> Dd {
        let s = Dd::sum(self.hi, other.hi);
        let t = Dd::sum(self.lo, other.lo);
        let s = Dd::sum(s.hi, s.lo + t.hi);
        Dd::sum(s.hi, s.lo + t.lo)
    }

    pub fn mul(self, other: Dd) -> Dd {
        let p = Dd::product(self.hi, other.hi);
        Dd::sum(p.hi, p.lo + (self.hi * other.lo + self.lo * other.hi))
    }

    pub fn neg(self) -> Dd {
        Dd { hi: -self.hi, lo: -self.lo }
    }

    /// Two steps of long division.
    pub fn div(self, other: Dd) -> Dd {
        let first = self.hi / other.hi;
        let rest = self.add(other.mul(Dd::new(first)).neg());
        let second = rest.hi / other.hi;
        let rest = rest.add(other.mul(Dd::new(second)).neg());
        Dd::sum(first, second).add(Dd::new(rest.hi / other.hi))
    }

    /// Exact for powers of two that do not over- or underflow.
    pub fn scale(self, power: f64) -> Dd {
        Dd { hi: self.hi * power, lo: self.lo * power }
    }
}

/// `2^n` for a normal result.
pub fn power_of_two(n: i32) -> f64 {
    f64::from_bits(u64::try_from(n + 1023).expect("a normal power") << 52)
}

/// `eˣ = m·2ⁿ`, m near 1. `|x| < 800`.
pub fn exp(x: f64) -> (Dd, i32) {
    let n = (x / LN2[0]).round();
    // x − n·ln 2; the first product and difference are exact as a pair.
    let mut r = Dd::new(x).add(Dd::product(-n, LN2[0]));
    r = r.add(Dd::product(-n, LN2[1])).add(Dd::new(-n * LN2[2]));
    // e^r = (e^(r/256))^256, |r/256| < 0.0014: 11 terms reach 2^-130.
    let r = r.scale(1.0 / 256.0);
    let mut m = Dd::ONE;
    for k in (1..=11).rev() {
        m = Dd::ONE.add(m.mul(r).div(Dd::new(f64::from(k))));
    }
    for _ in 0..8 {
        m = m.mul(m);
    }
    #[allow(clippy::cast_possible_truncation)] // a small integer
    (m, n as i32)
}

/// `tanh x`, odd. Below 2^-20 the series, above `(e^{2x} − 1)/(e^{2x} + 1)`.
pub fn tanh(x: f64) -> (Dd, i32) {
    if x.abs() < power_of_two(-20) {
        // x (1 − x²/3 + 2x⁴/15), the next term being below 2^-123.
        let x2 = Dd::product(x, x);
        let series = Dd::new(2.0).div(Dd::new(15.0)).mul(x2).add(Dd::ONE.div(Dd::new(-3.0)));
        return (Dd::ONE.add(series.mul(x2)).mul(Dd::new(x)), 0);
    }
    let (m, n) = exp(2.0 * x.abs().min(100.0));
    let e = m.scale(power_of_two(n));
    let magnitude = e.add(Dd::new(-1.0)).div(e.add(Dd::ONE));
    (magnitude.scale(x.signum()), 0)
}

/// `σ(x)`: `1/(1 + e⁻ˣ)`, or `eˣ/(1 + eˣ)` where e⁻ˣ is large.
pub fn sigmoid(x: f64) -> (Dd, i32) {
    if x >= -40.0 {
        let (m, n) = exp(-x);
        let e = if n < -900 { Dd::new(0.0) } else { m.scale(power_of_two(n)) };
        return (Dd::ONE.div(Dd::ONE.add(e)), 0);
    }
    let (m, n) = exp(x);
    let e = if n < -900 { Dd::new(0.0) } else { m.scale(power_of_two(n)) };
    (m.div(Dd::ONE.add(e)), n)
}

#[test]
fn the_reference_agrees_with_mpmath() {
    let check = |name: &str, x: f64, (m, n): (Dd, i32), hi: f64, lo: f64| {
        // e^{2x} − 1 is as small as 2x beside the numbers it comes from.
        let cancelled = name == "tanh" && x.abs() > power_of_two(-20);
        let bound = power_of_two(-95) / if cancelled { x.abs().min(1.0) } else { 1.0 };
        // The exponent is taken off the golden value, so that nothing underflows.
        let golden = Dd { hi: hi * power_of_two(-n), lo: lo * power_of_two(-n) };
        let error = m.add(golden.neg());
        let relative = ((error.hi + error.lo) / golden.hi).abs();
        assert!(relative < bound, "{name}({x}): off by {relative:e}");
    };
    // mpmath 1.3 at 400 bits, rounded to hi + lo. (No lo where it is subnormal.)
    for (x, hi, lo) in [
        (1.0, std::f64::consts::E, 1.4456468917292502e-16),
        (-0.3, 0.7408182206817179, -1.805530505953e-18),
        (20.5, 799902177.4755054, 5.468433516540899e-08),
        (1e-3, 1.0010005001667084, -4.290842058948394e-17),
        (0.34657, 1.4142084849595797, -7.470324230433341e-17),
    ] {
        check("exp", x, exp(x), hi, lo);
    }
    for (x, hi, lo) in [
        (0.5, 0.46211715726000974, 2.1916603238260928e-17),
        (1e-3, 0.0009999996666668, 1.7800613799166557e-20),
        (3.0, 0.9950547536867305, -1.2991892863562624e-17),
        (power_of_two(-30), 9.313225746154785e-10, -2.692645223154387e-28),
        (0.17, 0.16838104587081473, -1.2752534850649842e-17),
    ] {
        check("tanh", x, tanh(x), hi, lo);
        check("tanh", -x, tanh(-x), -hi, -lo);
    }
    for (x, hi, lo) in [
        (-1.5, 0.18242552380635635, -8.506488503282418e-18),
        (2.0, 0.8807970779778824, 1.8545107241082462e-17),
        (-36.0, 2.3195228302435686e-16, 2.0235897915982438e-32),
    ] {
        check("sigmoid", x, sigmoid(x), hi, lo);
    }
}
