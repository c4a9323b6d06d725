//! The checks on attention, beam search, trees, scheduled sampling and echo states see mistakes: an independent right implementation passes, each
//! planted bug is rejected.

use crate::attention::{self, Case as Attention};
use crate::decoding::{END, Table, broken_promise};
use crate::echo_state;
use crate::encoder_decoder::{Model, contexts, model, sequences};
use crate::recursive::{self, Case as Tree};
use recurrent::decoding::{Beam, Continue, Hypothesis};
use recurrent::echo_state::{EchoStateConfig, Ridge};
use recurrent::gradient_flow::largest_singular_value;
use recurrent::kernels::MatRef;
use recurrent::recursive::{Composition, Node};
use recurrent::rng::Rng;
use recurrent::sampling::Sampling;
use recurrent::seq2seq::{Feeding, Workspace};

/// Without a bug nothing is found, with each of them something.
fn every_bug_is_found<Bug: Copy + std::fmt::Debug>(bugs: &[Bug], find: impl Fn(Option<Bug>) -> Option<String>) {
    assert_eq!(find(None), None);
    for &bug in bugs {
        let found = find(Some(bug));
        println!("{bug:?}: {}", found.as_deref().unwrap_or("SURVIVES"));
        assert!(found.is_some(), "{bug:?} is not noticed");
    }
}

mod attending {
    use super::{Attention, attention, every_bug_is_found};

    #[derive(Clone, Copy, Debug, PartialEq)]
    enum Bug {
        /// scores of products as they are
        ScaleForgotten,
        /// the gradient of the scores too
        ScaleForgottenBack,
        /// a key of zeros beyond the last
        PaddingSeen,
        /// α = e^s
        NotNormalised,
        /// the weights of a key have the sum 1 over queries
        OverQueries,
        /// ∂L/∂s = α d_α
        MeanForgotten,
        /// d_V += d_sᵀ d_c
        ValuesByScores,
        /// the keys have no gradient
        KeysDetached,
        /// the last query alone moves the keys
        KeysOverwritten,
        /// tanh′ = 1 − x²
        SlopeOfInput,
        /// tanh is taken of the query alone
        KeyOutsideTanh,
        /// d_v is that of the scores without tanh
        TanhForgottenInV,
    }

    const BUGS: [Bug; 12] = [
        Bug::ScaleForgotten,
        Bug::ScaleForgottenBack,
        Bug::PaddingSeen,
        Bug::NotNormalised,
        Bug::OverQueries,
        Bug::MeanForgotten,
        Bug::ValuesByScores,
        Bug::KeysDetached,
        Bug::KeysOverwritten,
        Bug::SlopeOfInput,
        Bug::KeyOutsideTanh,
        Bug::TanhForgottenInV,
    ];

