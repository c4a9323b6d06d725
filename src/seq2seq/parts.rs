//! Where the parameters of each part lie in the flat buffer, and how wide everything is.

use super::affine::Affine;
use super::config::{AttentionSpec, EncoderDecoderConfig, Initial, Query, Score, SourceSpec};
use crate::error::{Error, Result};
use crate::init::{Matrix, Scheme, Torch, draw};
use crate::network::{Config, Directions, Network, ParameterBlock, Parameters, Readout, State};
use crate::rng::Rng;
use rnn_kernels::{Backend, MatRef, Scalar};
use std::ops::Range;
use std::sync::Arc;

/// Attention over the encoder's outputs.
#[derive(Clone, Debug)]
pub(super) struct Attention {
    pub spec: AttentionSpec,
    /// `A`, the width of queries and keys as they meet.
    pub units: usize,
    /// `E`, the width of values.
    pub values: usize,
    /// Of additive scores: `W_q`, `W_k` and `v`.
    pub learned: Option<(Affine, Affine, Range<usize>)>,
    /// `tanh(W [h, c] + b)`.
    pub combine: Affine,
}

/// Widths and places of all parts.
#[derive(Clone, Debug)]
pub(super) struct Parts {
    /// Of all parameters.
    pub blocks: Arc<[ParameterBlock]>,
    /// `K`, of the context vector.
    pub context: usize,
    /// `X`, of the decoder's input.
    pub input: usize,
    /// `H`, of the decoder's output.
    pub hidden: usize,
    /// Of all states of the decoder in one row.
    pub states: usize,
    pub encoder: Range<usize>,
    pub embedding: Range<usize>,
    pub bridge: Option<Affine>,
    pub decoder: Range<usize>,
    pub attention: Option<Attention>,
    pub head: Affine,
}

impl Parts {
    /// Whether every step waits for the one before it.
    pub fn is_stepwise(&self) -> bool {
        self.attention.as_ref().is_some_and(|attention| attention.spec.query == Query::Before)
    }
}

/// The blocks of the flat buffer as they are laid out.
#[derive(Default)]
struct Blocks {
    blocks: Vec<ParameterBlock>,
    len: usize,
}

impl Blocks {
    fn add(&mut self, name: &str, shape: &[usize]) -> Result<Range<usize>> {
        let len = crate::error::checked_product(name, shape)?;
        let end = self.len.checked_add(len);
        let end = end.ok_or_else(|| Error::Overflow { what: "parameters".into(), factors: vec![self.len, len] })?;
        self.blocks.push(ParameterBlock { name: name.into(), shape: shape.to_vec(), offset: self.len });
        Ok(std::mem::replace(&mut self.len, end)..end)
    }

    fn network(&mut self, prefix: &str, parameters: &[ParameterBlock]) -> Result<Range<usize>> {
        let start = self.len;
        for block in parameters {
            self.add(&format!("{prefix}.{}", block.name), &block.shape)?;
        }
        Ok(start..self.len)
    }

    fn affine(&mut self, prefix: &str, [outputs, inputs]: [usize; 2], bias: bool) -> Result<Affine> {
        let w = self.add(&format!("{prefix}.weight"), &[outputs, inputs])?;
        let b = if bias { self.add(&format!("{prefix}.bias"), &[outputs])? } else { w.end..w.end };
        Ok(Affine { w, b, inputs, outputs })
    }
}

/// The networks of a configuration, all parameters in one buffer, and the parts they belong to.
pub(super) type Made<T, B> = (Option<Network<T, B>>, Network<T, B>, Parameters<T>, Parts);

