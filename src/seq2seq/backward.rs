//! `∂L/∂θ`: the parts of `forward` in the opposite order.

use super::EncoderDecoder;
use super::attend::{Attending, AttendingBack, Steps};
use super::config::{Initial, Query};
use super::forward::{copy, for_each_column};
use super::parts::last_outputs;
use super::source::Source;
use super::workspace::{Sizes, Values, Workspace, seq};
use crate::error::Result;
use crate::loss::Loss;
use crate::network::{self, Cotangents, Parameters, State};
use rnn_kernels::{Accum, Activation, Backend, EmbeddingBackward, MatMut, MatRef, Scalar, SeqMut, SoftmaxCrossEntropy};

impl<T: Scalar, B: Backend<T> + ?Sized> EncoderDecoder<T, B> {
    /// `∂L/∂θ` of the forward pass in the workspace, into its gradients, which are 0.
    pub(super) fn backward(&self, workspace: &mut Workspace<T>, source: Source<'_, T>, loss: Loss) -> Result<()> {
        let sizes =
            Sizes { steps: workspace.targets.steps, rows: workspace.targets.lengths.len(), source: source.steps() };
        let Workspace { targets, lengths, encoder, decoder, values, cotangents, losses, .. } = workspace;
        let Workspace { gradients, of_encoder, of_decoder, .. } = workspace;
        let (parts, m) = (&self.parts, sizes.steps * sizes.rows);
        cotangents.reshape(self, sizes)?;
        let symbols = parts.head.outputs;
        self.backend.softmax_cross_entropy(SoftmaxCrossEntropy {
            logits: MatRef::new(&values.logits, m, symbols),
            targets: &targets.outputs,
            loss: losses,
            d_logits: Some(MatMut::new(&mut cotangents.logits, m, symbols)),
            scale: T::from_f64(1.0 / loss.weight),
        });
        let attending = self.attending(encoder, lengths);
        let (shown, d_shown) = match attending {
            Some(_) => (&values.combined, &mut cotangents.combined),
            None => (&values.h, &mut cotangents.h),
        };
        parts.head.backward(
            &*self.backend,
            (&self.parameters, gradients),
            MatRef::new(shown, m, parts.hidden),
            MatRef::new(&cotangents.logits, m, symbols),
            (Some(MatMut::new(d_shown, m, parts.hidden)), Accum::Replace),
        );
        if let Some(attending) = &attending {
            self.combine_back(attending, &targets.lengths, sizes, values, cotangents, gradients)?;
        }
        let mut d_state = match &attending {
            Some(attending) if parts.is_stepwise() => {
                let lengths = &targets.lengths;
                self.steps_back(attending, decoder, lengths, sizes, (values, cotangents), gradients, of_decoder)?
            }
            _ => {
                let output = Some(seq(&cotangents.h, [sizes.steps, sizes.rows, parts.hidden]));
                self.decoder.backward(&mut decoder[0], Cotangents { output, state: None }, of_decoder)?;
                copy(decoder[0].d_input()?, &mut cotangents.x);
                decoder[0].d_state()?.clone()
            }
        };
        gradients[parts.decoder.clone()].copy_from_slice(of_decoder);
        if let Some(attending) = &attending {
            attending.keys_backward(&cotangents.keys, &mut cotangents.outputs, gradients);
        }
        self.read_back(&targets.inputs, sizes, cotangents, gradients);
        let d_last = self.begin_back(values, cotangents, &mut d_state, gradients)?;
        self.encode_back(encoder, d_last, sizes, cotangents, of_encoder)?;
        gradients[parts.encoder.clone()].copy_from_slice(of_encoder);
        Ok(())
    }

