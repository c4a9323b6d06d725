//! One training step as one call: what it computes is what its parts compute by hand, and a failure leaves it as it was.

use crate::common::values;
use recurrent::checkpoint::{Checkpoint, Limits};
use recurrent::network::{Config, DropoutSpec, RecurrentSpec};
use recurrent::optim::{Adam, Optimiser, RmsProp, Rule, Schedule, clip_norm, norm};
use recurrent::train::{OnNonFinite, Settings, Step, Trainer, Windows};
use recurrent::{Batch, Error, IGNORE, Network, Targets, Workspace};
use rnn_backend_naive::Naive;

type Net = Network<f64, Naive>;
type Run = Trainer<f64, Naive>;

const STEPS: usize = 6;
const ROWS: usize = 2;

fn config() -> Config {
    Config::features(3).recurrent(RecurrentSpec::lstm(4)).linear(2)
}

fn network(config: &Config) -> Net {
    Network::with_backend(config, 1, Naive).unwrap()
}

fn trainer(settings: Settings) -> Run {
    Trainer::new(network(&config()), settings).unwrap()
}

fn data(seed: u64) -> (Vec<f64>, Vec<f64>) {
    (values(seed, STEPS * ROWS * 3), values(seed + 100, STEPS * ROWS * 2))
}

fn batch(x: &[f64]) -> Batch<'_, f64> {
    Batch::features(x, [STEPS, ROWS, 3]).unwrap()
}

fn step(run: &mut Run, (x, t): &(Vec<f64>, Vec<f64>)) -> Step {
    run.step(&batch(x), Targets::Values(t)).unwrap()
}

/// All that a run goes on from.
fn kept(run: &Run) -> Checkpoint<f64> {
    Checkpoint::of(run, ()).unwrap()
}

#[test]
fn a_step_is_its_parts_by_hand() {
    let schedule = Schedule::Exponential { rate: 0.01, factor: 0.5 };
    let mut run = trainer(Settings::adam(0.0).schedule(schedule).clip_norm(0.01));
    let mut by_hand = network(&config());
    let mut optimiser: Optimiser<f64> = by_hand.optimiser(Rule::Adam(Adam::default())).unwrap();
    let mut workspace = Workspace::new();
    for k in 0..3 {
        let data = data(k);
        let found = step(&mut run, &data);
        let (mut gradients, mut state) = (by_hand.gradients().unwrap(), by_hand.state(ROWS).unwrap());
        let (batch, targets) = (batch(&data.0), Targets::Values(&data.1));
        let loss = by_hand.loss_and_gradients(&mut workspace, &batch, targets, &mut state, &mut gradients).unwrap();
        let norm = clip_norm(&mut gradients, 0.01).unwrap();
        let rate = schedule.rate(k);
        by_hand.apply(&mut optimiser, &gradients, rate).unwrap();
        assert_eq!(found, Step { loss, updates: 1, rate, norm: Some(norm), omega: None, left_out: None });
        assert_eq!(**run.network().parameters(), **by_hand.parameters());
    }
    assert_eq!((run.counts().updates, run.rate()), (3, 0.01 / 8.0));
    assert_eq!(run.optimiser(), &optimiser);
}

#[test]
fn a_warm_up_comes_before_the_schedule_of_a_trainer() {
    let schedule = Schedule::Exponential { rate: 0.5, factor: 0.5 };
    let mut run = trainer(Settings::sgd(0.0).schedule(schedule).warm_up(2));
    let rates: Vec<f64> = (0..4).map(|k| step(&mut run, &data(k)).rate).collect();
    assert_eq!(rates, [0.25, 0.5, 0.5, 0.25]);
    // Settings of a file from before there was one have none.
    let json = serde_json::to_string(&Settings::sgd(0.1)).unwrap();
    for of_later in ["\"warm_up\":0,", "\"accumulate\":1,"] {
        let old = json.replace(of_later, "");
        assert_ne!(old, json);
        assert_eq!(serde_json::from_str::<Settings>(&old).unwrap(), Settings::sgd(0.1));
    }
}

