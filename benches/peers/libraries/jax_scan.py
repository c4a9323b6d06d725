"""JAX on the CPU: `lax.scan` over the steps, compiled once; the input product of all steps before it, all gates of a
step in one product. `train` is the gradient with respect to weights, biases, input and initial state."""

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from jax.nn import sigmoid

from configuration import GATES

from . import STEPS


def elman(pre, h, _c, inner):
    h = jnp.tanh(pre + inner(h))
    return h, None


def lstm(pre, h, c, inner):
    i, f, g, o = jnp.split(pre + inner(h), 4, axis=-1)
    c = sigmoid(f) * c + sigmoid(i) * jnp.tanh(g)
    return sigmoid(o) * jnp.tanh(c), c


def gru(pre, h, _c, inner):
    r, z, n = jnp.split(pre, 3, axis=-1)
    inner_r, inner_z, inner_n = jnp.split(inner(h), 3, axis=-1)
    z = sigmoid(z + inner_z)
    n = jnp.tanh(n + sigmoid(r + inner_r) * inner_n)
    return n + z * (h - n), None


STEP = {"rnn": elman, "lstm": lstm, "gru": gru}


def layer(cell, params, x, states):
    """Every `h` of the sequence, and the last state."""
    w_ih, w_hh, b_ih, b_hh = params
    step = STEP[cell]
    # Only a GRU's reset gate comes between the two biases.
    outside, inside = (b_ih, b_hh) if cell == "gru" else (b_ih + b_hh, 0.0)

    def body(states, pre):
        h, c = step(pre, *states, lambda h: h @ w_hh + inside)
        return (h, c), h

    last, y = lax.scan(body, states, x @ w_ih + outside)
    return y, last


class Library:
    version = jax.__version__

    def __init__(self, dtype, threads):
        del threads  # the environment of the process says
        if dtype == "f64":
            jax.config.update("jax_enable_x64", True)
        self.dtype = {"f32": jnp.float32, "f64": jnp.float64}[dtype]

    def build(self, configuration):
        T, B, I, H = configuration.shape
        cell, rows = configuration.cell, GATES[configuration.cell] * H
        random = np.random.default_rng(0)
        shapes = ((I, rows), (H, rows), rows, rows)
        params = [jnp.asarray(random.uniform(-(H**-0.5), H**-0.5, shape), self.dtype) for shape in shapes]
        x = jnp.asarray(random.standard_normal((T, B, I)), self.dtype)
        zeros = jnp.zeros((B, H), self.dtype)
        states = (zeros, zeros if cell == "lstm" else None)
        if configuration.mode == "step":
            return self.step(cell, params, x, states)
        if configuration.mode == "fwd":
            forward = jax.jit(lambda *arguments: layer(cell, *arguments))
            return (lambda: jax.block_until_ready(forward(params, x, states))), 1
        upstream = jnp.asarray(random.standard_normal((T, B, H)), self.dtype)

        def loss(params, x, states):
            return jnp.vdot(layer(cell, params, x, states)[0], upstream)

        gradient = jax.jit(jax.grad(loss, argnums=(0, 1, 2)))
        return (lambda: jax.block_until_ready(gradient(params, x, states))), 1

    def hidden(self, given):
        params = [jnp.asarray(values) for values in (given.w_ih.T, given.w_hh.T, given.b_ih, given.b_hh)]
        states = (jnp.asarray(given.h_0[0]), jnp.asarray(given.c_0[0]) if given.cell == "lstm" else None)
        forward = jax.jit(lambda *arguments: layer(given.cell, *arguments)[0])
        return np.asarray(forward(params, jnp.asarray(given.x), states))

    def step(self, cell, params, x, states):
        one = jax.jit(lambda states: layer(cell, params, x, states)[1])

        def steps():
            nonlocal states
            for _ in range(STEPS):
                states = one(states)
            jax.block_until_ready(states)

        return steps, STEPS
