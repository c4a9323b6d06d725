//! `[N, T, K] → [T, N, K]`: arrays that have rows first, as a network reads them.

use crate::error::{Result, check_len, checked_product};
use crate::memory::reserve;

/// `y[t, n, k] = x[n, t, k]`: targets, marks or masks that lie batch-first `[N, T, K]`, in time order `[T, N, K]`.
///
/// `K` is 1 for classes and marks. Features and symbols need no copy: [`Batch::batch_first`](crate::Batch::batch_first),
/// [`Batch::symbols_batch_first`](crate::Batch::symbols_batch_first).
///
/// ```
/// use recurrent::data::time_major;
/// let classes = [1, 2, 3, 4, 5, 6]; // two rows of three steps
/// assert_eq!(time_major(&classes, [2, 3, 1])?, [1, 4, 2, 5, 3, 6]);
/// # Ok::<(), recurrent::Error>(())
/// ```
///
/// # Errors
/// [`Error::Len`](crate::Error::Len) if the number of elements is another, [`Error::Overflow`](crate::Error::Overflow),
/// [`Error::Memory`](crate::Error::Memory).
pub fn time_major<X: Copy>(data: &[X], [rows, steps, width]: [usize; 3]) -> Result<Vec<X>> {
    check_len("array [N, T, K]", checked_product("array [N, T, K]", &[rows, steps, width])?, data.len())?;
    let mut turned = Vec::new();
    reserve("array [T, N, K]", &mut turned, data.len())?;
    if !data.is_empty() {
        let places = (0..steps).flat_map(|t| (0..rows).map(move |n| n * steps + t));
        places.for_each(|place| turned.extend_from_slice(&data[place * width..][..width]));
    }
    Ok(turned)
}
