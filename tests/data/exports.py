"""Writes `exports/`: small models of PyTorch in the formats of others, what they read, and what PyTorch makes of it in f64.

    python3 tests/data/exports.py            # PyTorch and NumPy

The formats are written here from their descriptions: JSON of RTNeural (weights in Keras' layout), `.nam` of Neural Amp Modeler (for each
layer `[W_ih, W_hh]` row by row, the sum of both biases, h₀, c₀; then the head), safetensors of 16-bit numbers, and `.npz` by NumPy itself.
"""

import copy
import json
import pathlib
import struct

import numpy as np
import torch

FOLDER = pathlib.Path(__file__).parent / "exports"
expected = {}


def trained(seed, inputs, forward, modules):
    """A few steps towards the tanh of the sum of all inputs so far, so that the weights are no noise."""
    torch.manual_seed(seed)
    parameters = [p for module in modules for p in module.parameters()]
    for p in parameters:
        torch.nn.init.uniform_(p, -0.5, 0.5)
    optimiser = torch.optim.Adam(parameters, 0.01)
    for _ in range(30):
        x = torch.randn(16, 12, inputs)
        loss = ((forward(x) - torch.tanh(x.sum(-1, keepdim=True).cumsum(1))) ** 2).mean()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()


def wide(modules):
    """Copies in f64 of the f32 weights."""
    return [copy.deepcopy(m).double() for m in modules]


def describe(name, x, y):
    expected[name] = {"input": x[0].tolist(), "output": y[0].detach().tolist()}


def swapped(w, rnn):
    """A GRU's rows r z n in Keras' order z r n."""
    if isinstance(rnn, torch.nn.LSTM):
        return w
    r, z, n = np.split(w, 3)
    return np.concatenate([z, r, n])


def rtneural(name, rnn, dense, seed):
    """dense (tanh) → rnn → dense, as the model that RTNeural's own examples have."""
    head = torch.nn.Linear(rnn.hidden_size, 1)
    first = torch.nn.Sequential(torch.nn.Linear(dense, rnn.input_size), torch.nn.Tanh())
    trained(seed, dense, lambda x: head(rnn(first(x))[0]), [first, rnn, head])
    numpy = lambda t: t.detach().numpy()
    bias_ih, bias_hh = (swapped(numpy(getattr(rnn, f"bias_{b}_l0")), rnn) for b in ("ih", "hh"))
    lstm = isinstance(rnn, torch.nn.LSTM)
    bias = (bias_ih + bias_hh) if lstm else np.stack([bias_ih, bias_hh])
    if lstm:
        with torch.no_grad():
            rnn.bias_ih_l0.copy_(torch.tensor(bias))
            rnn.bias_hh_l0.zero_()
    kernels = [swapped(numpy(getattr(rnn, f"weight_{w}_l0")), rnn).T.tolist() for w in ("ih", "hh")]
    H = rnn.hidden_size
    affine = lambda l: [numpy(l.weight).T.tolist(), numpy(l.bias).tolist()]
    layers = [
        {"type": "dense", "activation": "tanh", "shape": [None, None, rnn.input_size], "weights": affine(first[0])},
        {"type": "lstm" if lstm else "gru", "activation": "tanh", "shape": [None, None, H], "weights": [*kernels, bias.tolist()]},
        {"type": "dense", "activation": "", "shape": [None, None, 1], "weights": affine(head)},
    ]
    (FOLDER / f"{name}.json").write_text(json.dumps({"in_shape": [None, None, dense], "layers": layers}) + "\n")
    x = torch.randn(1, 20, dense)
    wide_first, wide_rnn, wide_head = wide([first, rnn, head])
    describe(f"{name}.json", x, wide_head(wide_rnn(wide_first(x.double()))[0]))


