//! `table → sequences with a class each`, to learn from and to test on.

use super::options::Options;
use recurrent::data::{CsvOptions, Input, Label, Normaliser, Scaling, TargetKind, read_csv};
use recurrent::rng::Rng;
use recurrent::{Error, Result, Sequences};
use std::path::{Path, PathBuf};

const VOWELS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/classify/japanese_vowels");

/// Sequences with a class each, on the scale of those to learn from.
#[derive(Clone, Debug)]
pub struct Data {
    pub train: Sequences<f32>,
    pub test: Sequences<f32>,
    pub classes: usize,
}

/// The tables that the options name.
pub fn files(options: &Options) -> (PathBuf, Option<PathBuf>) {
    let vowels = |name: &str| Path::new(VOWELS).join(name);
    match &options.data {
        Some(data) => (data.clone(), options.test.clone()),
        None => (vowels("train.csv"), Some(vowels("test.csv"))),
    }
}

impl Data {
    pub fn read(options: &Options) -> Result<Self> {
        let (data, test) = files(options);
        let whole = read(&data, options)?;
        let [mut train, mut test] = match test {
            Some(test) => [whole, read(&test, options)?],
            None => whole.split(&[0.75, 0.25], &mut Rng::seed(options.seed))?,
        };
        let normaliser = Normaliser::fit_sequences(Scaling::Standard, &train)?;
        normaliser.apply_to(&mut train)?;
        normaliser.apply_to(&mut test)?;
        let largest = classes(&train).chain(classes(&test)).max().unwrap_or(0);
        if largest >= 10_000 {
            return Err(Error::format("classes", "whole numbers from 0 on, below 10000", largest));
        }
        if test.is_empty() || train.len() < 5 {
            let found = format!("{} and {}", train.len(), test.len());
            return Err(Error::format("sequences", "at least 5 to learn from and 1 to test on", found));
        }
        Ok(Self { train, test, classes: largest as usize + 1 })
    }
}

fn read(file: &Path, options: &Options) -> Result<Sequences<f32>> {
    let table = read_csv(file, &CsvOptions::new().key(&options.key))?;
    let features = table.names().iter().map(String::as_str).filter(|name| *name != options.class);
    table.sequences(&features.collect::<Vec<_>>(), TargetKind::ClassPerRow, &[&options.class])
}

/// The class of every sequence.
pub fn classes(data: &Sequences<f32>) -> impl Iterator<Item = u32> {
    data.iter().filter_map(|(_, label)| match label {
        Label::Class(class) => Some(class),
        _ => None,
    })
}

/// The same sequences with their class as the target of every step.
pub fn at_every_step(data: &Sequences<f32>) -> Result<Sequences<f32>> {
    let width = data.width().unwrap_or(1);
    let mut every = Sequences::features(width, TargetKind::ClassPerStep)?;
    for (input, label) in data.iter() {
        if let (Input::Features(x), Label::Class(class)) = (input, label) {
            every.push_labelled(input, Label::Classes(&vec![class; x.len() / width]))?;
        }
    }
    Ok(every)
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    #[test]
    fn the_vowels_are_those_of_the_authors() {
        let data = Data::read(&Options::parse_from(["classify"])).unwrap();
        assert_eq!((data.train.len(), data.test.len(), data.classes, data.train.width()), (270, 370, 9, Some(12)));
        let mut counts = [0; 9];
        classes(&data.test).for_each(|class| counts[class as usize] += 1);
        assert_eq!(counts, [31, 35, 88, 44, 29, 24, 40, 50, 29]);
        let lengths = data.train.lengths().iter().chain(data.test.lengths());
        assert_eq!((lengths.clone().min(), lengths.max()), (Some(&7), Some(&29)));
    }

    #[test]
    fn every_step_has_the_class_of_its_sequence() {
        let mut data = Sequences::features(2, TargetKind::ClassPerRow).unwrap();
        data.push_labelled(Input::Features(&[0.0; 6]), Label::Class(4)).unwrap();
        assert_eq!(at_every_step(&data).unwrap().row(0).unwrap().1, Label::Classes(&[4, 4, 4]));
    }
}
