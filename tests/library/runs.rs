//! A run as a program has it: kept on its way and whatever ends it, and resumed as what it was.

use recurrent::checkpoint::{Checkpoint, Every, Keeper, Limits, Run};
use recurrent::network::{Config, Network, RecurrentSpec};
use recurrent::text::Corpus;
use recurrent::train::{Budget, Curve, Pace, Settings, TextFit, Trainer, quietly};
use recurrent::{Cells, Error};
use rnn_backend_naive::Naive;
use rnn_kernels::{Accum, Backend, MatMut, MatRef, Spec, Use};
use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};

type Learning = Run<f32, dyn Backend<f32>, String>;
type Saved = Checkpoint<f32, (String, Curve)>;

/// The naive backend, with a panic in the n-th product or packing from when `n` is set.
#[derive(Debug, Default)]
struct Breaking {
    product: AtomicI64,
    packing: AtomicI64,
}

fn count_down(left: &AtomicI64) {
    assert!(left.fetch_sub(1, Ordering::Relaxed) != 1, "as planned");
}

impl Backend<f32> for Breaking {
    fn matmul(&self, c: MatMut<'_, f32>, accum: Accum, a: MatRef<'_, f32>, b: MatRef<'_, f32>) {
        count_down(&self.product);
        Naive.matmul(c, accum, a, b);
    }

    fn pack(&self, _: &Spec<f32>, _: Use, _: &[f32], _: &mut [f32]) {
        count_down(&self.packing);
    }
}

/// A folder, and what a keeper with a file in it said.
struct Desk {
    folder: tempfile::TempDir,
    said: Rc<RefCell<Vec<String>>>,
}

impl Desk {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap(), said: Rc::default() }
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("run.ckpt")
    }

    fn keeper(&self, every: Every) -> Keeper {
        let said = Rc::clone(&self.said);
        Keeper::new(self.path(), every, move |notice| said.borrow_mut().push(notice.to_string()))
    }
}

const SELDOM: Every = Every::Steps(1_000_000);

fn corpus() -> Corpus {
    Corpus::new(&(0..80).map(|i| format!("line {i}: {} sheep\n", i * i)).collect::<String>(), 10).unwrap()
}

fn settings() -> Settings {
    Settings::adam(0.01).clip_norm(1.0).carry_state().seed(3)
}

fn begin(corpus: &Corpus, backend: Arc<dyn Backend<f32>>, settings: Settings) -> Learning {
    let symbols = corpus.vocabulary().len();
    let config = Config::one_hot(symbols).recurrent(RecurrentSpec::lstm(6)).softmax(symbols);
    let trainer = Trainer::new(Network::with_backend(&config, 3, backend).unwrap(), settings).unwrap();
    Run::new(trainer, "kept beside".into(), corpus.digest())
}

fn resume(path: &Path, corpus: &Corpus) -> Learning {
    let saved = Saved::read(path, Limits::default()).unwrap();
    let backend: Arc<dyn Backend<f32>> = Arc::new(Naive);
    Run::resume(saved, corpus.digest(), |_| settings(), backend, &Cells::new()).unwrap()
}

/// So many steps on a text, with this keeper.
fn walk(run: &mut Learning, text: &[u32], steps: u64, keeper: &mut Keeper) -> Result<Pace, Error> {
    let budget = Budget { steps: Some(steps), ..Budget::from_step(run.trainer.counts().updates) };
    let fit = TextFit::new([10, 2], 200).keep_last();
    run.train(budget, keeper, |_| {}, |trainer, observe| trainer.fit_text(&fit, text, None, observe))
}

