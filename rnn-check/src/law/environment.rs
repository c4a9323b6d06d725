//! What surrounds a call: repetition, scratch, neighbours in memory, threads, wrong shapes, the heap.

use super::alike::{Results, run, same_bits};
use super::{Context, Evidence, Stop, Verdict, all, ensure, fail};
use crate::case::{Case, Problem, X};
use crate::claims::Determinism;
use crate::drive::{Mistake, Pass, Rig, message};
use crate::real::Real;
use std::panic::{AssertUnwindSafe, catch_unwind};

pub(super) fn the_same_inputs_give_the_same_bits<T: Real>(ctx: &Context<'_, T>, case: &Case) -> Verdict {
    let problem = case.problem::<T>();
    let first = run(ctx, &problem);
    all((0..2).map(|_| same_bits(&problem, &run(ctx, &problem), &first)))
}

/// Scratch, packed weights and outputs hold NaN, then zeros, then large numbers.
pub(super) fn scratch_contents_do_not_matter<T: Real>(ctx: &Context<'_, T>, case: &Case) -> Verdict {
    let problem = case.problem::<T>();
    let with = |garbage: f64| {
        let rig = Rig { garbage: T::from_f64(garbage), ..ctx.rig() };
        let forward = rig.forward(&problem);
        let reserve = forward.reserve.clone();
        let infer = rig.infer(&problem);
        (Results::of(forward, rig.backward(&problem, &reserve)), infer, reserve)
    };
    let (results, infer, reserve) = with(f64::NAN);
    let whole = |v: &[T]| v.to_vec();
    all([0.0, 1e30].map(|garbage| {
        let (other, other_infer, other_reserve) = with(garbage);
        let block = super::block::Block::matrix("a buffer over other garbage", problem.dims.hidden);
        all([
            same_bits(&problem, &other, &results),
            super::same(&block, &whole(&other_infer.y), &infer.y),
            super::same(&block, &whole(&other_infer.h), &infer.h),
            super::same(&block, &whole(&other_reserve.buffer), &reserve.buffer),
        ])
    }))
}

pub(super) fn nothing_is_written_where_it_must_not_be<T: Real>(ctx: &Context<'_, T>, case: &Case) -> Verdict {
    let problem = case.problem::<T>();
    let rig = ctx.rig();
    let forward = rig.forward(&problem);
    let back = rig.backward(&problem, &forward.reserve);
    let infer = rig.infer(&problem);
    let breaches = forward.breaches.iter().chain(&back.breaches).chain(&infer.breaches);
    match breaches.into_iter().next() {
        Some(breach) => Err(fail(breach.clone())),
        None => Ok(Evidence::facts(3)),
    }
}

pub(super) fn several_threads_at_once_give_the_same_bits<T: Real>(ctx: &Context<'_, T>, case: &Case) -> Verdict {
    if ctx.claims.determinism < Determinism::AnyThreads {
        return Err(Stop::Skip("not claimed"));
    }
    let problem = case.problem::<T>();
    let want = run(ctx, &problem);
    let results: Vec<Results<T>> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..4).map(|_| scope.spawn(|| run(ctx, &problem))).collect();
        threads
            .into_iter()
            .map(|thread| thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
            .collect()
    });
    all(results.iter().map(|got| same_bits(&problem, got, &want)))
}

pub(super) fn a_wrong_shape_is_named_before_any_write<T: Real>(ctx: &Context<'_, T>, case: &Case) -> Verdict {
    // Something of every kind, so that every mistake can be made.
    let mut dims = case.dims;
    (dims.steps, dims.batch) = (dims.steps.max(2), dims.batch.max(2));
    let case = Case { dims, one_hot: false, state: true, upstream: crate::case::Upstream::ALL, ..*case };
    let problem = case.problem::<T>();
    let reserve = ctx.rig().forward(&problem).reserve;
    let mut verdicts: Vec<Verdict> = Vec::new();
    for (mistake, pass, word) in Mistake::ALL {
        let rig = Rig { mistake: Some(mistake), ..ctx.rig() };
        if mistake == Mistake::Workspace && !rig.needs_workspace(&problem, pass) {
            continue;
        }
        let outcome = catch_unwind(AssertUnwindSafe(|| rig.attempt(&problem, &reserve, pass)));
        let verdict = match outcome {
            Err(panic) => {
                Err(fail(format!("{mistake:?} in {pass:?}: building the call panicked: {}", message(&*panic))))
            }
            Ok((None, _)) => Err(fail(format!("{}: no panic", rig.told(&problem, mistake, pass, word)))),
            Ok((Some(text), written)) => all([
                ensure(text.contains(word), || {
                    format!("{}: the message does not name {word}: {text}", rig.told(&problem, mistake, pass, word))
                }),
                ensure(written.is_none(), || {
                    format!("{}: {written:?} was written before the panic", rig.told(&problem, mistake, pass, word))
                }),
            ]),
        };
        verdicts.push(verdict);
    }
    verdicts.push(wrong_operands(ctx));
    if problem.cell.reads_input() {
        return all(verdicts);
    }
    // An index beyond C is a wrong shape too.
    let one_hot = Problem {
        x: X::OneHot(vec![u32::MAX; dims.steps * dims.batch]),
        lengths: None,
        holes: None,
        ..problem.clone()
    };
    let (text, written) = ctx.rig().attempt(&one_hot, &reserve, Pass::Forward);
    let text = text.unwrap_or_default();
    verdicts.push(ensure(text.contains("index") && written.is_none(), || {
        format!("an index beyond C: {text:?}, {written:?}")
    }));
    all(verdicts)
}

fn wrong_operands<T: Real>(ctx: &Context<'_, T>) -> Verdict {
    use rnn_kernels::{Accum, MatMut, MatRef};
    let ones = [T::ONE; 12];
    let mut c = [T::CANARY; 4];
    let panics = catch_unwind(AssertUnwindSafe(|| {
        ctx.backend.matmul(
            MatMut::new(&mut c, 2, 2),
            Accum::Replace,
            MatRef::new(&ones, 2, 3),
            MatRef::new(&ones, 4, 2),
        );
    }));
    let kept = c.iter().all(|c| c.bits() == T::CANARY.bits());
    ensure(panics.is_err() && kept, || "matmul of [2, 3] and [4, 2]: no panic, or C was written before".into())
}

pub(super) fn no_allocation_after_the_first_call<T: Real>(ctx: &Context<'_, T>, case: &Case) -> Verdict {
    let Some(count) = ctx.count else {
        return Err(Stop::Skip("the program cannot count allocations"));
    };
    if !ctx.claims.allocation_free {
        return Err(Stop::Skip("not claimed"));
    }
    let problem = case.problem::<T>();
    let rig = Rig { count: Some(count), ..ctx.rig() };
    let calls = || {
        let forward = rig.forward(&problem);
        let back = rig.backward(&problem, &forward.reserve);
        [forward.call.allocations, back.call.allocations, rig.infer(&problem).call.allocations]
    };
    let _first = calls();
    let later = calls();
    ensure(later == [0; 3], || format!("the second forward, backward, infer allocated {later:?} times"))
}
