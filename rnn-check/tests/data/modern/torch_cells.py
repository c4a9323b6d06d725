"""Variants of the LSTM and the GRU in torch operations, and torch's own LSTM with a projection, in f64.

Run as `python torch_cells.py`: writes `torch-*.json` here, in the format that README.md describes.
"""

import json
import pathlib

import torch

STEPS, ROWS, INPUT, UNITS, OUTPUT = 5, 3, 4, 6, 2
HERE = pathlib.Path(__file__).parent


def drawn(generator, *shape, scale=1.0):
    return (scale * (2 * torch.rand(*shape, generator=generator, dtype=torch.float64) - 1)).requires_grad_()


def array(tensor):
    return {"shape": list(tensor.shape), "data": tensor.detach().flatten().tolist()}


def arrays(tensors):
    return {name: array(tensor) for name, tensor in tensors.items()}


def write(name, note, kind, parameters, states, run, units=None):
    """`run(x, parameters, states)` returns outputs `[T, N, …]` and the last states."""
    generator = torch.Generator().manual_seed(sum(map(ord, name)))
    x = drawn(generator, STEPS, ROWS, INPUT)
    parameters = {key: drawn(generator, *shape, scale=0.8) for key, shape in parameters.items()}
    states = {key: drawn(generator, ROWS, width) for key, width in states.items()}
    y, last = run(x, parameters, states)
    d_y = drawn(generator, *y.shape).detach()
    d_last = {key: drawn(generator, *state.shape).detach() for key, state in last.items()}
    loss = (d_y * y).sum() + sum((d_last[key] * state).sum() for key, state in last.items())
    loss.backward()
    sizes = {"T": STEPS, "N": ROWS, "C": INPUT, "H": y.shape[2]}
    golden = {
        "name": name,
        "kind": kind,
        "source": {"repository": "torch", "version": torch.__version__.split("+")[0]},
        "sizes": sizes | ({"units": units} if units else {}),
        "notes": note,
        "constants": {},
        "inputs": {"x": array(x)},
        "parameters": arrays(parameters),
        "initial_states": arrays(states),
        "outputs": {"h": array(y)},
        "final_states": arrays(last),
        "cotangents": {"outputs": {"h": array(d_y)}, "final_states": arrays(d_last)},
        "gradients": {
            "inputs": {"x": array(x.grad)},
            "parameters": {key: array(value.grad) for key, value in parameters.items()},
            "initial_states": {key: array(value.grad) for key, value in states.items()},
        },
    }
    (HERE / f"{name}.json").write_text(json.dumps(golden) + "\n")


def projection(x, p, states):
    lstm = torch.nn.LSTM(INPUT, UNITS, proj_size=OUTPUT, dtype=torch.float64)
    names = ["weight_ih_l0", "weight_hh_l0", "bias_ih_l0", "bias_hh_l0", "weight_hr_l0"]
    start = (states["h"][None], states["c"][None])
    y, (h, c) = torch.func.functional_call(lstm, {name: p[name] for name in names}, (x, start))
    return y, {"h": h[0], "c": c[0]}


def walk(step):
    """A cell from one step: `step(x, p, states)` returns the new states, the first of them the output."""

    def run(x, p, states):
        outputs = []
        for t in range(STEPS):
            states = step(x[t], p, states)
            outputs.append(states["h"])
        return torch.stack(outputs), states

    return run


def gates(x, p, h, count):
    return (x @ p["weight_ih"].T + p["bias_ih"] + h @ p["weight_hh"].T + p["bias_hh"]).chunk(count, 1)


def coupled(x, p, s):
    i, g, o = gates(x, p, s["h"], 3)
    i = torch.sigmoid(i + p["peephole_i"] * s["c"])
    c = (1 - i) * s["c"] + i * torch.tanh(g)
    return {"h": torch.sigmoid(o + p["peephole_o"] * c) * torch.tanh(c), "c": c}


def without_forgetting(x, p, s):
    i, g, o = (torch.clamp(v, -1.5, 1.5) for v in gates(x, p, s["h"], 3))
    c = torch.clamp(s["c"] + torch.sigmoid(i) * torch.tanh(g), -0.75, 0.75)
    return {"h": torch.sigmoid(o) * torch.tanh(c), "c": c}


