//! A fit over a text is its windows by hand, and stopped anywhere and resumed it is what was never stopped.

use recurrent::checkpoint::{Checkpoint, Limits};
use recurrent::network::{CellSpec, Config, RecurrentSpec};
use recurrent::rng::Rng;
use recurrent::sampling::{Sampler, Sampling};
use recurrent::text::{self, Continuation, Corpus, Passage, Streams};
use recurrent::train::{Ended, Moment, OnNonFinite, Plateau, Settings, TextFit, Trainer, evaluate_text, quietly};
use recurrent::{Batch, Cells, Error, Loss, Network, Targets, Workspace};
use rnn_backend_naive::Naive;
use std::ops::ControlFlow;
use std::sync::Arc;

type Run = Trainer<f64, Naive>;

fn symbols(count: usize) -> Vec<u32> {
    let mut rng = Rng::seed(4);
    (0..count).map(|t| u32::try_from(if t % 3 == 0 { rng.below(5) } else { t % 5 }).unwrap()).collect()
}

fn config() -> Config {
    Config::one_hot(5).recurrent(RecurrentSpec::lstm(4)).softmax(5)
}

fn network(config: &Config) -> Network<f64, Naive> {
    Network::with_backend(config, 1, Arc::new(Naive)).unwrap()
}

fn run(settings: Settings) -> Run {
    Trainer::new(network(&config()), settings.carry_state()).unwrap()
}

fn kept(run: &Run) -> Checkpoint<f64> {
    Checkpoint::of(run, ()).unwrap()
}

#[test]
fn a_fit_is_its_windows_by_hand() {
    let text = symbols(131);
    let settings = || Settings::adam(0.05).clip_norm(0.5).seed(9);
    let mut fitted = run(settings());
    let (mut losses, fit) = (vec![], TextFit::new([6, 4], 7).epochs(3).keep_last());
    let observe = |_: &Run, moment: Moment<'_>| {
        if let Moment::Step(step, windows) = moment {
            losses.push((step.loss, windows));
        }
        Ok(ControlFlow::Continue(()))
    };
    assert!(fitted.fit_text(&fit, &text, None, observe).unwrap());
    // Five windows a pass: the 21 start over four times.
    let (mut by_hand, mut rng, mut starts) = (run(settings()), Rng::seed(!9), 0);
    let mut streams = Streams::new(&text, [6, 4], &mut rng).unwrap();
    assert_eq!(streams.stretch(), (text.len() - 1) / 4);
    for (loss, windows) in losses {
        let window = streams.next_window(&mut rng).unwrap();
        if window.starts_over() {
            by_hand.start_over();
            starts += 1;
        }
        assert_eq!((by_hand.step(&window.batch().unwrap(), window.targets()).unwrap().loss, 7), (loss, windows));
    }
    assert_eq!((starts, fitted.counts().updates), (5, 21));
    assert_eq!(**fitted.network().parameters(), **by_hand.network().parameters());
    assert_eq!((fitted.state(), fitted.optimiser()), (by_hand.state(), by_hand.optimiser()));
    let epochs = &fitted.progress().epochs;
    assert_eq!((epochs.len(), epochs[1].updates, epochs[2].training.count), (3, 14, 7 * 24));
}

