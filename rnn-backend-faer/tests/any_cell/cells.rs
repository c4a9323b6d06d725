//! Cells that no crate of this workspace knows, each for something that a form can say.

use rnn_kernels::{Cell, Equations, Form, GruReset, Number, Product, Size, Slot, Stage, Unit, Width};

/// All of them, and some that are known, with sizes.
pub fn cells() -> Vec<(Cell, Size)> {
    let new = |cell: Result<Cell, _>| cell.expect("a cell");
    vec![
        (new(Cell::new(&Everything)), Size::new(5, 5)),
        (new(Cell::new(&Exponential)), Size::new(3, 20)),
        (new(Cell::new(&Late)), Size::new(3, 4)),
        (new(Cell::new(&Spare)), Size::new(3, 9)),
        (new(Cell::new(&Projected)), Size::new(3, 18).with_output(7)),
        (Cell::gru(GruReset::Before), Size::new(4, 6)),
        (Cell::gru(GruReset::After), Size::new(4, 6)),
        (Cell::lstm(), Size::new(4, 6)),
    ]
}

/// Two stages, a value that a product and a unit read, a vector in both, a mask, the input and a new state read unit by unit.
#[derive(Debug)]
pub struct Everything;

impl Equations for Everything {
    fn form(&self) -> Form {
        let (h, c) = (Slot::Old(0), Slot::Old(1));
        let first =
            Stage::new(["a", "b"]).reads([h, Slot::Mask(0)]).vectors([0, 1]).writes([Slot::New(0), Slot::Value(0)]);
        let second = Stage::new(["d"]).products([Product::new(2, Slot::Value(0)), Product::new(3, Slot::New(0))]);
        let second = second.reads([Slot::X, Slot::New(0), Slot::Value(0), c]).vectors([1]).writes([Slot::New(1)]);
        let form = Form::new("everything").states(["h", "c"]).values([Width::Hidden]);
        let form = form.matrix("weight_vd", None).matrix("weight_hd", Some("bias_hd"));
        form.vector("scale").vector("shift").mask("drop").stage(first).stage(second)
    }
    #[inline(always)]
    fn unit<S: Number>(&self, stage: usize, u: &mut Unit<'_, S>) {
        if stage == 0 {
            let ([a, b], [h, mask], [scale, shift]) = (u.pre(), u.reads(), u.vectors());
            let [a, b] = u.keep([(a + scale * h).sigmoid(), (b - shift).tanh()]);
            let h = u.write_at(0, mask * h + (S::one() - mask) * (a * b));
            u.write_at(1, h * scale - b);
        } else {
            let ([d], [x, h, v, c], [shift]) = (u.pre(), u.reads(), u.vectors());
            let [d] = u.keep([d.tanh()]);
            u.write([d * x + v * c * h + shift]);
        }
    }
}

/// Exponential gates with a stabiliser, as in the sLSTM: `exp`, `ln`, `max`, four states, `h` of the new ones.
#[derive(Debug)]
pub struct Exponential;

impl Equations for Exponential {
    fn form(&self) -> Form {
        let gates = Stage::new(["i", "f", "z", "o"]).reads([Slot::Old(1), Slot::Old(2), Slot::Old(3)]);
        let gates = gates.writes([Slot::New(0), Slot::New(1), Slot::New(2), Slot::New(3)]);
        Form::new("exponential").states(["h", "c", "n", "m"]).stage(gates)
    }
    #[inline(always)]
    fn unit<S: Number>(&self, _stage: usize, u: &mut Unit<'_, S>) {
        let ([i, f, z, o], [c, n, m]) = (u.pre(), u.reads());
        let (z, o, f) = (z.tanh(), o.sigmoid(), f.ln_sigmoid() + m);
        let m = u.write_at(3, f.max(i));
        let (input, forget) = ((i - m).exp(), (f - m).exp());
        let c = u.write_at(1, forget * c + input * z);
        let n = u.write_at(2, forget * n.abs() + input + S::one());
        u.write_at(0, o * (c / n));
    }
}

/// An Elman network that sees its state of twenty steps ago: a shift register of as many states.
#[derive(Debug)]
pub struct Late;

const LATE: usize = 20;

impl Equations for Late {
    fn form(&self) -> Form {
        let mut form = Form::new("late");
        form.states = (0..LATE).map(|k| (format!("h{k}").into(), Width::Hidden)).collect();
        let products = [Product::new(0, Slot::X), Product::new(1, Slot::Old(LATE - 1))];
        let reads: Vec<_> = (0..LATE - 1).map(Slot::Old).collect();
        let writes: Vec<_> = (0..LATE).map(Slot::New).collect();
        form.stage(Stage::new(["h"]).products(products).reads(reads).writes(writes))
    }
    #[inline(always)]
    fn unit<S: Number>(&self, _stage: usize, u: &mut Unit<'_, S>) {
        let [h] = u.pre();
        let [h] = u.keep([h.tanh()]);
        u.write_at(0, h);
        for (k, &old) in u.all_reads().iter().enumerate() {
            u.write_at(k + 1, old);
        }
    }
}

/// A projected state: the second stage has no bias, no activation and another width.
#[derive(Debug)]
struct Projected;

impl Equations for Projected {
    fn form(&self) -> Form {
        let gates = Stage::new(["i", "f", "g", "o"]).reads([Slot::Old(1)]).writes([Slot::Value(0), Slot::New(1)]);
        let projection = Stage::new(["h"]).width(Width::Output).products([Product::new(2, Slot::Value(0))]);
        let mut form = Form::new("projected").states(["h", "c"]).values([Width::Hidden]).matrix("weight_hr", None);
        form.states[0].1 = Width::Output;
        form.stage(gates).stage(projection)
    }
    #[inline(always)]
    fn unit<S: Number>(&self, stage: usize, u: &mut Unit<'_, S>) {
        if stage == 0 {
            rnn_kernels::Lstm.unit(0, u);
        } else {
            let [h] = u.pre();
            u.write([h]);
        }
    }
}

/// A state that no step reads: its initial value has no gradient.
#[derive(Debug)]
struct Spare;

impl Equations for Spare {
    fn form(&self) -> Form {
        Form::new("spare").states(["h", "square"]).stage(Stage::new(["h"]).writes([Slot::New(0), Slot::New(1)]))
    }
    #[inline(always)]
    fn unit<S: Number>(&self, _stage: usize, u: &mut Unit<'_, S>) {
        let [h] = u.pre();
        let [h] = u.keep([h.tanh()]);
        u.write([h, h * h]);
    }
}
