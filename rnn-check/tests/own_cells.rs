//! Cells that differ from the built-in ones in what laws might take for granted are correct, and pass.

use rnn_check::planted::Plain;
use rnn_check::{Claims, Plan, check_cell};
use rnn_kernels::{Cell, Equations, Form, Number, Product, Slot, Stage, Unit};

/// `a = σ(W_a x + U_a h₋₁ + b_a + p ⊙ s₋₁)`, `c = tanh(W_c x + b_c)`, `s = a ⊙ s₋₁ + (1 − a) ⊙ c`, `h = tanh(W_h x + V s + b_h)`,
/// or with `V s₋₁`. No gate has two biases.
#[derive(Debug)]
struct Slow {
    output_sees: Slot,
}

impl Equations for Slow {
    fn form(&self) -> Form {
        let form = Form::new("slow").states(["h", "s"]).without_matrices().matrix("weight_ih", Some("bias_ih"));
        let form = form.matrix("weight_hh", None).matrix("weight_sh", None).vector("p");
        let slow = Stage::new(["a", "c"]).reads([Slot::Old(1)]).vectors([0]).writes([Slot::New(1)]);
        let slow = slow.products([Product::new(0, Slot::X), Product::new(1, Slot::Old(0)).into_gates([0])]);
        let output = Stage::new(["h"]).products([Product::new(0, Slot::X), Product::new(2, self.output_sees)]);
        form.stage(slow).stage(output)
    }

    fn unit<S: Number>(&self, stage: usize, u: &mut Unit<'_, S>) {
        if stage == 0 {
            let ([a, c], [s], [p]) = (u.pre(), u.reads(), u.vectors());
            let [a, c] = u.keep([(a + p * s).sigmoid(), c.tanh()]);
            u.write([a * s + (S::one() - a) * c]);
        } else {
            let [h] = u.pre();
            let h = u.keep([h.tanh()]);
            u.write(h);
        }
    }
}

fn check(cell: &Slow) {
    let cell = Cell::new(cell).expect("a cell");
    let mut plan = Plan::quick();
    plan.stride *= 3;
    check_cell::<f64>(&cell, &Plain, &Claims::new().batch_invariant(), &plan).assert_passes();
}

#[test]
fn a_cell_with_one_bias_a_gate_passes() {
    check(&Slow { output_sees: Slot::New(1) });
}

#[test]
fn a_cell_whose_output_sees_only_the_step_before_passes() {
    check(&Slow { output_sees: Slot::Old(1) });
}