pub(super) fn make<T: Scalar, B: Backend<T> + ?Sized>(
    config: &EncoderDecoderConfig,
    seed: u64,
    backend: &Arc<B>,
) -> Result<Made<T, B>> {
    let mut rng = Rng::seed(seed);
    let (encoder_seed, decoder_seed) = (rng.next_u64(), rng.next_u64());
    check_target(config)?;
    let encoder = match &config.source {
        SourceSpec::Encoder(encoder) => Some(make_encoder(encoder, encoder_seed, backend)?),
        SourceSpec::Vector { width: 0 } => return Err(Error::config("source.vector.width", "at least 1", 0)),
        SourceSpec::Vector { .. } => None,
    };
    let context = match (&encoder, &config.source) {
        (Some(encoder), _) => last_outputs(&encoder.state(0)?).map(|(_, width)| width).sum(),
        (None, SourceSpec::Vector { width }) => *width,
        (None, SourceSpec::Encoder(_)) => unreachable!("an encoder was made"),
    };
    let attended = match (&config.attention, &encoder) {
        (Some(_), None) => return Err(Error::config("attention", "an encoder to attend to", "a vector")),
        (Some(attention), Some(encoder)) => Some((*attention, encoder.output_width())),
        (None, _) => None,
    };
    let before = attended.filter(|(spec, _)| spec.query == Query::Before).map_or(0, |(_, width)| width);
    let extra = if config.every_step { context } else { 0 };
    let widths = [config.target.width, extra, before];
    let input = widths.iter().try_fold(0_usize, |sum, width| sum.checked_add(*width));
    let input = input.ok_or_else(|| Error::Overflow { what: "decoder input".into(), factors: widths.to_vec() })?;
    let decoder = make_decoder(config, input, decoder_seed, backend)?;
    let (hidden, layout) = (decoder.output_width(), decoder.state(0)?);
    check_initial(config, encoder.as_ref(), &layout)?;
    let states = layout.layout().width;

    let mut blocks = Blocks::default();
    let of_encoder = encoder.as_ref().map_or(&[][..], |encoder| encoder.parameters().blocks());
    let encoder_range = blocks.network("encoder", of_encoder)?;
    let embedding = blocks.add("embedding.weight", &[config.target.symbols, config.target.width])?;
    let bridge = match config.initial {
        Initial::Bridge => Some(blocks.affine("bridge", [states, context], true)?),
        _ => None,
    };
    let decoder_range = blocks.network("decoder", decoder.parameters().blocks())?;
    let attention = match attended {
        Some((spec, values)) => Some(make_attention(&mut blocks, spec, values, hidden)?),
        None => None,
    };
    let head = blocks.affine("head", [config.target.symbols, hidden], true)?;
    let blocks: Arc<[ParameterBlock]> = blocks.blocks.into();
    let mut parameters = Parameters::zeros(blocks.clone())?;
    let parts = Parts {
        blocks,
        context,
        input,
        hidden,
        states,
        encoder: encoder_range,
        embedding,
        bridge,
        decoder: decoder_range,
        attention,
        head,
    };
    if let Some(encoder) = &encoder {
        parameters[parts.encoder.clone()].copy_from_slice(encoder.parameters());
    }
    parameters[parts.decoder.clone()].copy_from_slice(decoder.parameters());
    draw_own(&parts, config.target.symbols, config.target.width, &mut parameters, &mut rng)?;
    Ok((encoder, decoder, parameters, parts))
}

fn check_target(config: &EncoderDecoderConfig) -> Result<()> {
    let target = config.target;
    for (name, value) in [("target.symbols", target.symbols), ("target.width", target.width)] {
        if value == 0 {
            return Err(Error::config(name, "at least 1", 0));
        }
    }
    for (name, symbol) in [("target.begin", target.begin), ("target.end", target.end)] {
        if symbol as usize >= target.symbols {
            return Err(Error::config(name, format!("below {}", target.symbols), symbol));
        }
    }
    Ok(())
}

fn make_encoder<T: Scalar, B: Backend<T> + ?Sized>(
    config: &Config,
    seed: u64,
    backend: &Arc<B>,
) -> Result<Network<T, B>> {
    if config.head.is_some() {
        return Err(Error::config("source.encoder.head", "none", "one"));
    }
    if config.readout != Readout::EveryStep {
        return Err(Error::config("source.encoder.readout", "every_step", format!("{:?}", config.readout)));
    }
    let encoder = Network::with_backend(config, seed, backend.clone())?;
    let layers = encoder.recurrent_layers().count();
    match layers {
        0 => Err(Error::config("source.encoder.layers", "a recurrent layer", "none")),
        _ => Ok(encoder),
    }
}

fn make_decoder<T: Scalar, B: Backend<T> + ?Sized>(
    config: &EncoderDecoderConfig,
    input: usize,
    seed: u64,
    backend: &Arc<B>,
) -> Result<Network<T, B>> {
    let spec = &config.decoder;
    if spec.directions != Directions::Forward {
        return Err(Error::config("decoder.directions", "forward", format!("{:?}", spec.directions)));
    }
    if spec.dropout.is_some() {
        return Err(Error::config("decoder.dropout", "none", "some"));
    }
    Network::with_backend(&Config::features(input).recurrent(spec.clone()), seed, backend.clone())
}