#[test]
fn stopped_anywhere_and_resumed_from_its_bytes_it_is_a_fit_that_never_stopped() {
    let (text, held_out) = (symbols(131), symbols(160));
    let cell = CellSpec::lstm().zoneout(0.1);
    let config = Config::one_hot(5).recurrent(RecurrentSpec::new(cell, 4)).dropout(0.1).softmax(5);
    let settings = Settings::adam(0.1).clip_norm(0.5).accumulate(2).weight_noise(0.01).seed(5).carry_state();
    let settings = settings.on_non_finite(OnNonFinite::GoBack { every: 2 });
    let plateau = Plateau { factor: 0.5, patience: 1, floor: 0.125, back_to_best: true };
    let fit = TextFit { plateau: Some(plateau), ..TextFit::new([6, 4], 5).epochs(8).patience(3) };
    let passage = Passage::new(&held_out, 131).unwrap();
    let begin = || Trainer::new(network(&config), settings.clone()).unwrap();
    let (mut moments, mut whole) = (0, begin());
    let count = |_: &Run, _: Moment<'_>| {
        moments += 1;
        Ok(ControlFlow::Continue(()))
    };
    assert!(whole.fit_text(&fit, &text, Some(&passage), count).unwrap());
    let expected = kept(&whole);
    let epochs = whole.progress().epochs.len();
    assert!(moments == 6 * epochs && whole.counts().factor < 1.0, "{moments} {:?}", whole.progress());
    for stop in 1..=moments {
        let (mut at, mut first) = (0, begin());
        let until = |_: &Run, _: Moment<'_>| {
            at += 1;
            Ok(if at == stop { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
        };
        first.fit_text(&fit, &text, Some(&passage), until).unwrap();
        let bytes = kept(&first).encode(Limits::default()).unwrap();
        let file = Checkpoint::<f64>::decode(&bytes, Limits::default()).unwrap();
        let mut second: Run = file.trainer(Arc::new(Naive), &Cells::new()).unwrap();
        assert!(second.fit_text(&fit, &text, Some(&passage), quietly).unwrap());
        assert!(kept(&second) == expected, "stopped after moment {stop}");
    }
}

#[test]
fn an_error_leaves_the_fit_where_it_was() {
    let text = symbols(131);
    let fit = TextFit::new([6, 4], 5).epochs(3);
    let (mut whole, mut broken) = (run(Settings::sgd(0.1)), run(Settings::sgd(0.1)));
    whole.fit_text(&fit, &text, None, quietly).unwrap();
    // Symbol 7 is none of five: in the fifth window, the last of a pass, and in the first window of the next.
    for bad in [26, 2] {
        let mut wrong = text.clone();
        wrong[bad] = 7;
        let before = broken.fit_text(&fit, &wrong, None, quietly).unwrap_err();
        let kept_then = kept(&broken);
        assert!(matches!(before, Error::Range { .. }), "{before}");
        broken.fit_text(&fit, &wrong, None, quietly).unwrap_err();
        assert!(kept(&broken) == kept_then);
        let mut steps = 0;
        let one = |_: &Run, _: Moment<'_>| {
            steps += 1;
            Ok(if steps == 2 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
        };
        broken.fit_text(&fit, &text, None, one).unwrap();
    }
    broken.fit_text(&fit, &text, None, quietly).unwrap();
    assert!(kept(&broken) == kept(&whole));
}

#[test]
fn a_window_left_out_where_the_text_starts_over_leaves_no_state_of_before() {
    let text = symbols(131);
    let mut wild = network(&config());
    wild.update(|parameters| parameters.fill(f64::MAX));
    let mut trainer = Trainer::new(wild, Settings::sgd(0.1).on_non_finite(OnNonFinite::Skip).carry_state()).unwrap();
    trainer.set_state(network(&config()).state(4).unwrap()).unwrap();
    let one = |_: &Run, _: Moment<'_>| Ok(ControlFlow::Break(()));
    trainer.fit_text(&TextFit::new([6, 4], 5), &text, None, one).unwrap();
    assert_eq!((trainer.counts().skipped, trainer.counts().updates, trainer.state().rows()), (1, 0, 0));
}