#[test]
fn an_optimiser_of_a_network_has_its_parameters_and_the_usual_settings() {
    let network = network(&config());
    let rules = [
        (Optimiser::adam(&network), Settings::adam(0.1)),
        (Optimiser::sgd(&network), Settings::sgd(0.1)),
        (Optimiser::rms_prop(&network), Settings::rms_prop(0.1)),
        (Optimiser::adagrad(&network), Settings::adagrad(0.1)),
        (Optimiser::adadelta(&network), Settings::adadelta(0.1)),
    ];
    for (optimiser, settings) in rules {
        let optimiser = optimiser.unwrap();
        assert_eq!(optimiser, Optimiser::for_network(settings.rule, &network).unwrap());
        optimiser.check(network.parameters().len()).unwrap();
    }
}

#[test]
fn a_trainer_of_any_rule_comes_back_with_its_snapshot() {
    let centred = Rule::RmsProp(RmsProp { centred: true, ..RmsProp::default() });
    for settings in
        [Settings::new(centred, 0.01), Settings::adagrad(0.01), Settings::adadelta(1.0), Settings::rms_prop(0.01)]
    {
        let mut run = trainer(settings.on_non_finite(OnNonFinite::GoBack { every: 1 }));
        step(&mut run, &data(1));
        let file = kept(&run).encode(Limits::default()).unwrap();
        let read = Checkpoint::<f64>::decode(&file, Limits::default()).unwrap();
        assert_eq!(read, kept(&run));
        assert!(read.training.unwrap().good.is_some());
    }
}

#[test]
fn unequal_micro_batches_make_the_update_of_one_batch_of_all_of_them() {
    let (x, t) = (values(1, STEPS * 6 * 3), values(2, STEPS * 6 * 2));
    // Six rows as one batch, and as batches of one, two and three rows, whose targets are as unequal.
    let rows = |from: usize, to: usize, data: &[f64], width: usize| -> Vec<f64> {
        (0..STEPS).flat_map(|s| data[(s * 6 + from) * width..(s * 6 + to) * width].to_vec()).collect()
    };
    let mut whole = trainer(Settings::sgd(0.5));
    let all = Batch::features(&x, [STEPS, 6, 3]).unwrap();
    let loss = whole.step(&all, Targets::Values(&t)).unwrap().loss;
    let mut parts = trainer(Settings::sgd(0.5).accumulate(3));
    let (mut updates, mut sum) = (vec![], recurrent::Loss::default());
    for [from, to] in [[0, 1], [1, 3], [3, 6]] {
        let (x, t) = (rows(from, to, &x, 3), rows(from, to, &t, 2));
        let step = parts.step(&Batch::features(&x, [STEPS, to - from, 3]).unwrap(), Targets::Values(&t)).unwrap();
        updates.push(step.updates);
        sum += step.loss;
    }
    assert_eq!((updates, sum.count), (vec![0, 0, 1], loss.count));
    let largest = whole.network().parameters().iter().fold(0.0, |largest: f64, p| largest.max(p.abs()));
    for (a, b) in whole.network().parameters().iter().zip(parts.network().parameters().iter()) {
        // The same 72 terms in another order, scaled before or after the sum: 100 roundings of what a step adds, which is below 10.
        assert!((a - b).abs() <= 100.0 * f64::EPSILON * largest.max(10.0), "{a} {b}");
    }
}

#[test]
fn an_update_of_batches_without_a_target_changes_nothing() {
    let ((x, t), mut run) = (data(3), trainer(Settings::sgd(0.5).accumulate(2)));
    let none = Targets::Counted { values: &t, counted: &[false; STEPS * ROWS] };
    let updates = [(); 2].map(|()| run.step(&batch(&x), none).unwrap().updates);
    assert_eq!(updates, [0, 1]);
    assert_eq!(**run.network().parameters(), **network(&config()).parameters());
}

#[test]
fn windows_update_after_each_and_carry_the_state() {
    let data = data(5);
    let mut run = trainer(Settings::sgd(0.5).windows(2));
    let found = step(&mut run, &data);
    assert_eq!(found.updates, 3);
    let (mut by_hand, mut workspace) = (network(&config()), Workspace::new());
    let mut state = by_hand.state(ROWS).unwrap();
    for from in [0, 2, 4] {
        let mut gradients = by_hand.gradients().unwrap();
        let window = batch(&data.0).window(from, from + 2).unwrap();
        let targets = Targets::Values(&data.1[from * ROWS * 2..(from + 2) * ROWS * 2]);
        by_hand.loss_and_gradients(&mut workspace, &window, targets, &mut state, &mut gradients).unwrap();
        by_hand.update(|parameters| parameters.iter_mut().zip(&*gradients).for_each(|(p, g)| *p -= 0.5 * g));
    }
    assert_eq!(**run.network().parameters(), **by_hand.parameters());
}

