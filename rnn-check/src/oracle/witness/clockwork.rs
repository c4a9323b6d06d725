//! Koutník, Greff, Gomez & Schmidhuber 2014, "A clockwork RNN".

use super::{Parameters, cell};
use crate::oracle::{Dims, Own};
use rnn_kernels::cells::{Clockwork, Nonlinearity};

/// Four modules, two of them with one period.
pub static CLOCKWORK: Own = Own::new(
    "clockwork",
    || cell(&Clockwork { periods: PERIODS.into(), ..Clockwork::default() }),
    Some(|dims, params, x, h, c, _| modules(dims, params, [x, h, c], &PERIODS, f64::tanh)),
)
.in_heads_of(4);

/// The slow module first.
pub static CLOCKWORK_SLOW_FIRST: Own = Own::new(
    "clockwork, slow first",
    || cell(&Clockwork { periods: SLOW_FIRST.into(), activation: Nonlinearity::Softsign }),
    Some(|dims, params, x, h, c, _| modules(dims, params, [x, h, c], &SLOW_FIRST, |v| v / (1.0 + v.abs()))),
)
.in_heads_of(2);

const PERIODS: [usize; 4] = [1, 2, 2, 4];
const SLOW_FIRST: [usize; 2] = [3, 1];

/// What the paper has for whole numbers alone: 0 up to 0, 1 from 1 on. Between them it rises in the middle half.
fn is_one_from_one_on(v: f64) -> f64 {
    if v <= 0.25 {
        0.0
    } else if v >= 0.75 {
        1.0
    } else {
        (v - 0.25) / 0.5
    }
}

fn modules(
    dims: Dims,
    params: &[f64],
    [x, h, clocks]: [&[f64]; 3],
    periods: &[usize],
    phi: fn(f64) -> f64,
) -> [Vec<f64>; 2] {
    let (count, units) = (periods.len(), dims.hidden / periods.len());
    // The modules that see module j, in order.
    let seeing = |j: usize| (0..count).filter(move |&i| periods[i] <= periods[j]);
    let recurrent = (0..count).map(|j| seeing(j).count() * units * units).sum();
    let mut params = Parameters::new(dims, params);
    let [w] = params.matrices([(1, true)], recurrent);
    let of_module: Vec<_> = (0..count).map(|j| params.bare(seeing(j).count() * units, units)).collect();
    let mut clocks = clocks.iter().copied();
    let (mut new, mut new_clocks) = (vec![], vec![]);
    for (i, &period) in periods.iter().enumerate() {
        let fires = if period == 1 {
            1.0
        } else {
            let t = clocks.next().expect("a clock of every module that rests");
            let wraps = is_one_from_one_on(t - (period as f64 - 2.0));
            new_clocks.push((t + 1.0) * (1.0 - wraps));
            1.0 - is_one_from_one_on(t)
        };
        for k in 0..units {
            let of_j = |j: usize| {
                let row = seeing(j).position(|seen| seen == i).expect("one of them") * units + k;
                of_module[j].times(row, &h[j * units..(j + 1) * units])
            };
            let slower = (0..count).filter(|&j| periods[j] >= period);
            let net = w.times(i * units + k, x) + slower.map(of_j).sum::<f64>();
            new.push(fires * phi(net) + (1.0 - fires) * h[i * units + k]);
        }
    }
    [new, new_clocks]
}
