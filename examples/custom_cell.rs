//! A cell that nobody has: its equation, its proof, and a network that learns with it. `cargo run --release --example custom_cell`

use recurrent::kernels::{Cell, Equations, Form, Number, Slot, Stage, Unit};
use recurrent::network::{Config, Network, RecurrentSpec};
use recurrent::optim::{Adam, Optimiser, Rule};
use recurrent::rng::Rng;
use recurrent::{Batch, Cells, DefaultBackend, Targets, Workspace};
use rnn_check::{Claims, Plan, check_cell};

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

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let cell = Cell::new(&Leak)?;
    // Every number of a pass and every gradient, against exact derivatives of the equation.
    let report = check_cell::<f64>(&cell, &DefaultBackend::default(), &Claims::new(), &Plan::quick());
    report.assert_passes();
    println!("{report}");

    let config = Config::features(1).recurrent(RecurrentSpec::new("leak", 32)).last_step().linear(1);
    let mut network = Network::<f64>::with_cells(&config, 1, &Cells::new().with_cell(cell))?;
    let mut optimiser = Optimiser::new(Rule::Adam(Adam::default()), network.parameters().len())?;
    let (mut workspace, mut gradients, mut rng) = (Workspace::new(), network.gradients()?, Rng::seed(2));
    for step in 0..=1000 {
        // Twenty numbers a row, of which the first is to be remembered.
        let x: Vec<f64> = (0..20 * 32).map(|_| rng.uniform()).collect();
        let (batch, targets) = (Batch::features(&x, [20, 32, 1])?, Targets::Values(&x[..32]));
        gradients.fill_zero();
        let mut state = network.state(32)?;
        let loss = network.loss_and_gradients(&mut workspace, &batch, targets, &mut state, &mut gradients)?;
        network.update(|parameters| optimiser.step(parameters, &gradients, 5e-3))?;
        if step % 200 == 0 {
            println!("step {step:4}: the number is off by {:.3} on average", loss.mean().sqrt());
        }
    }
    Ok(())
}
