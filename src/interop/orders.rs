//! `ours[j·H + k, c] = theirs[place(j)·H + k, c]`: where other libraries keep the gates of a cell, as data.
//!
//! Here, rows of weights are units, and the gates are in PyTorch's order: `i f g o`, `r z n`. A letter means the same gate for every library,
//! whatever name that has there: `g` is the candidate of an LSTM, `n` that of a GRU, and `z` is the share of the old state,
//! `h = (1 − z) ⊙ n + z ⊙ h₋₁`.
//!
//! | library | LSTM | GRU | units are | biases |
//! |---|---|---|---|---|
//! | [PyTorch](https://docs.pytorch.org/docs/stable/generated/torch.nn.LSTM.html), and this crate | `i f g o` | `r z n` | rows | of both matrices |
//! | [Keras](https://keras.io/api/layers/recurrent_layers/) | `i f g o` | `z r n` | columns | one; GRU with `reset_after`: `[2, 3·H]`, those of both matrices |
//! | [ONNX](https://onnx.ai/onnx/operators/onnx__LSTM.html) | `i o f g` | `z r n` | rows | of both, one behind the other |
//! | [oneDNN](https://uxlfoundation.github.io/oneDNN/dev_guide_rnn.html) | `i f g o` | `z r n` | columns (`ldigo`) | one; LBR GRU: a fourth row, that of the recurrent `n` |
//! | [Flax](https://flax.readthedocs.io/en/latest/api_reference/flax.linen/layers.html) | `i f g o` | `r z n` | columns | LSTM: of `h`; GRU: of `x`, and of `n` that of `h` too |
//! | [cuDNN](https://docs.nvidia.com/deeplearning/cudnn/) | `i f g o` | `r z n` | rows | of both matrices |
//!
//! Flax has a matrix for each gate, `ii if ig io` and `hi hf hg ho`, and cuDNN one for each `linLayerID`. The matrix meant here is those of
//! one operand, joined along the axis of units. An Elman network has one gate, so only the axes can differ.
//!
//! ```
//! use recurrent::interop::orders::{Gates, Library};
//!
//! // One unit, two inputs: Keras has [C, 3·H], its gates z r n.
//! let theirs = [1.0, 2.0, 3.0, 10.0, 20.0, 30.0];
//! let mut ours = [0.0; 6];
//! Library::Keras.order(Gates::Gru).matrix(&theirs, &mut ours, 1)?;
//! assert_eq!(ours, [2.0, 20.0, 1.0, 10.0, 3.0, 30.0]);
//! # Ok::<(), recurrent::Error>(())
//! ```

use crate::error::{Error, Result, check_len, checked_product};

/// A library that has recurrent layers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
#[expect(missing_docs, reason = "names of libraries")]
pub enum Library {
    PyTorch,
    Keras,
    Onnx,
    OneDnn,
    Flax,
    CuDnn,
}

/// The gates of a cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Gates {
    /// One, which is the cell.
    Elman,
    /// `i f g o`.
    Lstm,
    /// `r z n`.
    Gru,
}

/// Which axis of a weight matrix has the units.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Units {
    /// `W x`: the matrix is `[G·H, C]`.
    Rows,
    /// `x W`: the matrix is `[C, G·H]`.
    Columns,
}

/// Where a library keeps the gates of a cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Order {
    /// One letter for each gate, in the order of the library.
    pub gates: &'static str,
    /// Which axis of its weight matrices has the units.
    pub units: Units,
}

impl Gates {
    /// In the order of this crate.
    const fn ours(self) -> &'static str {
        match self {
            Gates::Elman => "h",
            Gates::Lstm => "ifgo",
            Gates::Gru => "rzn",
        }
    }
}

impl Library {
    /// Where it keeps the gates of a cell.
    #[must_use]
    pub const fn order(self, gates: Gates) -> Order {
        let units = match self {
            Library::PyTorch | Library::Onnx | Library::CuDnn => Units::Rows,
            Library::Keras | Library::OneDnn | Library::Flax => Units::Columns,
        };
        let gates = match (self, gates) {
            (Library::Onnx, Gates::Lstm) => "iofg",
            (Library::Keras | Library::Onnx | Library::OneDnn, Gates::Gru) => "zrn",
            (_, gates) => gates.ours(),
        };
        Order { gates, units }
    }
}

impl Order {
    /// The same gates in matrices whose units are the other axis.
    #[must_use]
    pub const fn of_units(self, units: Units) -> Self {
        Self { units, ..self }
    }

    /// `ours [G·H, C]` from a weight matrix of the library, `[G·H, C]` or `[C, G·H]`. `ours` is overwritten.
    ///
    /// # Errors
    /// [`Error::Len`] if the two have different lengths, [`Error::Range`] if that is no multiple of `G·H` or the letters are not those of
    /// a cell.
    pub fn matrix<T: Copy>(&self, theirs: &[T], ours: &mut [T], hidden: usize) -> Result<()> {
        let (width, columns) = self.sizes(theirs, ours, hidden)?;
        let places = self.places()?;
        for (row, ours) in ours.chunks_exact_mut(columns.max(1)).enumerate() {
            let unit = places[row / hidden] * hidden + row % hidden;
            for (c, ours) in ours.iter_mut().enumerate() {
                *ours = theirs[match self.units {
                    Units::Rows => unit * columns + c,
                    Units::Columns => c * width + unit,
                }];
            }
        }
        Ok(())
    }

    /// `ours [G·H]` from a bias of the library, `[G·H]`. `ours` is overwritten.
    ///
    /// # Errors
    /// As [`matrix`](Self::matrix); [`Error::Len`] if one has another length.
    pub fn bias<T: Copy>(&self, theirs: &[T], ours: &mut [T], hidden: usize) -> Result<()> {
        let expected = checked_product("bias of the library [G·H]", &[self.gates.len(), hidden])?;
        check_len("bias of the library [G·H]", expected, theirs.len())?;
        self.of_units(Units::Rows).matrix(theirs, ours, hidden)
    }

    /// `G·H` and `C`.
    fn sizes<T>(&self, theirs: &[T], ours: &[T], hidden: usize) -> Result<(usize, usize)> {
        check_len("weights of the library", ours.len(), theirs.len())?;
        let width = checked_product("weights of the library", &[self.gates.len(), hidden])?;
        match ours.len().checked_div(width) {
            Some(columns) if columns * width == ours.len() => Ok((width, columns)),
            _ => Err(Error::range("weights", format!("a multiple of G·H = {width} numbers"), ours.len())),
        }
    }

    /// Where the library has our first gate, our second one, …
    fn places(&self) -> Result<[usize; 4]> {
        let of = |gates: Gates| {
            let (ours, mut places) = (gates.ours(), [0; 4]);
            for (place, gate) in places.iter_mut().zip(ours.chars()) {
                *place = self.gates.find(gate)?;
            }
            (ours.len() == self.gates.len()).then_some(places)
        };
        let known = [Gates::Elman, Gates::Lstm, Gates::Gru].into_iter().find_map(of);
        known.ok_or_else(|| Error::range("letters of gates", "those of h, of ifgo or of rzn", self.gates))
    }
}
