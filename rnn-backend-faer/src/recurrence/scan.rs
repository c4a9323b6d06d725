//! [`Scan`]: how the time of a linear recurrence is cut.

/// How a linear recurrence `h_t = a_t ⊙ h_{t−1} + b_t` goes through time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Scan {
    /// One step after another. Threads share out rows, and units of a row where each gets 128 or more.
    ///
    /// Cutting a sequence into windows, and handing the state over, does not change a bit.
    #[default]
    Sequential,
    /// In chunks of 128 steps: for one row of a few units. Threads share them out, and of few units one thread takes several chunks
    /// side by side, four units of four chunks or one of eight, so that none waits for its last multiply-add.
    ///
    /// Every chunk is first folded into one step, `A = a_128 ⋯ a_1` and `B` its last state from 0; then the states between chunks
    /// follow in order, `s_{k+1} = A_k s_k + B_k`, and from its state each chunk runs as if alone. All but the states that chunks
    /// begin with is computed as in the sequential run. Chunks begin at the first step, whatever the rows, units and threads: the bits
    /// depend on none of these. They do depend on where a window begins.
    ///
    /// **Claim.** Both are within the bound of [`LinearForward`](rnn_kernels::LinearForward) from the exact states, and so within
    /// twice that bound from each other. Take the term `a_t ⋯ a_{j+1} b_j` of `h_t`. Sequentially `b_j` enters by one fused
    /// multiply-add, one rounding, and each of the `t − j` factors by one more: `t − j + 1` roundings, `γ(t − j + 1)`. In chunks, a
    /// term of the same chunk as `t` is the same. Of one before, the factors up to the chunk's end enter `B` one by one
    /// and the rounding of `s_{k+1} = A_k s_k + B_k` is one more; a later chunk multiplies it by `A`, a product of 128 factors with 127
    /// roundings, and rounds once, 128 again; the rest enters one by one: `t − j + 2` roundings. So
    ///
    /// ```text
    /// |ĥ_t (chunked) − ĥ_t (sequential)| ≤ Σ_j (γ(t − j + 2) + γ(t − j + 1)) |a_t ⋯ a_{j+1}| |b_j|
    /// ```
    ///
    /// Backward has one rounding more for each factor, since sum and product are rounded by themselves there.
    ///
    /// Where products underflow, each chunk between adds at most `65 η (1 + |s|)`, `η` the smallest subnormal number, `s` the largest
    /// state between chunks and no `|a|` above 1: 127 products and 129 fused multiply-adds, each off by `η/2`. Where
    /// a state between chunks is not finite, since the product overflows or an operand is not finite, the chunk's steps themselves tell
    /// it: what the sequential run keeps finite stays finite.
    Chunked,
}
