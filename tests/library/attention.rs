//! Attention against its formulas and their exact derivatives.

use crate::common::values;
use recurrent::attention::{Attend, AttendBackward, Scoring, backward, forward};
use recurrent::kernels::{MatMut, MatRef};
use recurrent::{Error, Result};
use rnn_backend_naive::Naive;
use rnn_check::derivative::vjp;
use rnn_check::number::Number;

/// Queries, keys and values of one row: `M` queries, `L` keys of width `A`, values of width `E`; `v` of additive scores.
#[derive(Clone, Debug)]
pub struct Case {
    pub shape: [usize; 4],
    pub additive: bool,
    pub scale: f64,
    pub query: Vec<f64>,
    pub keys: Vec<f64>,
    pub values: Vec<f64>,
    pub v: Vec<f64>,
    pub d_context: Vec<f64>,
}

/// What comes out of both passes.
#[derive(Clone, Debug, PartialEq)]
pub struct Found {
    pub context: Vec<f64>,
    pub d_query: Vec<f64>,
    pub d_keys: Vec<f64>,
    pub d_values: Vec<f64>,
    pub d_v: Vec<f64>,
}

pub fn case(seed: u64, [m, l, a, e]: [usize; 4], additive: bool, scale: f64) -> Case {
    let [query, keys, values, v, d_context] =
        [m * a, l * a, l * e, a, m * e].map(|len| values(seed + 10 * len as u64, len));
    Case { shape: [m, l, a, e], additive, scale, query, keys, values, v, d_context }
}

/// Cases that a check goes through: a single key, several, more queries than keys, each with both scores.
pub fn cases() -> Vec<Case> {
    let shapes = [[1, 1, 2, 3], [2, 4, 3, 2], [5, 3, 1, 4]];
    let kinds = [(false, 1.0), (false, 0.5), (true, 1.0)];
    shapes.into_iter().flat_map(|shape| kinds.map(|(additive, scale)| case(7, shape, additive, scale))).collect()
}

/// The library.
pub fn library(case: &Case) -> Result<Found> {
    let Case { shape: [m, l, a, e], query, keys, values, v, d_context, .. } = case;
    let [m, l, a, e] = [*m, *l, *a, *e];
    let scoring = if case.additive { Scoring::Additive { v } } else { Scoring::Product { scale: case.scale } };
    let (mut weights, mut context, mut d_scores) =
        (vec![f64::NAN; m * l], vec![f64::NAN; m * e], vec![f64::NAN; m * l]);
    let mut found = Found {
        context: Vec::new(),
        d_query: vec![f64::NAN; m * a],
        d_keys: vec![0.0; l * a],
        d_values: vec![0.0; l * e],
        d_v: vec![0.0; a],
    };
    let (query, keys, values) = (MatRef::new(query, m, a), MatRef::new(keys, l, a), MatRef::new(values, l, e));
    forward(
        &Naive,
        Attend {
            scoring,
            query,
            keys,
            values,
            weights: MatMut::new(&mut weights, m, l),
            context: MatMut::new(&mut context, m, e),
        },
    )?;
    backward(
        &Naive,
        AttendBackward {
            scoring,
            query,
            keys,
            values,
            weights: MatRef::new(&weights, m, l),
            d_context: MatRef::new(d_context, m, e),
            d_scores: MatMut::new(&mut d_scores, m, l),
            d_query: MatMut::new(&mut found.d_query, m, a),
            d_keys: MatMut::new(&mut found.d_keys, l, a),
            d_values: MatMut::new(&mut found.d_values, l, e),
            d_v: &mut found.d_v,
        },
    )?;
    Ok(Found { context, ..found })
}

