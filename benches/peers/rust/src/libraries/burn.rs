//! burn on its CPU backend: `Rnn`, `Lstm` and `Gru`, batch first.

use super::{Layer, Library};
use crate::problem::Problem;
use crate::setting::{Cell, Dtype, Mode, Setting};
use burn::module::Param;
use burn::nn::{
    GateController, Linear, Lstm, LstmConfig, LstmState, Rnn, RnnConfig, RnnState,
    gru::{Gru, GruConfig},
};
use burn::tensor::{Device, Gradients, Tensor, TensorData};

pub struct Burn;

impl Library for Burn {
    fn peer(&self) -> &'static str {
        "burn"
    }

    fn package(&self) -> &'static str {
        "burn"
    }

    fn backend(&self) -> &'static str {
        "flex"
    }

    fn lacks(&self, setting: &Setting) -> Option<&'static str> {
        (setting.dtype != Dtype::F32).then_some("makes its layers in f32")
    }

    fn build(&self, problem: &Problem) -> Box<dyn Layer> {
        Box::new(Sequence::new(problem))
    }
}

#[expect(clippy::large_enum_variant, reason = "there is one at a time")]
enum Module {
    Rnn(Rnn),
    Lstm(Lstm),
    Gru(Gru),
}

enum Made {
    Hidden(Tensor<3>),
    Gradients(Gradients),
}

struct Sequence {
    module: Module,
    /// `[B, T, I]`
    x: Tensor<3>,
    h: Tensor<2>,
    c: Tensor<2>,
    /// Of `train`, `[B, T, H]`.
    upstream: Option<Tensor<3>>,
    made: Option<Made>,
}

impl Sequence {
    fn new(problem: &Problem) -> Self {
        let Setting { t, n, c, h, cell, mode, .. } = problem.setting;
        let train = mode == Mode::Train;
        let device = if train { Device::flex().autodiff() } else { Device::flex() };
        let gate = |index| gate(problem, index, &device);
        // The problem's gates are i, f, g, o and r, z, n.
        let module = match cell {
            Cell::Rnn => Module::Rnn(Rnn { gate: gate(0), ..RnnConfig::new(c, h, true).init(&device) }),
            Cell::Lstm => Module::Lstm(Lstm {
                input_gate: gate(0),
                forget_gate: Some(gate(1)),
                cell_gate: gate(2),
                output_gate: gate(3),
                ..LstmConfig::new(c, h, true).init(&device)
            }),
            Cell::Gru => Module::Gru(Gru {
                reset_gate: gate(0),
                update_gate: gate(1),
                new_gate: gate(2),
                ..GruConfig::new(c, h, true).init(&device)
            }),
        };
        let sequence = |values: &[f64], width| {
            let steps = Tensor::<3>::from_data(data(values.iter().copied(), [t, n, width]), &device).swap_dims(0, 1);
            // Laid out anew, so that no call has to.
            Tensor::<3>::from_data(steps.into_data(), &device)
        };
        let state = |values: &[f64]| Tensor::<2>::from_data(data(values.iter().copied(), [n, h]), &device);
        let (x, initial, cell_state) = (sequence(&problem.x, c), state(&problem.h_0), state(&problem.c_0));
        Self {
            module,
            x: if train { x.require_grad() } else { x },
            h: if train { initial.require_grad() } else { initial },
            c: if train { cell_state.require_grad() } else { cell_state },
            upstream: train.then(|| sequence(&problem.upstream, h)),
            made: None,
        }
    }

    fn gates(&self) -> Vec<&GateController> {
        match &self.module {
            Module::Rnn(rnn) => vec![&rnn.gate],
            Module::Lstm(lstm) => {
                let gates = [&lstm.input_gate, &lstm.cell_gate, &lstm.output_gate];
                gates.into_iter().chain(&lstm.forget_gate).collect()
            }
            Module::Gru(gru) => vec![&gru.reset_gate, &gru.update_gate, &gru.new_gate],
        }
    }

    fn hidden(&self) -> Tensor<3> {
        let (x, h) = (self.x.clone(), self.h.clone());
        match &self.module {
            Module::Rnn(rnn) => rnn.forward(x, Some(RnnState::new(h))).0,
            Module::Lstm(lstm) => lstm.forward(x, Some(LstmState::new(self.c.clone(), h))).0,
            Module::Gru(gru) => gru.forward(x, Some(h)),
        }
    }
}

impl Layer for Sequence {
    fn call(&mut self) {
        self.made = None;
        let hidden = self.hidden();
        self.made = Some(match &self.upstream {
            None => Made::Hidden(hidden),
            Some(upstream) => Made::Gradients((hidden * upstream.clone()).sum().backward()),
        });
    }

    fn result(&self) -> Vec<f64> {
        let result = match self.made.as_ref().expect("a call came before") {
            Made::Hidden(hidden) => hidden.clone(),
            Made::Gradients(gradients) => {
                assert!(self.gates().iter().all(|gate| has_gradients(gate, gradients)), "every weight has a gradient");
                assert!(self.h.grad(gradients).is_some(), "the initial state has a gradient");
                self.x.grad(gradients).expect("the input has a gradient")
            }
        };
        result.swap_dims(0, 1).into_data().iter::<f64>().collect()
    }
}

/// One gate of the problem: burn has a matrix for each, input by output.
fn gate(problem: &Problem, index: usize, device: &Device) -> GateController {
    let Setting { c, h, .. } = problem.setting;
    let linear = |weights: &[f64], width: usize, bias: &[f64]| {
        let rows = &weights[index * h * width..];
        let columns = (0..width).flat_map(|column| (0..h).map(move |row| rows[row * width + column]));
        let bias = bias[index * h..][..h].iter().copied();
        Linear {
            weight: Param::from_data(data(columns, [width, h]), device),
            bias: Some(Param::from_data(data(bias, [h]), device)),
        }
    };
    GateController {
        input_transform: linear(&problem.w_ih, c, &problem.b_ih),
        hidden_transform: linear(&problem.w_hh, h, &problem.b_hh),
    }
}

fn has_gradients(gate: &GateController, gradients: &Gradients) -> bool {
    [&gate.input_transform, &gate.hidden_transform].into_iter().all(|linear| {
        let bias = linear.bias.as_ref().is_some_and(|bias| bias.val().grad(gradients).is_some());
        bias && linear.weight.val().grad(gradients).is_some()
    })
}

fn data<const D: usize>(values: impl Iterator<Item = f64>, shape: [usize; D]) -> TensorData {
    #[allow(clippy::cast_possible_truncation)] // the type it computes in
    TensorData::new(values.map(|value| value as f32).collect(), shape)
}
