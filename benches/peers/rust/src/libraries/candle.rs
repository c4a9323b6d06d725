//! candle: `seq_init` of its layers. `fwd` has weights without gradients, which saves the graph.

use super::{Layer, Library};
use crate::problem::Problem;
use crate::setting::{Cell, Dtype, Mode, Setting};
use candle_core::backprop::GradStore;
use candle_core::{DType, Device, Result, Tensor, Var};
use candle_nn::rnn::{GRUState, LSTMState};
use candle_nn::{GRU, GRUConfig, LSTM, LSTMConfig, RNN, VarBuilder};
use std::collections::HashMap;

pub struct Candle;

impl Library for Candle {
    fn peer(&self) -> &'static str {
        "candle"
    }

    fn package(&self) -> &'static str {
        "candle-nn"
    }

    fn backend(&self) -> &'static str {
        "cpu"
    }

    fn lacks(&self, setting: &Setting) -> Option<&'static str> {
        (setting.cell == Cell::Rnn).then_some("has no layer with one tanh gate")
    }

    fn build(&self, problem: &Problem) -> Box<dyn Layer> {
        Box::new(Sequence::new(problem).expect("candle makes the layer"))
    }
}

enum Module {
    Lstm(LSTM),
    Gru(GRU),
}

enum Made {
    Hidden(Tensor),
    Gradients(GradStore),
}

struct Sequence {
    module: Module,
    /// `[T, B, I]`; candle wants the batch first and copies each step, of which this is the contiguous one.
    x: Tensor,
    h: Tensor,
    c: Tensor,
    /// Of `train`.
    upstream: Option<Tensor>,
    /// All whose gradients `train` has to give.
    leaves: Vec<Tensor>,
    made: Option<Made>,
}

impl Sequence {
    fn new(problem: &Problem) -> Result<Self> {
        let Setting { t, n, c, h, cell, mode, dtype, .. } = problem.setting;
        let train = mode == Mode::Train;
        let dtype = match dtype {
            Dtype::F32 => DType::F32,
            Dtype::F64 => DType::F64,
        };
        let constant =
            |values: &[f64], shape: &[usize]| Tensor::from_slice(values, shape, &Device::Cpu)?.to_dtype(dtype);
        let leaf = |values: &[f64], shape: &[usize]| match train {
            true => Ok(Var::from_tensor(&constant(values, shape)?)?.as_tensor().clone()),
            false => constant(values, shape),
        };
        let rows = cell.gates() * h;
        let mut weights = HashMap::new();
        weights.insert("weight_ih_l0".to_string(), leaf(&problem.w_ih, &[rows, c])?);
        weights.insert("weight_hh_l0".to_string(), leaf(&problem.w_hh, &[rows, h])?);
        weights.insert("bias_ih_l0".to_string(), leaf(&problem.b_ih, &[rows])?);
        weights.insert("bias_hh_l0".to_string(), leaf(&problem.b_hh, &[rows])?);
        let mut leaves: Vec<Tensor> = weights.values().cloned().collect();
        let weights = VarBuilder::from_tensors(weights, dtype, &Device::Cpu);
        let module = match cell {
            Cell::Lstm => Module::Lstm(LSTM::new(c, h, LSTMConfig::default(), weights)?),
            Cell::Gru => Module::Gru(GRU::new(c, h, GRUConfig::default(), weights)?),
            Cell::Rnn => unreachable!("candle lacks it"),
        };
        let x = leaf(&problem.x, &[t, n, c])?;
        let (c, h_0) = (leaf(&problem.c_0, &[n, h])?, leaf(&problem.h_0, &[n, h])?);
        leaves.extend([x.clone(), h_0.clone()]);
        leaves.extend((cell == Cell::Lstm).then(|| c.clone()));
        let upstream = train.then(|| constant(&problem.upstream, &[t, n, h])).transpose()?;
        Ok(Self { module, x, h: h_0, c, upstream, leaves, made: None })
    }

    fn hidden(&self) -> Result<Tensor> {
        let x = self.x.transpose(0, 1)?;
        let hidden: Vec<Tensor> = match &self.module {
            Module::Lstm(lstm) => {
                let states = lstm.seq_init(&x, &LSTMState::new(self.h.clone(), self.c.clone()))?;
                states.into_iter().map(|state| state.h).collect()
            }
            Module::Gru(gru) => {
                let states = gru.seq_init(&x, &GRUState { h: self.h.clone() })?;
                states.into_iter().map(|state| state.h).collect()
            }
        };
        Tensor::stack(&hidden, 0)
    }

    fn made(&self) -> Result<Made> {
        let hidden = self.hidden()?;
        Ok(match &self.upstream {
            None => Made::Hidden(hidden),
            Some(upstream) => Made::Gradients((hidden * upstream)?.sum_all()?.backward()?),
        })
    }
}

impl Layer for Sequence {
    fn call(&mut self) {
        self.made = None;
        self.made = Some(self.made().expect("candle computes"));
    }

    fn result(&self) -> Vec<f64> {
        let result = match self.made.as_ref().expect("a call came before") {
            Made::Hidden(hidden) => hidden,
            Made::Gradients(gradients) => {
                assert!(self.leaves.iter().all(|leaf| gradients.get(leaf).is_some()), "every leaf has a gradient");
                gradients.get(&self.x).expect("as every leaf")
            }
        };
        result.to_dtype(DType::F64).and_then(|all| all.flatten_all()?.to_vec1()).expect("numbers")
    }
}
