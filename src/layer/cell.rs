//! `h, c = cell(x, h_prev, c_prev)` over time: the one place that builds the arguments of the sequence kernels.

use rnn_kernels::{
    Accum, Backend, Bias, BufferLens, Direction, ElmanBackward, ElmanForward, ElmanInfer, ElmanReserve,
    ElmanReserveMut, ElmanSpec, GruBackward, GruForward, GruInfer, GruReserve, GruReserveMut, GruSpec, Input, Layout,
    LstmBackward, LstmForward, LstmInfer, LstmReserve, LstmReserveMut, LstmSpec, MatMut, MatRef, Scalar, SeqMut,
    SeqRef, Steps, Use,
};

/// A cell of known sizes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Cell<T> {
    /// `h = σ(W_ih x + W_hh h_prev + b)`.
    Elman(ElmanSpec<T>),
    /// `c = f ⊙ c_prev + i ⊙ g`, `h = o ⊙ tanh(c)`.
    Lstm(LstmSpec<T>),
    /// `h = (1 − z) ⊙ n + z ⊙ h_prev`.
    Gru(GruSpec<T>),
}

/// What every pass over a sequence is given.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pass<'a, T> {
    pub direction: Direction,
    pub steps: Steps<'a>,
    /// The flat parameters of this cell in this direction.
    pub params: &'a [T],
    pub packed: &'a [T],
    /// `[T, N, C]`.
    pub x: Input<'a, T>,
}

/// The rest of a forward pass that keeps what backward needs.
#[derive(Debug)]
pub(crate) struct Forward<'a, T> {
    /// `[N, P]` and `[N, H]`, the latter empty where the cell has none.
    pub h0: MatRef<'a, T>,
    pub c0: MatRef<'a, T>,
    /// `[T, N, P]` out.
    pub y: SeqMut<'a, T>,
    pub reserve: &'a mut [T],
    pub workspace: &'a mut [T],
}

/// The rest of a backward pass.
#[derive(Debug)]
pub(crate) struct Backward<'a, T> {
    pub reserve: &'a [T],
    /// `[T, N, P]` in.
    pub d_y: Option<SeqRef<'a, T>>,
    /// `[N, P]` and `[N, H]` in.
    pub d_h_n: MatRef<'a, T>,
    pub d_c_n: MatRef<'a, T>,
    /// The flat gradients of this cell in this direction, accumulated.
    pub d_params: &'a mut [T],
    /// `[T, N, C]` out.
    pub d_x: Option<SeqMut<'a, T>>,
    /// `[N, P]` and `[N, H]` out.
    pub d_h0: MatMut<'a, T>,
    pub d_c0: MatMut<'a, T>,
    /// `[T+1, N, P]` out.
    pub d_h_trace: Option<SeqMut<'a, T>>,
    pub workspace: &'a mut [T],
}

/// The rest of a pass that keeps only the state.
#[derive(Debug)]
pub(crate) struct Infer<'a, T> {
    /// `[N, P]` and `[N, H]`, in place.
    pub h: MatMut<'a, T>,
    pub c: MatMut<'a, T>,
    /// `[T, N, P]` out.
    pub y: SeqMut<'a, T>,
    pub workspace: &'a mut [T],
}

impl<T: Scalar> Cell<T> {
    /// `H`.
    pub fn hidden(&self) -> usize {
        match self {
            Cell::Elman(spec) => spec.hidden,
            Cell::Lstm(spec) => spec.hidden,
            Cell::Gru(spec) => spec.hidden,
        }
    }

    /// `P`, the width of `h` and `y`.
    pub fn output(&self) -> usize {
        match self {
            Cell::Elman(spec) => spec.output(),
            Cell::Lstm(spec) => spec.output(),
            Cell::Gru(spec) => spec.output(),
        }
    }

    /// The width of `c`: 0 for a cell without one.
    pub fn cell_width(&self) -> usize {
        match self {
            Cell::Lstm(spec) => spec.hidden,
            Cell::Elman(_) | Cell::Gru(_) => 0,
        }
    }

    pub fn bias(&self) -> Bias {
        match self {
            Cell::Elman(spec) => spec.bias,
            Cell::Lstm(spec) => spec.bias,
            Cell::Gru(spec) => spec.bias,
        }
    }

    pub fn layout(&self) -> Layout {
        match self {
            Cell::Elman(spec) => spec.layout(),
            Cell::Lstm(spec) => spec.layout(),
            Cell::Gru(spec) => spec.layout(),
        }
    }

    pub fn lens<B: Backend<T> + ?Sized>(&self, backend: &B, steps: usize, rows: usize) -> BufferLens {
        match self {
            Cell::Elman(spec) => backend.elman_lens(spec, steps, rows),
            Cell::Lstm(spec) => backend.lstm_lens(spec, steps, rows),
            Cell::Gru(spec) => backend.gru_lens(spec, steps, rows),
        }
    }

    pub fn pack<B: Backend<T> + ?Sized>(&self, backend: &B, usage: Use, params: &[T], packed: &mut [T]) {
        let params = self.layout().view(params);
        match self {
            Cell::Elman(spec) => backend.elman_pack(spec, usage, params, packed),
            Cell::Lstm(spec) => backend.lstm_pack(spec, usage, params, packed),
            Cell::Gru(spec) => backend.gru_pack(spec, usage, params, packed),
        }
    }

