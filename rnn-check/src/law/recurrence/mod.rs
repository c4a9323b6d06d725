//! Linear recurrences `h_t = a_t ⊙ h_{t−1} + b_t` and their pullback, whatever the grouping of their steps.

mod data;

use super::block::Block;
use super::{Context, Stop, Verdict, all, ensure, same, within};
use crate::bound::Bounded;
use crate::case::{Case, Layout, Stream};
use crate::drive::message;
use crate::number::Number;
use crate::real::Real;
use data::{Data, Gradients};
use rnn_kernels::{Direction, LinearBackward, LinearForward, SeqMut, SeqRef};
use std::panic::{AssertUnwindSafe, catch_unwind};

pub(in crate::law) fn a_recurrence_follows_the_oracle_all_the_way<T: Real>(
    ctx: &Context<'_, T>,
    case: &Case,
) -> Verdict {
    let data = Data::<T>::new(case);
    let (h, beside) = data.forward(ctx);
    all([beside, within(ctx.precision, &data.block("h"), &h, &data.states(ctx)), {
        same(&data.block("h of the next call"), &data.forward(ctx).0, &h)
    }])
}

pub(in crate::law) fn its_gradients_are_within_their_bounds<T: Real>(ctx: &Context<'_, T>, case: &Case) -> Verdict {
    let data = Data::<T>::new(case);
    let h = data.forward(ctx).0;
    let (got, beside) = data.backward(ctx, &h);
    let again = data.backward(ctx, &h).0;
    all([beside, data.within(ctx, &got, &data.adjoint(ctx, &h)), data.same_gradients(&again, &got)])
}

/// `⟨d_h, J v⟩ = ⟨Jᵀ d_h, v⟩` with `J v` from the recurrence of the tangents, `ḣ_t = ȧ_t h_{t−1} + a_t ḣ_{t−1} + ḃ_t`, along the
/// backend's own states.
pub(in crate::law) fn its_pullback_is_the_transpose_of_its_tangent<T: Real>(
    ctx: &Context<'_, T>,
    case: &Case,
) -> Verdict {
    let data = Data::<T>::new(case);
    let units = data.units();
    let h = data.forward(ctx).0;
    let got = data.backward(ctx, &h).0;
    let bounds = data.adjoint(ctx, &h);
    let mut stream = Stream::new(case.seed, 81);
    let wide = |v: T| T::Wide::from_f64(v.to_f64());
    all((0..4).map(|_| {
        let mut direction = |len: usize| (0..len).map(|_| T::Wide::from_f64(stream.quarter())).collect::<Vec<_>>();
        let v = [direction(data.a.len()), direction(data.b.len()), direction(units)];
        let zero = T::Wide::from_f64(0.0);
        let mut forward = zero;
        for unit in 0..units {
            let mut tangent = if data.initial.is_some() { v[2][unit] } else { zero };
            for t in data.order() {
                let (i, before) = (t * units + unit, wide(h[data.direction.from_slot(t) * units + unit]));
                tangent = v[0][i] * before + wide(data.a[i]) * tangent + v[1][i];
                forward = forward + wide(data.d_h[i]) * tangent;
            }
            forward = forward + data.d_last.as_ref().map_or(zero, |last| wide(last[unit])) * tangent;
        }
        let got = [&got.d_a, &got.d_b, &got.d_initial];
        let (mut against, mut error) = (zero, 0.0);
        for (i, ((got, v), bounds)) in got.iter().zip(&v).zip(&bounds).enumerate() {
            for ((&d, &v), bound) in got.iter().zip(v).zip(bounds).filter(|_| i < 2 || data.initial.is_some()) {
                against = against + wide(d) * v;
                error += bound.error * v.value().abs();
            }
        }
        // Both sums are the oracle's; what is compared is their difference, with 0.
        let difference = T::from_f64((against - forward).value());
        let none = Bounded::new(zero, error, ctx.precision);
        within(ctx.precision, &Block::matrix("⟨Jᵀu, v⟩ − ⟨u, Jv⟩", 1), &[difference], &[none])
    }))
}

