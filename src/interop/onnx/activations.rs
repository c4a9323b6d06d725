//! `activations`, `activation_alpha`, `activation_beta` → functions. In their order, they take the numbers that they need from both lists.
//!
//! ```text
//! Relu Tanh Sigmoid Softsign Softplus                 nothing
//! LeakyRelu α = 0.01   Elu α = 1                      alpha
//! HardSigmoid α = 0.2, β = 0.5                        alpha, beta
//! Affine ScaledTanh ThresholdedRelu                   alpha (, beta), which must be there
//! ```
//! The defaults are those of the operators of the same name, as ONNX' text says. For the last three, text and ONNX Runtime have no common
//! default: there are no operators `Affine` and `ScaledTanh` any more, and the default alpha of `ThresholdedRelu` is 1 in the text and 0 in
//! ONNX Runtime.

use crate::error::{Error, Result};
use rnn_kernels::cells::Nonlinearity;

/// The three attributes as a node has them.
#[derive(Debug)]
pub(super) struct Activations<'a> {
    pub names: Option<Vec<&'a str>>,
    pub alpha: Vec<f32>,
    pub beta: Vec<f32>,
}

impl Activations<'_> {
    /// The functions of each direction.
    pub fn read(self, place: &str, defaults: &[&str], ways: usize) -> Result<Vec<Vec<Nonlinearity>>> {
        let each = defaults.len();
        let names = match self.names {
            None => defaults.repeat(ways),
            // Some writers write the default of an RNN for two directions, whatever the direction.
            Some(names) if each == 1 && ways == 1 && is_default_of_rnn(&names) => vec!["Tanh"],
            Some(names) if names.len() == each * ways => names,
            Some(names) => {
                let expected = format!("{each} for each of {ways} directions");
                return Err(Error::model(place, "attribute `activations`", expected, names.len()));
            }
        };
        let mut lists = [("activation_alpha", self.alpha.into_iter()), ("activation_beta", self.beta.into_iter())];
        let mut functions = Vec::new();
        for name in names {
            let mut take = |list: usize, default: Option<f64>| {
                let (attribute, values) = &mut lists[list];
                match (values.next(), default) {
                    (Some(value), _) if value.is_finite() => Ok(f64::from(value)),
                    (Some(value), _) => {
                        Err(Error::model(place, format!("attribute `{attribute}`"), "finite numbers", value))
                    }
                    (None, Some(default)) => Ok(default),
                    (None, None) => {
                        let expected = format!("a value for {name}, which has no default");
                        Err(Error::model(place, format!("attribute `{attribute}`"), expected, "no more"))
                    }
                }
            };
            functions.push(match &name.to_ascii_lowercase()[..] {
                "relu" => Nonlinearity::Relu,
                "tanh" => Nonlinearity::Tanh,
                "sigmoid" => Nonlinearity::Sigmoid,
                "softsign" => Nonlinearity::Softsign,
                "softplus" => Nonlinearity::Softplus,
                "leakyrelu" => Nonlinearity::LeakyRelu { slope: take(0, Some(0.01))? },
                "elu" => Nonlinearity::Elu { alpha: take(0, Some(1.0))? },
                "hardsigmoid" => Nonlinearity::HardSigmoid { slope: take(0, Some(0.2))?, offset: take(1, Some(0.5))? },
                "affine" => Nonlinearity::Affine { scale: take(0, None)?, offset: take(1, None)? },
                "scaledtanh" => Nonlinearity::ScaledTanh { scale: take(0, None)?, rate: take(1, None)? },
                "thresholdedrelu" => match take(0, None)? {
                    0.0 => Nonlinearity::Relu,
                    other => {
                        let expected = "a ThresholdedRelu with an alpha of 0, which has no jump";
                        return Err(Error::model(
                            place,
                            "attribute `activations`",
                            expected,
                            format!("one of {other}"),
                        ));
                    }
                },
                _ => return Err(Error::model(place, "attribute `activations`", KNOWN, format!("`{name}`"))),
            });
        }
        for (attribute, mut left) in lists {
            if let Some(value) = left.next() {
                let expected = "as many numbers as the activations take";
                return Err(Error::model(
                    place,
                    format!("attribute `{attribute}`"),
                    expected,
                    format!("{value} too many"),
                ));
            }
        }
        Ok(functions.chunks(each).map(<[_]>::to_vec).collect())
    }
}

const KNOWN: &str =
    "one of Relu, Tanh, Sigmoid, Softsign, Softplus, LeakyRelu, Elu, HardSigmoid, Affine, ScaledTanh, ThresholdedRelu";

fn is_default_of_rnn(names: &[&str]) -> bool {
    names.len() == 2 && names.iter().all(|name| name.eq_ignore_ascii_case("tanh"))
}