    /// The pullback of `combine`: into the cotangents of `h`, of `c` among those of `[h, c]`, and, where `c` comes of `h`, of the source.
    fn combine_back(
        &self,
        attending: &Attending<'_, T, B>,
        lengths: &[usize],
        sizes: Sizes,
        values: &Values<T>,
        cotangents: &mut Values<T>,
        gradients: &mut Parameters<T>,
    ) -> Result<()> {
        let (Sizes { steps, rows, .. }, hidden) = (sizes, self.parts.hidden);
        let (affine, m) = (&attending.attention.combine, steps * rows);
        let mut d_y = MatMut::new(&mut cotangents.combined, m, hidden);
        let y = MatRef::new(&values.combined, m, hidden);
        self.backend.activation_backward(Activation::Tanh, y, d_y.rb_mut());
        let mut d_x = MatMut::new(&mut cotangents.joined, m, affine.inputs);
        let x = MatRef::new(&values.joined, m, affine.inputs);
        let to = (Some(d_x.rb_mut()), Accum::Replace);
        affine.backward(&*self.backend, (&self.parameters, gradients), x, d_y.rb(), to);
        if attending.attention.spec.query == Query::After {
            attending.backward(
                Steps { first: 0, total: steps, count: &|n| lengths[n], of: &|n| n },
                (seq(&values.h, [steps, rows, hidden]), &values.projected),
                &values.keys,
                &values.weights,
                seq(&cotangents.joined, [steps, rows, affine.inputs]).cols_range(hidden, affine.inputs),
                AttendingBack {
                    d_scores: &mut cotangents.weights,
                    d_query: &mut cotangents.h,
                    d_projected: &mut cotangents.projected,
                    d_keys: &mut cotangents.keys,
                    d_values: &mut cotangents.outputs,
                    gradients,
                },
            )?;
        }
        let d_h = MatRef::new(&cotangents.joined, m, affine.inputs).cols_range(0, hidden);
        add(MatMut::new(&mut cotangents.h, m, hidden), d_h);
        Ok(())
    }

    /// The pullback of `steps`, last step first: `∂L/∂s_0`, and `∂L/∂x` among the cotangents.
    #[allow(clippy::too_many_arguments)] // what every step reads, and where it adds
    fn steps_back(
        &self,
        attending: &Attending<'_, T, B>,
        decoder: &mut [network::Workspace<T>],
        lengths: &[usize],
        sizes: Sizes,
        (values, cotangents): (&Values<T>, &mut Values<T>),
        gradients: &mut Parameters<T>,
        of_decoder: &mut Parameters<T>,
    ) -> Result<State<T>> {
        let (Sizes { steps, rows, .. }, parts) = (sizes, &self.parts);
        let (hidden, attention) = (parts.hidden, attending.attention);
        let mut d_state = self.decoder.state(rows)?;
        d_state.as_mut_slice().fill(T::ZERO);
        let last = d_state.layout().slots.len() - 1;
        for t in (0..steps).rev() {
            let (h, units) = (t * rows * hidden..(t + 1) * rows * hidden, t * rows * attention.units);
            let output = Some(seq(&cotangents.h[h.clone()], [1, rows, hidden]));
            self.decoder.backward(&mut decoder[t], Cotangents { output, state: Some(&d_state) }, of_decoder)?;
            d_state.as_mut_slice().copy_from_slice(decoder[t].d_state()?.as_slice());
            copy(decoder[t].d_input()?, &mut cotangents.x[t * rows * parts.input..][..rows * parts.input]);
            // What came of c as an input joins what came of it as a part of the output.
            let d_x = seq(&cotangents.x, [steps, rows, parts.input]).at(t);
            let joined = SeqMut::new(&mut cotangents.joined, steps, rows, attention.combine.inputs);
            let mut joined = joined.slice(t, t + 1).cols_range(hidden, attention.combine.inputs);
            add(joined.at_mut(0), d_x.cols_range(parts.input - attention.values, parts.input));
            attending.backward(
                Steps { first: t, total: steps, count: &|n| usize::from(t < lengths[n]), of: &|n| n },
                (seq(&values.query[h.clone()], [1, rows, hidden]), values.projected.get(units..).unwrap_or_default()),
                &values.keys,
                &values.weights,
                joined.rb(),
                AttendingBack {
                    d_scores: &mut cotangents.weights,
                    d_query: &mut cotangents.query[h.clone()],
                    d_projected: cotangents.projected.get_mut(units..).unwrap_or_default(),
                    d_keys: &mut cotangents.keys,
                    d_values: &mut cotangents.outputs,
                    gradients,
                },
            )?;
            add(d_state.output_mut(last), MatRef::new(&cotangents.query[h], rows, hidden));
        }
        Ok(d_state)
    }

