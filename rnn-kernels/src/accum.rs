//! `C = A·B` or `C += A·B`.

/// What a product does with what its output held before. BPTT needs no other α and β.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Accum {
    /// `C = A·B`; what was in `C` is never read.
    #[default]
    Replace,
    /// `C += A·B`.
    Add,
}