/// `c` of `[query, keys, values, v]`, written from the papers, for any number.
fn formula<S: Number>(case: &Case, x: &[S]) -> Vec<S> {
    let [m, l, a, e] = case.shape;
    let (query, rest) = x.split_at(m * a);
    let (keys, rest) = rest.split_at(l * a);
    let (values, v) = rest.split_at(l * e);
    let zero = || S::from_f64(0.0);
    let score = |m: usize, l: usize| {
        let pairs = (0..a).map(|k| (query[m * a + k], keys[l * a + k], v[k]));
        match case.additive {
            true => pairs.fold(zero(), |sum, (q, k, v)| sum + v * (q + k).tanh()),
            false => pairs.fold(zero(), |sum, (q, k, _)| sum + q * k) * S::from_f64(case.scale),
        }
    };
    (0..m)
        .flat_map(|m| {
            let weights: Vec<S> = (0..l).map(|l| score(m, l).exp()).collect();
            let all = weights.iter().fold(zero(), |sum, &w| sum + w);
            let column = |e_: usize| weights.iter().zip(0..).fold(zero(), |sum, (&w, l)| sum + w * values[l * e + e_]);
            (0..e).map(|e| column(e) / all).collect::<Vec<_>>()
        })
        .collect()
}

/// What the formulas say, derivatives exact up to rounding.
pub fn exact(case: &Case) -> Found {
    let [m, l, a, e] = case.shape;
    let x = [&case.query[..], &case.keys, &case.values, &case.v].concat();
    let (context, d) = vjp(&x, &case.d_context, |x| formula(case, x));
    let (d_query, rest) = d.split_at(m * a);
    let (d_keys, rest) = rest.split_at(l * a);
    let (d_values, d_v) = rest.split_at(l * e);
    let [d_query, d_keys, d_values, d_v] = [d_query, d_keys, d_values, d_v].map(<[f64]>::to_vec);
    Found { context, d_query, d_keys, d_values, d_v }
}

/// The first number that is not that of the formulas to within 50 roundings of numbers below 8.
pub fn first_difference(found: &Found, case: &Case) -> Option<String> {
    let exact = exact(case);
    let parts = |f: &Found| [&f.context, &f.d_query, &f.d_keys, &f.d_values, &f.d_v].map(Clone::clone);
    let names = ["context", "d_query", "d_keys", "d_values", "d_v"];
    for ((name, found), exact) in names.into_iter().zip(parts(found)).zip(parts(&exact)) {
        for (k, (f, x)) in found.iter().zip(&exact).enumerate() {
            if (f - x).abs() > 400.0 * f64::EPSILON || f.is_nan() {
                return Some(format!("{name}[{k}] of {:?}: {f}, not {x}", case.shape));
            }
        }
    }
    None
}

#[test]
fn attention_is_its_formula_and_its_gradient_the_exact_derivative() {
    for case in cases() {
        assert_eq!(first_difference(&library(&case).unwrap(), &case), None);
    }
}

#[test]
fn of_one_key_the_value_comes_out_whatever_the_score() {
    for additive in [false, true] {
        let case = case(3, [2, 1, 3, 2], additive, 1.0);
        let found = library(&case).unwrap();
        assert_eq!(found.context, [&case.values[..], &case.values].concat());
        assert!(found.d_query.iter().chain(&found.d_keys).all(|&d| d == 0.0));
    }
}

#[test]
fn equal_keys_share_the_weight() {
    let mut case = case(4, [1, 4, 2, 1], false, 1.0);
    case.keys = [0.5, -1.0].repeat(4);
    case.values = vec![1.0, 2.0, 3.0, 6.0];
    assert_eq!(library(&case).unwrap().context, [3.0]);
}

#[test]
fn scores_of_any_finite_size_give_finite_results() {
    let mut case = case(5, [1, 3, 1, 1], false, 1e150);
    (case.query, case.keys, case.values) = (vec![1e150], vec![1.0, -1.0, 1.0], vec![2.0, 9.0, 4.0]);
    let found = library(&case).unwrap();
    assert_eq!(found.context, [3.0]); // the two keys that fit share the weight, the third has none
    assert!(found.d_values.iter().all(|d| d.is_finite()));
}

#[test]
fn attention_to_nothing_and_wrong_shapes_are_errors() {
    let nothing = case(6, [2, 0, 3, 2], false, 1.0);
    assert!(matches!(library(&nothing), Err(Error::Range { .. })));
    let mut short = case(6, [2, 3, 3, 2], true, 1.0);
    short.v.pop();
    assert!(matches!(library(&short), Err(Error::Len { expected: 3, found: 2, .. })));
}