def nam():
    rnn, head = torch.nn.LSTM(1, 3, num_layers=2, batch_first=True), torch.nn.Linear(3, 1)
    trained(3, 1, lambda x: head(rnn(x)[0]), [rnn, head])
    h, c = torch.randn(2, 3) / 2, torch.randn(2, 3) / 2
    numbers = []
    with torch.no_grad():
        for k in range(2):
            bias = getattr(rnn, f"bias_ih_l{k}") + getattr(rnn, f"bias_hh_l{k}")
            getattr(rnn, f"bias_ih_l{k}").copy_(bias)
            getattr(rnn, f"bias_hh_l{k}").zero_()
            both = torch.cat([getattr(rnn, f"weight_ih_l{k}"), getattr(rnn, f"weight_hh_l{k}")], 1)
            for part in (both, bias, h[k], c[k]):
                numbers += part.flatten().tolist()
        numbers += head.weight.flatten().tolist() + head.bias.tolist()
    model = {
        "version": "0.5.4",
        "architecture": "LSTM",
        "config": {"input_size": 1, "hidden_size": 3, "num_layers": 2},
        "metadata": {"name": "small", "loudness": -18.5, "gear_type": "amp"},
        "sample_rate": 48000,
        "weights": numbers,
    }
    (FOLDER / "small.nam").write_text(json.dumps(model) + "\n")
    x = torch.randn(1, 20, 1)
    wide_rnn, wide_head = wide([rnn, head])
    state = tuple(s[:, None].double() for s in (h, c))
    describe("small.nam", x, wide_head(wide_rnn(x.double(), state)[0]))


def state(rnn, head):
    return {**{f"rnn.{k}": v.detach() for k, v in rnn.state_dict().items()}, **{f"head.{k}": v.detach() for k, v in head.state_dict().items()}}


def safetensors(path, tensors, dtype, name):
    header, data = {}, b""
    for key, tensor in sorted(tensors.items()):
        raw = tensor.to(dtype).contiguous().view(torch.uint16).numpy().astype("<u2").tobytes()
        header[key] = {"dtype": name, "shape": list(tensor.shape), "data_offsets": [len(data), len(data) + len(raw)]}
        data += raw
    text = json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(text)) + text + data)


def arrays_and_halves():
    rnn, head = torch.nn.GRU(3, 4, batch_first=True), torch.nn.Linear(4, 2)
    trained(4, 3, lambda x: head(rnn(x)[0]), [rnn, head])
    x = torch.randn(1, 20, 3)
    weights = state(rnn, head)
    np.savez(FOLDER / "gru.npz", **{k: v.numpy() for k, v in weights.items()})
    kinds = {"rnn.weight_ih_l0": "<f2", "rnn.weight_hh_l0": "<f4", "head.bias": "<i8"}
    mixed = {k: (v * 8).round().numpy().astype(kinds.get(k, "<f8")) for k, v in weights.items()}
    fortran = {k: np.asfortranarray(v) for k, v in mixed.items()}
    np.savez_compressed(FOLDER / "mixed.npz", **fortran)
    np.savez(FOLDER / "big_endian.npz", **{k: v.numpy().astype(">f4") for k, v in weights.items()})
    loads = {
        "gru.npz": weights,
        "mixed.npz": {k: torch.tensor(np.ascontiguousarray(v).astype("f8")) for k, v in mixed.items()},
    }
    for dtype, name in [(torch.float16, "F16"), (torch.bfloat16, "BF16")]:
        path = FOLDER / f"{name.lower()}.safetensors"
        safetensors(path, weights, dtype, name)
        loads[path.name] = {k: v.to(dtype) for k, v in weights.items()}
    for file, weights in loads.items():
        wide_rnn, wide_head = wide([rnn, head])
        wide_rnn.load_state_dict({k[4:]: v.double() for k, v in weights.items() if k.startswith("rnn.")})
        wide_head.load_state_dict({k[5:]: v.double() for k, v in weights.items() if k.startswith("head.")})
        describe(file, x, wide_head(wide_rnn(x.double())[0]))


FOLDER.mkdir(exist_ok=True)
rtneural("lstm", torch.nn.LSTM(4, 3, batch_first=True), 1, 1)
rtneural("gru", torch.nn.GRU(4, 3, batch_first=True), 2, 2)
nam()
arrays_and_halves()
(FOLDER / "expected.json").write_text(json.dumps(expected, separators=(",", ":")) + "\n")
for path in sorted(FOLDER.iterdir()):
    print(path.name, path.stat().st_size)
