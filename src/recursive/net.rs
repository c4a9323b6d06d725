//! `s = f(W [h_l, h_r] + b, …)` at every node: all of a height at once going up, heights in the opposite order coming back.

use super::{Composition, Node, Trees};
use crate::backend::DefaultBackend;
use crate::buffer::Aligned;
use crate::error::{Error, Result, check_len, checked_product};
use crate::finite::check_finite;
use crate::init::{Matrix, Scheme, Torch, draw};
use crate::network::{ParameterBlock, Parameters};
use crate::optim::{Optimiser, Rule};
use crate::rng::Rng;
use rnn_kernels::{Accum, Backend, MatMut, MatRef, Scalar, sums};
use std::sync::Arc;

/// One [`Composition`] and its parameters, `weight [G·H, 2·H]`, whose columns are `[W_l, W_r]`, and `bias [G·H]`.
#[derive(Debug)]
pub struct RecursiveNet<T, B: ?Sized = DefaultBackend> {
    composition: Composition,
    hidden: usize,
    parameters: Parameters<T>,
    backend: Arc<B>,
}

/// What a pass writes; sized by the first one and reused.
#[derive(Debug)]
pub struct RecursiveWorkspace<T> {
    /// `[nodes, S]`.
    states: Aligned<T>,
    /// `[pairs, 2·S]`, in the order of heights: both children side by side.
    children: Aligned<T>,
    /// `[pairs, G·H]`.
    gates: Aligned<T>,
    /// The states of the pairs of one height, and below the cotangents of what they were made of.
    parents: Aligned<T>,
    d_states: Aligned<T>,
    d_parents: Aligned<T>,
    d_children: Aligned<T>,
    d_gates: Aligned<T>,
    d_leaves: Aligned<T>,
    gradients: Aligned<T>,
    /// The trees of the last forward pass, and how many vectors it was given.
    done: Option<Trees>,
    leaves: usize,
}

impl<T: Scalar> Default for RecursiveWorkspace<T> {
    fn default() -> Self {
        let [states, children, gates, parents, d_states] = [(); 5].map(|()| Aligned::default());
        let [d_parents, d_children, d_gates, d_leaves, gradients] = [(); 5].map(|()| Aligned::default());
        let (done, leaves) = (None, 0);
        Self {
            states,
            children,
            gates,
            parents,
            d_states,
            d_parents,
            d_children,
            d_gates,
            d_leaves,
            gradients,
            done,
            leaves,
        }
    }
}

impl<T: Scalar> RecursiveWorkspace<T> {
    /// An empty workspace.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// `∂L/∂leaves [L, S]` of the last backward pass; 0 for vectors of no leaf.
    #[must_use]
    pub fn d_leaves(&self) -> &[T] {
        &self.d_leaves
    }
}

#[cfg(feature = "_backend")]
impl<T: Scalar> RecursiveNet<T, DefaultBackend>
where
    DefaultBackend: Backend<T>,
{
    /// A composition of width `H` on the default backend, parameters from `U(−1/√(2H), 1/√(2H))` by this seed.
    ///
    /// # Errors
    /// Those of [`with_backend`](Self::with_backend).
    pub fn new(composition: Composition, hidden: usize, seed: u64) -> Result<Self> {
        Self::with_backend(composition, hidden, seed, DefaultBackend::default())
    }
}

impl<T: Scalar, B: Backend<T> + ?Sized> RecursiveNet<T, B> {
    /// A composition of width `H` on this backend, parameters from `U(−1/√(2H), 1/√(2H))` by this seed.
    ///
    /// # Errors
    /// [`Error::Config`] if the width is 0, [`Error::Overflow`] or [`Error::Memory`] if the parameters do not fit.
    pub fn with_backend(
        composition: Composition,
        hidden: usize,
        seed: u64,
        backend: impl Into<Arc<B>>,
    ) -> Result<Self> {
        if hidden == 0 {
            return Err(Error::config("recursive.hidden", "at least 1", 0));
        }
        let outputs = checked_product("recursive weights", &[composition.gates(), hidden])?;
        let (len, inputs) = (checked_product("recursive weights", &[outputs, 2, hidden])?, 2 * hidden);
        let blocks = [("weight", vec![outputs, inputs], 0), ("bias", vec![outputs], len)];
        let blocks = blocks.map(|(name, shape, offset)| ParameterBlock { name: name.into(), shape, offset });
        let mut parameters = Parameters::zeros(Arc::from(blocks))?;
        let (rng, uniform) = (&mut Rng::seed(seed), Torch::uniform(inputs));
        let (weight, bias) = parameters.split_at_mut(len);
        draw(Scheme::Pytorch, uniform, Matrix::new("recursive.weight", weight, outputs, inputs), rng)?;
        draw(Scheme::Pytorch, uniform, Matrix::new("recursive.bias", bias, outputs, 1), rng)?;
        Ok(Self { composition, hidden, parameters, backend: backend.into() })
    }