/// Two windows, the state and its cotangent handed over, are within the bounds of the whole.
pub(in crate::law) fn a_recurrence_may_be_cut_anywhere<T: Real>(ctx: &Context<'_, T>, case: &Case) -> Verdict {
    let whole = Data::<T>::new(case);
    let ([steps, rows, width], units) = (whole.shape, whole.units());
    let cut = Stream::new(case.seed, 82).below(steps + 1);
    let ranges = match whole.direction {
        Direction::Forward => [0..cut, cut..steps],
        Direction::Reverse => [steps - cut..steps, 0..steps - cut],
    };
    let [early, late] = ranges;
    let state = |h: &[T], slot: usize| Some(h[slot * units..][..units].to_vec());
    let first = whole.window(early.start, early.end, whole.initial.clone(), None);
    let h_first = first.forward(ctx).0;
    let handed = state(&h_first, first.direction.final_slot(first.shape[0]));
    let second = whole.window(late.start, late.end, handed, whole.d_last.clone());
    let h_second = second.forward(ctx).0;
    let g_second = second.backward(ctx, &h_second).0;
    let first = Data { d_last: Some(g_second.d_initial.clone()), ..first };
    let g_first = first.backward(ctx, &h_first).0;
    let joined = |early: &[T], late: &[T], shared: usize| match whole.direction {
        Direction::Forward => [early, &late[shared * rows * width..]].concat(),
        Direction::Reverse => [late, &early[shared * rows * width..]].concat(),
    };
    let h = joined(&h_first, &h_second, 1);
    let gradients = Gradients {
        d_a: joined(&g_first.d_a, &g_second.d_a, 0),
        d_b: joined(&g_first.d_b, &g_second.d_b, 0),
        d_initial: g_first.d_initial,
    };
    all([
        within(ctx.precision, &whole.block("h in two windows"), &h, &whole.states(ctx)),
        whole.within(ctx, &gradients, &whole.adjoint(ctx, &h)),
    ])
}

/// A row has the bits that it has alone, and those of any layout.
pub(in crate::law) fn rows_and_layouts_of_a_recurrence_do_not_matter<T: Real>(
    ctx: &Context<'_, T>,
    case: &Case,
) -> Verdict {
    if !ctx.claims.batch_invariant {
        return Err(Stop::Skip("not claimed"));
    }
    let all_rows = Data::<T>::new(case);
    let [steps, rows, width] = all_rows.shape;
    let h = all_rows.forward(ctx).0;
    let got = all_rows.backward(ctx, &h).0;
    let of_row = |v: &[T], n: usize| v.chunks(width).skip(n).step_by(rows).flatten().copied().collect::<Vec<_>>();
    let alone = (0..rows).map(|n| {
        let row = all_rows.row(n);
        let own = row.forward(ctx).0;
        let part = Gradients {
            d_a: of_row(&got.d_a, n),
            d_b: of_row(&got.d_b, n),
            d_initial: got.d_initial[n * width..][..width].to_vec(),
        };
        all([
            same(&row.block("h of a row alone"), &own, &of_row(&h, n)),
            row.same_gradients(&row.backward(ctx, &own).0, &part),
        ])
    });
    let laid_out = Layout::ALL.into_iter().map(|layout| {
        let data = Data { layout, ..all_rows.clone() };
        let h = data.forward(ctx).0;
        all([
            same(&data.block("h in another layout"), &h, &all_rows.forward(ctx).0),
            data.same_gradients(&data.backward(ctx, &h).0, &got),
        ])
    });
    debug_assert_eq!(h.len(), (steps + 1) * rows * width);
    all(alone.chain(laid_out))
}

/// What is no number reaches every later state of its unit, or every earlier cotangent, and nothing else; and where products of
/// coefficients overflow, a state of 0 stays 0.
pub(in crate::law) fn what_is_no_number_stays_in_its_unit<T: Real>(ctx: &Context<'_, T>, case: &Case) -> Verdict {
    let clean = Data::<T>::new(case);
    let (steps, units) = (clean.shape[0], clean.units());
    if units == 0 {
        return Err(Stop::Skip("there is no unit"));
    }
    let mut stream = Stream::new(case.seed, 83);
    let (k, unit) = (stream.below(steps), stream.below(units));
    let at = clean.direction.step(k, steps) * units + unit;
    let bad = T::from_f64([f64::NAN, f64::INFINITY, f64::NEG_INFINITY][stream.below(3)]);
    let (h, hit) = (clean.forward(ctx).0, |later: usize, i: usize| i % units == unit && later >= k);
    let g = clean.backward(ctx, &h).0;
    let mut poisoned = clean.clone();
    (poisoned.b[at], poisoned.d_h[at]) = (bad, bad);
    let (got, got_g) = (poisoned.forward(ctx).0, poisoned.backward(ctx, &h).0);
    let mut verdicts = vec![];
    for t in 0..steps {
        let later = clean.direction.step(t, steps);
        for i in t * units..(t + 1) * units {
            let slot = clean.direction.to_slot(t) * units + i % units;
            verdicts.push(kept_or_lost("h", got[slot], h[slot], hit(later, i)));
            let earlier = i % units == unit && later <= k;
            verdicts.push(kept_or_lost("d_b", got_g.d_b[i], g.d_b[i], earlier));
            verdicts.push(kept_or_lost("d_a", got_g.d_a[i], g.d_a[i], earlier));
        }
    }
    for i in 0..units {
        verdicts.push(kept_or_lost("d_initial", got_g.d_initial[i], g.d_initial[i], i == unit));
    }
    let still = |v: &[T]| vec![T::ZERO; v.len()];
    let at_rest = Data {
        a: vec![T::from_f64(1e30); clean.a.len()],
        b: still(&clean.b),
        d_h: still(&clean.d_h),
        initial: None,
        d_last: None,
        ..clean
    };
    let h = at_rest.forward(ctx).0;
    let g = at_rest.backward(ctx, &h).0;
    let zeros = Gradients { d_a: still(&g.d_a), d_b: still(&g.d_b), d_initial: still(&g.d_initial) };
    verdicts.push(same(&at_rest.block("h at rest"), &h, &still(&h)));
    verdicts.push(at_rest.same_gradients(&g, &zeros));
    all(verdicts)
}

