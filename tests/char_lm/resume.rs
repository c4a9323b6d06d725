//! A run that was saved and resumed is the run that was never interrupted, bit for bit, through the command line of the example `char_lm`.

use crate::char_lm::run::{Run, Saved};
use crate::{Desk, TINY, json};
use recurrent::Cells;
use recurrent::checkpoint::{Digest, Limits};
use rnn_backend_naive::Naive;
use std::path::{Path, PathBuf};
use std::sync::Arc;

fn read(desk: &Desk) -> Saved {
    Saved::read(desk.path("run.ckpt"), Limits::default()).unwrap()
}

/// The two runs' checkpoints as bytes: `==` on floats would take −0 for 0.
fn whole_and_resumed(stack: &[&str], backend: &str) -> [Vec<u8>; 2] {
    let [whole, resumed] = [Desk::new(), Desk::new()];
    let rest = ["--batch", "3", "--window", "7", "--seed", "11", "--rate", "0.01", "--horizon", "300"];
    let fresh = |steps| [stack, &rest, &["--backend", backend, "--steps", steps]].concat();
    whole.run(&fresh("400")).unwrap();
    resumed.run(&fresh("150")).unwrap();
    let half = read(&resumed);
    assert_eq!(half.step, 150);
    assert!(half.state.iter().any(|&x| x != 0.0), "the state carried on must matter");
    resumed.run(&["--resume", "--backend", backend, "--steps", "250"]).unwrap();
    let curve = read(&resumed).application.1;
    let validated: Vec<u64> = curve.validation.iter().map(|&(step, _)| step).collect();
    assert_eq!((curve.training.len(), &validated[..]), (400, &[0, 200][..]));
    let learned = |curve: &[f32]| curve[390..].iter().sum::<f32>() < 0.8 * curve[..10].iter().sum::<f32>();
    assert!(learned(&curve.training), "a run that learns nothing proves nothing");
    [whole, resumed].map(|desk| std::fs::read(desk.path("run.ckpt")).unwrap())
}

#[test]
fn a_hundred_and_fifty_and_two_hundred_and_fifty_resumed_steps_are_four_hundred_bit_for_bit() {
    let [whole, resumed] = whole_and_resumed(&["--cell", "lstm", "--hidden", "12", "--layers", "2"], "naive");
    assert!(whole == resumed, "digests {} and {}", Digest::of(&whole), Digest::of(&resumed));
}

#[test]
fn so_they_are_for_a_gru_on_as_many_threads_as_there_are() {
    let [whole, resumed] = whole_and_resumed(&["--cell", "gru", "--hidden", "16"], "faer-parallel");
    assert!(whole == resumed, "digests {} and {}", Digest::of(&whole), Digest::of(&resumed));
}

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/fixtures").join(name)
}

/// The program wrote these before it had a trainer: 190 steps of a tiny run, and 40 more.
#[test]
fn a_run_of_the_program_before_goes_on_bit_for_bit() {
    let before = Saved::read(fixture("char_lm-230.ckpt"), Limits::default()).unwrap();
    for parts in [&["40"][..], &["7", "33"]] {
        let desk = Desk::new();
        std::fs::copy(fixture("char_lm-190.ckpt"), desk.path("run.ckpt")).unwrap();
        for steps in parts {
            desk.run(&["--resume", "--backend", "naive", "--steps", steps]).unwrap();
        }
        let now = read(&desk);
        assert_eq!((now.step, now.optimiser, now.schedule), (230, before.optimiser.clone(), before.schedule));
        let bits = |values: &[f32]| values.iter().map(|x| x.to_bits()).collect::<Vec<_>>();
        assert_eq!(bits(&now.parameters), bits(&before.parameters));
        assert_eq!(bits(&now.state), bits(&before.state));
        // What the program keeps, its curve with the look after step 200 among it.
        assert_eq!(now.application, before.application);
        assert_eq!(json(&desk.path("run.json"))["bits_per_char"], 1.4560154178161073);
    }
}

#[test]
fn a_run_of_today_is_the_run_of_the_program_before() {
    let (desk, before) = (Desk::new(), Saved::read(fixture("char_lm-230.ckpt"), Limits::default()).unwrap());
    desk.run(&[&TINY[..], &["--steps", "230"]].concat()).unwrap();
    let now = read(&desk);
    assert_eq!((now.parameters, now.state, now.application), (before.parameters, before.state, before.application));
}

#[test]
fn a_checkpoint_of_another_text_or_another_shape_is_refused() {
    let desk = Desk::new();
    desk.fresh().unwrap();
    let saved = read(&desk);
    let resume = |saved: Saved, digest| {
        let settings = |_: &_| unreachable!("it was written with a trainer");
        Run::resume(saved, digest, settings, Arc::new(Naive), &Cells::new()).map(|_| ())
    };
    let (own, other) = (saved.text_digest, Digest::of(b"another text altogether"));
    resume(saved.clone(), own).unwrap();
    let error = resume(saved.clone(), other).unwrap_err().to_string();
    assert!(error.contains(&other.to_string()) && error.contains(&own.to_string()), "{error}");
    let mut short = saved.clone();
    short.parameters.pop();
    assert!(resume(short, own).is_err());
    let mut stateless = saved;
    stateless.state.clear();
    assert!(resume(stateless, own).is_err());
}