    /// Overwrites `y` and the reserve.
    pub fn forward<B: Backend<T> + ?Sized>(&self, backend: &B, pass: Pass<'_, T>, run: Forward<'_, T>) {
        let Pass { direction, steps, packed, x, .. } = pass;
        let (t, n, params) = (x.steps(), x.rows(), self.layout().view(pass.params));
        let Forward { h0, c0, y, reserve, workspace } = run;
        let (h0, y) = (Some(h0), Some(y));
        match *self {
            Cell::Elman(spec) => {
                let reserve = ElmanReserveMut::new(&spec, t, n, reserve);
                backend.elman_forward(ElmanForward {
                    spec,
                    direction,
                    steps,
                    params,
                    packed,
                    x,
                    h0,
                    y,
                    h_n: None,
                    reserve,
                    workspace,
                });
            }
            Cell::Lstm(spec) => {
                let reserve = LstmReserveMut::new(&spec, t, n, reserve);
                backend.lstm_forward(LstmForward {
                    spec,
                    direction,
                    steps,
                    params,
                    packed,
                    x,
                    h0,
                    c0: Some(c0),
                    y,
                    h_n: None,
                    c_n: None,
                    reserve,
                    workspace,
                });
            }
            Cell::Gru(spec) => {
                let reserve = GruReserveMut::new(&spec, t, n, reserve);
                backend.gru_forward(GruForward {
                    spec,
                    direction,
                    steps,
                    params,
                    packed,
                    x,
                    h0,
                    y,
                    h_n: None,
                    reserve,
                    workspace,
                });
            }
        }
    }

    /// Accumulates into `d_params`, overwrites `d_h0`, `d_c0` and the trace, `d_x` as its `Accum` says.
    pub fn backward<B: Backend<T> + ?Sized>(&self, backend: &B, pass: Pass<'_, T>, run: Backward<'_, T>) {
        let Pass { direction, steps, packed, x, .. } = pass;
        let (t, n, params) = (x.steps(), x.rows(), self.layout().view(pass.params));
        let Backward { reserve, d_y, d_h_n, d_c_n, d_params, d_x, d_h0, d_c0, d_h_trace, workspace } = run;
        let d_params = Some(self.layout().view_mut(d_params));
        let (d_h_n, d_h0) = (Some(d_h_n), Some(d_h0));
        match *self {
            Cell::Elman(spec) => {
                let reserve = ElmanReserve::new(&spec, t, n, reserve);
                backend.elman_backward(ElmanBackward {
                    spec,
                    direction,
                    steps,
                    params,
                    packed,
                    x,
                    reserve,
                    d_y,
                    d_h_n,
                    d_params,
                    d_x,
                    d_x_accum: Accum::Replace,
                    d_h0,
                    d_h_trace,
                    workspace,
                });
            }
            Cell::Lstm(spec) => {
                let reserve = LstmReserve::new(&spec, t, n, reserve);
                backend.lstm_backward(LstmBackward {
                    spec,
                    direction,
                    steps,
                    params,
                    packed,
                    x,
                    reserve,
                    d_y,
                    d_h_n,
                    d_c_n: Some(d_c_n),
                    d_params,
                    d_x,
                    d_x_accum: Accum::Replace,
                    d_h0,
                    d_c0: Some(d_c0),
                    d_h_trace,
                    workspace,
                });
            }
            Cell::Gru(spec) => {
                let reserve = GruReserve::new(&spec, t, n, reserve);
                backend.gru_backward(GruBackward {
                    spec,
                    direction,
                    steps,
                    params,
                    packed,
                    x,
                    reserve,
                    d_y,
                    d_h_n,
                    d_params,
                    d_x,
                    d_x_accum: Accum::Replace,
                    d_h0,
                    d_h_trace,
                    workspace,
                });
            }
        }
    }

    /// Moves the state in place and overwrites `y`.
    pub fn infer<B: Backend<T> + ?Sized>(&self, backend: &B, pass: Pass<'_, T>, run: Infer<'_, T>) {
        let Pass { direction, steps, packed, x, .. } = pass;
        let params = self.layout().view(pass.params);
        let Infer { h, c, y, workspace } = run;
        let y = Some(y);
        match *self {
            Cell::Elman(spec) => {
                backend.elman_infer(ElmanInfer { spec, direction, steps, params, packed, x, h, y, workspace });
            }
            Cell::Lstm(spec) => {
                backend.lstm_infer(LstmInfer { spec, direction, steps, params, packed, x, h, c, y, workspace });
            }
            Cell::Gru(spec) => {
                backend.gru_infer(GruInfer { spec, direction, steps, params, packed, x, h, y, workspace });
            }
        }
    }

    /// The final state that forward left in the reserve: `h_n [N, P]` and `c_n [N, H]`.
    pub fn final_state<'a>(
        &self,
        direction: Direction,
        steps: usize,
        rows: usize,
        reserve: &'a [T],
    ) -> (MatRef<'a, T>, Option<MatRef<'a, T>>) {
        let last = direction.final_slot(steps);
        match self {
            Cell::Elman(spec) => (ElmanReserve::new(spec, steps, rows, reserve).h.at(last), None),
            Cell::Lstm(spec) => {
                let reserve = LstmReserve::new(spec, steps, rows, reserve);
                (reserve.h.at(last), Some(reserve.c.at(last)))
            }
            Cell::Gru(spec) => (GruReserve::new(spec, steps, rows, reserve).h.at(last), None),
        }
    }
}