fn check_initial<T: Scalar, B: Backend<T> + ?Sized>(
    config: &EncoderDecoderConfig,
    encoder: Option<&Network<T, B>>,
    decoder: &State<T>,
) -> Result<()> {
    // A state before the first step has learned numbers only once a pass has begun.
    let asks_before = config.attention.is_some_and(|attention| attention.query == Query::Before);
    if config.decoder.learned_initial && (config.initial != Initial::Zero || asks_before) {
        let expected = "false where the source gives the initial state or it is asked of";
        return Err(Error::config("decoder.learned_initial", expected, true));
    }
    if config.initial != Initial::LastStates {
        return Ok(());
    }
    let Some(encoder) = encoder else {
        return Err(Error::config("initial", "zero or bridge with a vector", "last_states"));
    };
    let of = |state: &State<T>| state.layout().slots.iter().map(|slot| slot.states.clone()).collect::<Vec<_>>();
    let (has, wants) = (of(&encoder.state(0)?), of(decoder));
    if has == wants {
        return Ok(());
    }
    Err(Error::config("initial", format!("for last_states an encoder with the states {wants:?}"), format!("{has:?}")))
}

fn make_attention(blocks: &mut Blocks, spec: AttentionSpec, values: usize, hidden: usize) -> Result<Attention> {
    let (units, learned) = match spec.score {
        Score::Dot | Score::ScaledDot if hidden != values => {
            let expected = format!("for a product an encoder as wide as the decoder, {hidden}");
            return Err(Error::config("attention.score", expected, values));
        }
        Score::Dot | Score::ScaledDot => (hidden, None),
        Score::Additive { units: 0 } => return Err(Error::config("attention.score.additive.units", "at least 1", 0)),
        Score::Additive { units } => {
            let query = blocks.affine("attention.query", [units, hidden], false)?;
            let key = blocks.affine("attention.key", [units, values], false)?;
            (units, Some((query, key, blocks.add("attention.v", &[units])?)))
        }
    };
    let both = hidden
        .checked_add(values)
        .ok_or_else(|| Error::Overflow { what: "attention".into(), factors: vec![hidden, values] })?;
    let combine = blocks.affine("combine", [hidden, both], true)?;
    Ok(Attention { spec, units, values, learned, combine })
}

/// What is not a parameter of a network of its own: as PyTorch draws embeddings and linear layers.
fn draw_own<T: Scalar>(parts: &Parts, v: usize, e: usize, parameters: &mut Parameters<T>, rng: &mut Rng) -> Result<()> {
    let table = Matrix::new("embedding", &mut parameters[parts.embedding.clone()], v, e);
    draw(Scheme::Pytorch, Torch::Normal, table, rng)?;
    let (combine, learned) = match &parts.attention {
        Some(attention) => (Some(&attention.combine), attention.learned.as_ref()),
        None => (None, None),
    };
    let (query, key) = learned.map_or((None, None), |(query, key, _)| (Some(query), Some(key)));
    for affine in [parts.bridge.as_ref(), query, key, combine, Some(&parts.head)].into_iter().flatten() {
        let uniform = Torch::uniform(affine.inputs);
        for (range, cols) in [(&affine.w, affine.inputs), (&affine.b, 1)] {
            let matrix = Matrix::new("linear", &mut parameters[range.clone()], range.len() / cols, cols);
            draw(Scheme::Pytorch, uniform, matrix, rng)?;
        }
    }
    if let Some((_, _, v)) = learned {
        let matrix = Matrix::new("attention", &mut parameters[v.clone()], 1, v.len());
        draw(Scheme::Pytorch, Torch::uniform(v.len()), matrix, rng)?;
    }
    Ok(())
}

/// The output of the last layer, as a state has it.
pub(super) fn asks<T: Scalar>(state: &State<T>) -> MatRef<'_, T> {
    state.output(state.layout().slots.len() - 1)
}

/// The slots and widths of the outputs of the last recurrent layer: the context vector, from left to right.
pub(super) fn last_outputs<T: Scalar>(state: &State<T>) -> impl Iterator<Item = (usize, usize)> + use<'_, T> {
    let slots = &state.layout().slots;
    let last = slots.last().map_or(0, |slot| slot.layer);
    slots.iter().enumerate().filter(move |(_, slot)| slot.layer == last).map(|(k, slot)| (k, slot.states[0].1))
}
