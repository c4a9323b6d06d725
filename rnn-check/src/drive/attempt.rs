//! Calls that should panic.

use super::{Backward, Forward, Infer, Mistake, Pass, Reserve, Rig};
use crate::case::Problem;
use crate::oracle::Dims;
use crate::real::Real;

impl<T: Real> Rig<'_, T> {
    /// Whether a pass needs any scratch.
    #[must_use]
    pub fn needs_workspace(&self, problem: &Problem<T>, pass: Pass) -> bool {
        let Dims { steps, batch, .. } = problem.dims;
        let lens = self.backend.lens(&problem.spec(), steps, batch);
        0 < match pass {
            Pass::Forward => lens.forward,
            Pass::Backward => lens.backward,
            Pass::Infer => lens.infer,
        }
    }

    /// A mistake in words, with what was given and what is required: `workspace in Backward: 35 elements given, 36 required`.
    #[must_use]
    pub fn told(&self, problem: &Problem<T>, mistake: Mistake, pass: Pass, word: &str) -> String {
        let Dims { steps, batch, input, hidden } = problem.dims;
        let lens = |steps| self.backend.lens(&problem.spec(), steps, batch);
        let states = problem.state_lens().iter().sum::<usize>();
        let elements = |given: usize, required: usize| (format!("{given} elements"), format!("{required}"));
        let shapes = |given: &[usize], required: &[usize]| (format!("{given:?}"), format!("{required:?}"));
        let (given, required) = match mistake {
            Mistake::Initial | Mistake::Last | Mistake::DLast | Mistake::DInitial | Mistake::States => {
                elements(states + 1, states)
            }
            Mistake::Y => shapes(&[steps, batch, hidden + 1], &[steps, batch, hidden]),
            Mistake::X | Mistake::Dx => shapes(&[steps, batch, input + 1], &[steps, batch, input]),
            Mistake::Dy => shapes(&[steps + 1, batch, hidden], &[steps, batch, hidden]),
            Mistake::Trace => shapes(&[steps, batch, hidden], &[steps + 1, batch, hidden]),
            Mistake::Lengths => elements(batch + 1, batch),
            Mistake::Skipped => elements(steps * batch - 1, steps * batch),
            Mistake::Clip => ("a limit of −1".into(), "0 or more".into()),
            Mistake::Reserve => elements(lens(steps + 1).reserve, lens(steps).reserve),
            Mistake::Params | Mistake::DParams => elements(problem.params_of_a_larger_cell(), problem.params.len()),
            Mistake::Workspace => {
                let required = match pass {
                    Pass::Forward => lens(steps).forward,
                    Pass::Backward => lens(steps).backward,
                    Pass::Infer => lens(steps).infer,
                };
                elements(required.saturating_sub(1), required)
            }
        };
        format!("{word} in {pass:?}: {given} given, {required} required")
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
                        ("last", untouched(&h_n) && untouched(&c_n)),
                        ("", true),
                        ("reserve", untouched(&reserve.buffer)),
                    ],
                )
            }
            Pass::Backward => {
                let before = problem.zeros();
                let Backward { d_params, d_x, d_h0, d_c0, trace, call, .. } =
                    rig.backward_into(problem, reserve, &before);
                let kept = d_params.iter().all(|v| v.bits() == T::ZERO.bits());
                let d_x = untouched(&d_x) || problem.d_x_accum == rnn_kernels::Accum::Add;
                (
                    call,
                    [
                        ("d_params", kept),
                        ("d_x", d_x),
                        ("d_initial", untouched(&d_h0) && untouched(&d_c0)),
                        ("d_trace", untouched(&trace)),
                    ],
                )
            }
            Pass::Infer => {
                let Infer { y, h, call, .. } = rig.infer(problem);
                let start = problem.h0.as_deref().unwrap_or_default();
                let kept = h.iter().zip(start).all(|(a, b)| a.bits() == b.bits());
                (call, [("y", untouched(&y)), ("states", kept), ("", true), ("", true)])
            }
        };
        (call.panic, buffers.into_iter().find(|(_, kept)| !kept).map(|(name, _)| name))
    }
}
