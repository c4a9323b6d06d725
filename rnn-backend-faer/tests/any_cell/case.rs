//! A training step and inference of one layer, every buffer filled with NaN before.

use rnn_kernels::{
    Accum, Backend, Backward, Direction, Forward, Infer, Input, Scalar, SeqMut, SeqRef, Spec, Steps, Use,
};

/// Numbers between −1 and 1, the same for the same seed.
pub fn drawn(len: usize, seed: u64) -> Vec<f64> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut next = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 40) as f64 / f64::from(1 << 23) - 1.0
    };
    (0..len).map(|_| next()).collect()
}

/// A training step of `[T, N]` on some cell.
pub struct Case<'c, T> {
    pub spec: Spec<T>,
    pub steps: usize,
    pub rows: usize,
    pub lengths: Option<&'c [usize]>,
    pub direction: Direction,
}

/// Parameters, input and initial states of a step, or their gradients.
#[derive(Clone, Debug, PartialEq)]
pub struct Point<T> {
    pub params: Vec<T>,
    pub x: Vec<T>,
    pub initial: Vec<T>,
}

impl<T: Copy> Point<T> {
    pub fn all(&self) -> Vec<T> {
        [&self.params, &self.x, &self.initial].into_iter().flatten().copied().collect()
    }
}

impl<T: Scalar> Case<'_, T> {
    fn steps(&self) -> Steps<'_> {
        self.lengths.map_or(Steps::all(), Steps::ragged)
    }

    fn lift(values: &[f64]) -> Vec<T> {
        values.iter().map(|&v| T::from_f64(v)).collect()
    }

    pub fn mask(&self) -> Vec<T> {
        let len = self.steps * self.rows * self.spec.size().hidden;
        drawn(len, 8).into_iter().map(|m| T::from_f64(f64::from(u8::from(m > 0.0)))).collect()
    }

    /// Cotangents of `y` and of the last states.
    pub fn upstream(&self) -> [Vec<T>; 2] {
        let lens = [self.steps * self.rows * self.spec.y_width(), self.spec.states_len(self.rows)];
        [Self::lift(&drawn(lens[0], 5)), Self::lift(&drawn(lens[1], 6))]
    }

    /// `y`, the last states and the reserve.
    pub fn forward(&self, backend: &dyn Backend<T>, at: &Point<T>) -> [Vec<T>; 3] {
        let (spec, t, n) = (&self.spec, self.steps, self.rows);
        let (lens, nan) = (backend.lens(spec, t, n), T::from_f64(f64::NAN));
        let [mut packed, mut workspace] = [lens.packed(Use::Train), lens.forward].map(|len| vec![nan; len]);
        backend.pack(spec, Use::Train, &at.params, &mut packed);
        let mut out = [t * n * spec.y_width(), spec.states_len(n), lens.reserve].map(|len| vec![nan; len]);
        let [y, last, reserve] = &mut out;
        let mask = self.mask();
        let masks = [SeqRef::new(&mask, t, n, spec.size().hidden)];
        backend.forward(Forward {
            spec,
            direction: self.direction,
            steps: self.steps(),
            params: &at.params,
            packed: &packed,
            x: Input::Dense(SeqRef::new(&at.x, t, n, spec.size().input)),
            masks: &masks[..spec.plan().masks.len()],
            initial: Some(&at.initial),
            y: Some(SeqMut::new(y, t, n, spec.y_width())),
            last: Some(last),
            reserve,
            workspace: &mut workspace,
        });
        out
    }

    pub fn backward(&self, backend: &dyn Backend<T>, at: &Point<T>, reserve: &[T]) -> Point<T> {
        let (spec, t, n, c) = (&self.spec, self.steps, self.rows, self.spec.size().input);
        let (lens, nan) = (backend.lens(spec, t, n), T::from_f64(f64::NAN));
        let [mut packed, mut workspace] = [lens.packed(Use::Train), lens.backward].map(|len| vec![nan; len]);
        backend.pack(spec, Use::Train, &at.params, &mut packed);
        let (params, x, initial) = (vec![T::ZERO; at.params.len()], vec![nan; at.x.len()], vec![nan; at.initial.len()]);
        let mut d = Point { params, x, initial };
        let (mask, [d_y, d_last]) = (self.mask(), self.upstream());
        let masks = [SeqRef::new(&mask, t, n, spec.size().hidden)];
        backend.backward(Backward {
            spec,
            direction: self.direction,
            steps: self.steps(),
            params: &at.params,
            packed: &packed,
            x: Input::Dense(SeqRef::new(&at.x, t, n, c)),
            masks: &masks[..spec.plan().masks.len()],
            reserve,
            d_y: Some(SeqRef::new(&d_y, t, n, spec.y_width())),
            d_last: Some(&d_last),
            d_params: Some(&mut d.params),
            d_x: Some(SeqMut::new(&mut d.x, t, n, c)),
            d_x_accum: Accum::Replace,
            clip: None,
            d_initial: Some(&mut d.initial),
            d_trace: None,
            workspace: &mut workspace,
        });
        d
    }

    /// `y` and the last states of a pass that keeps nothing.
    pub fn infer(&self, backend: &dyn Backend<T>, at: &Point<T>) -> [Vec<T>; 2] {
        let (spec, t, n) = (&self.spec, self.steps, self.rows);
        let (lens, nan) = (backend.lens(spec, t, n), T::from_f64(f64::NAN));
        let [mut packed, mut workspace] = [lens.packed(Use::Infer), lens.infer].map(|len| vec![nan; len]);
        backend.pack(spec, Use::Infer, &at.params, &mut packed);
        let (mut y, mut states, mask) = (vec![nan; t * n * spec.y_width()], at.initial.clone(), self.mask());
        let masks = [SeqRef::new(&mask, t, n, spec.size().hidden)];
        backend.infer(Infer {
            spec,
            direction: self.direction,
            steps: self.steps(),
            params: &at.params,
            packed: &packed,
            x: Input::Dense(SeqRef::new(&at.x, t, n, spec.size().input)),
            masks: &masks[..spec.plan().masks.len()],
            states: &mut states,
            y: Some(SeqMut::new(&mut y, t, n, spec.y_width())),
            workspace: &mut workspace,
        });
        [y, states]
    }

    /// Parameters, input and initial states.
    pub fn drawn(&self) -> Point<T> {
        let Point { params, x, initial } = self.point();
        Point { params: Self::lift(&params), x: Self::lift(&x), initial: Self::lift(&initial) }
    }

    pub fn point(&self) -> Point<f64> {
        let scale = |values: Vec<f64>| values.into_iter().map(|v| 0.7 * v).collect();
        Point {
            params: scale(drawn(self.spec.params_len(), 1)),
            x: drawn(self.steps * self.rows * self.spec.size().input, 2),
            initial: drawn(self.spec.states_len(self.rows), 3),
        }
    }
}
