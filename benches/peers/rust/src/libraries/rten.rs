//! rten: an ONNX model of one node, its weights laid out when it is loaded as far as rten does that, on a pool of its own.

use super::onnx_model::{inputs, model};
use super::{Layer, Library};
use crate::problem::Problem;
use crate::setting::{Cell, Dtype, Mode, Setting};
use rten::{Model, ModelOptions, NodeId, RunOptions, ThreadPool, Value};
use rten_tensor::NdTensor;
use rten_tensor::prelude::*;
use std::sync::Arc;

pub struct Rten;

impl Library for Rten {
    fn peer(&self) -> &'static str {
        "rten"
    }

    fn package(&self) -> &'static str {
        "rten"
    }

    fn backend(&self) -> &'static str {
        "cpu"
    }

    fn lacks(&self, setting: &Setting) -> Option<&'static str> {
        match (setting.mode, setting.dtype, setting.cell) {
            (Mode::Train, _, _) => Some("computes no gradients"),
            (_, Dtype::F64, _) => Some("computes in f32 only"),
            (_, _, Cell::Rnn) => Some("has no operator RNN"),
            (Mode::Fwd, Dtype::F32, Cell::Lstm | Cell::Gru) => None,
        }
    }

    fn build(&self, problem: &Problem) -> Box<dyn Layer> {
        Box::new(Engine::new(problem))
    }
}

struct Engine {
    model: Model,
    inputs: Vec<(NodeId, NdTensor<f32, 3>)>,
    output: NodeId,
    options: RunOptions,
    y: Option<Value>,
}

impl Engine {
    fn new(problem: &Problem) -> Self {
        let model =
            ModelOptions::with_all_ops().prepack_weights(true).load(model(problem)).expect("rten reads the model");
        let node = |name| model.node_id(name).expect("the model has it");
        let input = |(name, shape, values)| (node(name), NdTensor::from_data(shape, values));
        let inputs = inputs(problem).into_iter().map(input).collect();
        let pool = Arc::new(ThreadPool::with_num_threads(problem.setting.threads));
        let options = RunOptions::default().with_thread_pool(Some(pool));
        Self { inputs, output: node("y"), model, options, y: None }
    }
}

impl Layer for Engine {
    fn call(&mut self) {
        self.y = None;
        let inputs = self.inputs.iter().map(|(node, tensor)| (*node, tensor.view().into())).collect();
        let [y] = self.model.run_n(inputs, [self.output], Some(self.options.clone())).expect("rten computes");
        self.y = Some(y);
    }

    fn result(&self) -> Vec<f64> {
        let y = self.y.as_ref().expect("a call came before").as_tensor_view::<f32>().expect("f32");
        y.iter().copied().map(f64::from).collect()
    }
}