    /// The composition.
    #[must_use]
    pub fn composition(&self) -> Composition {
        self.composition
    }

    /// `S`, the width of a state.
    #[must_use]
    pub fn state_width(&self) -> usize {
        self.composition.state(self.hidden)
    }

    /// The parameters.
    #[must_use]
    pub fn parameters(&self) -> &Parameters<T> {
        &self.parameters
    }

    /// Zeros with the layout of the parameters, to accumulate gradients in.
    ///
    /// # Errors
    /// [`Error::Memory`] if they do not fit.
    pub fn gradients(&self) -> Result<Parameters<T>> {
        self.parameters.zeros_like()
    }

    /// A rule with its moments for these parameters, before its first step.
    ///
    /// # Errors
    /// Those of [`Optimiser::new`].
    pub fn optimiser(&self, rule: Rule) -> Result<Optimiser<T>> {
        Optimiser::new(rule, self.parameters.len())
    }

    /// Changes the parameters.
    pub fn update<R>(&mut self, change: impl FnOnce(&mut [T]) -> R) -> R {
        change(&mut self.parameters)
    }

    /// `θ ← θ − η direction(gradients)`: one step of an optimiser.
    ///
    /// # Errors
    /// Those of [`Optimiser::step`], and [`Error::Kind`] if the gradients are those of another model. Nothing has changed then.
    pub fn apply(&mut self, optimiser: &mut Optimiser<T>, gradients: &Parameters<T>, rate: f64) -> Result<()> {
        self.parameters.expect_layout("gradients", gradients)?;
        optimiser.step(&mut self.parameters, gradients, rate)
    }

