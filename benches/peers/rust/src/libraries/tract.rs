//! tract: an ONNX model of one node, optimised once. A call makes the run's state anew, as `run` of a plan does: a state
//! that is kept goes on from the last hidden state instead of the given one.

use super::onnx_model::{inputs, model};
use super::{Layer, Library};
use crate::problem::Problem;
use crate::setting::{Dtype, Mode, Setting};
use std::sync::Arc;
use tract_linalg::multithread::{Executor, multithread_tract_scope};
use tract_onnx::prelude::*;

pub struct Tract;

impl Library for Tract {
    fn peer(&self) -> &'static str {
        "tract"
    }

    fn package(&self) -> &'static str {
        "tract-onnx"
    }

    fn backend(&self) -> &'static str {
        "cpu"
    }

    fn lacks(&self, setting: &Setting) -> Option<&'static str> {
        match (setting.mode, setting.dtype) {
            (Mode::Train, _) => Some("computes no gradients"),
            (_, Dtype::F64) => Some("is given f32 models here"),
            (Mode::Fwd, Dtype::F32) => None,
        }
    }

    fn build(&self, problem: &Problem) -> Box<dyn Layer> {
        Box::new(Engine::new(problem).expect("tract reads the model"))
    }
}

struct Engine {
    plan: Arc<TypedRunnableModel>,
    inputs: TVec<TValue>,
    executor: Executor,
    y: Option<TValue>,
}

impl Engine {
    fn new(problem: &Problem) -> TractResult<Self> {
        let plan = tract_onnx::onnx().model_for_read(&mut &model(problem)[..])?.into_optimized()?.into_runnable()?;
        let tensor =
            |(_, shape, values): (_, [usize; 3], Vec<f32>)| Ok(Tensor::from_shape(&shape, &values)?.into_tvalue());
        let inputs = inputs(problem).into_iter().map(tensor).collect::<TractResult<_>>()?;
        let executor = match problem.setting.threads {
            1 => Executor::SingleThread,
            threads => Executor::multithread(threads),
        };
        Ok(Self { plan, inputs, executor, y: None })
    }
}

impl Layer for Engine {
    fn call(&mut self) {
        self.y = None;
        let made = multithread_tract_scope(self.executor.clone(), || self.plan.run(self.inputs.clone()));
        self.y = Some(made.expect("tract computes").remove(0));
    }

    fn result(&self) -> Vec<f64> {
        let y = self.y.as_ref().expect("a call came before").to_plain_array_view::<f32>().expect("f32");
        y.iter().copied().map(f64::from).collect()
    }
}
