"""Golden values for forward and every gradient of each cell, computed by PyTorch in f64.

    python -m venv venv && venv/bin/pip install torch numpy safetensors
    venv/bin/python generate.py

rewrites `*.json` beside this file and `pytorch_*` in `../../tests/data`. The CPU build of torch is
enough. The values are seeded by the names of the cases, so a second run with the same torch on the
same machine writes the same bytes; README.md says what the fields mean.

`cases()` says which are computed by `torch.nn`; the others are by `equations.py`. Wherever both can
compute a case, `agreement.py` holds one against the other before anything is written.
"""

import json
import zlib
from pathlib import Path

import torch

import agreement
import checkpoints
import training
from equations import Shape

HERE = Path(__file__).resolve().parent
CHECKPOINTS = HERE.parent.parent / "tests" / "data"

# Pairwise distinct, also from L = D = 2, D·L = 4 and D·H = 10, so that no transposed or swapped axis fits.
DIMS = dict(steps=6, rows=7, input=3, hidden=5)
STACK = dict(layers=2, bidirectional=True, reverse=False)
SINGLE = dict(layers=1, bidirectional=False, reverse=False)
# Unsorted, with a tie, with 1 and with T.
RAGGED = (4, 6, 1, 5, 3, 5, 2)
RAGGED_WITH_ZERO = (4, 6, 0, 5, 3, 1, 5)
# No row reaches T: the last step belongs to nobody.
SHORT_WITH_ZERO = (3, 5, 1, 0, 4, 5, 2)
JUNK = 9.75

ELMAN_TANH = dict(cell="elman", activation="tanh", reset=None)
ELMAN_RELU = dict(cell="elman", activation="relu", reset=None)
ELMAN_SIGMOID = dict(cell="elman", activation="sigmoid", reset=None)
ELMAN_IDENTITY = dict(cell="elman", activation="identity", reset=None)
LSTM = dict(cell="lstm", activation=None, reset=None)
GRU_AFTER = dict(cell="gru", activation=None, reset="after")
GRU_BEFORE = dict(cell="gru", activation=None, reset="before")

IN_TORCH_NN = {"elman_tanh": ELMAN_TANH, "elman_relu": ELMAN_RELU, "lstm": LSTM, "gru_after": GRU_AFTER}
OWN = {"elman_sigmoid": ELMAN_SIGMOID, "elman_identity": ELMAN_IDENTITY, "gru_before": GRU_BEFORE}
ONE_BIAS = {"elman_tanh": ELMAN_TANH, "lstm": LSTM, "gru_after": GRU_AFTER, "gru_before": GRU_BEFORE}


def cases():
    """(name, shape, whether `torch.nn` computes the values)"""
    for name, cell in IN_TORCH_NN.items():
        yield f"{name}_stack_ragged", Shape(**cell, **STACK, **DIMS, bias="both", lengths=RAGGED), True
        yield f"{name}_single_dense", Shape(**cell, **SINGLE, **DIMS, bias="both", lengths=None), True
        yield f"{name}_stack_ragged_no_bias", Shape(**cell, **STACK, **DIMS, bias="none", lengths=RAGGED), True
    for name, cell in OWN.items():
        yield f"{name}_stack_ragged_zero", Shape(**cell, **STACK, **DIMS, bias="both", lengths=RAGGED_WITH_ZERO), False
        yield f"{name}_single_dense", Shape(**cell, **SINGLE, **DIMS, bias="both", lengths=None), False
    yield (
        "gru_before_stack_ragged_zero_no_bias",
        Shape(**GRU_BEFORE, **STACK, **DIMS, bias="none", lengths=RAGGED_WITH_ZERO),
        False,
    )
    for name, cell in ONE_BIAS.items():
        yield (
            f"{name}_stack_ragged_zero_one_bias",
            Shape(**cell, **STACK, **DIMS, bias="input", lengths=RAGGED_WITH_ZERO),
            False,
        )
    reverse = dict(layers=1, bidirectional=False, reverse=True)
    for name, cell in (IN_TORCH_NN | OWN).items():
        yield (
            f"{name}_single_reverse_ragged_zero",
            Shape(**cell, **reverse, **DIMS, bias="both", lengths=SHORT_WITH_ZERO),
            False,
        )


