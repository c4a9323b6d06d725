//! A graph over its feeds: in one run, or one step of an input after the other with states handed on.

use crate::models::{Any, Model};
use crate::tensors::{Named, named};
use recurrent::graph::{Graph, Session, Tensor};
use recurrent::{Error, Result};

pub struct Wired {
    graph: Graph<Any>,
    session: Session,
    feeds: Named,
    /// The outputs that are inputs of the next step.
    carried: Vec<(String, String)>,
    /// Of a graph that takes one step at a time, the input that has steps.
    one_by_one: Option<String>,
    /// What a run reads: of a sequence, and of a stream the first step and the states that it has come to.
    inputs: Named,
    stream: Named,
}

impl Wired {
    pub fn new(
        graph: Graph<Any>,
        feeds: Named,
        carried: Vec<(String, String)>,
        one_by_one: Option<String>,
    ) -> Result<Self> {
        let (session, inputs, stream) = (graph.session(), Vec::new(), Vec::new());
        let mut wired = Self { graph, session, feeds, carried, one_by_one, inputs, stream };
        wired.restart()?;
        Ok(wired)
    }

    /// The stream at its first step, with the states that were fed.
    fn restart(&mut self) -> Result<()> {
        self.stream.clone_from(&self.feeds);
        if !self.carried.is_empty() {
            let name = self.one_by_one.as_deref().unwrap_or("x");
            put(&mut self.stream, name, slice(&self.feeds, name, 0)?);
        }
        Ok(())
    }

    /// The whole sequence, every output to `every`.
    fn whole(&mut self, mut every: impl FnMut(&str, &Tensor)) -> Result<()> {
        let Self { graph, session, feeds, carried, one_by_one, inputs, .. } = self;
        inputs.clone_from(feeds);
        let Some(name) = one_by_one else { return advance(graph, session, inputs, carried, every) };
        for t in 0..named(feeds, name)?.shape()[0] {
            put(inputs, name, slice(feeds, name, t)?);
            advance(graph, session, inputs, carried, &mut every)?;
        }
        Ok(())
    }
}

/// One run. States are copied from outputs to inputs, which counts.
fn advance(
    graph: &Graph<Any>,
    session: &mut Session,
    inputs: &mut Named,
    carried: &[(String, String)],
    mut every: impl FnMut(&str, &Tensor),
) -> Result<()> {
    let given: Vec<_> = inputs.iter().map(|(name, tensor)| (&name[..], tensor)).collect();
    let outputs = graph.run_named(session, &given)?;
    outputs.iter().for_each(|(name, tensor)| every(name, tensor));
    let last: Vec<_> = carried.iter().map(|(from, _)| outputs.named(from).cloned()).collect::<Result<_>>()?;
    for ((_, to), tensor) in carried.iter().zip(last) {
        put(inputs, to, tensor);
    }
    Ok(())
}

fn put(tensors: &mut Named, name: &str, tensor: Tensor) {
    if let Some((_, to)) = tensors.iter_mut().find(|(other, _)| other == name) {
        *to = tensor;
    }
}

/// Step `t` of an input.
fn slice(feeds: &Named, name: &str, t: usize) -> Result<Tensor> {
    let x = named(feeds, name)?;
    let (steps, mut shape) = (x.shape()[0], x.shape().to_vec());
    let len = x.len() / steps;
    shape[0] = 1;
    Tensor::f32(&shape, &x.as_f32()?[t * len..][..len])
}

impl Model for Wired {
    fn run(&mut self) -> Result<Named> {
        let mut found: Vec<(String, Vec<usize>, Vec<f32>)> = Vec::new();
        let mut failed = None;
        let carried: Vec<String> = self.carried.iter().map(|(from, _)| from.clone()).collect();
        self.whole(|name, tensor| {
            let Ok(numbers) = tensor.as_f32() else {
                failed = Some(Error::application(format!("output {name} is no real numbers")));
                return;
            };
            match found.iter_mut().find(|(other, ..)| other == name) {
                // Of states, the last one counts.
                Some((_, _, all)) if carried.iter().any(|from| from == name) => *all = numbers.to_vec(),
                Some((_, shape, all)) => {
                    shape[0] += tensor.shape()[0];
                    all.extend_from_slice(numbers);
                }
                None => found.push((name.into(), tensor.shape().to_vec(), numbers.to_vec())),
            }
        })?;
        match failed {
            Some(error) => Err(error),
            None => found.into_iter().map(|(name, shape, all)| Ok((name, Tensor::f32(&shape, all)?))).collect(),
        }
    }

    fn sequence(&mut self) -> Result<()> {
        self.whole(|_, _| {})
    }

    fn step(&mut self) -> Result<bool> {
        if self.carried.is_empty() {
            return Ok(false);
        }
        advance(&self.graph, &mut self.session, &mut self.stream, &self.carried, |_, _| {})?;
        Ok(true)
    }
}