    fn walk(case: &Attention, bug: Option<Bug>) -> attention::Found {
        let has = |b| bug == Some(b);
        let [m, l, a, e] = case.shape;
        let (q, k, v) =
            (|i: usize, x: usize| case.query[i * a + x], |j: usize, x: usize| case.keys[j * a + x], &case.v);
        let scale = |forgotten| if has(forgotten) { 1.0 } else { case.scale };
        let mut d = attention::Found {
            context: vec![0.0; m * e],
            d_query: vec![0.0; m * a],
            d_keys: vec![0.0; l * a],
            d_values: vec![0.0; l * e],
            d_v: vec![0.0; a],
        };
        let weight = |i: usize, j: usize| {
            let s: f64 = match case.additive {
                true if has(Bug::KeyOutsideTanh) => (0..a).map(|x| v[x] * (q(i, x).tanh() + k(j, x))).sum(),
                true => (0..a).map(|x| v[x] * (q(i, x) + k(j, x)).tanh()).sum(),
                false => scale(Bug::ScaleForgotten) * (0..a).map(|x| q(i, x) * k(j, x)).sum::<f64>(),
            };
            s.exp()
        };
        for i in 0..m {
            let all: f64 = match bug {
                Some(Bug::NotNormalised) => 1.0,
                Some(Bug::PaddingSeen) => 1.0 + (0..l).map(|j| weight(i, j)).sum::<f64>(),
                _ => (0..l).map(|j| weight(i, j)).sum(),
            };
            let over_queries = |j: usize| (0..m).map(|i| weight(i, j)).sum::<f64>();
            let alpha = |j: usize| weight(i, j) / if has(Bug::OverQueries) { over_queries(j) } else { all };
            let d_c = &case.d_context[i * e..][..e];
            let d_alpha = |j: usize| (0..e).map(|y| d_c[y] * case.values[j * e + y]).sum::<f64>();
            let mean: f64 = (0..l).map(|j| alpha(j) * d_alpha(j)).sum();
            let mean = if has(Bug::MeanForgotten) { 0.0 } else { mean };
            for j in 0..l {
                let d_s = alpha(j) * (d_alpha(j) - mean);
                for y in 0..e {
                    d.context[i * e + y] += alpha(j) * case.values[j * e + y];
                    d.d_values[j * e + y] += d_c[y] * if has(Bug::ValuesByScores) { d_s } else { alpha(j) };
                }
                for x in 0..a {
                    let u = (q(i, x) + k(j, x)).tanh();
                    let slope = if has(Bug::SlopeOfInput) { 1.0 - (q(i, x) + k(j, x)).powi(2) } else { 1.0 - u * u };
                    let (d_q, d_k) = match case.additive {
                        true => {
                            d.d_v[x] += d_s * if has(Bug::TanhForgottenInV) { q(i, x) + k(j, x) } else { u };
                            (d_s * v[x] * slope, d_s * v[x] * slope)
                        }
                        false => {
                            let d_s = d_s * scale(Bug::ScaleForgottenBack);
                            (d_s * k(j, x), d_s * q(i, x))
                        }
                    };
                    d.d_query[i * a + x] += d_q;
                    let before = if has(Bug::KeysOverwritten) { 0.0 } else { d.d_keys[j * a + x] };
                    d.d_keys[j * a + x] = if has(Bug::KeysDetached) { 0.0 } else { before + d_k };
                }
            }
        }
        d
    }

    #[test]
    fn every_bug_in_attention_is_noticed() {
        every_bug_is_found(&BUGS, |bug| {
            attention::cases().iter().find_map(|case| attention::first_difference(&walk(case, bug), case))
        });
    }
}

mod searching {
    use super::{Beam, END, Hypothesis, Table, broken_promise, every_bug_is_found};

    #[derive(Clone, Copy, Debug, PartialEq)]
    enum Bug {
        /// texts are compared by ln p
        PenaltyForgotten,
        /// the end is no part of the length
        EndNotCounted,
        /// nothing is looked for after the first end
        StopsAtFirstEnd,
        /// texts without an end are no texts
        CutTextsDropped,
        /// among equals the larger symbol comes first
        LargerSymbolFirst,
        /// a beginning has the probability of its last symbol
        LastSymbolAlone,
        /// p is added up and not ln p
        SumOfProbabilities,
        /// what ended goes on
        EndLeftOpen,
        /// the worst text comes first
        WorstFirst,
        /// the beam is one narrower than it should be, but for 1
        OneNarrower,
        /// the end costs nothing
        EndForFree,
    }

    const BUGS: [Bug; 11] = [
        Bug::PenaltyForgotten,
        Bug::EndNotCounted,
        Bug::StopsAtFirstEnd,
        Bug::CutTextsDropped,
        Bug::LargerSymbolFirst,
        Bug::LastSymbolAlone,
        Bug::SumOfProbabilities,
        Bug::EndLeftOpen,
        Bug::WorstFirst,
        Bug::OneNarrower,
        Bug::EndForFree,
    ];