def draw(gen, *shape):
    """Multiples of 1/64 in ±[1/64, 3/4], never zero: short decimals, exact in f32 and f64."""
    magnitude = torch.randint(1, 49, shape, generator=gen)
    sign = 2 * torch.randint(0, 2, shape, generator=gen) - 1
    return (magnitude * sign).double() / 64


def seeded(name):
    return torch.Generator().manual_seed(zlib.crc32(name.encode()))


def draw_case(name, shape):
    """Inputs, parameters and states by name; and the cotangents of the outputs."""
    gen = seeded(name)
    values = {param: draw(gen, *dims) for param, dims in shape.param_shapes()}
    values["x"] = draw(gen, shape.steps, shape.rows, shape.input)
    for n, length in enumerate(shape.row_lengths()):
        values["x"][length:, n] = JUNK
    states = (shape.layers * shape.directions, shape.rows, shape.hidden)
    values["h0"] = draw(gen, *states)
    cotangents = {
        # Random beyond a row's length as well: y is 0 there whatever happens, so they must not matter.
        "y": draw(gen, shape.steps, shape.rows, shape.directions * shape.hidden),
        "h_n": draw(gen, *states),
    }
    if shape.cell == "lstm":
        values["c0"] = draw(gen, *states)
        cotangents["c_n"] = draw(gen, *states)
    return values, cotangents


def tensor(data, **others):
    """`{"shape", "data", …}`, everything row-major."""
    return {"shape": list(data.shape), "data": data.flatten().tolist()} | {
        key: value.flatten().tolist() for key, value in others.items()
    }


def golden(name, shape, values, cotangents, outputs, grads):
    with_grad = lambda key: tensor(values[key], grad=grads[key])
    with_cotangent = lambda key: tensor(outputs[key], cotangent=cotangents[key])
    lstm = shape.cell == "lstm"
    return (
        {"torch": torch.__version__, "generator": "generate.py", "name": name, "note": shape.note}
        | vars(shape)
        | {
            "params": [{"name": param} | with_grad(param) for param, _ in shape.param_shapes()],
            "x": with_grad("x"),
            "h0": with_grad("h0"),
            "c0": with_grad("c0") if lstm else None,
            "y": with_cotangent("y"),
            "h_n": with_cotangent("h_n"),
            "c_n": with_cotangent("c_n") if lstm else None,
        }
    )


def layout(value, depth=0):
    """JSON with one array of numbers a line; floats by repr, which round-trips."""
    pad = "  " * (depth + 1)
    if isinstance(value, dict) and value:
        items = [f"{pad}{json.dumps(k)}: {layout(v, depth + 1)}" for k, v in value.items()]
        return "{\n" + ",\n".join(items) + "\n" + "  " * depth + "}"
    if isinstance(value, (list, tuple)) and value and isinstance(value[0], dict):
        return "[\n" + ",\n".join(pad + layout(v, depth + 1) for v in value) + "\n" + "  " * depth + "]"
    return json.dumps(value, allow_nan=False)


def write(path, value):
    path.write_text(layout(value) + "\n")
    print(f"{path.name}: {path.stat().st_size / 1024:.0f} KiB")


def main():
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    for name, shape, by_torch_nn in cases():
        print(name)
        values, cotangents = draw_case(name, shape)
        agreement.check_kinks(shape, values)
        agreement.check_against_torch_nn(shape, values, cotangents)
        agreement.check_reset_before(shape, values, cotangents)
        forward = agreement.torch_nn(shape) if by_torch_nn else agreement.own(shape)
        outputs, grads = agreement.differentiate(forward, values, cotangents)
        agreement.check_padding(shape, values, outputs, grads)
        write(HERE / f"{name}.json", golden(name, shape, values, cotangents, outputs, grads))
    write(HERE / "sgd_two_layer_lstm.json", training.sgd_two_layer_lstm(draw, seeded("sgd_two_layer_lstm")))
    CHECKPOINTS.mkdir(parents=True, exist_ok=True)
    checkpoints.write_all(CHECKPOINTS, write, tensor)


if __name__ == "__main__":
    main()
