//! Two directions that become one: side by side, their sum, their average or their product.

use crate::common::{LENGTHS, naive, on_every_backend, output, some_state, values};
use crate::network_gradients::Problem;
use recurrent::kernels::{Activation, Bias};
use recurrent::network::{Config, DenseSpec, Directions, Merge, RecurrentSpec};
use recurrent::{Batch, Error, Held, IGNORE, Network, Targets, Workspace};
use rnn_backend_naive::Naive;
use std::sync::Arc;

const STEPS: usize = 4;
const ROWS: usize = 3;
const MERGES: [Merge; 3] = [Merge::Sum, Merge::Average, Merge::Product];

#[test]
fn each_merge_is_its_equation_of_both_halves_whatever_is_read_out() {
    let x = values(2, STEPS * ROWS * 2);
    let batch = Batch::features(&x, [STEPS, ROWS, 2]).unwrap().with_lengths(&LENGTHS).unwrap();
    let readouts: [fn(Config) -> Config; 3] = [|config| config, Config::last_step, Config::final_states];
    for (readout, merge) in readouts.into_iter().flat_map(|readout| MERGES.map(|merge| (readout, merge))) {
        let config = |merge| readout(Config::features(2).recurrent(RecurrentSpec::lstm(3).merged(merge)));
        let networks = on_every_backend(&config(Merge::Concat), 4).zip(on_every_backend(&config(merge), 4));
        for (apart, merged) in networks {
            assert_eq!((apart.output_width(), merged.output_width()), (6, 3));
            let halves = output(&apart, &batch);
            let expected: Vec<f64> = halves
                .chunks(6)
                .flat_map(|row| {
                    (0..3).map(|u| match merge {
                        Merge::Concat => unreachable!("not among those that become one"),
                        Merge::Sum => row[u] + row[3 + u],
                        Merge::Average => (row[u] + row[3 + u]) / 2.0,
                        Merge::Product => row[u] * row[3 + u],
                    })
                })
                .collect();
            assert!(expected.iter().filter(|&&y| y != 0.0).count() >= 6);
            assert_eq!(output(&merged, &batch), expected, "{merge:?}");
        }
    }
}

#[test]
fn every_derivative_through_a_merge_agrees_with_finite_differences() {
    let (x, t) = (values(2, STEPS * ROWS * 2), values(3, STEPS * ROWS * 2));
    let skipped = [true, false, false, false, false, true, false, false, false, false, false, false];
    let classes = [0, 1, 1, IGNORE, 1, 0, 1, 1, 0, 0, 1, 1];
    let ragged = Batch::features(&x, [STEPS, ROWS, 2]).unwrap().with_lengths(&LENGTHS).unwrap();
    let holes = ragged.skipping(&skipped, Held::Repeat).unwrap();
    let mut targets_in_holes = classes;
    skipped.iter().zip(&mut targets_in_holes).filter(|(skipped, _)| **skipped).for_each(|(_, class)| *class = IGNORE);
    for merge in MERGES {
        // Merged layers below a merged layer, a dense one and the readout.
        let config = Config::features(2)
            .recurrent(RecurrentSpec::gru(3).layers(2).dropout(0.0).merged(merge))
            .dense(DenseSpec::new(3, Activation::Tanh))
            .recurrent(RecurrentSpec::lstm(2).merged(merge));
        for (what, config, batch, targets) in [
            ("every step", config.clone().softmax(2), holes, Targets::Classes(&targets_in_holes)),
            ("last step", config.clone().last_step().linear(2), ragged, Targets::Values(&t[..ROWS * 2])),
            ("final states", config.clone().final_states().softmax(2), ragged, Targets::Classes(&classes[..ROWS])),
        ] {
            for network in on_every_backend(&config, 7) {
                let what = format!("{merge:?}, {what}, {:?}", network.backend());
                let state = some_state(&network, ROWS);
                Problem { network, batch, targets, state }.check_every_derivative(&what);
            }
        }
    }
}

/// `∂(a b)/∂b = d a` is NaN where `d` is 0 and `a` has overflowed, unless such rows are left out. The forward half overflows at a last
/// step that has no target; the reverse half, which goes back through all steps, must not hear of it.
#[test]
fn a_half_that_overflows_where_nothing_counts_spoils_no_gradient_of_the_other() {
    let layer = RecurrentSpec::elman(1, Activation::Identity).bias(Bias::Input).merged(Merge::Product);
    let mut network = naive(&Config::features(1).recurrent(layer).linear(1), 3);
    network.update(|p| {
        p.fill(0.5);
        p.get_mut("rnn.weight_ih_l0").unwrap().fill(1e10);
        ["ih", "hh"].iter().for_each(|of| p.get_mut(&format!("rnn.weight_{of}_l0_reverse")).unwrap().fill(0.0));
    });
    let run = |there: f64| {
        let x = [0.25, 0.5, there];
        let batch = Batch::features(&x, [3, 1, 1]).unwrap();
        let (mut workspace, mut gradients) = (Workspace::new(), network.gradients().unwrap());
        let targets = Targets::Counted { values: &[1.0, 0.0, -1.0], counted: &[true, true, false] };
        let mut state = network.state(1).unwrap();
        network.loss_and_gradients(&mut workspace, &batch, targets, &mut state, &mut gradients).unwrap();
        gradients
    };
    assert!(run(0.75).iter().filter(|&&g| g != 0.0).count() > 5);
    assert_eq!(run(0.75), run(1e300));
}

#[test]
fn one_direction_cannot_be_merged_and_files_without_a_merge_stay_what_they_are() {
    for directions in [Directions::Forward, Directions::Reverse] {
        let spec = RecurrentSpec::gru(2).merged(Merge::Sum).directions(directions);
        let refused = Network::<f64, Naive>::with_backend(&Config::features(1).recurrent(spec), 1, Arc::new(Naive));
        let Err(Error::Config { at, .. }) = refused else { panic!("{refused:?}") };
        assert_eq!(at, "layers[0], merge");
    }
    let written = |merge| serde_json::to_string(&RecurrentSpec::gru(2).merged(merge)).unwrap();
    assert!(!written(Merge::Concat).contains("merge"));
    for (merge, name) in MERGES.into_iter().zip(["sum", "average", "product"]) {
        let text = written(merge);
        assert!(text.contains(&format!(r#""merge":"{name}""#)), "{text}");
        assert_eq!(serde_json::from_str::<RecurrentSpec>(&text).unwrap(), RecurrentSpec::gru(2).merged(merge));
    }
}