def peepholes(x, p, s):
    i, f, g, o = gates(x, p, s["h"], 4)
    i, f = torch.sigmoid(i + p["peephole_i"] * s["c"]), torch.sigmoid(f + p["peephole_f"] * s["c"])
    c = f * s["c"] + i * torch.tanh(g)
    return {"h": torch.sigmoid(o + p["peephole_o"] * c) * torch.tanh(c), "c": c}


def functions(x, p, s):
    i, f, g, o = gates(x, p, s["h"], 4)
    hard = lambda v: torch.clamp(0.2 * v + 0.5, 0, 1)
    c = hard(f) * s["c"] + hard(i) * torch.nn.functional.elu(g, 0.75)
    return {"h": hard(o) * torch.nn.functional.softsign(c), "c": c}


def gru_functions(x, p, s):
    r, z, n = (x @ p["weight_ih"].T + p["bias_ih"]).chunk(3, 1)
    r_h, z_h, n_h = (s["h"] @ p["weight_hh"].T + p["bias_hh"]).chunk(3, 1)
    # torch's own hardsigmoid goes back with a sixth that is rounded to f32.
    hard = lambda v: torch.clamp(v / 6 + 0.5, 0, 1)
    r, z = hard(r + r_h), hard(z + z_h)
    n = torch.nn.functional.leaky_relu(n + r * n_h, 0.125)
    return {"h": (1 - z) * n + z * s["h"]}


def softplus(x, p, s):
    r, z, n = (x @ p["weight_ih"].T + p["bias_ih"]).chunk(3, 1)
    w_r, w_z, w_n = p["weight_hh"].chunk(3)
    b_r, b_z, b_n = p["bias_hh"].chunk(3)
    r, z = torch.sigmoid(r + s["h"] @ w_r.T + b_r), torch.sigmoid(z + s["h"] @ w_z.T + b_z)
    n = torch.nn.functional.softplus(n + (r * s["h"]) @ w_n.T + b_n)
    return {"h": (1 - z) * n + z * s["h"]}


def matrices(gates, **vectors):
    rows = gates * UNITS
    shapes = {"weight_ih": (rows, INPUT), "weight_hh": (rows, UNITS), "bias_ih": (rows,), "bias_hh": (rows,)}
    return shapes | vectors


def main():
    torch.set_num_threads(1)
    rows, both = 4 * UNITS, {"h": UNITS, "c": UNITS}
    projected = {
        "weight_ih_l0": (rows, INPUT),
        "weight_hh_l0": (rows, OUTPUT),
        "bias_ih_l0": (rows,),
        "bias_hh_l0": (rows,),
        "weight_hr_l0": (OUTPUT, UNITS),
    }
    states = {"h": OUTPUT, "c": UNITS}
    note = "torch.nn.LSTM with proj_size; `units` is its hidden size."
    write("torch-lstm-projection", note, "reference", projected, states, projection, units=UNITS)
    own, p = "in torch operations", (UNITS,)
    write("torch-lstm-coupled", "f = 1 - i, peepholes; rows i g o.", own, matrices(3, peephole_i=p, peephole_o=p), both,
          walk(coupled))
    write("torch-lstm-1997", "f = 1; pre-activations within 1.5, c within 0.75; rows i g o.", own, matrices(3), both,
          walk(without_forgetting))
    write("torch-lstm-peepholes", "rows i f g o.", own, matrices(4, peephole_i=p, peephole_f=p, peephole_o=p), both,
          walk(peepholes))
    write("torch-lstm-functions", "hard sigmoid 0.2 v + 0.5, elu 0.75, softsign.", own, matrices(4), both,
          walk(functions))
    write("torch-gru-functions", "reset after; hard sigmoid v / 6 + 0.5, leaky relu 0.125.", own, matrices(3),
          {"h": UNITS}, walk(gru_functions))
    write("torch-gru-softplus", "reset before; softplus.", own, matrices(3), {"h": UNITS}, walk(softplus))


if __name__ == "__main__":
    main()