    /// The search without any shortcut.
    fn search(table: &Table, longest: usize, beam: Beam, bug: Option<Bug>) -> Vec<Hypothesis> {
        let has = |b| bug == Some(b);
        let width = if has(Bug::OneNarrower) { (beam.width - 1).max(1) } else { beam.width };
        let (mut open, mut texts): (Vec<(Vec<u32>, f64)>, Vec<Hypothesis>) = (vec![(Vec::new(), 0.0)], Vec::new());
        for length in 1..=longest {
            let mut all = Vec::new();
            for (text, so_far) in &open {
                for (y, &step) in (0..).zip(&table.log_p(0, text)) {
                    let log_p = match bug {
                        Some(Bug::LastSymbolAlone) => step,
                        Some(Bug::SumOfProbabilities) => so_far + step.exp(),
                        Some(Bug::EndForFree) if y == END => *so_far,
                        _ => so_far + step,
                    };
                    all.push((text.clone(), y, step, log_p));
                }
            }
            if has(Bug::LargerSymbolFirst) {
                all.reverse();
            }
            all.sort_by(|a, b| b.3.total_cmp(&a.3).then(b.2.total_cmp(&a.2)));
            all.truncate(width);
            open.clear();
            for (text, y, _, log_p) in all {
                if y == END {
                    texts.push(Hypothesis { symbols: text.clone(), log_probability: log_p, ended: true });
                }
                if y != END || has(Bug::EndLeftOpen) {
                    open.push(([&text[..], &[y]].concat(), log_p));
                }
            }
            let done = has(Bug::StopsAtFirstEnd) && !texts.is_empty();
            if done || length == longest && !has(Bug::CutTextsDropped) {
                let cut = |(symbols, log_probability)| Hypothesis { symbols, log_probability, ended: false };
                texts.extend(open.drain(..).map(cut));
            }
        }
        let penalty = if has(Bug::PenaltyForgotten) { 0.0 } else { beam.length_penalty };
        let score = |h: &Hypothesis| match has(Bug::EndNotCounted) {
            true => h.log_probability / (h.symbols.len().max(1) as f64).powf(penalty),
            false => h.score(penalty),
        };
        let length = |h: &Hypothesis| h.symbols.len() + usize::from(h.ended);
        texts.sort_by(|a, b| {
            let by_score = score(b).total_cmp(&score(a));
            by_score.then(length(a).cmp(&length(b))).then_with(|| a.symbols.cmp(&b.symbols))
        });
        if has(Bug::WorstFirst) {
            texts.reverse();
        }
        texts.truncate(beam.width);
        texts
    }

    #[test]
    fn every_bug_in_beam_search_is_noticed() {
        every_bug_is_found(&BUGS, |bug| broken_promise(&|table, longest, beam| search(table, longest, beam, bug)));
    }
}

mod composing {
    use super::{Composition, Node, Tree, every_bug_is_found, recursive};

    #[derive(Clone, Copy, Debug, PartialEq)]
    enum Bug {
        /// the left child has the weights of the right one
        SidesExchanged,
        /// the left child's cell is forgotten by the gate of the right one
        CellsExchanged,
        /// the right child has the forget gate of the left one
        OneForgetGate,
        /// leaves go through tanh
        LeafThroughTanh,
        /// what a node's parent says of it replaces what the loss says of it
        CotangentOverwritten,
        /// a vector that is read twice has the gradient of one of its leaves
        LeafOverwritten,
        /// the bias has no gradient
        BiasDetached,
        /// the cell's cotangent through h is forgotten
        CellThroughOutputForgotten,
        /// tanh′(c) is taken as 1
        SlopeOfCellForgotten,
        /// the weights of the right child have the gradient of the left one
        WeightsOfLeftTwice,
    }

    const BUGS: [Bug; 10] = [
        Bug::SidesExchanged,
        Bug::CellsExchanged,
        Bug::OneForgetGate,
        Bug::LeafThroughTanh,
        Bug::CotangentOverwritten,
        Bug::LeafOverwritten,
        Bug::BiasDetached,
        Bug::CellThroughOutputForgotten,
        Bug::SlopeOfCellForgotten,
        Bug::WeightsOfLeftTwice,
    ];

    fn sigmoid(x: f64) -> f64 {
        1.0 / (1.0 + (-x).exp())
    }