#[test]
fn a_step_of_several_windows_has_the_rate_of_the_last_update_and_the_largest_norm() {
    let data = data(5);
    let schedule = Schedule::Exponential { rate: 0.5, factor: 0.5 };
    // The third of three windows is gathered for the next update.
    let found = step(&mut trainer(Settings::sgd(0.0).schedule(schedule).windows(2).accumulate(2)), &data);
    assert_eq!((found.updates, found.rate), (1, 0.5));
    let found = step(&mut trainer(Settings::sgd(0.0).schedule(schedule).windows(2)), &data);
    assert_eq!((found.updates, found.rate), (3, 0.125));

    let settings = || Settings::sgd(0.0).clip_norm(f64::INFINITY);
    let mut halves = trainer(settings().carry_state());
    let norms = [0, 1].map(|k| {
        let half = STEPS / 2 * ROWS;
        let (x, t) = (&data.0[k * half * 3..][..half * 3], &data.1[k * half * 2..][..half * 2]);
        halves.step(&Batch::features(x, [STEPS / 2, ROWS, 3]).unwrap(), Targets::Values(t)).unwrap().norm.unwrap()
    });
    assert_ne!(norms[0], norms[1]);
    assert_eq!(step(&mut trainer(settings().windows(STEPS / 2)), &data).norm, Some(norms[0].max(norms[1])));
}

#[test]
fn overlapping_windows_reach_further_back_than_they_are_apart() {
    let (x, t) = data(6);
    let mut run = trainer(Settings { windows: Some(Windows { every: 2, back: 3 }), ..Settings::sgd(0.5) });
    assert_eq!(step(&mut run, &(x.clone(), t.clone())).updates, 3);
    let (mut by_hand, mut workspace) = (network(&config()), Workspace::new());
    let mut start = by_hand.state(ROWS).unwrap();
    // An update at the end of steps 2, 4 and 6, from as many as three steps back; the loss is that of the last two.
    for [from, first, to] in [[0, 0, 2], [1, 2, 4], [3, 4, 6]] {
        let mut gradients = by_hand.gradients().unwrap();
        if from > 0 {
            let passed = batch(&x).window(if from == 1 { 0 } else { 1 }, from).unwrap();
            by_hand.infer(&mut workspace, &passed, &mut start).unwrap();
        }
        let (window, counted) =
            (batch(&x).window(from, to).unwrap(), (from * ROWS..to * ROWS).map(|k| k >= first * ROWS));
        let counted: Vec<bool> = counted.collect();
        let targets = Targets::Counted { values: &t[from * ROWS * 2..to * ROWS * 2], counted: &counted };
        let mut state = start.clone();
        by_hand.loss_and_gradients(&mut workspace, &window, targets, &mut state, &mut gradients).unwrap();
        by_hand.update(|parameters| parameters.iter_mut().zip(&*gradients).for_each(|(p, g)| *p -= 0.5 * g));
    }
    assert_eq!(**run.network().parameters(), **by_hand.parameters());
    // Marks of the caller's own count beside those of the window.
    let updated = |counted: &[bool]| {
        let windows = Some(Windows { every: 2, back: 3 });
        let mut run = trainer(Settings { windows, ..Settings::sgd(0.5) });
        let loss = run.step(&batch(&x), Targets::Counted { values: &t, counted }).unwrap().loss;
        (loss.count, run.network().parameters().to_vec())
    };
    let mut counted = [true; STEPS * ROWS];
    assert_eq!(updated(&counted), (STEPS * ROWS, by_hand.parameters().to_vec()));
    counted[3 * ROWS] = false;
    assert_eq!(updated(&counted).0, STEPS * ROWS - 1);
    // Classes leave early steps out by their mark.
    let classes: Vec<u32> = (0..STEPS * ROWS).map(|k| if k == 3 { IGNORE } else { u32::from(k % 3 == 0) }).collect();
    let config = Config::features(3).recurrent(RecurrentSpec::lstm(4)).softmax(2);
    let windows = Some(Windows { every: 1, back: 4 });
    let mut run = Run::new(network(&config), Settings { windows, ..Settings::sgd(0.5) }).unwrap();
    let found = run.step(&batch(&x), Targets::Classes(&classes)).unwrap();
    assert_eq!((found.updates, found.loss.count), (6, STEPS * ROWS - 1));
}