#[test]
fn a_panic_or_an_error_during_a_step_saves_the_run_as_it_was_before_that_step() {
    let (corpus, desk) = (corpus(), Desk::new());
    let mut whole = begin(&corpus, Arc::new(Naive), settings());
    walk(&mut whole, corpus.train(), 300, &mut desk.keeper(SELDOM)).unwrap();
    // The first product of a step, one in the middle, one of the backward pass; and an error instead.
    for products in [Some(1), Some(12), Some(20), None] {
        let (desk, backend) = (Desk::new(), Arc::new(Breaking::default()));
        let mut run = begin(&corpus, Arc::<Breaking>::clone(&backend), settings());
        let mut keeper = desk.keeper(SELDOM);
        walk(&mut run, corpus.train(), 103, &mut keeper).unwrap();
        std::fs::remove_file(desk.path()).unwrap();
        backend.product.store(products.unwrap_or(0), Ordering::Relaxed);
        let text = if products.is_some() { corpus.train() } else { &corpus.train()[..15] };
        let ended = catch_unwind(AssertUnwindSafe(|| walk(&mut run, text, 20, &mut keeper)));
        match products {
            Some(_) => assert!(ended.is_err(), "the panic goes on after the save"),
            None => assert!(ended.unwrap().unwrap_err().to_string().contains("at least 2 rows of 10")),
        }
        assert_eq!(*desk.said.borrow(), ["saved after step 103"]);
        let mut resumed = resume(&desk.path(), &corpus);
        walk(&mut resumed, corpus.train(), 197, &mut keeper).unwrap();
        assert!(resumed.checkpoint().unwrap() == whole.checkpoint().unwrap(), "{products:?}: another run");
        assert_eq!((&*resumed.application, resumed.curve.training.len()), ("kept beside", 300));
    }
}

/// Weights are packed at the beginning of a step, when all of the last one is done.
#[test]
fn a_panic_while_weights_are_packed_saves_the_run_as_it_was_before_that_step() {
    let (corpus, desk, backend) = (corpus(), Desk::new(), Arc::new(Breaking::default()));
    let mut run = begin(&corpus, Arc::<Breaking>::clone(&backend), settings());
    backend.packing.store(10, Ordering::Relaxed);
    let mut keeper = desk.keeper(Every::Steps(4));
    assert!(catch_unwind(AssertUnwindSafe(|| walk(&mut run, corpus.train(), 20, &mut keeper))).is_err());
    assert_eq!(*desk.said.borrow(), ["saved after step 9"]);
    let (mut resumed, mut whole) = (resume(&desk.path(), &corpus), begin(&corpus, Arc::new(Naive), settings()));
    walk(&mut resumed, corpus.train(), 11, &mut keeper).unwrap();
    walk(&mut whole, corpus.train(), 20, &mut Desk::new().keeper(SELDOM)).unwrap();
    assert!(resumed.checkpoint().unwrap() == whole.checkpoint().unwrap());
}

#[test]
fn gradients_that_a_panic_left_half_gathered_are_not_saved() {
    let (corpus, desk, backend) = (corpus(), Desk::new(), Arc::new(Breaking::default()));
    let mut run = begin(&corpus, Arc::<Breaking>::clone(&backend), settings().accumulate(3));
    let text = corpus.train();
    let fit = TextFit::new([10, 2], 200);
    let (mut keeper, mut windows) = (desk.keeper(Every::Steps(2)), 0);
    let ended = catch_unwind(AssertUnwindSafe(|| {
        let show = |_: &Pace| {
            windows += 1;
            // In the fifth window, the second of an update.
            backend.product.store(if windows == 4 { 20 } else { 0 }, Ordering::Relaxed);
        };
        run.train(Budget::from_step(0), &mut keeper, show, |trainer, observe| {
            trainer.fit_text(&fit, text, None, observe)
        })
    }));
    assert!(ended.is_err() && desk.said.borrow()[0].starts_with("not saved: keeping a trainer"));
    let error = run.trainer.fit_text(&fit, text, None, quietly).unwrap_err().to_string();
    assert!(error.starts_with("step: expected a whole network"), "{error}");
    let saved = Saved::read(desk.path(), Limits::default()).unwrap().training.unwrap();
    assert_eq!((saved.counts.updates, saved.counts.gathered), (1, 1), "the save after four windows stands");
}

#[test]
fn weights_that_a_panic_left_with_noise_are_not_saved() {
    let (corpus, desk, backend) = (corpus(), Desk::new(), Arc::new(Breaking::default()));
    let mut run = begin(&corpus, Arc::<Breaking>::clone(&backend), settings().weight_noise(0.1));
    let mut keeper = desk.keeper(SELDOM);
    walk(&mut run, corpus.train(), 3, &mut keeper).unwrap();
    backend.product.store(12, Ordering::Relaxed);
    assert!(catch_unwind(AssertUnwindSafe(|| walk(&mut run, corpus.train(), 3, &mut keeper))).is_err());
    assert!(desk.said.borrow().iter().any(|said| said.starts_with("not saved: keeping a trainer")));
}