    /// The pullback of `read`: into the table, and into the cotangent of `v`.
    fn read_back(&self, inputs: &[u32], sizes: Sizes, cotangents: &mut Values<T>, gradients: &mut Parameters<T>) {
        let (target, parts, m) = (self.config.target, &self.parts, sizes.steps * sizes.rows);
        let d_x = MatRef::new(&cotangents.x, m, parts.input);
        self.backend.embedding_backward(EmbeddingBackward {
            index: inputs,
            d_y: d_x.cols_range(0, target.width),
            d_table: MatMut::new(&mut gradients[parts.embedding.clone()], target.symbols, target.width),
        });
        if self.config.every_step {
            let of_context = d_x.cols_range(target.width, target.width + parts.context);
            for m in 0..m {
                let to = &mut cotangents.context[m % sizes.rows * parts.context..][..parts.context];
                to.iter_mut().zip(of_context.row(m)).for_each(|(d, &by)| *d += by);
            }
        }
    }

    /// The pullback of `begin`: into the cotangent of `v`, or the cotangent of the encoder's last states.
    fn begin_back(
        &self,
        values: &Values<T>,
        cotangents: &mut Values<T>,
        d_state: &mut State<T>,
        gradients: &mut Parameters<T>,
    ) -> Result<Option<State<T>>> {
        let (rows, parts) = (d_state.rows(), &self.parts);
        let Some(encoder) = &self.encoder else {
            self.bridge_back(values, cotangents, d_state, gradients);
            return Ok(None);
        };
        let mut d_last = encoder.state(rows)?;
        d_last.as_mut_slice().fill(T::ZERO);
        match self.config.initial {
            Initial::Zero => {}
            Initial::LastStates => d_last.as_mut_slice().copy_from_slice(d_state.as_slice()),
            Initial::Bridge => self.bridge_back(values, cotangents, d_state, gradients),
        }
        let (d_context, mut at) = (MatRef::new(&cotangents.context, rows, parts.context), 0);
        let slots: Vec<_> = last_outputs(&d_last).collect();
        for (slot, width) in slots {
            add(d_last.output_mut(slot), d_context.cols_range(at, at + width));
            at += width;
        }
        Ok(Some(d_last))
    }

    fn bridge_back(
        &self,
        values: &Values<T>,
        cotangents: &mut Values<T>,
        d_state: &mut State<T>,
        gradients: &mut Parameters<T>,
    ) {
        let (rows, parts) = (d_state.rows(), &self.parts);
        let Some(affine) = &parts.bridge else { return };
        for_each_column(d_state, |from, to| cotangents.bridge[to].copy_from_slice(from), parts.states);
        let mut d_y = MatMut::new(&mut cotangents.bridge, rows, parts.states);
        let y = MatRef::new(&values.bridge, rows, parts.states);
        self.backend.activation_backward(Activation::Tanh, y, d_y.rb_mut());
        let x = MatRef::new(&values.context, rows, parts.context);
        let to = (Some(MatMut::new(&mut cotangents.context, rows, parts.context)), Accum::Add);
        affine.backward(&*self.backend, (&self.parameters, gradients), x, d_y.rb(), to);
    }

    /// The pullback of `encode`.
    fn encode_back(
        &self,
        workspace: &mut network::Workspace<T>,
        d_last: Option<State<T>>,
        sizes: Sizes,
        cotangents: &Values<T>,
        of_encoder: &mut Parameters<T>,
    ) -> Result<()> {
        let Some((encoder, d_last)) = self.encoder.as_ref().zip(d_last) else { return Ok(()) };
        let output = self
            .parts
            .attention
            .as_ref()
            .map(|attention| seq(&cotangents.outputs, [sizes.source, sizes.rows, attention.values]));
        encoder.backward(workspace, Cotangents { output, state: Some(&d_last) }, of_encoder)
    }
}

/// `to += from`.
fn add<T: Scalar>(mut to: MatMut<'_, T>, from: MatRef<'_, T>) {
    for n in 0..from.rows() {
        to.row_mut(n).iter_mut().zip(from.row(n)).for_each(|(to, &by)| *to += by);
    }
}