    /// The state of every node, `[nodes, S]`, of `leaves [L, S]`: that of a leaf is its vector.
    ///
    /// # Errors
    /// [`Error::Len`] if `leaves` is not a number of states, [`Error::Range`] if the trees have more leaves,
    /// [`Error::NotFinite`] if a number of the leaves or the parameters is not finite, [`Error::Overflow`] or [`Error::Memory`] if the pass does not fit.
    pub fn forward<'w>(
        &self,
        workspace: &'w mut RecursiveWorkspace<T>,
        trees: &Trees,
        leaves: &[T],
    ) -> Result<MatRef<'w, T>> {
        let (width, hidden, outputs) = (self.state_width(), self.hidden, self.composition.gates() * self.hidden);
        workspace.done = None;
        let count = leaves.len() / width;
        check_len("leaves [L, S]", count * width, leaves.len())?;
        if count < trees.vectors() {
            return Err(Error::range("leaves, number of vectors", format!("at least {}", trees.vectors()), count));
        }
        check_finite("leaves", leaves)?;
        self.parameters.check_finite("parameters")?;
        let (nodes, pairs) = (trees.nodes().len(), trees.levels().map(<[_]>::len).sum());
        let RecursiveWorkspace { states, children, gates, parents, .. } = workspace;
        states.grow("states", checked_product("states", &[nodes, width])?)?;
        children.grow("states", checked_product("states", &[pairs, 2, width])?)?;
        gates.grow("gates", checked_product("gates", &[pairs, outputs])?)?;
        parents.grow("states", checked_product("states", &[trees.widest(), width])?)?;
        for (k, node) in trees.nodes().iter().enumerate() {
            if let Node::Leaf(vector) = node {
                states[k * width..][..width].copy_from_slice(&leaves[vector * width..][..width]);
            }
        }
        let (w, bias) = self.parameters.split_at(outputs * 2 * hidden);
        let w = MatRef::new(w, outputs, 2 * hidden);
        let mut first = 0;
        for level in trees.levels() {
            let m = level.len();
            let children = &mut children[first * 2 * width..][..m * 2 * width];
            for (k, &(_, left, right)) in level.iter().enumerate() {
                for (side, child) in [left, right].into_iter().enumerate() {
                    children[(2 * k + side) * width..][..width].copy_from_slice(&states[child * width..][..width]);
                }
            }
            let children = MatRef::new(children, m, 2 * width);
            let mut gates = MatMut::new(&mut gates[first * outputs..], m, outputs);
            (0..m).for_each(|k| gates.row_mut(k).copy_from_slice(bias));
            for [of_state, of_weight] in self.sides() {
                let h = children.cols_range(of_state, of_state + hidden);
                let w = w.cols_range(of_weight, of_weight + hidden);
                self.backend.matmul(gates.rb_mut(), Accum::Add, h, w.t());
            }
            self.composition.forward(gates, children, MatMut::new(parents, m, width));
            for (k, &(node, ..)) in level.iter().enumerate() {
                states[node * width..][..width].copy_from_slice(&parents[k * width..][..width]);
            }
            first += m;
        }
        (workspace.done, workspace.leaves) = (Some(trees.clone()), count);
        Ok(MatRef::new(&workspace.states, nodes, width))
    }

    /// `gradients += ∂L/∂θ` from `d_states [nodes, S]`, the cotangents of the last [`forward`](Self::forward) in this workspace, those of
    /// any nodes; the workspace then has `∂L/∂leaves`. The parameters must be those of forward.
    ///
    /// # Errors
    /// [`Error::Order`] unless the workspace holds a forward pass over these trees, [`Error::Kind`] or [`Error::Len`] if gradients or
    /// cotangents do not fit, [`Error::NotFinite`] if a cotangent or a gradient is not finite, [`Error::Memory`] if the pass does not fit. `gradients` are then unchanged.
    pub fn backward(
        &self,
        workspace: &mut RecursiveWorkspace<T>,
        trees: &Trees,
        d_states: &[T],
        gradients: &mut Parameters<T>,
    ) -> Result<()> {
        let (width, hidden, outputs) = (self.state_width(), self.hidden, self.composition.gates() * self.hidden);
        if workspace.done.as_ref() != Some(trees) {
            let (expected, found) = ("a forward pass over these trees".into(), "none".into());
            return Err(Error::Order { call: "backward", expected, found });
        }
        self.parameters.expect_layout("gradients", gradients)?;
        check_len("cotangents of states [nodes, S]", trees.nodes().len() * width, d_states.len())?;
        check_finite("cotangents of states", d_states)?;
        let RecursiveWorkspace { states, children, gates, parents, d_states: d, d_parents, .. } = workspace;
        let RecursiveWorkspace { d_children, d_gates, d_leaves, gradients: sum, leaves, .. } = workspace;
        for (buffer, len) in
            [(&mut *d, d_states.len()), (&mut *d_leaves, *leaves * width), (&mut *sum, gradients.len())]
        {
            buffer.clear();
            buffer.grow("cotangents", len)?;
        }
        d.copy_from_slice(d_states);
        d_parents.grow("cotangents", trees.widest() * width)?;
        d_children.grow("cotangents", trees.widest() * 2 * width)?;
        d_gates.grow("cotangents", checked_product("cotangents", &[trees.widest(), outputs])?)?;
        let w = MatRef::new(&self.parameters[..outputs * 2 * hidden], outputs, 2 * hidden);
        let (d_w, d_bias) = sum.split_at_mut(outputs * 2 * hidden);
        let mut d_w = MatMut::new(d_w, outputs, 2 * hidden);
        let mut first: usize = trees.levels().map(<[_]>::len).sum();
        for level in trees.levels().rev() {
            let m = level.len();
            first -= m;
            for (k, &(node, ..)) in level.iter().enumerate() {
                parents[k * width..][..width].copy_from_slice(&states[node * width..][..width]);
                d_parents[k * width..][..width].copy_from_slice(&d[node * width..][..width]);
            }
            let children = MatRef::new(&children[first * 2 * width..], m, 2 * width);
            let gates = MatRef::new(&gates[first * outputs..], m, outputs);
            let mut d_to = MatMut::new(d_children, m, 2 * width);
            let (parents, d_parents) = (MatRef::new(parents, m, width), MatRef::new(d_parents, m, width));
            let to = MatMut::new(d_gates, m, outputs);
            self.composition.backward((gates, children, parents), d_parents, to, d_to.rb_mut());
            let d_gates = MatRef::new(d_gates, m, outputs);
            for [of_state, of_weight] in self.sides() {
                let h = children.cols_range(of_state, of_state + hidden);
                let d_w = d_w.rb_mut().cols_range(of_weight, of_weight + hidden);
                self.backend.matmul(d_w, Accum::Add, d_gates.t(), h);
                let w = w.cols_range(of_weight, of_weight + hidden);
                let d_h = d_to.rb_mut().cols_range(of_state, of_state + hidden);
                self.backend.matmul(d_h, Accum::Replace, d_gates, w);
            }
            sums::columns(d_bias, || [d_gates].into_iter());
            for (k, &(_, left, right)) in level.iter().enumerate() {
                for (side, child) in [left, right].into_iter().enumerate() {
                    let by = &d_children[(2 * k + side) * width..][..width];
                    d[child * width..][..width].iter_mut().zip(by).for_each(|(d, &by)| *d += by);
                }
            }
        }
        for (k, node) in trees.nodes().iter().enumerate() {
            if let Node::Leaf(vector) = node {
                let to = &mut d_leaves[vector * width..][..width];
                to.iter_mut().zip(&d[k * width..]).for_each(|(to, &by)| *to += by);
            }
        }
        check_finite("gradient", sum)?;
        gradients.iter_mut().zip(sum.iter()).for_each(|(to, &by)| *to += by);
        Ok(())
    }

    /// Of the left and the right child: the first column of `h` in both states side by side, and of its weights.
    fn sides(&self) -> [[usize; 2]; 2] {
        [[0, 0], [self.state_width(), self.hidden]]
    }
}