#[test]
fn a_carried_state_goes_from_batch_to_batch_until_it_starts_over() {
    let (first, second) = (data(7), data(8));
    let mut carried = trainer(Settings::sgd(0.0).carry_state());
    let mut not = trainer(Settings::sgd(0.0));
    let whole: Vec<f64> = first.0.iter().chain(&second.0).copied().collect();
    let t: Vec<f64> = first.1.iter().chain(&second.1).copied().collect();
    let both = Batch::features(&whole, [2 * STEPS, ROWS, 3]).unwrap();
    let long = trainer(Settings::sgd(0.0)).step(&both, Targets::Values(&t)).unwrap().loss;
    let mut in_two = step(&mut carried, &first).loss;
    in_two += step(&mut carried, &second).loss;
    assert!((in_two.mean() - long.mean()).abs() < 1e-14 && in_two.count == long.count);
    step(&mut not, &first);
    assert_ne!(step(&mut not, &second).loss, step(&mut carried, &second).loss);
    let one_row = Batch::features(&first.0[..STEPS * 3], [STEPS, 1, 3]).unwrap();
    let before = kept(&carried);
    let error = carried.step(&one_row, Targets::Values(&first.1[..STEPS * 2])).unwrap_err();
    assert_eq!(kept(&carried), before, "its random state included");
    assert_eq!(error.to_string(), "batch, rows of the carried state: expected 2 elements, found 1");
    carried.start_over();
    carried.step(&one_row, Targets::Values(&first.1[..STEPS * 2])).unwrap();
    assert_eq!(carried.state().rows(), 1);
}

#[test]
fn a_state_that_is_set_is_what_the_next_batch_starts_from() {
    let settings = || Settings::sgd(0.0).carry_state();
    let (mut carried, mut set) = (trainer(settings()), trainer(settings()));
    step(&mut carried, &data(7));
    set.set_state(carried.state().clone()).unwrap();
    let other = network(&Config::features(3).recurrent(RecurrentSpec::gru(4)).linear(2)).state(ROWS).unwrap();
    assert!(matches!(set.set_state(other), Err(Error::Kind { .. })));
    assert_eq!(set.state(), carried.state());
    assert_eq!(step(&mut set, &data(8)).loss, step(&mut carried, &data(8)).loss);
}

#[test]
fn groups_have_rates_of_their_own_and_frozen_parameters_stay_what_they_are() {
    let data = data(9);
    let settings = Settings::sgd(0.5).clip_norm(f64::INFINITY).group("rnn.", 0.5).freeze("rnn.weight_ih_l0");
    let (mut run, before) = (trainer(settings), network(&config()));
    let norm_found = step(&mut run, &data).norm.unwrap();
    let (mut gradients, mut state) = (before.gradients().unwrap(), before.state(ROWS).unwrap());
    let targets = Targets::Values(&data.1);
    before.loss_and_gradients(&mut Workspace::new(), &batch(&data.0), targets, &mut state, &mut gradients).unwrap();
    // Wherever frozen parameters lie, their gradient is 0 before anything is clipped.
    let mut without_head = gradients.to_vec();
    without_head[before.parameters().block("head.weight").unwrap().offset..].fill(0.0);
    let mut headless = trainer(Settings::sgd(0.5).clip_norm(f64::INFINITY).freeze("head."));
    assert_eq!(step(&mut headless, &data).norm.unwrap(), norm(without_head.into_iter()));
    let frozen = before.parameters().block("rnn.weight_ih_l0").unwrap().range();
    gradients[frozen].fill(0.0);
    assert_eq!(norm_found, norm(gradients.iter().copied()));
    for block in before.parameters().blocks() {
        let rate = if block.name.starts_with("rnn.") { 0.25 } else { 0.5 };
        let (old, new) = (&before.parameters()[block.range()], &run.network().parameters()[block.range()]);
        let expected: Vec<f64> = old.iter().zip(&gradients[block.range()]).map(|(p, g)| p - rate * g).collect();
        assert_eq!(new, expected, "{}", block.name);
    }
    let wrong = |settings| Trainer::new(network(&config()), settings).unwrap_err().to_string();
    assert!(wrong(Settings::sgd(0.1).freeze("lstm.")).contains("found `lstm.`"));
    assert!(wrong(Settings::sgd(0.1).freeze("")).contains("a parameter that is not frozen"));
}