/// A number that is none where it must be, and the same bits elsewhere.
fn kept_or_lost<T: Real>(name: &str, got: T, clean: T, lost: bool) -> Verdict {
    ensure(if lost { !got.is_finite() } else { got.same(clean) }, || {
        let must = if lost { "is finite beside a number that is none".into() } else { format!("was {clean:?} before") };
        format!("{name}: {got:?} {must}")
    })
}

/// Everything is checked before anything is written.
pub(in crate::law) fn a_wrong_recurrence_is_named_before_any_write<T: Real>(ctx: &Context<'_, T>, _: &Case) -> Verdict {
    let ones = vec![T::ONE; 60];
    let right = [3, 2, 4];
    let refuses = |word: &str, call: &dyn Fn(&mut [T])| {
        let mut written = vec![T::CANARY; 150];
        let panic = catch_unwind(AssertUnwindSafe(|| call(&mut written))).err().map(|panic| message(&*panic));
        let kept = written.iter().all(|v| v.bits() == T::CANARY.bits());
        all([
            ensure(panic.as_ref().is_some_and(|text| text.contains(&format!(": {word} "))), || {
                format!("a wrong {word}: {panic:?} does not name it")
            }),
            ensure(kept, || format!("a wrong {word}: something was written before the panic")),
        ])
    };
    let seq = |[t, n, w]: [usize; 3]| SeqRef::new(&ones, t, n, w);
    let forward = |b: [usize; 3], h: [usize; 3], initial: usize, out: &mut [T]| {
        ctx.backend.linear_forward(LinearForward {
            direction: Direction::Forward,
            a: seq(right),
            b: seq(b),
            initial: Some(&ones[..initial]),
            h: SeqMut::new(out, h[0], h[1], h[2]),
        });
    };
    let backward = |h: [usize; 3], d_h: [usize; 3], d: [[usize; 3]; 2], ends: [usize; 2], out: &mut [T]| {
        let (d_initial, out) = out.split_at_mut(ends[1]);
        let (d_a, d_b) = out.split_at_mut(60);
        ctx.backend.linear_backward(LinearBackward {
            direction: Direction::Forward,
            a: seq(right),
            h: seq(h),
            d_h: seq(d_h),
            d_last: Some(&ones[..ends[0]]),
            d_a: SeqMut::new(d_a, d[0][0], d[0][1], d[0][2]),
            d_b: SeqMut::new(d_b, d[1][0], d[1][1], d[1][2]),
            d_initial: Some(d_initial),
        });
    };
    let states = [4, 2, 4];
    all([
        refuses("b", &|out| forward([3, 2, 5], states, 8, out)),
        refuses("h", &|out| forward(right, right, 8, out)),
        refuses("initial", &|out| forward(right, states, 7, out)),
        refuses("h", &|out| backward(right, right, [right; 2], [8; 2], out)),
        refuses("d_h", &|out| backward(states, [3, 3, 4], [right; 2], [8; 2], out)),
        refuses("d_a", &|out| backward(states, right, [[2, 2, 4], right], [8; 2], out)),
        refuses("d_b", &|out| backward(states, right, [right, [3, 2, 3]], [8; 2], out)),
        refuses("d_last", &|out| backward(states, right, [right; 2], [9, 8], out)),
        refuses("d_initial", &|out| backward(states, right, [right; 2], [8, 4], out)),
    ])
}
