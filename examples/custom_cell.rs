//! A cell that nobody has: its equation, its name, and a network that learns with it. `cargo run --release --example custom_cell`

use recurrent::kernels::{Cell, Equations, Form, Number, Slot, Stage, Unit};
use recurrent::network::{Config, Network, RecurrentSpec};
use recurrent::optim::{Adam, Optimiser, Rule};
use recurrent::rng::Rng;
use recurrent::{Batch, Cells, Targets, Workspace};

/// `k = e^(−z·|λ|)`, `c = k ⊙ c₋₁ + (1 − k) ⊙ n`, `h = o ⊙ tanh(c)` with `z, o = σ(…)` and `n = tanh(…)`: the update gate of
/// a GRU says how fast the cell state of an LSTM leaks, and every unit learns its own rate `λ`.
#[derive(Debug)]
struct Leak;

impl Equations for Leak {
    fn form(&self) -> Form {
        let gates = Stage::new(["z", "n", "o"]).reads([Slot::Old(1)]).vectors([0]);
        Form::new("leak").states(["h", "c"]).vector("rate").stage(gates.writes([Slot::New(0), Slot::New(1)]))
    }

    fn unit<S: Number>(&self, _stage: usize, u: &mut Unit<'_, S>) {
        let ([z, n, o], [c], [rate]) = (u.pre(), u.reads(), u.vectors());
        let [z, n, o] = u.keep([z.sigmoid(), n.tanh(), o.sigmoid()]);
        let k = (-(z * rate.abs())).exp();
        let c = u.write_at(1, k * c + (S::one() - k) * n);
        u.write_at(0, o * c.tanh());
    }
}

/// Sequences of random numbers, of which two are marked; their sum is to be known in the end.
fn problem(rng: &mut Rng, [steps, rows]: [usize; 2]) -> (Vec<f64>, Vec<f64>) {
    let (mut x, mut sums) = (vec![0.0; steps * rows * 2], vec![0.0; rows]);
    x.iter_mut().step_by(2).for_each(|x| *x = rng.uniform());
    for (n, half) in (0..rows).flat_map(|n| [(n, 0), (n, 1)]) {
        let at = ((half * steps / 2 + rng.below(steps / 2)) * rows + n) * 2;
        x[at + 1] = 1.0;
        sums[n] += x[at];
    }
    (x, sums)
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let cells = Cells::new().with_cell(Cell::new(&Leak)?);
    let config = Config::features(2).recurrent(RecurrentSpec::new("leak", 32)).last_step().linear(1);
    let mut network = Network::<f64>::with_cells(&config, 1, &cells)?;
    let mut optimiser = Optimiser::new(Rule::Adam(Adam::default()), network.parameters().len())?;
    let (mut workspace, mut gradients, mut rng) = (Workspace::new(), network.gradients()?, Rng::seed(2));
    for step in 0..=1000 {
        let (x, sums) = problem(&mut rng, [20, 32]);
        let (batch, targets) = (Batch::features(&x, [20, 32, 2])?, Targets::Values(&sums));
        gradients.fill_zero();
        let mut state = network.state(32)?;
        let loss = network.loss_and_gradients(&mut workspace, &batch, targets, &mut state, &mut gradients)?;
        network.update(|parameters| optimiser.step(parameters, &gradients, 5e-3))?;
        if step % 200 == 0 {
            println!("step {step:4}: the sum is off by {:.3} on average", loss.mean().sqrt());
        }
    }
    Ok(())
}
