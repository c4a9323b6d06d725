//! Which backend: by type, with a default for applications.
//!
//! Features decide which backends are compiled in; they only ever add. A program may use several at once and
//! chooses by type. [`DefaultBackend`] is the fastest one that is on: `Faer`, then `MatrixMultiply`, then `Naive`.

pub use rnn_kernels::Backend;

#[cfg(feature = "faer")]
pub use rnn_backend_faer::{Accuracy, Faer};
#[cfg(feature = "matrixmultiply")]
pub use rnn_backend_naive::MatrixMultiply;
#[cfg(feature = "naive")]
pub use rnn_backend_naive::Naive;

/// The fastest backend that is compiled in.
#[cfg(feature = "faer")]
pub type DefaultBackend = Faer;

/// The fastest backend that is compiled in.
#[cfg(all(feature = "matrixmultiply", not(feature = "faer")))]
pub type DefaultBackend = MatrixMultiply;

/// The fastest backend that is compiled in.
#[cfg(all(feature = "naive", not(feature = "matrixmultiply"), not(feature = "faer")))]
pub type DefaultBackend = Naive;

#[cfg(not(feature = "_backend"))]
pub use none::DefaultBackend;

#[cfg(not(feature = "_backend"))]
mod none {
    use rnn_kernels::{Accum, Backend, MatMut, MatRef, Scalar};

    /// No backend is compiled in: there is no value of this type. Switch one of the features `faer`,
    /// `matrixmultiply` and `naive` on, or give a backend of your own.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub enum DefaultBackend {}

    impl<T: Scalar> Backend<T> for DefaultBackend {
        fn matmul(&self, _: MatMut<'_, T>, _: Accum, _: MatRef<'_, T>, _: MatRef<'_, T>) {
            match *self {}
        }
    }
}
