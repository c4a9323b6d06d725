//! The attributes of a layer of Keras. A layer with an attribute that nobody asked for is refused.

use super::Meanings;
use crate::error::{Error, Result};
use rnn_kernels::cells::Nonlinearity;
use serde_json::{Map, Value};
use std::collections::HashSet;

/// The attributes of a layer.
pub(super) struct Attributes<'a> {
    /// Which layer, for messages.
    pub at: String,
    config: &'a Map<String, Value>,
    asked: HashSet<&'static str>,
}

impl<'a> Attributes<'a> {
    pub fn new(at: String, config: &'a Map<String, Value>) -> Self {
        Self { at, config, asked: HashSet::new() }
    }

    /// What the layer says of an attribute, if anything.
    pub fn get(&mut self, name: &'static str) -> Option<&'a Value> {
        self.asked.insert(name);
        self.config.get(name).filter(|value| !value.is_null())
    }

    /// The error of an attribute.
    pub fn wrong(&self, name: &str, expected: impl Into<String>, found: impl ToString) -> Error {
        Error::model(&*self.at, name, expected, found)
    }

    pub fn size(&mut self, name: &'static str) -> Result<usize> {
        let value = self.get(name);
        let size = value.and_then(Value::as_u64).and_then(|size| usize::try_from(size).ok());
        size.ok_or_else(|| self.wrong(name, "a size", value.unwrap_or(&Value::Null)))
    }

    pub fn flag(&mut self, name: &'static str, absent: bool) -> Result<bool> {
        match self.get(name) {
            None => Ok(absent),
            Some(value) => value.as_bool().ok_or_else(|| self.wrong(name, "true or false", value)),
        }
    }

    pub fn number(&mut self, name: &'static str) -> Result<f64> {
        let value = self.get(name);
        value.and_then(Value::as_f64).ok_or_else(|| self.wrong(name, "a number", value.unwrap_or(&Value::Null)))
    }

    /// A word, if the layer says one.
    pub fn word(&mut self, name: &'static str) -> Result<Option<&'a str>> {
        match self.get(name) {
            None => Ok(None),
            Some(Value::String(word)) => Ok(Some(word)),
            Some(other) => Err(self.wrong(name, "a name", other)),
        }
    }

    /// `Ok` if the attributes are absent, `false` or `null`.
    pub fn refuse(&mut self, names: &[&'static str]) -> Result<()> {
        for &name in names {
            if let Some(value) = self.get(name).filter(|value| **value != Value::Bool(false)) {
                return Err(self.wrong(name, "false, or nothing", value));
            }
        }
        Ok(())
    }

    /// Attributes that change no result: how initial weights are drawn, names, and in which of several ways the same numbers are computed.
    pub fn known(&mut self, names: &[&'static str]) {
        self.asked.extend(names);
    }

    /// Attributes that matter for training alone: they are noted, and not taken over.
    pub fn of_training(&mut self, names: &[&'static str], notes: &mut Vec<String>) {
        for &name in names {
            let nothing = |value: &Value| *value == Value::Bool(false) || value.as_f64() == Some(0.0);
            if let Some(value) = self.get(name).filter(|value| !nothing(value)) {
                notes.push(format!("{}, {name}: of training alone, not taken over, found {value}", self.at));
            }
        }
    }

    /// What an input has: it may be of symbols.
    pub fn of_input(&mut self) -> Result<()> {
        self.known(&["name", "trainable", "batch_input_shape", "batch_shape", "optional"]);
        self.refuse(&["sparse", "ragged"])?;
        match self.word("dtype")? {
            None | Some("float32" | "float64" | "int32" | "int64") => Ok(()),
            Some(other) => Err(self.wrong("dtype", "float32, float64, int32 or int64", other)),
        }
    }

    /// What every other layer has.
    pub fn common(&mut self, notes: &mut Vec<String>) -> Result<()> {
        self.known(&["name", "trainable", "seed", "batch_input_shape", "batch_shape", "input_dtype"]);
        let Some(dtype) = self.get("dtype") else { return Ok(()) };
        let policy = dtype.get("config").and_then(|config| config.get("name"));
        match policy.unwrap_or(dtype).as_str() {
            Some("float32" | "float64") => {}
            Some(name @ ("float16" | "bfloat16" | "mixed_float16" | "mixed_bfloat16")) => {
                notes.push(format!("{}, dtype: computed in the type of the network, found {name}", self.at));
            }
            _ => return Err(self.wrong("dtype", "a floating-point type", dtype)),
        }
        Ok(())
    }

    /// The function of gates or of a state that an attribute names; `absent` where it names none.
    pub fn nonlinearity(
        &mut self,
        name: &'static str,
        absent: Option<&str>,
        meanings: &Meanings,
    ) -> Result<Nonlinearity> {
        let Some(word) = self.word(name)?.or(absent) else {
            let expected = "a name, or KerasOptions::recurrent_activation: before Keras 2.3 none means hard_sigmoid, since then sigmoid";
            return Err(self.wrong(name, expected, "none"));
        };
        Ok(match word {
            "tanh" => Nonlinearity::Tanh,
            "sigmoid" => Nonlinearity::Sigmoid,
            "relu" => Nonlinearity::Relu,
            "linear" => Nonlinearity::Identity,
            "softplus" => Nonlinearity::Softplus,
            "softsign" => Nonlinearity::Softsign,
            "elu" => Nonlinearity::Elu { alpha: 1.0 },
            "hard_tanh" => Nonlinearity::HardTanh,
            "hard_sigmoid" => match meanings.hard_sigmoid() {
                Some(slope) => Nonlinearity::HardSigmoid { slope, offset: 0.5 },
                None => {
                    let expected = "a file that says its version of Keras, or KerasOptions::version: before 3 it is \
                                    0.2 x + 0.5, since then x/6 + 0.5";
                    return Err(self.wrong(name, expected, "hard_sigmoid of no version"));
                }
            },
            other => {
                let expected = "tanh, sigmoid, hard_sigmoid, relu, linear, softplus, softsign, elu or hard_tanh";
                return Err(self.wrong(name, expected, other));
            }
        })
    }

    /// `Ok` if every attribute was asked for.
    pub fn finish(self) -> Result<()> {
        match self.config.keys().find(|name| !self.asked.contains(&***name)) {
            None => Ok(()),
            Some(name) => Err(self.wrong(name, "no such attribute", &self.config[name])),
        }
    }
}