#[test]
fn noise_on_the_weights_is_seen_by_the_batch_and_not_by_the_parameters() {
    let data = data(10);
    let mut noisy = trainer(Settings::sgd(0.0).weight_noise(0.1));
    let before = network(&config());
    let first = step(&mut noisy, &data).loss;
    assert_eq!(**noisy.network().parameters(), **before.parameters());
    assert_ne!(first, step(&mut trainer(Settings::sgd(0.0)), &data).loss);
    assert_ne!(first, step(&mut noisy, &data).loss, "every batch draws anew");
    // A batch that is left out takes its noise with it.
    let mut skips = trainer(Settings::sgd(0.0).weight_noise(0.1).on_non_finite(OnNonFinite::Skip));
    let mut bad = data.clone();
    bad.1[0] = f64::INFINITY;
    assert!(step(&mut skips, &bad).left_out.is_some());
    assert_eq!(**skips.network().parameters(), **before.parameters());
    assert_eq!(step(&mut skips, &data).left_out, None);
    // The same seed draws the same noise.
    assert_eq!(first, step(&mut trainer(Settings::sgd(0.0).weight_noise(0.1)), &data).loss);
}

#[test]
fn a_batch_that_is_not_finite_stops_is_left_out_or_leads_back() {
    let (good, mut bad) = (data(11), data(12));
    bad.1[3] = f64::NAN;
    let settings = || Settings::adam(0.1).clip_norm(1.0).carry_state();
    let mut stops = trainer(settings());
    step(&mut stops, &good);
    let before = kept(&stops);
    let error = stops.step(&batch(&bad.0), Targets::Values(&bad.1)).unwrap_err();
    assert!(matches!(error, Error::NotFinite { .. }), "{error}");
    assert_eq!(kept(&stops), before);

    let mut skips = trainer(settings().on_non_finite(OnNonFinite::Skip));
    step(&mut skips, &good);
    let before = kept(&skips);
    let left_out = step(&mut skips, &bad);
    assert!(left_out.left_out.as_ref().unwrap().contains("targets[0, 1, 1]"), "{left_out:?}");
    assert_eq!((skips.counts().skipped, skips.counts().updates), (1, 1));
    assert_eq!((kept(&skips).parameters, kept(&skips).state), (before.parameters, before.state));

    let mut back = trainer(settings().on_non_finite(OnNonFinite::GoBack { every: 2 }));
    step(&mut back, &good);
    step(&mut back, &good);
    let after_two = kept(&back);
    step(&mut back, &good);
    assert_ne!(kept(&back).parameters, after_two.parameters);
    step(&mut back, &bad);
    assert_eq!((kept(&back).parameters, kept(&back).optimiser), (after_two.parameters, after_two.optimiser));
    assert_eq!((back.counts().skipped, back.counts().returned, back.state().rows()), (1, 1, 0));
    // And as often as there is one.
    step(&mut back, &bad);
    assert_eq!((back.counts().skipped, back.counts().returned), (2, 2));

    // The first of three windows has made its update, the second is left out and ends the batch.
    bad.1[3] = 0.0;
    bad.1[2 * ROWS * 2] = f64::NAN;
    let mut windows = trainer(Settings::sgd(0.1).windows(2).on_non_finite(OnNonFinite::Skip));
    let found = step(&mut windows, &bad);
    assert!(found.left_out.is_some_and(|left_out| left_out.contains("targets[0, 0, 0]")));
    assert_eq!((found.updates, windows.counts().updates, windows.counts().skipped), (1, 1, 1));
}

