//! `p(· | y_{<t}, x)`, a symbol at a time, for as many texts of each row as a search wants.

use super::EncoderDecoder;
use super::attend::Steps;
use super::config::Query;
use super::parts::asks;
use super::source::Source;
use super::workspace::{seq, zeroed};
use crate::backend::DefaultBackend;
use crate::buffer::Aligned;
use crate::decoding::{Continue, log_softmax};
use crate::error::{Error, Result, check_len, checked_product};
use crate::memory::zeros;
use crate::network::{self, State};
use rnn_kernels::{Activation, Backend, MatMut, MatRef, Scalar, SeqMut};

/// A source that was read, and the states of all texts of the last step.
///
/// Every step allocates the states of its texts.
#[derive(Debug)]
pub struct Decoding<'a, T, B: ?Sized = DefaultBackend> {
    model: &'a EncoderDecoder<T, B>,
    encoder: network::Workspace<T>,
    decoder: network::Workspace<T>,
    /// `[N, K]`.
    context: Vec<T>,
    /// `[N]`: of the source.
    lengths: Vec<usize>,
    /// `[Tₓ, N, A]`.
    keys: Vec<T>,
    /// Of the texts, and to which row of the source each belongs.
    state: State<T>,
    rows: Vec<usize>,
    step: Step<T>,
}

/// Scratch of a step of `K` texts.
#[derive(Debug)]
struct Step<T> {
    embedded: Aligned<T>,
    x: Aligned<T>,
    query: Aligned<T>,
    projected: Aligned<T>,
    weights: Aligned<T>,
    joined: Aligned<T>,
    shown: Aligned<T>,
    logits: Aligned<T>,
}

impl<'a, T: Scalar, B: Backend<T> + ?Sized> Decoding<'a, T, B> {
    pub(super) fn new(model: &'a EncoderDecoder<T, B>, source: Source<'_, T>) -> Result<Self> {
        model.check_parameters()?;
        let (mut encoder, mut lengths, rows) = (network::Workspace::new(), Vec::new(), source.rows());
        source.check(model, &mut lengths)?;
        let mut context = zeros("context", checked_product("context", &[rows, model.parts.context])?)?;
        let last = model.encode(&mut encoder, source, &mut context, false)?;
        let mut state = model.decoder.state(rows)?;
        let mut bridge = zeros("bridge", checked_product("bridge", &[rows, model.parts.states])?)?;
        model.begin(&context, &mut bridge, last.as_ref(), &mut state);
        let units = model.parts.attention.as_ref().map_or(0, |attention| attention.units);
        let mut keys = zeros("keys", checked_product("keys", &[source.steps(), rows, units])?)?;
        if let Some(attending) = model.attending(&encoder, &lengths).filter(|_| rows > 0) {
            attending.keys(&mut keys);
        }
        let [embedded, x, query, projected, weights, joined, shown, logits] = [(); 8].map(|()| Aligned::default());
        let step = Step { embedded, x, query, projected, weights, joined, shown, logits };
        let (decoder, of) = (network::Workspace::new(), (0..rows).collect());
        Ok(Self { model, encoder, decoder, context, lengths, keys, state, rows: of, step })
    }

    /// `c` of every text, from the states at hand, into the last columns of `joined [K, H + E]`.
    fn attend(&mut self) -> Result<()> {
        let Self { model, encoder, lengths, keys, state, rows, step, .. } = self;
        let Some(attending) = model.attending(encoder, lengths) else { return Ok(()) };
        let (k, hidden, inputs) = (rows.len(), model.parts.hidden, attending.attention.combine.inputs);
        zeroed(&mut step.query, k * hidden)?;
        zeroed(&mut step.projected, k * attending.attention.units)?;
        zeroed(&mut step.weights, checked_product("weights", &[k, attending.values.steps()])?)?;
        MatMut::new(&mut step.query, k, hidden).copy_from(asks(state));
        attending.forward(
            Steps { first: 0, total: 1, count: &|_| 1, of: &|k| rows[k] },
            (seq(&step.query, [1, k, hidden]), &mut step.projected),
            keys,
            &mut step.weights,
            SeqMut::new(&mut step.joined, 1, k, inputs).cols_range(hidden, inputs),
        )
    }
}

impl<T: Scalar, B: Backend<T> + ?Sized> Continue for Decoding<'_, T, B> {
    fn rows(&self) -> usize {
        self.context.len().checked_div(self.model.parts.context).unwrap_or(0)
    }

    fn symbols(&self) -> usize {
        self.model.config.target.symbols
    }

    fn begin(&self) -> u32 {
        self.model.config.target.begin
    }

    fn end(&self) -> u32 {
        self.model.config.target.end
    }

    fn advance(&mut self, from: &[usize], symbols: &[u32], log_p: &mut Vec<f64>) -> Result<()> {
        check_len("texts to go on with", from.len(), symbols.len())?;
        if let Some(symbol) = symbols.iter().find(|&&symbol| symbol as usize >= self.symbols()) {
            return Err(Error::range("symbol to go on with", format!("below {}", self.symbols()), symbol));
        }
        if let Some(text) = from.iter().find(|&&text| text >= self.rows.len()) {
            return Err(Error::range("text to go on with", format!("below {}", self.rows.len()), text));
        }
        self.state = self.state.pick(from)?;
        self.rows = from.iter().map(|&text| self.rows[text]).collect();
        let (model, k) = (self.model, from.len());
        let (parts, backend) = (&model.parts, &*model.backend);
        let (input, hidden, head) = (parts.input, parts.hidden, &parts.head);
        let inputs = parts.attention.as_ref().map_or(0, |attention| attention.combine.inputs);
        zeroed(&mut self.step.joined, k * inputs)?;
        if parts.is_stepwise() {
            self.attend()?;
        }
        let Step { embedded, x, joined, .. } = &mut self.step;
        zeroed(embedded, k * model.config.target.width)?;
        zeroed(x, k * input)?;
        model.embed(symbols, embedded);
        for (m, &n) in self.rows.iter().enumerate() {
            let x = &mut x[m * input..][..input];
            model.fill(x, m, embedded, &self.context[n * parts.context..]);
            if parts.is_stepwise() {
                let c = &joined[m * inputs + hidden..(m + 1) * inputs];
                x[input - c.len()..].copy_from_slice(c);
            }
        }
        let h = model.decoder.step_features(&mut self.decoder, x, &mut self.state)?;
        zeroed(&mut self.step.shown, k * hidden)?;
        MatMut::new(&mut self.step.shown, k, hidden).copy_from(h);
        if let Some(attention) = &parts.attention {
            if attention.spec.query == Query::After {
                self.attend()?;
            }
            let Step { joined, shown, .. } = &mut self.step;
            let mut joined = MatMut::new(joined, k, inputs);
            joined.rb_mut().cols_range(0, hidden).copy_from(MatRef::new(shown, k, hidden));
            let mut y = MatMut::new(shown, k, hidden);
            attention.combine.forward(backend, &model.parameters, joined.rb(), y.rb_mut());
            backend.activation_forward(Activation::Tanh, y);
        }
        let Step { shown, logits, .. } = &mut self.step;
        zeroed(logits, k * head.outputs)?;
        let y = MatMut::new(logits, k, head.outputs);
        head.forward(backend, &model.parameters, MatRef::new(shown, k, hidden), y);
        logits.chunks_exact(head.outputs).try_for_each(|logits| log_softmax(logits, log_p))
    }
}
