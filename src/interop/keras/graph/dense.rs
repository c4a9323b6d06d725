//! Layers that compute each vector by itself: embeddings, dense layers and their functions.

use super::Building;
use crate::error::Result;
use crate::graph::{Kind, Op, Value};
use crate::interop::keras::attributes::Attributes;
use crate::interop::keras::node::Layer;
use crate::interop::keras::weights::Kind as Arrays;
use rnn_kernels::Backend;

impl<B: Backend<f32> + ?Sized> Building<'_, B> {
    /// `y[…] = table[symbol]`.
    pub(super) fn embedding(&mut self, layer: &Layer<'_>, a: &mut Attributes<'_>, x: Value) -> Result<Value> {
        let shape = [a.size("input_dim")?, a.size("output_dim")?];
        a.known(&["embeddings_initializer", "input_length"]);
        let training = ["embeddings_regularizer", "activity_regularizer", "embeddings_constraint"];
        a.of_training(&training, &mut self.notes);
        a.refuse(&["lora_rank", "quantization_config", "weights", "sparse", "mask_zero"])?;
        let arrays = self.arrays(layer, Arrays::Embedding, 1)?;
        let table = self.constant(&arrays[0], &shape)?;
        let symbols = self.builder.add(Op::Cast { to: Kind::I64 }, [x])?;
        self.builder.add(Op::Gather { axis: 0 }, [table, symbols])
    }

    /// `y = f(x W + b)`.
    pub(super) fn dense(&mut self, layer: &Layer<'_>, a: &mut Attributes<'_>, x: Value) -> Result<Value> {
        let (units, biased) = (a.size("units")?, a.flag("use_bias", true)?);
        a.known(&["kernel_initializer", "bias_initializer", "input_dim"]);
        let training =
            ["kernel_regularizer", "bias_regularizer", "activity_regularizer", "kernel_constraint", "bias_constraint"];
        a.of_training(&training, &mut self.notes);
        a.refuse(&["lora_rank", "lora_alpha", "quantization_config"])?;
        let arrays = self.arrays(layer, Arrays::Dense, if biased { 2 } else { 1 })?;
        let inputs = *arrays[0].shape()?.first().unwrap_or(&0);
        let kernel = self.constant(&arrays[0], &[inputs, units])?;
        let mut y = self.builder.add(Op::MatMul, [x, kernel])?;
        if biased {
            let bias = self.constant(&arrays[1], &[units])?;
            y = self.builder.add(Op::Add, [y, bias])?;
        }
        self.function(a, y)
    }

    /// What the layer's function makes of `x`.
    pub(super) fn function(&mut self, a: &mut Attributes<'_>, x: Value) -> Result<Value> {
        let linear = |building: &mut Self, slope: f32, offset: f32| {
            let (slope, offset) = (building.number(slope)?, building.number(offset)?);
            let scaled = building.builder.add(Op::Mul, [x, slope])?;
            building.builder.add(Op::Add, [scaled, offset])
        };
        let b = &mut self.builder;
        match a.word("activation")? {
            None | Some("linear") => Ok(x),
            Some("tanh") => b.add(Op::Tanh, [x]),
            Some("sigmoid") => b.add(Op::Sigmoid, [x]),
            Some("relu") => b.add(Op::Relu, [x]),
            Some("softmax") => b.add(Op::Softmax { axis: -1, flatten: false }, [x]),
            Some("swish" | "silu") => {
                let gate = b.add(Op::Sigmoid, [x])?;
                b.add(Op::Mul, [x, gate])
            }
            Some("hard_sigmoid") => {
                let slope = self.meanings.hard_sigmoid().ok_or_else(|| {
                    a.wrong("activation", "a file that says its version of Keras, or KerasOptions::version", "none")
                })?;
                #[expect(clippy::cast_possible_truncation, reason = "computed in f32")]
                let y = linear(self, slope as f32, 0.5)?;
                self.between_0_and_1(y)
            }
            Some("hard_tanh") => {
                // 2 · limit((x + 1) / 2) − 1
                let y = linear(self, 0.5, 0.5)?;
                let y = self.between_0_and_1(y)?;
                let (two, one) = (self.number(2.0)?, self.number(-1.0)?);
                let y = self.builder.add(Op::Mul, [y, two])?;
                self.builder.add(Op::Add, [y, one])
            }
            Some(other) => {
                let expected = "linear, tanh, sigmoid, relu, softmax, swish, hard_sigmoid or hard_tanh";
                Err(a.wrong("activation", expected, other))
            }
        }
    }

    /// `1 − max(0, 1 − max(0, x))`: the nearest number from 0 to 1.
    fn between_0_and_1(&mut self, x: Value) -> Result<Value> {
        let one = self.number(1.0)?;
        let above = self.builder.add(Op::Relu, [x])?;
        let left = self.builder.add(Op::Sub, [one, above])?;
        let left = self.builder.add(Op::Relu, [left])?;
        self.builder.add(Op::Sub, [one, left])
    }
}
