"""The cells in torch operations, one row of the batch at a time.

What `torch.nn` lacks (GRU with reset before the product, Elman with sigmoid or identity, a single
bias, rows of length zero, one reverse direction alone) is computed here and differentiated by
autograd. What `torch.nn` has is computed here too, so that `generate.py` can hold one against the
other.

Walking each row over its own valid steps is the definition of a ragged batch: no mask, no padding,
no sorting can be wrong in it.
"""

from dataclasses import dataclass

import torch
from torch.nn.functional import linear


def elman(act):
    """h' = act(W_ih x + b_ih + W_hh h + b_hh)"""

    def step(p, x, state):
        (h,) = state
        return (act(linear(x, p["weight_ih"], p["bias_ih"]) + linear(h, p["weight_hh"], p["bias_hh"])),)

    return step


def lstm(p, x, state):
    """i, f, g, o = W_ih x + b_ih + W_hh h + b_hh;  c' = σ(f) c + σ(i) tanh(g);  h' = σ(o) tanh(c')"""
    h, c = state
    pre = linear(x, p["weight_ih"], p["bias_ih"]) + linear(h, p["weight_hh"], p["bias_hh"])
    i, f, g, o = pre.chunk(4)
    c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
    return torch.sigmoid(o) * torch.tanh(c), c


def gru_reset_after(p, x, state):
    """n = tanh(W_in x + b_in + r (W_hn h + b_hn));  h' = (1 − z) n + z h"""
    (h,) = state
    x_r, x_z, x_n = linear(x, p["weight_ih"], p["bias_ih"]).chunk(3)
    h_r, h_z, h_n = linear(h, p["weight_hh"], p["bias_hh"]).chunk(3)
    r, z = torch.sigmoid(x_r + h_r), torch.sigmoid(x_z + h_z)
    n = torch.tanh(x_n + r * h_n)
    return ((1 - z) * n + z * h,)


def gru_reset_before(p, x, state):
    """n = tanh(W_in x + b_in + W_hn (r h) + b_hn);  h' = (1 − z) n + z h"""
    (h,) = state
    x_r, x_z, x_n = linear(x, p["weight_ih"], p["bias_ih"]).chunk(3)
    w_r, w_z, w_n = p["weight_hh"].chunk(3)
    b_r, b_z, b_n = p["bias_hh"].chunk(3) if p["bias_hh"] is not None else (None, None, None)
    r, z = torch.sigmoid(x_r + linear(h, w_r, b_r)), torch.sigmoid(x_z + linear(h, w_z, b_z))
    n = torch.tanh(x_n + linear(r * h, w_n, b_n))
    return ((1 - z) * n + z * h,)


ACTIVATIONS = {"tanh": torch.tanh, "relu": torch.relu, "sigmoid": torch.sigmoid, "identity": lambda pre: pre}

NOTES = {
    "elman": "h' = act(W_ih x + b_ih + W_hh h + b_hh)",
    "lstm": "rows i f g o: c' = sigmoid(f) c + sigmoid(i) tanh(g); h' = sigmoid(o) tanh(c')",
    "gru after": "rows r z n: r = sigmoid(W_ir x + b_ir + W_hr h + b_hr); z = sigmoid(W_iz x + b_iz + W_hz h + b_hz);"
    " n = tanh(W_in x + b_in + r * (W_hn h + b_hn)); h' = (1 - z) * n + z * h",
    "gru before": "rows r z n: r = sigmoid(W_ir x + b_ir + W_hr h + b_hr); z = sigmoid(W_iz x + b_iz + W_hz h + b_hz);"
    " n = tanh(W_in x + b_in + W_hn (r * h) + b_hn); h' = (1 - z) * n + z * h",
}


@dataclass(frozen=True)
class Shape:
    """Dimensions and options of one case; the fields are those of the JSON files."""

    cell: str
    activation: str | None
    reset: str | None
    bias: str
    layers: int
    bidirectional: bool
    reverse: bool
    steps: int
    rows: int
    input: int
    hidden: int
    lengths: tuple | None

    @property
    def gates(self):
        return {"elman": 1, "lstm": 4, "gru": 3}[self.cell]

    @property
    def directions(self):
        return 2 if self.bidirectional else 1

    @property
    def note(self):
        return NOTES[f"{self.cell} {self.reset}" if self.cell == "gru" else self.cell]

    def row_lengths(self):
        return self.lengths if self.lengths is not None else (self.steps,) * self.rows

    def is_reverse(self, direction):
        return self.reverse or direction == 1

    def suffix(self, layer, direction):
        return f"_l{layer}" + ("_reverse" if direction == 1 else "")

    def param_shapes(self):
        """Names and shapes in PyTorch's flat order: layer outer, direction inner; w_ih, w_hh, b_ih, b_hh."""
        rows = self.gates * self.hidden
        for layer in range(self.layers):
            columns = self.input if layer == 0 else self.directions * self.hidden
            for direction in range(self.directions):
                suffix = self.suffix(layer, direction)
                yield f"weight_ih{suffix}", (rows, columns)
                yield f"weight_hh{suffix}", (rows, self.hidden)
                if self.bias in ("input", "both"):
                    yield f"bias_ih{suffix}", (rows,)
                if self.bias == "both":
                    yield f"bias_hh{suffix}", (rows,)

    def step(self, activations=ACTIVATIONS):
        if self.cell == "elman":
            return elman(activations[self.activation])
        if self.cell == "lstm":
            return lstm
        return {"after": gru_reset_after, "before": gru_reset_before}[self.reset]


def walk_row(step, p, x, state, backwards):
    """One row over its own valid steps `x [len, C]`: outputs in time order, and the last state."""
    ys = []
    for x_t in reversed(x.unbind()) if backwards else x.unbind():
        state = step(p, x_t, state)
        ys.append(state[0])
    return (ys[::-1] if backwards else ys), state


def run(shape, values, step=None):
    """`y [T,N,D·H]`, `h_n` and `c_n [D·L,N,H]` of a stack; `y` is 0 beyond a row's length.

    `values` holds the parameters by name, `x`, `h0` and (LSTM) `c0`.
    """
    step = step or shape.step()
    states = [values[name] for name in ("h0", "c0") if name in values]
    finals = [[] for _ in states]
    layer_input = values["x"]
    for layer in range(shape.layers):
        columns = []
        for direction in range(shape.directions):
            suffix = shape.suffix(layer, direction)
            p = {
                kind: values.get(f"{kind}{suffix}")
                for kind in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
            }
            slot = layer * shape.directions + direction
            outputs, lasts = [], []
            for n, length in enumerate(shape.row_lengths()):
                start = tuple(s[slot, n] for s in states)
                ys, last = walk_row(step, p, layer_input[:length, n], start, shape.is_reverse(direction))
                blank = layer_input.new_zeros(shape.hidden)
                outputs.append(torch.stack(ys + [blank] * (shape.steps - length)))
                lasts.append(last)
            columns.append(torch.stack(outputs, dim=1))
            for final, per_row in zip(finals, zip(*lasts)):
                final.append(torch.stack(per_row))
        layer_input = torch.cat(columns, dim=2)
    out = {"y": layer_input, "h_n": torch.stack(finals[0])}
    if shape.cell == "lstm":
        out["c_n"] = torch.stack(finals[1])
    return out
