//! `[matrices with a bias | their biases | other matrices | vectors]`: flat parameters cut into named parts.

use super::Dims;

/// A matrix whose rows may have biases.
pub struct Matrix<'a> {
    weights: &'a [f64],
    cols: usize,
    bias: Option<&'a [f64]>,
}

impl Matrix<'_> {
    /// `Σ_k w[row, k] v_k + b[row]`.
    pub fn times(&self, row: usize, v: &[f64]) -> f64 {
        assert_eq!(v.len(), self.cols);
        let weights = &self.weights[row * self.cols..(row + 1) * self.cols];
        weights.iter().zip(v).map(|(w, v)| w * v).sum::<f64>() + self.bias.map_or(0.0, |b| b[row])
    }
}

/// What is not cut off yet.
pub struct Parameters<'a> {
    dims: Dims,
    flat: &'a [f64],
}

impl<'a> Parameters<'a> {
    pub fn new(dims: Dims, flat: &'a [f64]) -> Self {
        Self { dims, flat }
    }

    fn take(&mut self, len: usize) -> &'a [f64] {
        let (front, rest) = self.flat.split_at(len);
        self.flat = rest;
        front
    }

    /// Matrices with a bias each; `(gates, of the input)` each. `others` elements come behind the biases.
    ///
    /// There are all biases, those of matrices of the input, or none: what the length says.
    pub fn matrices<const N: usize>(&mut self, shapes: [(usize, bool); N], others: usize) -> [Matrix<'a>; N] {
        self.matrices_in_heads(shapes, [self.dims.input, self.dims.hidden], others)
    }

    /// The same, matrices of the input and of other slots with so many columns.
    pub fn matrices_in_heads<const N: usize>(
        &mut self,
        shapes: [(usize, bool); N],
        columns: [usize; 2],
        others: usize,
    ) -> [Matrix<'a>; N] {
        let hidden = self.dims.hidden;
        let cols = |of_input: bool| columns[usize::from(!of_input)];
        let weights = shapes.map(|(gates, of_input)| self.take(gates * hidden * cols(of_input)));
        let biases = self.flat.len() - others;
        let rows = |all: bool| -> usize { shapes.iter().filter(|s| all || s.1).map(|s| s.0 * hidden).sum() };
        assert!([rows(true), rows(false), 0].contains(&biases), "{biases} biases");
        let given = |of_input: bool| biases > 0 && (of_input || biases == rows(true));
        let biases = shapes.map(|(gates, of_input)| given(of_input).then(|| self.take(gates * hidden)));
        core::array::from_fn(|m| Matrix { weights: weights[m], cols: cols(shapes[m].1), bias: biases[m] })
    }

    /// A matrix of `H` columns and `gates · H` rows without a bias.
    pub fn matrix(&mut self, gates: usize) -> Matrix<'a> {
        let hidden = self.dims.hidden;
        Matrix { weights: self.take(gates * hidden * hidden), cols: hidden, bias: None }
    }

    /// The one matrix of the input with this many rows, each with its bias or none; `others` elements come behind it.
    pub fn of_input(&mut self, rows: usize, others: usize) -> Matrix<'a> {
        let cols = self.dims.input;
        let weights = self.take(rows * cols);
        let bias = (self.flat.len() > others).then(|| self.take(rows));
        assert_eq!(self.flat.len(), others);
        Matrix { weights, cols, bias }
    }

    /// A matrix with this many rows and columns without a bias.
    pub fn bare(&mut self, rows: usize, cols: usize) -> Matrix<'a> {
        Matrix { weights: self.take(rows * cols), cols, bias: None }
    }

    /// A vector of `H`.
    pub fn vector(&mut self) -> &'a [f64] {
        self.take(self.dims.hidden)
    }

    /// A vector of this length.
    pub fn vector_of(&mut self, len: usize) -> &'a [f64] {
        self.take(len)
    }
}