    fn walk(case: &Tree, bug: Option<Bug>) -> recursive::Found {
        let has = |b| bug == Some(b);
        let (n, width, rows) = (case.hidden, case.width(), case.composition.gates() * case.hidden);
        let (w, b) = case.parameters.split_at(rows * 2 * n);
        let exchanged = |child: usize| if has(Bug::SidesExchanged) { 1 - child } else { child };
        let nodes = case.trees.nodes();
        let (mut states, mut gates) = (vec![vec![0.0; width]; nodes.len()], vec![Vec::new(); nodes.len()]);
        for (k, node) in nodes.iter().enumerate() {
            match *node {
                Node::Leaf(v) => {
                    let leaf = &case.leaves[v * width..][..width];
                    states[k] = leaf.iter().map(|x| if has(Bug::LeafThroughTanh) { x.tanh() } else { *x }).collect();
                }
                Node::Pair(left, right) => {
                    let children = [states[left].clone(), states[right].clone()];
                    let pre = |row: usize| {
                        let side =
                            |c: usize| (0..n).map(move |j| w[row * 2 * n + exchanged(c) * n + j]).zip(&children[c]);
                        b[row] + [0, 1].into_iter().flat_map(side).map(|(w, s)| w * s).sum::<f64>()
                    };
                    let pre: Vec<f64> = (0..rows).map(pre).collect();
                    let mut g: Vec<f64> = pre.iter().map(|&a| sigmoid(a)).collect();
                    let tanh_from = rows - n;
                    (tanh_from..rows).for_each(|row| g[row] = pre[row].tanh());
                    if case.composition == Composition::Plain {
                        states[k].clone_from(&g);
                    } else {
                        for j in 0..n {
                            let (f_l, mut f_r) = (g[n + j], g[2 * n + j]);
                            if has(Bug::OneForgetGate) {
                                f_r = f_l;
                            }
                            let (mut c_l, mut c_r) = (children[0][n + j], children[1][n + j]);
                            if has(Bug::CellsExchanged) {
                                (c_l, c_r) = (c_r, c_l);
                            }
                            let c = g[j] * g[4 * n + j] + f_l * c_l + f_r * c_r;
                            (states[k][j], states[k][n + j]) = (g[3 * n + j] * c.tanh(), c);
                        }
                    }
                    gates[k] = g;
                }
            }
        }
        let mut d: Vec<Vec<f64>> = case.d_states.chunks(width).map(<[f64]>::to_vec).collect();
        let (mut d_leaves, mut d_parameters) = (vec![0.0; case.leaves.len()], vec![0.0; case.parameters.len()]);
        for (k, node) in nodes.iter().enumerate().rev() {
            match *node {
                Node::Leaf(v) => {
                    for x in 0..width {
                        let before = if has(Bug::LeafOverwritten) { 0.0 } else { d_leaves[v * width + x] };
                        d_leaves[v * width + x] = before + d[k][x];
                    }
                }
                Node::Pair(left, right) => {
                    let (g, mut d_pre, mut d_cells) = (&gates[k], vec![0.0; rows], [vec![0.0; n], vec![0.0; n]]);
                    for j in 0..n {
                        if case.composition == Composition::Plain {
                            d_pre[j] = d[k][j] * (1.0 - g[j] * g[j]);
                            continue;
                        }
                        let [i, l, r, o, u] = [0, 1, 2, 3, 4].map(|gate| g[gate * n + j]);
                        let tanh_c = states[k][n + j].tanh();
                        let slope = if has(Bug::SlopeOfCellForgotten) { 1.0 } else { 1.0 - tanh_c * tanh_c };
                        let through = if has(Bug::CellThroughOutputForgotten) { 0.0 } else { d[k][j] * o * slope };
                        let d_c = d[k][n + j] + through;
                        let of = |v: f64| v * (1.0 - v);
                        d_pre[j] = d_c * u * of(i);
                        d_pre[n + j] = d_c * states[left][n + j] * of(l);
                        d_pre[2 * n + j] = d_c * states[right][n + j] * of(r);
                        d_pre[3 * n + j] = d[k][j] * tanh_c * of(o);
                        d_pre[4 * n + j] = d_c * i * (1.0 - u * u);
                        (d_cells[0][j], d_cells[1][j]) = (d_c * l, d_c * r);
                    }
                    for (c, child) in [left, right].into_iter().enumerate() {
                        let mut to = vec![0.0; width];
                        for row in 0..rows {
                            for j in 0..n {
                                let at = row * 2 * n + exchanged(c) * n + j;
                                to[j] += d_pre[row] * w[at];
                                let seen = if has(Bug::WeightsOfLeftTwice) { left } else { child };
                                d_parameters[at] += d_pre[row] * states[seen][j];
                            }
                        }
                        to[width - n..].iter_mut().zip(&d_cells[c]).for_each(|(d, cell)| *d += cell);
                        match has(Bug::CotangentOverwritten) {
                            true => d[child] = to,
                            false => d[child].iter_mut().zip(to).for_each(|(d, by)| *d += by),
                        }
                    }
                    if !has(Bug::BiasDetached) {
                        (0..rows).for_each(|row| d_parameters[rows * 2 * n + row] += d_pre[row]);
                    }
                }
            }
        }
        recursive::Found { states: states.concat(), d_leaves, d_parameters }
    }

