//! `Config → Network → forward → loss → backward → step`: what a configuration that was accepted must survive.

use crate::{Size, size};
use arbitrary::{Arbitrary, Result, Unstructured};
use recurrent::backend::Naive;
use recurrent::network::{Batch, Config, Cotangents, InputSpec, Network, Objective, Readout};
use recurrent::{IGNORE, SeqRef, Targets, Workspace};

/// Builds a network and trains it on a batch drawn from `u`, as far as the library goes along.
///
/// Whatever is refused is an error and changes nothing; without an error there is no panic.
pub fn run(config: &Config, u: &mut Unstructured<'_>) -> Result<()> {
    let build = || Network::<f32, _>::with_backend(config, 1, Naive);
    match size(config) {
        Size::Small => {}
        Size::Large => return Ok(()),
        Size::Impossible => {
            assert!(build().is_err(), "no machine has memory for it");
            return Ok(());
        }
    }
    let Ok(mut network) = build() else { return Ok(()) };
    let [steps, rows] = [u.int_in_range(0..=4)?, u.int_in_range(0..=3)?];
    let width = network.output_width();
    let lengths = (0..rows).map(|_| u.int_in_range(0..=steps + 1)).collect::<Result<Vec<_>>>()?;
    let features;
    let mut symbols = Vec::new();
    let batch = match config.input {
        InputSpec::Features { width } => {
            features = numbers(u, steps * rows * width)?;
            Batch::features(&features, [steps, rows, width])
        }
        InputSpec::OneHot { symbols: of } | InputSpec::Embedding { symbols: of, .. } => {
            let of = u32::try_from(of).unwrap_or(u32::MAX);
            symbols = (0..steps * rows).map(|_| u.int_in_range(0..=of)).collect::<Result<Vec<_>>>()?;
            Batch::symbols(&symbols, [steps, rows])
        }
    };
    let batch = batch.expect("as many as the shape says");
    let batch = match u.int_in_range(0..=2)? {
        0 => Ok(batch),
        1 => batch.with_lengths(&lengths),
        _ => batch.with_window_of(&lengths, usize::arbitrary(u)?),
    };
    let Ok(batch) = batch else { return Ok(()) };
    let outputs = if config.readout == Readout::LastStep { rows } else { steps * rows };
    let classes = (0..outputs)
        .map(|_| Ok(if u.ratio(1, 8)? { IGNORE } else { u.int_in_range(0..=u32::try_from(width).unwrap_or(0))? }))
        .collect::<Result<Vec<_>>>()?;
    let values = numbers(u, outputs * width)?;
    let counted = (0..outputs).map(|_| bool::arbitrary(u)).collect::<Result<Vec<_>>>()?;
    let targets = match config.head.as_ref().map(|head| head.objective) {
        Some(Objective::Softmax) => Targets::Classes(&classes),
        _ if bool::arbitrary(u)? => Targets::Counted { values: &values, counted: &counted },
        _ => Targets::Values(&values),
    };

    let mut workspace = Workspace::new();
    let (Ok(mut state), Ok(mut gradients)) = (network.state(rows), network.gradients()) else { return Ok(()) };
    let given = numbers(u, state.as_slice().len())?;
    state.as_mut_slice().copy_from_slice(&given);
    for _ in 0..2 {
        let before = state.as_slice().to_vec();
        if network.loss_and_gradients(&mut workspace, &batch, targets, &mut state, &mut gradients).is_err() {
            let after = state.as_slice().iter().map(|value| value.to_bits());
            assert!(after.eq(before.iter().map(|value| value.to_bits())), "a refused batch has changed the state");
        }
    }
    // Cotangents of a user's own loss, which need no head.
    let output = network.forward(&mut workspace, &batch, &mut state).map(|output| {
        let [steps, rows, width] = output.shape();
        let places = (0..steps).flat_map(|t| (0..rows).map(move |n| (t, n)));
        (places.flat_map(|(t, n)| output.at(t).row(n).to_vec()).collect::<Vec<f32>>(), [steps, rows, width])
    });
    if let Ok((output, [steps, rows, width])) = output {
        let d_output = Some(SeqRef::new(&output, steps, rows, width));
        let cotangents = Cotangents { output: d_output, state: Some(&state) };
        let _ = network.backward(&mut workspace, cotangents, &mut gradients);
    }
    let window = u.int_in_range(0..=5)?;
    let _ = network.truncated_bptt(&mut workspace, &batch, targets, window, &mut state, &mut gradients);
    let _ = network.evaluate(&mut workspace, &batch, targets, &mut state);
    let _ = network.infer(&mut workspace, &batch, &mut state);
    if steps > 0 && rows > 0 && symbols.len() >= rows {
        let _ = network.step_symbols(&mut workspace, &symbols[..rows], &mut state);
    }
    network.update(|parameters| parameters.iter_mut().zip(&*gradients).for_each(|(p, g)| *p -= g));
    let _ = network.loss_and_gradients(&mut workspace, &batch, targets, &mut state, &mut gradients);
    Ok(())
}

/// Mostly tame numbers; a few of any bits.
fn numbers(u: &mut Unstructured<'_>, len: usize) -> Result<Vec<f32>> {
    (0..len)
        .map(|_| match u.arbitrary::<u8>()? {
            0 => Ok(f32::from_bits(u.arbitrary()?)),
            byte => Ok(f32::from(byte) / 64.0 - 2.0),
        })
        .collect()
}
