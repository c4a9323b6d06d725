"""Whole models as PyTorch exports them, one in the form of DTLN, and what PyTorch in f64 and ONNX Runtime compute of them.

    pip install onnx==1.23.2 onnxruntime==1.32.0 torch==2.15.0 numpy
    python3 models.py               # writes models.json beside this file
"""

import io
import json
import warnings
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import torch
from onnx import TensorProto, helper, numpy_helper
from torch import nn

torch.manual_seed(20261202)
warnings.simplefilter("ignore")


class Recurrent(nn.Module):
    """A recurrent layer, what becomes of it, and what is behind."""

    def __init__(self, layer, width, units, take, last=None, before=None):
        super().__init__()
        self.layer, self.take, self.before = layer, take, before
        self.head = nn.Linear(width, units)
        self.last = last or nn.Identity()

    def forward(self, x, *state):
        if self.before is not None:
            x = self.before(x)
        y, last = self.layer(x, *state)
        out = self.last(self.head(self.take(y, last)))
        return (out, last) if state else out


class Convolution(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv, self.rnn, self.head = nn.Conv1d(3, 4, 3, padding=1), nn.LSTM(4, 5), nn.Linear(5, 2)

    def forward(self, x):
        y, _ = self.rnn(torch.relu(self.conv(x)).permute(2, 0, 1))
        return torch.tanh(self.head(y))


def plain(array):
    array = np.asarray(array)
    return {"shape": list(array.shape), "kind": str(array.dtype), "data": array.ravel().tolist()}


def runtime(model, feeds):
    return onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"]).run(None, feeds)


def exported(name, module, inputs, opset=17, chain=True, axes=None):
    module.eval()
    names = ["x", "state"][: len(inputs)]
    outputs = ["y", "last"][: len(inputs)]
    dynamic = axes if axes is not None else {"x": {0: "A", 1: "B"}}
    file = io.BytesIO()
    torch.onnx.export(module, tuple(inputs), file, dynamo=False, input_names=names, output_names=outputs, dynamic_axes=dynamic, opset_version=opset)
    feeds = {key: value.numpy() for key, value in zip(names, inputs)}
    double = module.double()
    exact = double(*(value.double() if value.is_floating_point() else value for value in inputs))
    exact = [value.detach().numpy() for value in (exact if isinstance(exact, tuple) else [exact])]
    module.float()
    return {
        "name": name,
        "chain": chain,
        "feeds": {key: plain(value) for key, value in feeds.items()},
        "exact": {key: plain(value) for key, value in zip(outputs, exact)},
        "runtime": {key: plain(value) for key, value in zip(outputs, runtime(file.getvalue(), feeds))},
        "model": file.getvalue().hex(),
    }


def of_dtln():
    """Two LSTMs of one step whose states go in and out as one tensor, as OnnxMLTools wrote them."""
    c, h, random = 5, 4, np.random.default_rng(20261203)
    weight = lambda *shape: (random.standard_normal(shape) / 2).astype(np.float32)
    nodes, values = [], {}
    node = lambda op, inputs, outputs, **attributes: nodes.append(helper.make_node(op, inputs, outputs, name=f"{op} {len(nodes)}", **attributes))
    for k, (layer, part) in enumerate([(0, 0), (0, 1), (1, 0), (1, 1)]):
        for key, numbers in {"start": [0, layer, 0, part], "end": [2**63 - 1, layer + 1, 2**63 - 1, part + 1], "axes": [0, 1, 2, 3], "steps": [1, 1, 1, 1]}.items():
            values[f"{key}{k}"] = np.array(numbers, np.int64)
        node("Slice", ["state", f"start{k}", f"end{k}", f"axes{k}", f"steps{k}"], [f"cut{k}"])
        node("Squeeze", [f"cut{k}"], [f"flat{k}"], axes=[1, 3])
        node("Unsqueeze", [f"flat{k}"], [f"initial{k}"], axes=[0])
    node("Transpose", ["x"], ["x0"], perm=[1, 0, 2])
    for layer, width in [(0, c), (1, h)]:
        values.update({f"W{layer}": weight(1, 4 * h, width), f"R{layer}": weight(1, 4 * h, h), f"B{layer}": weight(1, 8 * h)})
        inputs = [f"x{layer}", f"W{layer}", f"R{layer}", f"B{layer}", "", f"initial{2 * layer}", f"initial{2 * layer + 1}", ""]
        node("LSTM", inputs, [f"Y{layer}", f"h{layer}", f"c{layer}"], hidden_size=h, direction="forward", activations=["Sigmoid", "Tanh", "Tanh"])
        node("Transpose", [f"Y{layer}"], [f"turned{layer}"], perm=[2, 1, 0, 3])
        node("Squeeze", [f"turned{layer}"], [f"y{layer}"], axes=[1])
        if layer == 0:
            node("Transpose", ["y0"], ["x1"], perm=[1, 0, 2])
        for part in "hc":
            node("Squeeze", [f"{part}{layer}"], [f"{part}{layer}s"], axes=[0])
            node("Unsqueeze", [f"{part}{layer}s"], [f"{part}{layer}u"], axes=[1])
    values.update({"kernel": weight(h, c), "bias": weight(c)})
    node("MatMul", ["y1", "kernel"], ["product"])
    node("Add", ["product", "bias"], ["sum"])
    node("Sigmoid", ["sum"], ["y"])
    for part in "hc":
        node("Concat", [f"{part}0u", f"{part}1u"], [f"both_{part}"], axis=1)
        node("Unsqueeze", [f"both_{part}"], [f"column_{part}"], axes=[-1])
    node("Concat", ["column_h", "column_c"], ["last"], axis=-1)
    info = lambda name, shape: helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)
    graph = helper.make_graph(
        nodes, "dtln", [info("x", [1, 1, c]), info("state", [1, 2, h, 2])], [info("y", [1, 1, c]), info("last", [1, 2, h, 2])],
        [numpy_helper.from_array(value, key) for key, value in values.items()],
    )
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 11)], ir_version=6)
    onnx.checker.check_model(made)
    feeds = {"x": np.abs(weight(1, 1, c)), "state": weight(1, 2, h, 2)}
    found = dict(zip(["y", "last"], runtime(made.SerializeToString(), feeds)))
    # The equations, in f64.
    sigmoid = lambda x: 1 / (1 + np.exp(-x))
    x, last = feeds["x"][0, 0].astype(np.float64), np.zeros((1, 2, h, 2))
    for layer in [0, 1]:
        before, cell = feeds["state"][0, layer, :, 0].astype(np.float64), feeds["state"][0, layer, :, 1].astype(np.float64)
        gates = values[f"W{layer}"][0].astype(np.float64) @ x + values[f"R{layer}"][0].astype(np.float64) @ before + values[f"B{layer}"][0].astype(np.float64).reshape(2, -1).sum(0)
        i, o, f, g = gates.reshape(4, h)
        cell = sigmoid(f) * cell + sigmoid(i) * np.tanh(g)
        x = sigmoid(o) * np.tanh(cell)
        last[0, layer, :, 0], last[0, layer, :, 1] = x, cell
    exact = {"y": sigmoid(x @ values["kernel"].astype(np.float64) + values["bias"])[None, None], "last": last}
    packed = lambda arrays: {key: plain(value) for key, value in arrays.items()}
    return {"name": "DTLN's form", "chain": False, "feeds": packed(feeds), "exact": packed(exact), "runtime": packed(found), "model": made.SerializeToString().hex()}