    #[test]
    fn every_bug_in_trees_is_noticed() {
        every_bug_is_found(&BUGS, |bug| {
            recursive::cases().iter().find_map(|case| recursive::first_difference(&walk(case, bug), case))
        });
    }
}

mod feeding {
    use super::*;

    #[derive(Clone, Copy, Debug, PartialEq)]
    enum Bug {
        /// `own` is the probability of the target's symbol
        CoinTurned,
        /// one coin decides for the whole row
        OneCoinForARow,
        /// symbols are drawn as if the target had been read so far
        DrawnFromTeacher,
        /// a symbol of its own comes a step too late
        StepTooLate,
        /// the first symbol is drawn, too
        FirstDrawn,
        /// rows draw from one generator
        OneGenerator,
        /// the seed is not used
        SeedForgotten,
        /// the loss is that of the target's symbols
        LossOfTeacher,
        /// the likeliest symbol at any temperature
        AlwaysLikeliest,
    }

    const BUGS: [Bug; 9] = [
        Bug::CoinTurned,
        Bug::OneCoinForARow,
        Bug::DrawnFromTeacher,
        Bug::StepTooLate,
        Bug::FirstDrawn,
        Bug::OneGenerator,
        Bug::SeedForgotten,
        Bug::LossOfTeacher,
        Bug::AlwaysLikeliest,
    ];

