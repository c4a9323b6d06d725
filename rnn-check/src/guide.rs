//! From an empty crate to a verified backend.
//!
//! # 1 · A crate with one method
//!
//! A backend is one type that multiplies matrices; everything else it inherits. In `Cargo.toml`:
//!
//! ```toml
//! [dependencies]
//! rnn-kernels = "0.1"
//!
//! [dev-dependencies]
//! # Without the command line, which brings backends of its own.
//! rnn-check = { version = "0.1", default-features = false }
//!
//! # Thousands of cases are held against an oracle: unoptimised they take an hour.
//! [profile.test]
//! opt-level = 2
//! ```
//!
//! ```
//! use rnn_kernels::{Accum, Backend, MatMut, MatRef, Scalar, check_matmul};
//!
//! /// Products by rows of `B`, everything else as provided.
//! #[derive(Debug)]
//! struct Mine;
//!
//! impl<T: Scalar> Backend<T> for Mine {
//!     fn matmul(&self, mut c: MatMut<'_, T>, accum: Accum, a: MatRef<'_, T>, b: MatRef<'_, T>) {
//!         let [m_count, k_count, n_count] = check_matmul(&c, &a, &b);
//!         for m in 0..m_count {
//!             let row = c.row_mut(m);
//!             if accum == Accum::Replace {
//!                 row.fill(T::ZERO);
//!             }
//!             for k in 0..k_count {
//!                 let a = a.at(m, k);
//!                 (0..n_count).for_each(|n| row[n] += a * b.at(k, n));
//!             }
//!         }
//!     }
//! }
//!
//! # use rnn_check::{Claims, Plan};
//! // The first look at it: one group of laws, a few cases.
//! let report = rnn_check::run::<f32>(&Mine, &Claims::new(), &Plan::quick().only("matmul::"));
//! assert!(report.passes(), "{report}");
//! println!("{report}");
//! ```
//!
//! # 2 · Every law as a test
//!
//! Put this into `tests/conformance.rs`, with your backend in the place of `Plain`:
//!
//! ```
//! mod conformance {
//!     use rnn_check::{Claims, planted::Plain};
//!
//!     rnn_check::conformance! {
//!         plain { backend: Plain, claims: Claims::new() }
//!     }
//! }
//! ```
//!
//! `cargo test` then runs one test for each law and number type, by the names `plain::f32::<law>` and `plain::f64::<law>`, so
//! that filters work: `cargo test f32::padding`. How much each law sees follows from a variable of the environment:
//!
//! | `RNN_CHECK_PROFILE` | cases of each law | time |
//! |---|---|---|
//! | `quick`, the default | a third of the covering list, 8 random ones | seconds |
//! | `full`, for continuous integration | the covering list, 7 wide ones, 40 random ones | a minute or two |
//! | `exhaustive` | the covering list, all wide ones, 2000 random ones, 200 large ones | minutes to hours |
//!
//! # 3 · What the backend claims
//!
//! [`Claims::new`](crate::Claims::new) promises the accuracy of the provided activations and nothing optional. A backend
//! that writes its own says how accurate they are; everything else is told to it:
//!
//! | the backend | the claim |
//! |---|---|
//! | has its own σ and tanh | [`sigmoid_ulp`](crate::Claims::sigmoid_ulp), [`tanh_ulp`](crate::Claims::tanh_ulp): [`activation`](crate::activation) measures them on every f32 |
//! | computes a row alike, whatever the other rows | [`batch_invariant`](crate::Claims::batch_invariant) |
//! | allocates nothing once it runs | [`allocation_free`](crate::Claims::allocation_free), checked if the plan [can count](crate::Plan::count_allocations) |
//! | has other bits on another number of threads | [`determinism`](crate::Claims::determinism)`(`[`SameThreads`](crate::Determinism::SameThreads)`)`; without it `threads: […]` in `conformance!` compares them |
//! | lacks an option | [`without`](crate::Claims::without): what needs it is skipped and counted |
//! | is known to break a law | [`expecting`](crate::Claims::expecting), with the reason: a failure as soon as the law holds |
//!
//! A claim that is not kept fails. One that could be made is printed as an under-claim: `cargo test -- --show-output`.
//!
//! # 4 · Reading a failure
//!
//! This is what a backend is told whose LSTM multiplies `d_pre_f` with `c` instead of `c_prev`:
//!
//! ```text
//! rnn-check FAIL  oracle::parameter_gradients_accumulate_within_their_bounds  backend=Mine  f32
//!  clause  C8, C11: d_params += Σ d_pre vᵀ
//!  case    lstm T=1 N=1 C=1 H=1 bias=Both Forward lengths=All state=given input=dense layout=TimeMajor …
//!  shrunk  from lstm T=5 N=4 C=8 H=17 bias=Both Forward lengths=WithZero state=given input=dense … in 8 tries
//!  worst   d_params.weight_ih[gate f, unit 0, column 0]
//!          4/16 over bound · worst [1] got 4.678e-1 want 4.558e-1 |err| 1.203e-2 bound 1.563e-6 RATIO 7697.955
//!  spread  4/16 of d_params, in bias_hh gate f, bias_ih gate f, weight_hh gate f, weight_ih gate f
//!  hint    errs like the planted bug ForgetUsesNewCell 1.00 (lstm: d_pre_f uses c instead of c_prev)
//!          or like TailDropped 0.94 (product: the tail of K beyond a multiple of 4 is dropped)
//!  replay  RNN_CHECK_REPLAY=rnn2-f32-oracle::parameter_gradients_accumulate_within_their_bounds-2010e0-T1N1C1H1-2b-ad87
//!  run     seed 0x5eed, case 15 of this law
//! ```
//!
//! - *case* is the plainest that still fails: whatever is not plain in it, the mistake needs. Here it is nothing but an LSTM
//!   of one unit.
//! - *worst* names the element, its numbers and how many times the bound its error is. A ratio of 1.2 is an accuracy that is a
//!   little less than claimed, one of 10⁶ a wrong formula.
//! - *spread* says where the others are: one gate, one row, from which step on.
//! - *hint* compares all errors of that array with those of backends that have one known mistake each
//!   ([`planted::Bug`](crate::planted::Bug)), on the case the failure was found on: 1.00 is the same pattern.
//!
//! # 5 · Running it again
//!
//! ```sh
//! RNN_CHECK_REPLAY=rnn2-f32-oracle::parameter_… cargo test --test conformance
//! ```
//!
//! runs the one case in the one test that it concerns; all others say that they are skipped. The same from a debugger:
//!
//! ```no_run
//! use rnn_check::{Claims, Token, planted::Plain};
//!
//! # fn main() -> Result<(), rnn_check::TokenError> {
//! let token: Token = "rnn2-f32-…".parse()?;
//! rnn_check::replay::<f32>(&Plain, &Claims::new(), &token).assert_passes();
//! # Ok(())
//! # }
//! ```
//!
//! # 6 · Overriding what pays
//!
//! The equation of a stage comes next, then whole passes over [`Plan`](rnn_kernels::Plan)s, then heads; after each one,
//! `cargo test`. A cell that an override does not know runs its program, and so every cell is computed from the first day. A backend
//! with several instruction sets forces each of them ([`dispatch`](crate::dispatch)), one with threads adds `threads: […]`.
//!
//! The gates of an LSTM in one sweep over each row, for example. It asks which cell it is given, and hands every other one to the
//! provided body. σ and tanh are the provided ones, so that the accuracy of [`Claims::new`](crate::Claims::new) is kept:
//!
//! ```
//! use rnn_kernels::{Accum, Backend, Known, MatMut, MatRef, Scalar, UnitForward, check_matmul, reference};
//!
//! #[derive(Debug)]
//! struct Mine;
//!
//! impl Backend<f32> for Mine {
//!     fn matmul(&self, mut c: MatMut<'_, f32>, accum: Accum, a: MatRef<'_, f32>, b: MatRef<'_, f32>) {
//!         let [m_count, k_count, n_count] = check_matmul(&c, &a, &b);
//!         for (m, n) in (0..m_count).flat_map(|m| (0..n_count).map(move |n| (m, n))) {
//!             let start = if accum == Accum::Add { c.row_mut(m)[n] } else { 0.0 };
//!             c.row_mut(m)[n] = (0..k_count).fold(start, |sum, k| sum + a.at(m, k) * b.at(k, n));
//!         }
//!     }
//!
//!     fn unit_forward(&self, mut unit: UnitForward<'_, f32>) {
//!         if unit.spec().cell().known() != Some(Known::Lstm) {
//!             return reference::program::forward(unit);
//!         }
//!         let width = unit.width();
//!         for (n, j) in unit.rows().flat_map(|n| (0..width).map(move |j| (n, j))) {
//!             // The equation reads one slot, the old c, and writes two, h and c.
//!             let c_prev = unit.read(0, n)[j];
//!             let gates = unit.pre(n);
//!             let [i, f, g, o] = [0, 1, 2, 3].map(|k| gates[k * width + j]);
//!             let (i, f, g, o) = (i.sigmoid(), f.sigmoid(), Scalar::tanh(g), o.sigmoid());
//!             // What backward reads lies where the pre-activations were.
//!             [i, f, g, o].into_iter().enumerate().for_each(|(k, kept)| gates[k * width + j] = kept);
//!             let c = f * c_prev + i * g;
//!             unit.write(1, n)[j] = c;
//!             unit.write(0, n)[j] = o * Scalar::tanh(c);
//!         }
//!     }
//! }
//!
//! # use rnn_check::{Claims, Plan};
//! for law in ["oracle::", "structure::", "environment::nothing_is_written"] {
//!     let report = rnn_check::run::<f32>(&Mine, &Claims::new(), &Plan::quick().only(law));
//!     assert!(report.passes(), "{report}");
//! }
//! ```
//!
//! Mix it with the provided backward (C10): the reserve is the same. Whole passes are overridden likewise; the suite runs them on ragged
//! rows, one-hot input and late windows, with NaN in all padding, so that a condition too wide fails.
//!
//! Before a release: `RNN_CHECK_PROFILE=exhaustive cargo test --release`, the activations on every f32, and a look at the
//! under-claims.