def cases():
    x = torch.randn(3, 5, 4)
    every, last_step = (lambda y, _: y), (lambda y, _: y[:, -1])
    for opset in [9, 13, 17]:
        module = Recurrent(nn.LSTM(4, 3, num_layers=2, bidirectional=True, batch_first=True), 6, 2, last_step, nn.Softmax(-1))
        yield exported(f"two bidirectional LSTMs, last step, softmax, opset {opset}", module, [x], opset)
    yield exported("LSTM, every step", Recurrent(nn.LSTM(4, 3), 3, 2, every), [x])
    yield exported("GRU with its state, sigmoid", Recurrent(nn.GRU(4, 3), 3, 2, every, nn.Sigmoid()), [x, torch.randn(1, 5, 3)], axes={"x": {0: "T", 1: "N"}, "state": {1: "N"}})
    yield exported("two RNNs of relu, final state", Recurrent(nn.RNN(4, 3, num_layers=2, nonlinearity="relu"), 3, 2, lambda _, h: h[-1]), [x], chain=False)
    layers = nn.Sequential(nn.ReLU(), nn.Linear(2, 3), nn.Tanh())
    yield exported("GRU without bias, dense layers", Recurrent(nn.GRU(4, 3, bias=False), 3, 2, every, layers), [x])
    yield exported("symbols, GRU both ways", Recurrent(nn.GRU(4, 3, bidirectional=True), 6, 7, every, before=nn.Embedding(7, 4)), [torch.randint(0, 7, (3, 5))])
    yield exported("a convolution below", Convolution(), [torch.randn(2, 3, 6)], chain=False, axes={"x": {0: "N", 2: "T"}})
    yield of_dtln()


if __name__ == "__main__":
    made = list(cases())
    text = ",\n".join(json.dumps(one, separators=(",", ":")) for one in made)
    Path(__file__).with_name("models.json").write_text(f"[\n{text}\n]\n")
    print(len(made), "models")