    /// What is asked for.
    #[derive(Clone, Copy)]
    struct Ask<'a> {
        targets: &'a [&'a [u32]; 3],
        own: f64,
        temperature: f64,
        seed: u64,
    }

    type Fed = (Vec<u32>, f64);

    const SEEDS: u64 = 150;

    /// A model whose likeliest symbols depend on what it read.
    fn decided() -> Model {
        let mut model = model(&contexts()[3]);
        model.update(|p| p.iter_mut().for_each(|p| *p *= 4.0));
        model
    }

    fn teacher(targets: &[&[u32]; 3]) -> (usize, Vec<u32>) {
        let steps = targets.iter().map(|row| row.len() + 1).max().unwrap();
        let at = |t: usize, n: usize| if t == 0 { 1 } else { targets[n].get(t - 1).copied().unwrap_or(0) };
        (steps, (0..steps).flat_map(|t| (0..3).map(move |n| at(t, n))).collect())
    }

    /// `ln p [T, N, V]` of every step that reads these inputs.
    fn log_p(model: &Model, inputs: &[u32]) -> Vec<f64> {
        let (mut decoding, mut all) = (model.decoding(sequences()).unwrap(), Vec::new());
        for inputs in inputs.chunks(3) {
            let mut log_p = Vec::new();
            decoding.advance(&[0, 1, 2], inputs, &mut log_p).unwrap();
            all.extend(log_p);
        }
        all
    }

    fn likeliest(log_p: &[f64]) -> u32 {
        (1..5).fold(0, |best, v| if log_p[v as usize] > log_p[best as usize] { v } else { best })
    }

    fn nll(model: &Model, inputs: &[u32], targets: &[&[u32]; 3]) -> f64 {
        let log_p = log_p(model, inputs);
        let of_row = |(n, row): (usize, &&[u32])| {
            let y = |t: usize| row.get(t).copied().unwrap_or(0) as usize;
            (0..=row.len()).map(|t| -log_p[(t * 3 + n) * 5 + y(t)]).sum::<f64>()
        };
        targets.iter().enumerate().map(of_row).sum()
    }

    fn library(model: &Model, ask: Ask<'_>) -> Fed {
        let sampling = Sampling { temperature: ask.temperature, top_k: None };
        let (mut workspace, feeding) =
            (Workspace::new(), Feeding::Scheduled { own: ask.own, sampling, seed: ask.seed });
        let loss = model.evaluate(&mut workspace, sequences(), ask.targets, feeding).unwrap();
        (workspace.inputs().to_vec(), loss.total)
    }

    /// Scheduled sampling once more, with draws of its own.
    fn walk(model: &Model, ask: Ask<'_>, bug: Option<Bug>) -> Fed {
        let has = |b| bug == Some(b);
        let (steps, given) = teacher(ask.targets);
        let mut inputs = given.clone();
        let seed = if has(Bug::SeedForgotten) { 1 } else { ask.seed };
        let mut rngs: Vec<Rng> = (0..3).map(|n| Rng::seed(1000 * seed + n)).collect();
        let coins: Vec<f64> = rngs.iter_mut().map(Rng::uniform).collect();
        let first = usize::from(!has(Bug::FirstDrawn));
        for t in first..steps {
            let read = if has(Bug::DrawnFromTeacher) { &given } else { &inputs };
            let log_p = log_p(model, &read[..t.max(1) * 3]);
            for n in (0..3).filter(|&n| t <= ask.targets[n].len()) {
                let rng = &mut rngs[if has(Bug::OneGenerator) { 0 } else { n }];
                let coin = if has(Bug::OneCoinForARow) { coins[n] } else { rng.uniform() };
                let own = if has(Bug::CoinTurned) { coin >= ask.own } else { coin < ask.own };
                let log_p = &log_p[(t.max(1) - 1) * 15 + n * 5..][..5];
                let mut left = rng.uniform();
                let mut drawn = (0..5).position(|v| {
                    left -= log_p[v].exp();
                    left < 0.0
                });
                if ask.temperature == 0.0 || has(Bug::AlwaysLikeliest) {
                    drawn = Some(likeliest(log_p) as usize);
                }
                let at = t + usize::from(has(Bug::StepTooLate));
                if own && at <= ask.targets[n].len() {
                    inputs[at * 3 + n] = drawn.map_or(4, |v| u32::try_from(v).unwrap());
                }
            }
        }
        let loss = nll(model, if has(Bug::LossOfTeacher) { &given } else { &inputs }, ask.targets);
        (inputs, loss)
    }

    /// What scheduled sampling promises; the first promise that is broken.
    fn broken(model: &Model, feed: impl Fn(Ask<'_>) -> Fed) -> Option<String> {
        let long: [&[u32]; 3] = [&[1, 4, 2, 3], &[2, 2, 4], &[3, 3, 1]];
        let ask = |own, temperature, seed| Ask { targets: &long, own, temperature, seed };
        let (steps, given) = teacher(&long);
        let live = |k: usize| k >= 3 && k / 3 <= long[k % 3].len();
        if feed(ask(0.0, 1.0, 1)).0 != given {
            return Some("with probability 0 nothing is of its own".into());
        }
        let cold = feed(ask(1.0, 0.0, 1)).0;
        let after = log_p(model, &cold);
        for k in (0..steps * 3).filter(|&k| live(k)) {
            if cold[k] != likeliest(&after[(k - 3) * 5..][..5]) {
                return Some(format!("with probability 1 it reads what it wrote: {cold:?} at {k}"));
            }
        }
        let (mut own, mut both, mut warm) = (0, 0, [0; 5]);
        let differ: Vec<usize> = (3..6).filter(|&k| cold[k] != given[k]).collect();
        for seed in 0..SEEDS {
            let (inputs, loss) = feed(ask(0.3, 0.0, seed));
            if (loss - nll(model, &inputs, &long)).abs() > 1e-12 {
                return Some("the loss is that of what was read".into());
            }
            if inputs != feed(ask(0.3, 0.0, seed)).0 {
                return Some("a seed is a choice".into());
            }
            let after = log_p(model, &inputs);
            for k in 0..steps * 3 {
                let may = live(k) && inputs[k] == likeliest(&after[(k.max(3) - 3) * 5..][..5]);
                if inputs[k] != given[k] && !may {
                    return Some(format!("what is read is the target's or its own: {inputs:?} at {k}"));
                }
            }
            own += differ.iter().filter(|&&k| inputs[k] != given[k]).count();
            // A row that reads a symbol of its own at one step and the target's, which is not what it would have chosen, at another.
            let is_own = |k: usize| inputs[k] != given[k];
            let is_given = |k: usize| live(k) && !is_own(k) && given[k] != likeliest(&after[(k - 3) * 5..][..5]);
            let steps_of = |n: usize| (0..steps).map(move |t| t * 3 + n);
            both += (0..3).filter(|&n| steps_of(n).any(is_own) && steps_of(n).any(is_given)).count();
            warm[feed(ask(1.0, 1.0, seed)).0[3] as usize] += 1;
        }
        let expected = 0.3 * 150.0 * differ.len() as f64;
        // Five standard deviations of a binomial count.
        if (own as f64 - expected).abs() > 5.0 * (0.7 * expected).sqrt() {
            return Some(format!("a symbol is its own with the probability: {own}, not {expected}"));
        }
        if both == 0 {
            return Some("every step has a coin of its own".into());
        }
        for (v, &count) in warm.iter().enumerate() {
            let p = log_p(model, &given[..3])[v].exp();
            if (f64::from(count) - 150.0 * p).abs() > 5.0 * (150.0 * p * (1.0 - p)).sqrt() {
                return Some(format!("symbols come as often as their probability says: {warm:?}"));
            }
        }
        // The first row has the same draws whatever the lengths of the others.
        let short: [&[u32]; 3] = [long[0], &[], &[3]];
        for seed in 0..10 {
            for n in [0, 2] {
                let few: Vec<u32> =
                    feed(Ask { targets: &short, ..ask(0.5, 1.0, seed) }).0.chunks(3).map(|x| x[n]).collect();
                let many: Vec<u32> = feed(ask(0.5, 1.0, seed)).0.chunks(3).map(|x| x[n]).collect();
                let common = short[n].len() + 1;
                if few[..common] != many[..common] {
                    return Some("rows draw for themselves".into());
                }
            }
        }
        None
    }

    #[test]
    fn scheduled_sampling_keeps_its_promises() {
        let model = decided();
        assert_eq!(broken(&model, |ask| library(&model, ask)), None);
    }

    #[test]
    fn every_bug_in_scheduled_sampling_is_noticed() {
        let model = decided();
        every_bug_is_found(&BUGS, |bug| broken(&model, |ask| walk(&model, ask, bug)));
    }
}

