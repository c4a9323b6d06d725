//! The numbers a layer computes with: the same for every library.

use crate::setting::Setting;
use serde::Deserialize;

/// Weights in the order of `PyTorch`, row by row, and what goes in.
#[derive(Deserialize)]
pub struct Problem {
    pub setting: Setting,
    /// `[gates · H, I]`
    pub w_ih: Vec<f64>,
    /// `[gates · H, H]`
    pub w_hh: Vec<f64>,
    /// `[gates · H]`
    pub b_ih: Vec<f64>,
    /// `[gates · H]`
    pub b_hh: Vec<f64>,
    /// `[T, B, I]`
    pub x: Vec<f64>,
    /// The initial state, `[B, H]`; rust-lstm begins at zero
    pub h_0: Vec<f64>,
    /// The initial cell state of an LSTM, `[B, H]`
    pub c_0: Vec<f64>,
    /// The cotangent of the hidden states, `[T, B, H]`; of `train`
    #[serde(default)]
    pub upstream: Vec<f64>,
}

impl Problem {
    /// Weights between ±1/√H, the states zero, all else between ±1.
    pub fn new(setting: Setting) -> Self {
        let Setting { t, n, c, h, .. } = setting;
        let rows = setting.cell.gates() * h;
        let bound = (h as f64).powf(-0.5);
        let mut state = 1;
        let mut draw = |count: usize, bound: f64| (0..count).map(|_| bound * signed(&mut state)).collect();
        Self {
            setting,
            w_ih: draw(rows * c, bound),
            w_hh: draw(rows * h, bound),
            b_ih: draw(rows, bound),
            b_hh: draw(rows, bound),
            x: draw(t * n * c, 1.0),
            h_0: vec![0.0; n * h],
            c_0: vec![0.0; n * h],
            upstream: draw(t * n * h, 1.0),
        }
    }
}

/// `splitmix64`, between -1 and 1.
fn signed(state: &mut u64) -> f64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let z = (*state ^ (*state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    ((z ^ (z >> 31)) >> 11) as f64 / (1_u64 << 52) as f64 - 1.0
}
