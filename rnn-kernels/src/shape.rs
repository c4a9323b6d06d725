//! Messages for wrong shapes: what was expected, what was found, by name.

/// Panics unless `found == expected`; the message names the argument and says both.
#[track_caller]
pub(crate) fn expect<const N: usize>(
    kernel: &str,
    argument: &str,
    found: [usize; N],
    letters: &str,
    expected: [usize; N],
) {
    assert!(found == expected, "{kernel}: {argument} is {found:?}; it must be {letters} = {expected:?}");
}

/// Panics if `found < needed`: for buffers whose excess is ignored.
#[track_caller]
pub(crate) fn at_least(kernel: &str, argument: &str, found: usize, needed: usize) {
    assert!(found >= needed, "{kernel}: {argument} holds {found} elements; it needs at least {needed}");
}

/// `a · b`, or a panic that names the product.
#[track_caller]
pub(crate) fn product(what: &str, factors: &[usize]) -> usize {
    factors
        .iter()
        .try_fold(1_usize, |product, &factor| product.checked_mul(factor))
        .unwrap_or_else(|| panic!("{what}: the product of {factors:?} overflows usize"))
}
