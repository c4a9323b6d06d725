//! The pass of any cell over the pass written for it: `cargo bench --bench open_cells -- --help`.
//!
//! Both on the same backend and shapes, interleaved; a pass takes the median time of both in turn, the estimate is the lowest
//! median of all passes. Above 1 the pass of any cell is faster.

use clap::Parser;
use recurrent::network::Aligned;
use rnn_backend_faer::Faer;
use rnn_kernels::{
    Accum, Activation, Backend, Backward, Direction, Forward, GruReset, Infer, Input, SeqMut, SeqRef, Size, Spec,
    Steps, Use,
};
use side_by_side::{Cell, Effort, GRID, Mode, Problem, STREAMING, Shape, feature_line, label, time, values};
use std::time::Duration;

mod side_by_side;

/// The pass of any cell beside the pass of each
#[derive(Parser)]
#[command(name = "cargo bench --bench open_cells --")]
struct Options {
    /// Interleaved passes
    #[arg(long, default_value_t = 5)]
    passes: u32,
    /// Milliseconds timed per line and pass
    #[arg(long, default_value_t = 60)]
    millis: u64,
    /// Numbers of threads
    #[arg(long, value_delimiter = ',', default_value = "1,2")]
    threads: Vec<usize>,
    /// Cells
    #[arg(long, value_enum, value_delimiter = ',', default_value = "rnn,lstm,gru")]
    cells: Vec<Cell>,
    /// Only streaming steps
    #[arg(long)]
    steps: bool,
    #[arg(long, hide = true)]
    bench: bool,
}

fn main() {
    let options = Options::parse();
    println!("{}; the lowest of the medians of {} passes, before over after", feature_line(), options.passes);
    for &threads in &options.threads {
        let backend = Faer::parallel(threads);
        for &cell in &options.cells {
            let streaming = STREAMING.map(|h| ([1, 1, h, h], Mode::Infer));
            let grid = GRID.iter().flat_map(|&shape| [(shape, Mode::Infer), (shape, Mode::Train)]);
            let (mut sum, mut count) = (0.0, 0.0);
            for (shape, mode) in streaming.into_iter().chain(grid.filter(|_| options.bench && !options.steps)) {
                let (ours, open) = line(&backend, cell, shape, mode, &options);
                (sum, count) = (sum + (ours / open).ln(), count + 1.0);
                let name = format!("{} {} {} on {threads}", cell.name(), mode.name(), label(shape));
                println!("{name:<40} {:>10.2} µs {:>10.2} µs {:>6.2}", ours * 1e6, open * 1e6, ours / open);
            }
            println!("{:<40} {:>33.3}", format!("{} on {threads}, mean", cell.name()), f64::exp(sum / count));
        }
    }
}

fn line(backend: &Faer, cell: Cell, shape: Shape, mode: Mode, options: &Options) -> (f64, f64) {
    let (mut ours, mut open) = (Problem::<f32>::new(backend, cell, shape), Open::new(backend, cell, shape));
    let effort = Effort { time: Duration::from_millis(if options.bench { options.millis } else { 0 }), samples: 1 };
    (0..if options.bench { options.passes } else { 1 }).fold((f64::INFINITY, f64::INFINITY), |(a, b), _| {
        let a = a.min(time(effort, || ours.run(mode)).median);
        (a, b.min(time(effort, || open.run(mode)).median))
    })
}

/// A layer with its buffers, run by its form.
struct Open<'b> {
    backend: &'b Faer,
    spec: Spec<f32>,
    shape: Shape,
    params: Aligned<f32>,
    packed: [Aligned<f32>; 2],
    x: Aligned<f32>,
    states: Aligned<f32>,
    reserve: Aligned<f32>,
    workspace: Aligned<f32>,
    y: Aligned<f32>,
    d_y: Aligned<f32>,
    d_params: Aligned<f32>,
    d_x: Aligned<f32>,
    d_initial: Aligned<f32>,
}

impl<'b> Open<'b> {
    fn new(backend: &'b Faer, cell: Cell, shape: Shape) -> Self {
        let [t, n, c, h] = shape;
        let cell = match cell {
            Cell::Elman => rnn_kernels::Cell::elman(Activation::Tanh),
            Cell::Lstm => rnn_kernels::Cell::lstm(),
            Cell::Gru => rnn_kernels::Cell::gru(GruReset::After),
        };
        let spec = Spec::new(&cell, Size::new(c, h)).expect("sizes that fit");
        let lens = Backend::<f32>::lens(backend, &spec, t, n);
        let zeros = |len| Aligned::zeros("a bench", len).expect("it fits into memory");
        let drawn = |len, seed| {
            let mut buffer = zeros(len);
            buffer.copy_from_slice(&values(len, seed));
            buffer
        };
        let mut params = drawn(spec.params_len(), 1);
        params.iter_mut().for_each(|w| *w /= (h as f32).sqrt());
        let mut packed = [zeros(lens.packed_infer), zeros(lens.packed_train)];
        for (usage, packed) in [Use::Infer, Use::Train].into_iter().zip(&mut packed) {
            Backend::<f32>::pack(backend, &spec, usage, &params, packed);
        }
        let states = drawn(spec.states_len(n), 3);
        Self {
            backend,
            shape,
            params,
            packed,
            x: drawn(t * n * c, 2),
            d_initial: states.clone(),
            states,
            reserve: zeros(lens.reserve),
            workspace: zeros(lens.infer.max(lens.forward).max(lens.backward)),
            y: zeros(t * n * h),
            d_y: drawn(t * n * h, 5),
            d_params: zeros(spec.params_len()),
            d_x: zeros(t * n * c),
            spec,
        }
    }

    fn run(&mut self, mode: Mode) {
        let Self { backend, spec, .. } = self;
        let [t, n, c, h] = self.shape;
        let (direction, steps) = (Direction::Forward, Steps::all());
        let x = Input::Dense(SeqRef::new(&self.x, t, n, c));
        if mode == Mode::Infer {
            return backend.infer(Infer {
                spec,
                direction,
                steps,
                params: &self.params,
                packed: &self.packed[0],
                x,
                masks: &[],
                states: &mut self.states,
                y: Some(SeqMut::new(&mut self.y, t, n, h)),
                workspace: &mut self.workspace,
            });
        }
        backend.forward(Forward {
            spec,
            direction,
            steps,
            params: &self.params,
            packed: &self.packed[1],
            x,
            masks: &[],
            initial: Some(&self.states),
            y: Some(SeqMut::new(&mut self.y, t, n, h)),
            last: None,
            reserve: &mut self.reserve,
            workspace: &mut self.workspace,
        });
        self.d_params.fill(0.0);
        backend.backward(Backward {
            spec,
            direction,
            steps,
            params: &self.params,
            packed: &self.packed[1],
            x,
            masks: &[],
            reserve: &self.reserve,
            d_y: Some(SeqRef::new(&self.d_y, t, n, h)),
            d_last: None,
            d_params: Some(&mut self.d_params),
            d_x: Some(SeqMut::new(&mut self.d_x, t, n, c)),
            d_x_accum: Accum::Replace,
            d_initial: Some(&mut self.d_initial),
            d_trace: None,
            workspace: &mut self.workspace,
        });
    }
}