mod echoing {
    use super::*;

    #[derive(Clone, Copy, Debug, PartialEq)]
    enum Bug {
        /// scaled to the largest singular value
        ScaledByNorm,
        /// scaled by the radius of |W|'s mean, that is not at all
        NotScaled,
        /// every unit sees all others
        NotSparse,
        /// a unit keeps the share that it should renew
        LeakTurned,
        /// the leak is inside of tanh
        LeakInside,
        /// the first steps count
        WashoutForgotten,
        /// one step too many does not count
        WashoutOneLonger,
        /// λ = 0
        LambdaForgotten,
        /// λ² and not λ
        LambdaSquared,
        /// the readout does not see the input
        InputNotRead,
        /// the state before the step is read
        StateBeforeRead,
        /// what is generated goes on from the data
        GeneratedFromData,
        /// it begins anew before it generates
        GeneratedFromZero,
    }

    const BUGS: [Bug; 13] = [
        Bug::ScaledByNorm,
        Bug::NotScaled,
        Bug::NotSparse,
        Bug::LeakTurned,
        Bug::LeakInside,
        Bug::WashoutForgotten,
        Bug::WashoutOneLonger,
        Bug::LambdaForgotten,
        Bug::LambdaSquared,
        Bug::InputNotRead,
        Bug::StateBeforeRead,
        Bug::GeneratedFromData,
        Bug::GeneratedFromZero,
    ];

