//! `outputs = graph(inputs)`: models of other libraries as graphs of operations, recurrent layers among them.
//!
//! A [`Graph`] is read from a file of another library, or built by hand with a [`Builder`]. Besides recurrent layers it has a small set of
//! operations: products, elementwise operations, and operations that rearrange elements. A recurrent layer is a
//! [`Network`](crate::Network) of one layer: its cell, its directions and its backend are those of this crate, and its weights are packed
//! once.
//!
//! A graph computes and does not learn. A graph that is a chain of layers can be turned [into a network](Graph::into_network), which learns,
//! streams and is saved.
//!
//! ```
//! # #[cfg(feature = "_backend")]
//! # fn main() -> recurrent::Result<()> {
//! use recurrent::graph::{Builder, Kind, Op, Tensor};
//! use recurrent::DefaultBackend;
//!
//! // y = tanh(x W + b), of any number of rows
//! let mut builder = Builder::new(DefaultBackend::default());
//! let x = builder.input("x", Kind::F32, [None, Some(2)])?;
//! let w = builder.constant(Tensor::f32(&[2, 3], [1.0, 0.0, 2.0, 0.0, 1.0, 2.0])?)?;
//! let b = builder.constant(Tensor::f32(&[3], [0.5, 0.5, 0.0])?)?;
//! let product = builder.add(Op::MatMul, [x, w])?;
//! let sum = builder.add(Op::Add, [product, b])?;
//! let y = builder.add(Op::Tanh, [sum])?;
//! builder.output("y", y)?;
//! let graph = builder.build()?;
//!
//! let mut session = graph.session();
//! let x = Tensor::f32(&[1, 2], [0.0, -0.5])?;
//! let outputs = graph.run(&mut session, &[&x])?;
//! assert_eq!(outputs[0].shape(), [1, 3]);
//! assert_eq!(outputs.named("y")?.as_f32()?, [0.5_f32.tanh(), 0.0, (-1.0_f32).tanh()]);
//! # Ok(())
//! # }
//! # #[cfg(not(feature = "_backend"))]
//! # fn main() {}
//! ```
//!
//! # Memory and time
//!
//! A [`Session`] keeps the values of a graph. The next run writes them to the same memory, and allocates nothing if nothing grows. Sizes are
//! checked against [`Session::limit`] before memory is asked for. What depends on constants alone is computed when the graph is built.
//!
//! # Numbers that are not finite
//!
//! Operations compute with them as IEEE 754 says. A recurrent layer refuses them in what it reads, as any network does;
//! [`Session::on_non_finite`] changes that.

mod build;
mod chain;
mod op;
mod ops;
mod recurrent;
mod room;
mod session;
mod tensor;
mod walk;

pub use build::{Builder, Dim, Graph, InputInfo, NodeInfo, Value};
pub use op::{Op, Padding};
pub use recurrent::{EmptyRows, Layout, Recurrent};
pub use session::{Outputs, Session};
pub use tensor::{Data, Kind, MOST_AXES, Tensor};