#[test]
fn a_checkpoint_without_a_trainer_reads_on_at_its_cursor() {
    let (text, fit) = (symbols(131), TextFit::new([6, 4], 5).epochs(2).keep_last());
    let mut whole = run(Settings::sgd(0.1).seed(2));
    whole.fit_text(&fit, &text, None, quietly).unwrap();
    let mut rng = Rng::seed(!2);
    let shift = Streams::new(&text, [6, 4], &mut rng).unwrap().position().cursor;
    let mut half = run(Settings::sgd(0.1).seed(2));
    let three = |trainer: &Run, _: Moment<'_>| match trainer.counts().updates {
        3 => Ok(ControlFlow::Break(())),
        _ => Ok(ControlFlow::Continue(())),
    };
    half.fit_text(&fit, &text, None, three).unwrap();
    // As a program without a trainer would have kept it: the generator of the shifts, and where the rows go on.
    let old = Checkpoint { training: None, rng, cursor: shift + 18, ..kept(&half) };
    let mut later: Run = old.trainer_with(half.settings().clone(), Arc::new(Naive), &Cells::new()).unwrap();
    assert!(later.fit_text(&TextFit { epochs: 1, ..fit.clone() }, &text, None, quietly).unwrap());
    assert_eq!(later.counts().updates, 5, "an epoch ends where all windows are a multiple of five");
    later.fit_text(&fit, &text, None, quietly).unwrap();
    assert_eq!(**later.network().parameters(), **whole.network().parameters());
}

#[test]
fn patience_ends_a_fit_over_a_text_with_the_best_parameters() {
    let (text, held_out) = (symbols(131), symbols(160));
    let passage = Passage::new(&held_out, 131).unwrap();
    let mut wild = run(Settings::sgd(30.0).seed(1));
    assert!(wild.fit_text(&TextFit::new([6, 4], 5).patience(3), &text, Some(&passage), quietly).unwrap());
    let progress = wild.progress().clone();
    assert_eq!(progress.ended, Some(Ended::Patience));
    let best = progress.best.unwrap();
    assert!(best.epoch + 1 < progress.epochs.len() as u64);
    assert_eq!(wild.evaluate_text(&passage).unwrap().loss.mean(), best.score);
}

#[test]
fn settings_out_of_range_and_texts_too_short_are_refused() {
    let text = symbols(131);
    let refused = |trainer: &mut Run, fit: TextFit, text: &[u32]| {
        let before = kept(trainer);
        let error = trainer.fit_text(&fit, text, None, quietly).unwrap_err().to_string();
        assert!(kept(trainer) == before, "the trainer has changed");
        error
    };
    let mut fresh = run(Settings::sgd(0.1));
    assert!(refused(&mut fresh, TextFit::new([6, 4], 0), &text).contains("epoch: expected at least 1 window"));
    assert!(refused(&mut fresh, TextFit::new([0, 4], 1), &text).contains("streams, steps"));
    assert!(refused(&mut fresh, TextFit::new([6, 0], 1), &text).contains("streams, rows"));
    assert!(refused(&mut fresh, TextFit::new([6, 4], 1).patience(0), &text).contains("patience"));
    assert!(refused(&mut fresh, TextFit::new([6, 4], 1), &text[..24]).contains("expected at least 4 rows of 6"));
    let mut stateless = Trainer::new(network(&config()), Settings::sgd(0.1)).unwrap();
    assert!(refused(&mut stateless, TextFit::new([6, 4], 1), &text).contains("carry_state: expected true"));
    // A run of four rows does not go on with two.
    let once = |_: &Run, _: Moment<'_>| Ok(ControlFlow::Break(()));
    fresh.fit_text(&TextFit::new([6, 4], 2), &text, None, once).unwrap();
    assert!(refused(&mut fresh, TextFit::new([6, 2], 2), &text).contains("rows of the carried state"));
}

