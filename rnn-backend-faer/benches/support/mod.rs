//! A layer of any cell with its buffers, and the least time of its passes.

use rnn_backend_faer::Faer;
use rnn_kernels::{
    Accum, Backend, Backward, Cell, Direction, Forward, Infer, Input, SeqMut, SeqRef, Size, Spec, Steps, Use,
};
use std::time::Instant;

use drawn::drawn;

mod drawn;

/// A layer and its buffers.
pub struct Layer {
    backend: Faer,
    spec: Spec<f32>,
    shape: [usize; 4],
    params: Vec<f32>,
    packed: [Vec<f32>; 2],
    x: Vec<f32>,
    states: Vec<f32>,
    reserve: Vec<f32>,
    workspace: Vec<f32>,
    y: Vec<f32>,
    d_params: Vec<f32>,
    d_x: Vec<f32>,
    /// Of each mask its width and its numbers.
    masks: Vec<(usize, Vec<f32>)>,
}

impl Layer {
    pub fn new(backend: Faer, cell: &Cell, shape: [usize; 4]) -> Self {
        let [t, n, c, h] = shape;
        let spec = Spec::new(cell, Size::new(c, h)).expect("sizes that fit");
        let lens = Backend::<f32>::lens(&backend, &spec, t, n);
        let params: Vec<f32> = drawn(spec.params_len(), 1).iter().map(|w| w / (h as f32).sqrt()).collect();
        let packed = [Use::Infer, Use::Train].map(|usage| {
            let mut packed = vec![0.0; lens.packed(usage)];
            Backend::<f32>::pack(&backend, &spec, usage, &params, &mut packed);
            packed
        });
        let masks = spec.plan().masks.iter().map(|&width| (width, vec![0.5; t * n * width])).collect();
        Self {
            masks,
            x: drawn(t * n * c, 2),
            states: drawn(spec.states_len(n), 3),
            reserve: vec![0.0; lens.reserve],
            workspace: vec![0.0; lens.infer.max(lens.backward)],
            y: drawn(t * n * h, 4),
            d_params: params.clone(),
            d_x: vec![0.0; t * n * c],
            backend,
            spec,
            shape,
            params,
            packed,
        }
    }

    /// The cell with its sizes.
    #[allow(dead_code)] // one bench asks for it
    pub fn spec(&self) -> &Spec<f32> {
        &self.spec
    }

    #[allow(dead_code)] // one bench streams
    pub fn infer(&mut self) {
        let [t, n, c, h] = self.shape;
        let masks = views(&self.masks, [t, n]);
        self.backend.infer(Infer {
            spec: &self.spec,
            direction: Direction::Forward,
            steps: Steps::all(),
            params: &self.params,
            packed: &self.packed[0],
            x: Input::Dense(SeqRef::new(&self.x, t, n, c)),
            masks: &masks,
            states: &mut self.states,
            y: Some(SeqMut::new(&mut self.y, t, n, h)),
            workspace: &mut self.workspace,
        });
    }

    pub fn forward(&mut self) {
        let [t, n, c, h] = self.shape;
        let masks = views(&self.masks, [t, n]);
        self.backend.forward(Forward {
            spec: &self.spec,
            direction: Direction::Forward,
            steps: Steps::all(),
            params: &self.params,
            packed: &self.packed[1],
            x: Input::Dense(SeqRef::new(&self.x, t, n, c)),
            masks: &masks,
            initial: Some(&self.states),
            y: Some(SeqMut::new(&mut self.y, t, n, h)),
            last: None,
            reserve: &mut self.reserve,
            workspace: &mut [],
        });
    }

    pub fn backward(&mut self) {
        let [t, n, c, h] = self.shape;
        let masks = views(&self.masks, [t, n]);
        self.backend.backward(Backward {
            spec: &self.spec,
            direction: Direction::Forward,
            steps: Steps::all(),
            params: &self.params,
            packed: &self.packed[1],
            x: Input::Dense(SeqRef::new(&self.x, t, n, c)),
            masks: &masks,
            reserve: &self.reserve,
            d_y: Some(SeqRef::new(&self.y, t, n, h)),
            d_last: None,
            d_params: Some(&mut self.d_params),
            d_x: Some(SeqMut::new(&mut self.d_x, t, n, c)),
            d_x_accum: Accum::Replace,
            clip: None,
            d_initial: None,
            d_trace: None,
            workspace: &mut self.workspace,
        });
    }
}

/// `[T, N, W]` of each mask.
fn views(masks: &[(usize, Vec<f32>)], [t, n]: [usize; 2]) -> Vec<SeqRef<'_, f32>> {
    masks.iter().map(|(width, values)| SeqRef::new(values, t, n, *width)).collect()
}

/// The least time of many passes of each, in turn.
pub fn minima<const K: usize>(rounds: usize, repeat: usize, mut passes: [&mut dyn FnMut(); K]) -> [f64; K] {
    let mut best = [f64::INFINITY; K];
    for _ in 0..rounds {
        for (best, pass) in best.iter_mut().zip(&mut passes) {
            let start = Instant::now();
            (0..repeat).for_each(|_| pass());
            *best = best.min(start.elapsed().as_secs_f64() / repeat as f64);
        }
    }
    best
}
