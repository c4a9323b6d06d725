//! Compiled units and programs over the kernels written by hand: `cargo bench -p rnn-backend-faer --bench compiled`.
//!
//! Whole passes on the same shapes, interleaved, minima. The compiled equation should take 0.9 to 1.1 times as long; where the
//! optimiser does not fold what is known, the units take many times as long. Beyond 1.5 times the bench fails. Cells without such
//! kernels stand beside the LSTM, by the time of a multiply-add.

use rnn_backend_faer::{Compile, Compiled, Faer, Stage};
use rnn_kernels::cells::LstmPeephole;
use rnn_kernels::{Cell, Equations, Form, GruReset, Lstm, Number, Slot, Unit};
use support::{Layer, minima};

mod support;

struct CompiledLstm;

impl Compile for CompiledLstm {
    type Cell = Lstm;
    const CELL: Lstm = Lstm;
    type Stages = (Stage<4, 1, 0, 2>,);
}

struct CompiledGru;

impl Compile for CompiledGru {
    type Cell = rnn_kernels::Gru;
    const CELL: rnn_kernels::Gru = rnn_kernels::Gru { reset: GruReset::After };
    type Stages = (Stage<4, 1, 0, 1>,);
}

struct CompiledPeephole;

impl Compile for CompiledPeephole {
    type Cell = LstmPeephole;
    const CELL: LstmPeephole = LstmPeephole;
    type Stages = (Stage<4, 1, 3, 2>,);
}

/// The cell of the example `custom_cell`: `k = e^(−z·|λ|)`, `c = k ⊙ c₋₁ + (1 − k) ⊙ n`, `h = o ⊙ tanh(c)`.
#[derive(Debug)]
struct Leak;

impl Equations for Leak {
    fn form(&self) -> Form {
        let gates = rnn_kernels::Stage::new(["z", "n", "o"]).reads([Slot::Old(1)]).vectors([0]);
        Form::new("leak").states(["h", "c"]).vector("rate").stage(gates.writes([Slot::New(0), Slot::New(1)]))
    }
    #[inline(always)]
    fn unit<S: Number>(&self, _stage: usize, u: &mut Unit<'_, S>) {
        let ([z, n, o], [c], [rate]) = (u.pre(), u.reads(), u.vectors());
        let [z, n, o] = u.keep([z.sigmoid(), n.tanh(), o.sigmoid()]);
        let k = (-(z * rate.abs())).exp();
        let c = u.write_at(1, k * c + (S::one() - k) * n);
        u.write_at(0, o * c.tanh());
    }
}

impl Compile for Leak {
    type Cell = Self;
    const CELL: Self = Leak;
    type Stages = (Stage<3, 1, 1, 2>,);
}

fn main() {
    let measured = std::env::args().any(|argument| argument == "--bench");
    let rounds = |rounds| if measured { rounds } else { 1 };
    let mut worst = 0.0_f64;
    let compiled = |compiled: Result<Compiled, _>| compiled.expect("a cell");
    let cells = [
        ("lstm", Cell::lstm(), compiled(Compiled::new::<CompiledLstm, f32>()), 1.0),
        ("gru", Cell::gru(GruReset::After), compiled(Compiled::new::<CompiledGru, f32>()), 1.0),
        ("peephole beside lstm", Cell::lstm(), compiled(Compiled::new::<CompiledPeephole, f32>()), 1.0),
        // Three products where the LSTM has four.
        ("leak beside lstm", Cell::lstm(), compiled(Compiled::new::<Leak, f32>()), 4.0 / 3.0),
    ];
    for (name, known, compiled, products) in cells {
        let own = known.statement() == compiled.cell().statement();
        let mut show = |what: String, [known, compiled, program]: [f64; 3]| {
            let (compiled, program) = (products * compiled / known, products * program / known);
            println!("{name} {what:<28} {:>10.2} µs · compiled {compiled:.3} · program {program:.3}", known * 1e6);
            worst = worst.max(if own { compiled } else { 0.0 });
        };
        let layers = |shape| {
            let with = Faer::sequential().with_compiled(compiled.clone());
            let without = Faer::sequential();
            [(&without, &known), (&with, compiled.cell()), (&without, compiled.cell())]
                .map(|(backend, cell)| Layer::new(backend.clone(), cell, shape))
        };
        for h in [8, 16, 32, 64] {
            let [mut a, mut b, mut c] = layers([1, 1, h, h]);
            let times =
                minima(rounds(60), rounds(20_000 / h), [&mut || a.infer(), &mut || b.infer(), &mut || c.infer()]);
            show(format!("one step H{h}"), times);
        }
        for (t, n, h) in [(50, 16, 64), (50, 16, 128), (20, 16, 512), (100, 1, 128)] {
            let [mut a, mut b, mut c] = layers([t, n, h.min(128), h]);
            let of = rounds(30);
            let times = minima(of, 1, [&mut || a.forward(), &mut || b.forward(), &mut || c.forward()]);
            show(format!("forward T{t} N{n} H{h}"), times);
            let times = minima(of, 1, [&mut || a.backward(), &mut || b.backward(), &mut || c.backward()]);
            show(format!("backward T{t} N{n} H{h}"), times);
        }
    }
    assert!(!measured || worst <= 1.5, "a compiled unit takes {worst:.2} times as long as the one written by hand");
}
