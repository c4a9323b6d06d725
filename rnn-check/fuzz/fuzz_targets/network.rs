//! Any configuration, sizes from 0 to those that no machine has, and any batch.
#![no_main]

use arbitrary::{Arbitrary, Result, Unstructured};
use libfuzzer_sys::fuzz_target;
use recurrent::network::{
    CellSpec, Config, DenseSpec, Directions, HeadSpec, InputSpec, LayerSpec, Merge, Objective, Readout, RecurrentSpec,
};
use recurrent::{Activation, Bias, GruReset};

fuzz_target!(|bytes: &[u8]| {
    let mut u = Unstructured::new(bytes);
    let _ = config(&mut u).and_then(|config| rnn_fuzz::pass::run(&config, &mut u));
});

fn config(u: &mut Unstructured<'_>) -> Result<Config> {
    let input = match u.int_in_range(0..=2)? {
        0 => InputSpec::Features { width: width(u)? },
        1 => InputSpec::OneHot { symbols: width(u)? },
        _ => InputSpec::Embedding { symbols: width(u)?, width: width(u)?, name: name(u)? },
    };
    let mut config = Config::new(input);
    for _ in 0..u.int_in_range(0..=4)? {
        config.layers.push(if u.ratio(3, 4)? { recurrent(u)? } else { dense(u)? });
    }
    config.readout = *u.choose(&[Readout::EveryStep, Readout::LastStep, Readout::FinalStates])?;
    if u.ratio(3, 4)? {
        let objective = *u.choose(&[Objective::Softmax, Objective::Bernoulli, Objective::SquaredError])?;
        let head = HeadSpec::new(width(u)?, objective);
        config.head = Some(HeadSpec { bias: bool::arbitrary(u)?, name: name(u)?, ..head });
    }
    Ok(config)
}

fn recurrent(u: &mut Unstructured<'_>) -> Result<LayerSpec> {
    let cell = match u.int_in_range(0..=5)? {
        0 => CellSpec::elman(activation(u)?),
        1 => CellSpec::lstm(),
        2 => CellSpec::gru(GruReset::Before),
        3 => CellSpec::gru(GruReset::After),
        4 => CellSpec::new("lstm_peephole"),
        _ => CellSpec::new(String::arbitrary(u)?),
    };
    Ok(LayerSpec::Recurrent(RecurrentSpec {
        layers: width(u)?,
        directions: *u.choose(&[Directions::Forward, Directions::Reverse, Directions::Both])?,
        bias: *u.choose(&[Bias::Both, Bias::Input, Bias::None])?,
        merge: *u.choose(&[Merge::Concat, Merge::Concat, Merge::Sum, Merge::Average, Merge::Product])?,
        learned_initial: bool::arbitrary(u)?,
        name: name(u)?,
        ..RecurrentSpec::new(cell, width(u)?)
    }))
}

fn dense(u: &mut Unstructured<'_>) -> Result<LayerSpec> {
    let (units, activation) = (width(u)?, activation(u)?);
    Ok(LayerSpec::Dense(DenseSpec { units, activation, bias: bool::arbitrary(u)?, name: name(u)? }))
}

fn activation(u: &mut Unstructured<'_>) -> Result<Activation> {
    Ok(*u.choose(&[Activation::Tanh, Activation::Relu, Activation::Sigmoid, Activation::Identity])?)
}

/// Mostly few; now and then none or far too many.
fn width(u: &mut Unstructured<'_>) -> Result<usize> {
    Ok(match u.arbitrary::<u8>()? {
        0 => usize::arbitrary(u)?,
        1 => 0,
        byte => usize::from(byte % 5) + 1,
    })
}

fn name(u: &mut Unstructured<'_>) -> Result<Option<String>> {
    Ok(if u.ratio(1, 8)? { Some(String::arbitrary(u)?) } else { None })
}
