//! `name, options → cell`: which cells a configuration may name.
//!
//! A configuration holds a cell as data, a [`CellSpec`]; [`Cells`] is the registry that makes the cell itself of it. The
//! cells of this crate are in it from the start, and any other is added by name:
//!
//! ```
//! # #[cfg(feature = "_backend")]
//! # fn main() -> recurrent::Result<()> {
//! use recurrent::kernels::{Cell, Equations, Form, Number, Slot, Stage, Unit};
//! use recurrent::network::{CellSpec, Config, Network, RecurrentSpec};
//! use recurrent::Cells;
//!
//! /// `h = h₋₁ + rate · (tanh(W_ih x + W_hh h₋₁ + b) − h₋₁)`.
//! #[derive(Debug, serde::Deserialize)]
//! struct Leaky {
//!     rate: f64,
//! }
//!
//! impl Equations for Leaky {
//!     fn form(&self) -> Form {
//!         Form::new("leaky").stage(Stage::new(["n"]).reads([Slot::Old(0)]))
//!     }
//!     fn unit<S: Number>(&self, _stage: usize, u: &mut Unit<'_, S>) {
//!         let ([n], [h]) = (u.pre(), u.reads());
//!         let [n] = u.keep([n.tanh()]);
//!         u.write([h + S::constant(self.rate) * (n - h)]);
//!     }
//! }
//!
//! let cells = Cells::new().with("leaky", |options| Ok(Cell::new(&options.read::<Leaky>()?)?));
//! let leaky = CellSpec::new("leaky").with("rate", 0.25);
//! let config = Config::features(3).recurrent(RecurrentSpec::new(leaky, 8)).linear(1);
//! let network = Network::<f32>::with_cells(&config, 1, &cells)?;
//! assert_eq!(serde_json::to_string(&config.layers[0]).unwrap(), concat!(
//!     r#"{"recurrent":{"cell":{"leaky":{"rate":0.25}},"hidden":8,"layers":1,"#,
//!     r#""directions":"forward","bias":"both","name":null}}"#
//! ));
//! # Ok(())
//! # }
//! # #[cfg(not(feature = "_backend"))]
//! # fn main() {}
//! ```

mod built_in;
mod fault;
mod options;
mod record;
mod registry;
mod spec;

pub use fault::CellFault;
pub(crate) use options::MaskSpec;
pub use options::Options;
pub use record::CellRecord;
pub(crate) use record::expect;
pub use registry::Cells;
pub(crate) use registry::MOST_MASKS;
pub use spec::CellSpec;