    fn walk(config: &EchoStateConfig, w_in: &[f64], w: &[f64], bug: Option<Bug>) -> echo_state::Shown {
        let has = |b| bug == Some(b);
        let EchoStateConfig { units, leak, .. } = *config;
        let mut w = w.to_vec();
        match bug {
            Some(Bug::ScaledByNorm) => {
                let found = largest_singular_value(MatRef::new(&w, units, units)).unwrap().value;
                w.iter_mut().for_each(|w| *w *= config.spectral_radius / found);
            }
            Some(Bug::NotScaled) => w.iter_mut().for_each(|w| *w *= 1.5),
            Some(Bug::NotSparse) => {
                // The radius is right; the number of connections is not.
                w = (0..units * units)
                    .map(|k| f64::from(u8::from(k % (units + 1) == 0)) * config.spectral_radius)
                    .collect();
            }
            _ => {}
        }
        let (x, y) = echo_state::data();
        let step = |h: &[f64], x: &[f64]| -> Vec<f64> {
            let pre = |i: usize| {
                let of_units: f64 = (0..units).map(|j| w[i * units + j] * h[j]).sum();
                w_in[3 * i] + w_in[3 * i + 1] * x[0] + w_in[3 * i + 2] * x[1] + of_units
            };
            let unit = |i: usize| match bug {
                Some(Bug::LeakTurned) => leak * h[i] + (1.0 - leak) * pre(i).tanh(),
                Some(Bug::LeakInside) => ((1.0 - leak) * h[i] + leak * pre(i)).tanh(),
                _ => (1.0 - leak) * h[i] + leak * pre(i).tanh(),
            };
            (0..units).map(unit).collect()
        };
        let seen = |before: &[f64], h: &[f64], x: &[f64]| {
            let x = if has(Bug::InputNotRead) { &[0.0, 0.0] } else { x };
            [&[1.0][..], x, if has(Bug::StateBeforeRead) { before } else { h }].concat()
        };
        let (mut h, mut z, mut sums) = (vec![0.0; units], Vec::new(), Ridge::new(3 + units, 2).unwrap());
        let washout = match bug {
            Some(Bug::WashoutForgotten) => 0,
            Some(Bug::WashoutOneLonger) => echo_state::WASHOUT + 1,
            _ => echo_state::WASHOUT,
        };
        for (t, (x, y)) in x.chunks(2).zip(y.chunks(2)).enumerate() {
            let next = step(&h, x);
            z.push(seen(&h, &next, x));
            h = next;
            if t >= washout {
                sums.add(&z[t], y).unwrap();
            }
        }
        let lambda = match bug {
            Some(Bug::LambdaForgotten) => 1e-12,
            Some(Bug::LambdaSquared) => echo_state::LAMBDA.powi(2),
            _ => echo_state::LAMBDA,
        };
        // An input that is never seen would leave λ alone to settle its weights, which is 0 for each.
        let readout = sums.solve(lambda).unwrap();
        let read = |z: &[f64]| -> Vec<f64> {
            readout.chunks(z.len()).map(|w| w.iter().zip(z).map(|(w, z)| w * z).sum()).collect()
        };
        let outputs: Vec<f64> = z.iter().flat_map(|z| read(z)).collect();
        let mut generated = Vec::new();
        if has(Bug::GeneratedFromZero) {
            h = vec![0.0; units];
        }
        let mut last = outputs[118..].to_vec();
        for t in 0..5 {
            let from = if has(Bug::GeneratedFromData) && t > 0 { &y[2 * t..2 * t + 2] } else { &last };
            let next = step(&h, from);
            last = read(&seen(&h, &next, from));
            h = next;
            generated.extend(&last);
        }
        echo_state::Shown { w, readout, outputs, generated }
    }

    #[test]
    fn every_bug_in_echo_states_is_noticed() {
        let config = echo_state::config();
        let (w_in, w) = (echo_state::input_weights(&config), echo_state::library(&config).unwrap().1.w);
        every_bug_is_found(&BUGS, |bug| echo_state::broken_promise(&config, &w_in, &walk(&config, &w_in, &w, bug)));
    }
}