#[test]
fn the_score_of_a_passage_is_the_mean_of_its_symbols_one_by_one() {
    let (text, network) = (symbols(150), network(&config()));
    // In one piece, read from the beginning of the text, in three windows.
    let passage = Passage::new(&text, 20).unwrap().pieces(1).unwrap().warm_up(20);
    let scores = evaluate_text(&network, &mut Workspace::new(), &passage).unwrap();
    let (mut state, mut workspace) = (network.state(1).unwrap(), Workspace::new());
    let (mut loss, mut right) = (Loss::default(), 0);
    // Symbol 0 stands for what is before the text.
    for (t, &target) in text.iter().enumerate() {
        let x = [if t == 0 { 0 } else { text[t - 1] }];
        let y = network.step_symbols(&mut workspace, &x, &mut state.clone()).unwrap().row(0).to_vec();
        let batch = Batch::symbols(&x, [1, 1]).unwrap();
        let one = network.evaluate(&mut workspace, &batch, Targets::Classes(&[target]), &mut state).unwrap();
        if t >= 20 {
            loss += one;
            right += u64::from((0..5).all(|k| y[k] <= y[target as usize]));
        }
    }
    assert_eq!((scores.loss.count, scores.right, scores.decisions), (130, right, 130));
    // 130 losses, summed in another order.
    assert!((scores.loss.total - loss.total).abs() <= 130.0 * f64::EPSILON * loss.total);
    let pieces = Passage::new(&text, 20).unwrap().pieces(5).unwrap();
    // No more pieces than there are symbols.
    let most = Passage::new(&text, 20).unwrap().pieces(text.len()).unwrap();
    assert_eq!(most.rows(), text.len() - 20);
    assert_eq!(evaluate_text(&network, &mut Workspace::new(), &pieces).unwrap().loss.count, 130);
}

#[test]
fn a_text_goes_on_by_a_step_and_a_draw_at_a_time() {
    let network = network(&config());
    let sampling = Sampling { temperature: 0.8, top_k: Some(4) };
    let continuation = Continuation::of(&network, &[1, 2, 3], sampling, Rng::seed(6)).unwrap();
    let found: Vec<u32> = continuation.take(30).collect::<Result<_, _>>().unwrap();
    let (mut state, mut workspace, mut rng) = (network.state(1).unwrap(), Workspace::new(), Rng::seed(6));
    let (mut sampler, mut text) = (Sampler::new(sampling).unwrap(), vec![1, 2, 3]);
    for t in 0..32 {
        let y = network.step_symbols(&mut workspace, &[text[t]], &mut state).unwrap();
        if t >= 2 {
            text.push(sampler.draw(y.row(0), &mut rng).unwrap());
        }
    }
    assert_eq!(found, text[3..]);
    assert!(Continuation::of(&network, &[], sampling, Rng::seed(6)).is_err());
    let mut wrong = Continuation::of(&network, &[5], sampling, Rng::seed(6)).unwrap();
    assert!(wrong.next().unwrap().is_err() && wrong.next().is_none(), "after an error it has ended");
}

#[test]
fn a_corpus_of_files_is_their_texts_with_its_end_held_out() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    std::fs::create_dir_all(path("b/c")).unwrap();
    for (name, text) in [("z.txt", "zz"), ("a.txt", "aa"), ("b/y.txt", "bb"), ("b/c/x.txt", "cc"), ("a.md", "md")] {
        std::fs::write(path(name), text).unwrap();
    }
    let names = ["a.txt", "b/c/x.txt", "b/y.txt", "z.txt"].map(path);
    assert_eq!(text::list(folder.path(), "txt", 9).unwrap(), names);
    assert_eq!(text::list(folder.path(), "txt", 2).unwrap(), [&names[0], &names[2], &names[3]].map(Clone::clone));
    assert_eq!(text::list(folder.path(), "txt", 1).unwrap(), [&names[0], &names[3]].map(Clone::clone));
    assert!(matches!(text::list(path("nowhere"), "txt", 1), Err(Error::Io { doing: "reading", .. })));
    let corpus = Corpus::read(&names, 4).unwrap();
    let whole = Corpus::new("aa\ncc\nbb\nzz", 4).unwrap();
    assert_eq!((corpus.digest(), corpus.symbols()), (whole.digest(), whole.symbols()));
    assert_eq!((corpus.train().len(), corpus.held_out().len(), corpus.passage().symbols()), (9, 2, 2));
    assert_eq!(corpus.to_string(), "11 characters of text, 2 of them held out, 5 distinct");
    let message = |text: &str, one_in| Corpus::new(text, one_in).unwrap_err().to_string();
    assert!(message("abc", 10).contains("expected at least 10 characters"));
    assert!(message("abc", 1).contains("expected one in 2 or more"));
    assert!(corpus.expect_windows([4, 2]).is_ok() && corpus.expect_windows([3, 3]).is_err());
}