#[test]
fn gradients_gathered_for_an_update_that_overflows_are_dropped() {
    let settings = Settings::sgd(1e308).accumulate(2).on_non_finite(OnNonFinite::Skip);
    let ((x, t), mut run) = (data(16), trainer(settings));
    let far: Vec<f64> = t.iter().map(|t| 1e6 + t).collect();
    let steps = [(); 2].map(|()| step(&mut run, &(x.clone(), far.clone())));
    assert_eq!((steps[0].left_out.as_ref(), steps[0].updates), (None, 0));
    assert!(steps[1].left_out.as_ref().is_some_and(|left_out| left_out.contains("after the step")), "{steps:?}");
    assert_eq!((run.counts().gathered, run.counts().weight, run.counts().skipped), (0, 0.0, 1));
    assert_eq!(**run.network().parameters(), **network(&config()).parameters());
}

#[test]
fn a_batch_that_fails_while_gradients_are_gathered_leaves_them_gathered() {
    let (first, second, mut bad) = (data(13), data(14), data(15));
    bad.0[0] = f64::INFINITY;
    let settings = || Settings::sgd(0.5).accumulate(2);
    let (mut run, mut whole) = (trainer(settings()), trainer(settings()));
    step(&mut run, &first);
    assert!(run.step(&batch(&bad.0), Targets::Values(&bad.1)).is_err());
    step(&mut run, &second);
    step(&mut whole, &first);
    step(&mut whole, &second);
    assert_eq!(kept(&run), kept(&whole));
}

#[test]
fn dropout_draws_from_the_trainer_unless_the_batch_has_a_seed() {
    let config = Config::features(3).recurrent(RecurrentSpec::lstm(8)).dropout(DropoutSpec::new(0.5)).linear(2);
    let run = || Run::new(network(&config), Settings::sgd(0.0).seed(4)).unwrap();
    let (data, mut first) = (data(16), run());
    let losses = [step(&mut first, &data).loss, step(&mut first, &data).loss];
    assert_ne!(losses[0], losses[1]);
    let mut again = run();
    assert_eq!(losses, [step(&mut again, &data).loss, step(&mut again, &data).loss]);
    let seeded = || run().step(&batch(&data.0).with_noise(9), Targets::Values(&data.1)).unwrap().loss;
    assert_eq!(seeded(), seeded());
    assert_ne!(seeded(), losses[0]);
}

#[test]
fn settings_out_of_range_are_refused_by_name() {
    let refused = |settings: Settings| Trainer::new(network(&config()), settings).unwrap_err().to_string();
    assert!(refused(Settings::sgd(0.1).accumulate(0)).contains("accumulate: expected at least 1 batch"));
    assert!(refused(Settings::sgd(0.1).windows(0)).contains("windows: expected 1 ≤ every ≤ back"));
    assert!(refused(Settings::sgd(0.1).clip_norm(0.0)).contains("clip: expected a number > 0"));
    assert!(refused(Settings::sgd(0.1).group("rnn", -1.0)).contains("groups: expected a finite factor"));
    assert!(refused(Settings::sgd(0.1).weight_noise(f64::NAN)).contains("weight_noise"));
    assert!(refused(Settings::sgd(-0.1)).contains("schedule: rate"));
    let rule = Rule::Adam(Adam { beta2: 1.0, ..Adam::default() });
    let error = Settings::new(rule, 0.1).check::<f64>().unwrap_err().to_string();
    assert_eq!(error, "optimiser: beta2: expected a number in [0, 1), found 1");
    assert!(refused(Settings::sgd(0.1).on_non_finite(OnNonFinite::GoBack { every: 0 })).contains("on_non_finite"));
    let last = Config::features(3).recurrent(RecurrentSpec::lstm(4)).last_step().linear(2);
    let mut run = Run::new(network(&last), Settings::sgd(0.1).windows(2)).unwrap();
    let data = data(17);
    assert!(matches!(run.step(&batch(&data.0), Targets::Values(&data.1)), Err(Error::Kind { .. })));
    let mut run = trainer(Settings::sgd(0.1).windows(2));
    assert!(matches!(run.step(&batch(&data.0), Targets::Values(&data.1[1..])), Err(Error::Len { .. })));
    let counted = [true; STEPS * ROWS];
    for targets in [
        Targets::Counted { values: &data.1[1..], counted: &counted },
        Targets::Counted { values: &data.1, counted: &counted[1..] },
    ] {
        assert!(matches!(run.step(&batch(&data.0), targets), Err(Error::Len { .. })));
    }
}