#[test]
fn noise_goes_on_after_a_panic_as_if_the_step_had_never_begun() {
    let (corpus, desk) = (corpus(), Desk::new());
    let symbols = corpus.vocabulary().len();
    let config = Config::one_hot(symbols).recurrent(RecurrentSpec::lstm(6)).dropout(0.5).softmax(symbols);
    let begin = |backend: Arc<dyn Backend<f32>>| -> Learning {
        let trainer = Trainer::new(Network::with_backend(&config, 3, backend).unwrap(), settings()).unwrap();
        Run::new(trainer, String::new(), corpus.digest())
    };
    let mut keeper = desk.keeper(SELDOM);
    let (mut whole, backend) = (begin(Arc::new(Naive)), Arc::new(Breaking::default()));
    walk(&mut whole, corpus.train(), 20, &mut keeper).unwrap();
    let mut run = begin(Arc::<Breaking>::clone(&backend));
    walk(&mut run, corpus.train(), 7, &mut keeper).unwrap();
    backend.product.store(20, Ordering::Relaxed);
    assert!(catch_unwind(AssertUnwindSafe(|| walk(&mut run, corpus.train(), 20, &mut keeper))).is_err());
    let mut resumed = resume(&desk.path(), &corpus);
    walk(&mut resumed, corpus.train(), 13, &mut keeper).unwrap();
    assert!(resumed.checkpoint().unwrap() == whole.checkpoint().unwrap());
}

#[test]
fn a_file_that_cannot_be_written_is_told_and_the_run_saved_elsewhere() {
    let (corpus, desk) = (corpus(), Desk::new());
    let mut run = begin(&corpus, Arc::new(Naive), settings());
    std::fs::create_dir(desk.path()).unwrap();
    let error = walk(&mut run, corpus.train(), 3, &mut desk.keeper(Every::Steps(2)).rescue_as("lost")).unwrap_err();
    assert!(error.to_string().contains("expected a regular file, found a folder"), "{error}");
    let said = desk.said.borrow();
    assert!(said.len() == 2 && said[0].starts_with("not saved after step 2, will try again: "), "{said:?}");
    let path = said[1].strip_prefix("saved after step 3 to ").unwrap().strip_suffix(" instead").unwrap();
    assert!(path.ends_with("lost.ckpt"), "{path}");
    let mut rescued = resume(Path::new(path), &corpus);
    assert_eq!(rescued.trainer.counts().updates, 3);
    walk(&mut rescued, corpus.train(), 1, &mut Desk::new().keeper(SELDOM)).unwrap();
    std::fs::remove_dir_all(Path::new(path).parent().unwrap()).unwrap();
}

#[test]
fn a_budget_of_nothing_or_a_flag_makes_no_step_and_saves() {
    let (corpus, desk, stop) = (corpus(), Desk::new(), AtomicBool::new(true));
    let mut run = begin(&corpus, Arc::new(Naive), settings());
    let mut keeper = desk.keeper(SELDOM);
    assert_eq!(walk(&mut run, corpus.train(), 0, &mut keeper).unwrap().step, 0);
    let (fit, budget) = (TextFit::new([10, 2], 5), Budget { stop: Some(&stop), ..Budget::from_step(0) });
    let pace = run.train_text(&fit, &corpus, budget, &mut keeper, |_| {}).unwrap();
    assert_eq!((pace.step, pace.per_second()), (0, 0.0));
    // The held-out text was looked at all the same: where the curve begins.
    let curve = resume(&desk.path(), &corpus).curve;
    assert_eq!((curve.training.len(), curve.validation.len()), (0, 1));
    stop.store(false, Ordering::Relaxed);
    let steps = Some(12);
    run.train_text(&fit, &corpus, Budget { steps, ..budget }, &mut keeper, |_| {}).unwrap();
    let looked: Vec<u64> = run.curve.validation.iter().map(|&(step, _)| step).collect();
    assert_eq!((run.curve.training.len(), looked), (12, vec![0, 5, 10]));
}

#[test]
fn how_often_to_save_is_above_zero() {
    for bad in ["0", "0s", "-1", "nans", "infs", "1.5", "", "s", "often"] {
        let error = bad.parse::<Every>().unwrap_err().to_string();
        assert!(error.contains("expected a number of steps above 0"), "{error}");
    }
}
