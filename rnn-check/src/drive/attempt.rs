//! Calls that should panic.

use super::{Backward, Forward, Infer, Pass, Reserve, Rig, Spec};
use crate::case::Problem;
use crate::oracle::Dims;
use crate::real::Real;

impl<T: Real> Rig<'_, T> {
    /// Whether a pass needs any scratch.
    #[must_use]
    pub fn needs_workspace(&self, problem: &Problem<T>, pass: Pass) -> bool {
        let Dims { steps, batch, .. } = problem.dims;
        let lens = Spec::new(problem.cell, problem.bias, problem.dims).lens(self.backend, steps, batch);
        0 < match pass {
            Pass::Forward => lens.forward,
            Pass::Backward => lens.backward,
            Pass::Infer => lens.infer,
        }
    }

    /// A pass that should panic: its message, and the first buffer it wrote to, if any.
    #[must_use]
    pub fn attempt(
        &self,
        problem: &Problem<T>,
        reserve: &Reserve<T>,
        pass: Pass,
    ) -> (Option<String>, Option<&'static str>) {
        let rig = Self { catch: true, garbage: T::CANARY, ..*self };
        let untouched = |v: &[T]| v.iter().all(|v| v.bits() == T::CANARY.bits());
        let (call, buffers) = match pass {
            Pass::Forward => {
                let Forward { y, h_n, c_n, reserve, call, .. } = rig.forward(problem);
                (
                    call,
                    [
                        ("y", untouched(&y)),
                        ("h_n", untouched(&h_n)),
                        ("c_n", untouched(&c_n)),
                        ("reserve", untouched(&reserve.buffer)),
                    ],
                )
            }
            Pass::Backward => {
                let before = problem.zeros();
                let Backward { d_params, d_x, d_h0, trace, call, .. } = rig.backward_into(problem, reserve, &before);
                let kept = d_params.iter().all(|v| v.bits() == T::ZERO.bits());
                let d_x = untouched(&d_x) || problem.d_x_accum == rnn_kernels::Accum::Add;
                (call, [("d_params", kept), ("d_x", d_x), ("d_h0", untouched(&d_h0)), ("d_h_trace", untouched(&trace))])
            }
            Pass::Infer => {
                let Infer { y, h, call, .. } = rig.infer(problem);
                let start = problem.h0.as_deref().unwrap_or_default();
                let kept = h.iter().zip(start).all(|(a, b)| a.bits() == b.bits());
                (call, [("y", untouched(&y)), ("h", kept), ("", true), ("", true)])
            }
        };
        (call.panic, buffers.into_iter().find(|(_, kept)| !kept).map(|(name, _)| name))
    }
}
