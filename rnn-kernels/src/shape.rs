//! Messages for wrong shapes: what was expected, what was found, by name.
//!
//! The comparisons are inlined and the messages kept out of the way: a single step of a small layer makes some twenty.

/// Panics unless `found == expected`; the message names the argument and says both.
#[inline]
#[track_caller]
pub(crate) fn expect<const N: usize>(
    kernel: &str,
    argument: &str,
    found: [usize; N],
    letters: &str,
    expected: [usize; N],
) {
    // One by one: `!=` of arrays reads by vectors what was just written by words, and waits for it.
    let mut same = true;
    for i in 0..N {
        same &= found[i] == expected[i];
    }
    if !same {
        is_not(kernel, argument, &found, letters, &expected);
    }
}

#[cold]
#[inline(never)]
#[track_caller]
fn is_not(kernel: &str, argument: &str, found: &[usize], letters: &str, expected: &[usize]) -> ! {
    panic!("{kernel}: {argument} is {found:?}; it must be {letters} = {expected:?}")
}

/// Panics if `found < needed`: for buffers whose excess is ignored.
#[inline]
#[track_caller]
pub(crate) fn at_least(kernel: &str, argument: &str, found: usize, needed: usize) {
    if found < needed {
        is_too_short(kernel, argument, found, needed);
    }
}

#[cold]
#[inline(never)]
#[track_caller]
fn is_too_short(kernel: &str, argument: &str, found: usize, needed: usize) -> ! {
    panic!("{kernel}: {argument} holds {found} elements; it needs at least {needed}")
}

/// `a · b`, or a panic that names the product.
#[inline]
#[track_caller]
pub(crate) fn product(what: &str, factors: &[usize]) -> usize {
    let product = factors.iter().try_fold(1_usize, |product, &factor| product.checked_mul(factor));
    match product {
        Some(product) => product,
        None => overflows(what, factors),
    }
}

#[cold]
#[inline(never)]
#[track_caller]
fn overflows(what: &str, factors: &[usize]) -> ! {
    panic!("{what}: the product of {factors:?} overflows usize")
}

/// `a + b`, or a panic that names the sum.
#[inline]
#[track_caller]
pub(crate) fn sum(what: &str, a: usize, b: usize) -> usize {
    match a.checked_add(b) {
        Some(sum) => sum,
        None => overflows(what, &[a, b]),
    }
}
