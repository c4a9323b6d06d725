//! What the network makes of a text it does not learn from: its cost, its gradients, and a sample.

use super::corpus::Corpus;
use super::run::Net;
use recurrent::gradient_flow::GradientFlow;
use recurrent::network::Workspace;
use recurrent::rng::Rng;
use recurrent::sampling::{Sampler, Sampling};
use recurrent::text::Vocabulary;
use recurrent::{Batch, Error, IGNORE, Result, Targets};
use std::sync::atomic::{AtomicBool, Ordering};

/// The held-out text is read in as many pieces side by side.
const PIECES: usize = 16;
/// Each piece begins with so many characters before it that are read but not counted, to warm the state up.
const WARM_UP: usize = 128;
const WINDOW: usize = 64;

/// Bits per character of the held-out text, read as one stream a piece with the state carried on.
pub fn bits_per_char(network: &Net, corpus: &Corpus) -> Result<f64> {
    let (text, start) = (&corpus.symbols, corpus.held_out);
    let piece = (text.len() - start).div_ceil(PIECES);
    let mut workspace = Workspace::new();
    let mut state = network.state(PIECES)?;
    let (mut x, mut targets) = (Vec::new(), Vec::new());
    let mut loss = recurrent::Loss::default();
    for from in (0..piece + WARM_UP).step_by(WINDOW) {
        let to = (from + WINDOW).min(piece + WARM_UP);
        x.clear();
        targets.clear();
        for t in from..to {
            for n in 0..PIECES {
                let end = (start + (n + 1) * piece).min(text.len());
                // The character predicted at step t of piece n; none before the text begins or after the piece ends.
                let at = (start + n * piece + t).checked_sub(WARM_UP).filter(|&at| at > 0 && at < end);
                x.push(at.map_or(0, |at| text[at - 1]));
                targets.push(at.filter(|_| t >= WARM_UP).map_or(IGNORE, |at| text[at]));
            }
        }
        let batch = Batch::symbols(&x, [to - from, PIECES])?;
        loss += network.evaluate(&mut workspace, &batch, Targets::Classes(&targets), &mut state)?;
    }
    Ok(loss.bits())
}

/// `‖∂L/∂h_t‖` of every layer over the last steps of the held-out text, `L` the cost of the last character alone.
pub fn gradient_flow(network: &Net, corpus: &Corpus) -> Result<Vec<(String, GradientFlow)>> {
    let steps = 100.min(corpus.symbols.len() - 1);
    let end = corpus.symbols.len() - 1;
    let mut targets = vec![IGNORE; steps];
    targets[steps - 1] = corpus.symbols[end];
    let mut workspace = Workspace::new();
    workspace.record_traces(true);
    let batch = Batch::symbols(&corpus.symbols[end - steps..end], [steps, 1])?;
    let mut gradients = network.gradients()?;
    let mut state = network.state(1)?;
    network.loss_and_gradients(&mut workspace, &batch, Targets::Classes(&targets), &mut state, &mut gradients)?;
    let flow = |layer: recurrent::network::RecurrentLayer| {
        let trace = workspace.trace(layer.layer, layer.direction)?;
        Ok((layer.label, GradientFlow::of(trace, layer.direction)?))
    };
    network.recurrent_layers().map(flow).collect()
}

/// `prime` and then `length` characters drawn one after the other, fewer if `stop` says so.
pub fn sample(
    network: &Net,
    vocabulary: &Vocabulary,
    sampling: Sampling,
    prime: &str,
    length: u32,
    rng: &mut Rng,
    stop: &AtomicBool,
) -> Result<String> {
    let mut sampler = Sampler::new(sampling)?;
    let mut symbols = vocabulary.encode(prime)?;
    let read = symbols.len();
    let Some(&last) = symbols.last() else {
        let (expected, found) = ("at least one character".into(), "none".into());
        return Err(Error::Format { what: "--prime".into(), expected, found });
    };
    let mut workspace = Workspace::new();
    let mut state = network.state(1)?;
    for &symbol in &symbols[..read - 1] {
        network.step_symbols(&mut workspace, &[symbol], &mut state)?;
    }
    let mut next = last;
    for _ in 0..length {
        if stop.load(Ordering::Relaxed) {
            break;
        }
        let logits = network.step_symbols(&mut workspace, &[next], &mut state)?;
        next = sampler.draw(logits.row(0), rng)?;
        symbols.push(next);
    }
    vocabulary.decode(&symbols)
}
