//! Panels: B cut into as many columns as a cache line has elements, each panel
//! `K` lines one after another.
//!
//! ```text
//! panel 0: b[0][0..L] b[1][0..L] … b[K-1][0..L]   panel 1: b[0][L..2L] …      L = 16 (f32), 8 (f64)
//! ```
//!
//! Columns beyond `N` are zero. Panels are an odd number of lines apart, so that the several of them that a tile reads at once
//! do not fall on the same lines of the first cache. The layout is the same on every instruction set.

use super::check_matrix;
use crate::simd::Real;
use crate::simd::vector::line_len;

/// The number of elements that B of `cols` columns and the given depth takes.
///
/// # Panics
/// If that number does not fit into `usize`.
#[inline]
pub fn packed_len<T: Real>(cols: usize, depth: usize) -> usize {
    let len = cols.checked_next_multiple_of(line_len::<T>()).and_then(|padded| padded.checked_mul(panel_lines(depth)));
    len.unwrap_or_else(|| panic!("packed_len: [{depth}, {cols}] is too large"))
}

/// Packs `B = Wᵀ`, `w` `[N, K]` row-major with rows `stride` apart: a weight
/// matrix as PyTorch lays it out. Overwrites all of `out`.
///
/// # Panics
/// If `w` is too short, or `out` is not `packed_len(cols, depth)` long.
pub fn pack_panels<T: Real>(w: &[T], cols: usize, depth: usize, stride: usize, out: &mut [T]) {
    check_matrix("pack_panels", "w", w.len(), cols, depth, stride);
    check_out::<T>(out.len(), cols, depth);
    let line = line_len::<T>();
    for (panel, first) in out.chunks_exact_mut(panel_len::<T>(depth).max(1)).zip((0..cols).step_by(line)) {
        let width = line.min(cols - first);
        clear_beyond(panel, depth, width);
        for from in (0..depth).step_by(AT_ONCE) {
            let some = AT_ONCE.min(depth - from);
            for j in 0..width {
                let row = &w[(first + j) * stride + from..][..some];
                let lines = panel[from * line..].chunks_exact_mut(line);
                row.iter().zip(lines).for_each(|(&w, line)| line[j] = w);
            }
        }
    }
}

/// Packs `B` `[K, N]` row-major with rows `stride` apart. Overwrites all of `out`.
///
/// # Panics
/// If `b` is too short, or `out` is not `packed_len(cols, depth)` long.
pub fn pack_panels_by_depth<T: Real>(b: &[T], cols: usize, depth: usize, stride: usize, out: &mut [T]) {
    check_matrix("pack_panels_by_depth", "b", b.len(), depth, cols, stride);
    check_out::<T>(out.len(), cols, depth);
    let (line, len) = (line_len::<T>(), panel_len::<T>(depth).max(1));
    for (group, first) in out.chunks_mut(NEIGHBOURS * len).zip((0..cols).step_by(NEIGHBOURS * line)) {
        let width = |panel: usize| line.min(cols - first - panel * line);
        group.chunks_exact_mut(len).enumerate().for_each(|(p, panel)| clear_beyond(panel, depth, width(p)));
        for k in 0..depth {
            let row = &b[k * stride + first..];
            for (p, panel) in group.chunks_exact_mut(len).enumerate() {
                panel[k * line..][..width(p)].copy_from_slice(&row[p * line..][..width(p)]);
            }
        }
    }
}

/// Columns of W that are laid out before the next row's are: lines of a panel that stay in the first cache meanwhile.
const AT_ONCE: usize = 64;

/// Panels that are filled side by side from rows of B, of which one alone would read a cache line here and there.
const NEIGHBOURS: usize = 4;

/// Zero in the columns from `width` on and in the lines beyond the depth.
fn clear_beyond<T: Real>(panel: &mut [T], depth: usize, width: usize) {
    let line = line_len::<T>();
    let from = if width < line { 0 } else { depth * line };
    panel[from..].fill(T::ZERO);
}

/// The elements from one panel to the next.
pub const fn panel_len<T>(depth: usize) -> usize {
    line_len::<T>() * panel_lines(depth)
}

/// The panels of the columns from `column` on, which is the first one of a panel.
pub fn from_column<T: Real>(panels: &[T], depth: usize, column: usize) -> &[T] {
    debug_assert!(column.is_multiple_of(line_len::<T>()), "column {column} is not the first one of a panel");
    &panels[column * panel_lines(depth)..]
}

/// The lines from one panel to the next.
pub const fn panel_lines(depth: usize) -> usize {
    if depth == 0 { 0 } else { depth | 1 }
}

#[track_caller]
fn check_out<T: Real>(len: usize, cols: usize, depth: usize) {
    let must = packed_len::<T>(cols, depth);
    assert!(len == must, "panels of [{depth}, {cols}]: the buffer has {len} elements, packed_len is {must}");
}