/// Name, alpha and beta of a function in ONNX; none if ONNX has no such function.
pub(super) fn written(function: Nonlinearity) -> Option<(&'static str, Option<f64>, Option<f64>)> {
    Some(match function {
        Nonlinearity::Relu => ("Relu", None, None),
        Nonlinearity::Tanh => ("Tanh", None, None),
        Nonlinearity::Sigmoid => ("Sigmoid", None, None),
        Nonlinearity::Softsign => ("Softsign", None, None),
        Nonlinearity::Softplus => ("Softplus", None, None),
        Nonlinearity::Identity => ("Affine", Some(1.0), Some(0.0)),
        Nonlinearity::LeakyRelu { slope } => ("LeakyRelu", Some(slope), None),
        Nonlinearity::Elu { alpha } => ("Elu", Some(alpha), None),
        Nonlinearity::HardSigmoid { slope, offset } => ("HardSigmoid", Some(slope), Some(offset)),
        Nonlinearity::Affine { scale, offset } => ("Affine", Some(scale), Some(offset)),
        Nonlinearity::ScaledTanh { scale, rate } => ("ScaledTanh", Some(scale), Some(rate)),
        // Such as `HardTanh`, which is cut off at −1 and 1.
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::{Activations, written};
    use rnn_kernels::cells::Nonlinearity::{
        self, Affine, Elu, HardSigmoid, LeakyRelu, Relu, ScaledTanh, Sigmoid, Tanh,
    };

    fn read(names: &[&str], alpha: &[f32], beta: &[f32], ways: usize) -> Result<Vec<Vec<Nonlinearity>>, String> {
        let activations = Activations { names: Some(names.to_vec()), alpha: alpha.to_vec(), beta: beta.to_vec() };
        activations.read("node", &["Sigmoid", "Tanh"], ways).map_err(|error| error.to_string())
    }

    #[test]
    fn functions_take_their_numbers_in_order_and_defaults_where_there_are_none() {
        let found = read(&["hardsigmoid", "Elu", "SIGMOID", "LeakyRelu"], &[0.25, 0.5], &[0.125], 2).unwrap();
        let hard = HardSigmoid { slope: 0.25, offset: 0.125 };
        assert_eq!(found, [[hard, Elu { alpha: 0.5 }], [Sigmoid, LeakyRelu { slope: 0.01 }]]);
        let found = read(&["Affine", "ScaledTanh"], &[2.0, 3.0], &[0.5, 0.25], 1).unwrap();
        assert_eq!(found, [[Affine { scale: 2.0, offset: 0.5 }, ScaledTanh { scale: 3.0, rate: 0.25 }]]);
        assert_eq!(read(&["ThresholdedRelu", "Tanh"], &[0.0], &[], 1).unwrap(), [[Relu, Tanh]]);
    }

    #[test]
    fn what_is_missing_too_many_or_unknown_is_refused_by_name() {
        let says = |found: Result<_, String>, what: &str| {
            let error = found.map(|_: Vec<Vec<Nonlinearity>>| ()).unwrap_err();
            assert!(error.contains(what), "{error}");
        };
        says(read(&["Swish", "Tanh"], &[], &[], 1), "attribute `activations`: expected one of Relu, Tanh");
        says(read(&["Tanh"], &[], &[], 1), "expected 2 for each of 1 directions, found 1");
        says(read(&["Affine", "Tanh"], &[1.0], &[], 1), "`activation_beta`: expected a value for Affine");
        says(read(&["ThresholdedRelu", "Tanh"], &[], &[], 1), "a value for ThresholdedRelu, which has no default");
        says(read(&["ThresholdedRelu", "Tanh"], &[0.5], &[], 1), "an alpha of 0, which has no jump, found one of 0.5");
        says(read(&["Sigmoid", "Tanh"], &[0.5], &[], 1), "`activation_alpha`: expected as many numbers");
        says(read(&["Elu", "Tanh"], &[f32::NAN], &[], 1), "finite numbers, found NaN");
    }

    #[test]
    fn every_function_that_is_written_is_read_as_itself() {
        for function in [Relu, Tanh, Sigmoid, LeakyRelu { slope: 0.125 }, Elu { alpha: 2.0 }, Nonlinearity::Softplus] {
            let (name, alpha, beta) = written(function).unwrap();
            #[allow(clippy::cast_possible_truncation)] // they are f32
            let numbers = |x: Option<f64>| x.map(|x| x as f32).into_iter().collect::<Vec<_>>();
            assert_eq!(read(&[name, "Tanh"], &numbers(alpha), &numbers(beta), 1).unwrap(), [[function, Tanh]]);
        }
        assert_eq!(written(Nonlinearity::HardTanh), None);
    }
}
