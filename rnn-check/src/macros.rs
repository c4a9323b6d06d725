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
/// `plan: …` after the claims replaces [`Plan::full`](crate::Plan::full).
#[macro_export]
macro_rules! conformance {
    ($($module:ident { backend: $backend:expr, claims: $claims:expr $(, plan: $plan:expr)? $(,)? })*) => {
        $(
            mod $module {
                #[allow(unused_imports)]
                use super::*;

                /// Runs one law and panics with the report if it is broken.
                #[allow(unused)]
                fn check<T: $crate::Checked>(backend: &dyn $crate::Backend<T>, law: &str) {
                    #[allow(unused_mut, unused_assignments)]
                    let mut plan = $crate::Plan::full();
                    $(plan = $plan;)?
                    let report = $crate::run::<T>(backend, &$claims, &plan.only(law));
                    println!("{report}");
                    report.assert_passes();
                }

                $crate::for_each_law!(__conformance_tests! { { $backend } });
            }
        )*
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
