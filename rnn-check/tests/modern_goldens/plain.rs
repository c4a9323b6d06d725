//! `y = x Wᵀ + b` and its pullback in three loops: what a reference does around its cell.

/// `W [O, K]` and `b [O]`; without a bias, `b` is zeros.
pub struct Affine<'a> {
    pub w: &'a [f64],
    pub b: &'a [f64],
}

impl Affine<'_> {
    /// `y = x Wᵀ + b`, `[M, K] ↦ [M, O]`.
    pub fn forward(&self, x: &[f64]) -> Vec<f64> {
        let k = self.w.len() / self.b.len();
        let row = |x: &[f64]| -> Vec<f64> {
            let dot = |w: &[f64]| w.iter().zip(x).map(|(w, x)| w * x).sum::<f64>();
            self.w.chunks(k).zip(self.b).map(|(w, b)| dot(w) + b).collect()
        };
        x.chunks(k).flat_map(row).collect()
    }

    /// `d_x = d_y W`, `d_w = d_yᵀ x`, `d_b = Σ d_y`.
    pub fn backward(&self, x: &[f64], d_y: &[f64]) -> [Vec<f64>; 3] {
        let (o, k) = (self.b.len(), self.w.len() / self.b.len());
        let [mut d_x, mut d_w, mut d_b] = [x, self.w, self.b].map(|like| vec![0.0; like.len()]);
        for m in 0..x.len() / k {
            for i in 0..o {
                let d = d_y[m * o + i];
                d_b[i] += d;
                for j in 0..k {
                    d_x[m * k + j] += d * self.w[i * k + j];
                    d_w[i * k + j] += d * x[m * k + j];
                }
            }
        }
        [d_x, d_w, d_b]
    }
}
