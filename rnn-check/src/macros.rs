//! `conformance!`: one `#[test]` for each law and number type.

/// One module for each backend, in it `f32` and `f64`, in these one `#[test]` for each law.
///
/// ```
/// mod suite {
///     use rnn_check::{Claims, planted::Plain};
///     rnn_check::conformance! {
///         plain { backend: Plain, claims: Claims::new().batch_invariant() }
///     }
/// }
/// ```
///
/// - `plan: …` after the claims replaces [`Plan::from_env`](crate::Plan::from_env), which follows `RNN_CHECK_PROFILE`;
/// - `cells: [cell, …]` after that checks cells of one's own, too ([`check_cell`](crate::check_cell) checks one alone);
/// - `threads: [Mine::with_threads(2), Mine::with_threads(3)]` after that adds a test that these forms of the backend give
///   its bits ([`same_bits_for_any_threads`](crate::same_bits_for_any_threads)).
///
/// `RNN_CHECK_REPLAY=<token>` runs the one case that a failure printed; the tests it does not concern say so and pass.
#[macro_export]
macro_rules! conformance {
    ($($module:ident {
        backend: $backend:expr, claims: $claims:expr
        $(, plan: $plan:expr)? $(, cells: [$($cell:expr),+ $(,)?])? $(, threads: [$($form:expr),+ $(,)?])? $(,)?
    })*) => {
        $(
            mod $module {
                #[allow(unused_imports)]
                use super::*;

                fn check<T: $crate::Checked>(backend: &dyn $crate::Backend<T>, law: &str) {
                    static CELLS: std::sync::OnceLock<Vec<$crate::oracle::Cell>> = std::sync::OnceLock::new();
                    let cells = CELLS.get_or_init(|| vec![$($($crate::oracle::Cell::from($cell)),+)?]);
                    let plan = $crate::__plan!($($plan)?).with(cells.iter().copied());
                    $crate::conform::<T>(backend, &$claims, plan, law);
                }

                $crate::for_each_law!(__conformance_tests! { { $backend } });

                $crate::__threads_tests! { [$backend, $claims, $crate::__plan!($($plan)?)] $([$($form),+])? }
            }
        )*
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! __plan {
    () => {
        $crate::Plan::from_env()
    };
    ($plan:expr) => {
        $plan
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! __threads_tests {
    ([$backend:expr, $claims:expr, $plan:expr]) => {};
    ([$backend:expr, $claims:expr, $plan:expr] [$($form:expr),+]) => {
        #[test]
        fn f32_bits_are_the_same_for_any_number_of_threads() {
            $crate::conform_threads::<f32>(&[&$backend, $(&$form),+], &$claims, $plan);
        }

        #[test]
        fn f64_bits_are_the_same_for_any_number_of_threads() {
            $crate::conform_threads::<f64>(&[&$backend, $(&$form),+], &$claims, $plan);
        }
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! __conformance_tests {
    ({ $backend:expr }
     both [$([$group:ident, $name:ident, $scope:ident, $clause:literal])*]
     f64 [$([$group2:ident, $name2:ident, $scope2:ident, $clause2:literal])*]) => {
        mod f32 {
            #[allow(unused_imports)]
            use super::*;
            $(#[test]
            fn $name() {
                super::check::<f32>(&$backend, concat!(stringify!($group), "::", stringify!($name)));
            })*
        }
        mod f64 {
            #[allow(unused_imports)]
            use super::*;
            $(#[test]
            fn $name() {
                super::check::<f64>(&$backend, concat!(stringify!($group), "::", stringify!($name)));
            })*
            $(#[test]
            fn $name2() {
                super::check::<f64>(&$backend, concat!(stringify!($group2), "::", stringify!($name2)));
            })*
        }
    };
}
