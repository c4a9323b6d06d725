"""Recurrent nodes with every attribute, and what ONNX Runtime computes of them.

    pip install onnx==1.23.2 onnxruntime==1.32.0 numpy
    python3 recurrent.py            # writes recurrent.json beside this file

Every case is one node in a model of its own (hex), with its weights and inputs as numbers too, so that a test can compute it from the
equations. Weights are multiples of 1/64. ONNX Runtime has no layout 1 on a CPU: there the model of layout 0 is run and its outputs are
transposed.
"""

import json
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

T, N, C, H = 4, 3, 2, 3
GATES = {"RNN": 1, "GRU": 3, "LSTM": 4}
random = np.random.default_rng(20261130)


def numbers(shape, scale):
    return (random.integers(-64, 65, shape) * scale / 64).astype(np.float32)


def case(name, op, opset, bias=True, peepholes=False, lengths=None, states=False, outputs=3, weight_scale=1.0, x_scale=1.0, **attributes):
    directions = 2 if attributes.get("direction") == "bidirectional" else 1
    layout = attributes.get("layout", 0)
    rows = GATES[op] * H
    given = {"W": numbers((directions, rows, C), weight_scale), "R": numbers((directions, rows, H), weight_scale)}
    if bias:
        given["B"] = numbers((directions, 2 * rows), weight_scale)
    if peepholes:
        given["P"] = numbers((directions, 3 * H), weight_scale)
    feeds = {"X": numbers((T, N, C), x_scale)}
    if lengths is not None:
        feeds["sequence_lens"] = np.array(lengths, np.int32)
    if states:
        feeds["initial_h"] = numbers((directions, N, H), 1.0)
        if op == "LSTM":
            feeds["initial_c"] = numbers((directions, N, H), 2.0)
    wanted = ["Y", "Y_h", "Y_c"][: min(outputs, 3 if op == "LSTM" else 2)]
    of_layout = [model(op, opset, given, feeds, wanted, attributes, k, directions) for k in {0, layout}]
    session = onnxruntime.InferenceSession(of_layout[0].SerializeToString(), providers=["CPUExecutionProvider"])
    found = dict(zip(wanted, session.run(None, feeds)))
    if layout == 1:
        found = {key: value.transpose(2, 0, 1, 3) if key == "Y" else value.transpose(1, 0, 2) for key, value in found.items()}
        feeds = {key: value if key == "sequence_lens" else value.transpose(1, 0, 2) for key, value in feeds.items()}
    plain = lambda arrays: {key: {"shape": list(value.shape), "data": value.ravel().tolist()} for key, value in arrays.items()}
    return {
        "name": name,
        "op": op,
        "attributes": attributes,
        "weights": plain(given),
        "feeds": plain(feeds),
        "expected": plain(found),
        "model": of_layout[-1].SerializeToString().hex(),
    }


def model(op, opset, given, feeds, wanted, attributes, layout, directions):
    attributes = {key: value for key, value in attributes.items() if key != "layout"}
    if layout == 1:
        attributes["layout"] = 1
    roles = ["X", "W", "R", "B", "sequence_lens", "initial_h"] + (["initial_c", "P"] if op == "LSTM" else [])
    inputs = [role if role in given or role in feeds else "" for role in roles]
    while not inputs[-1]:
        inputs.pop()
    node = helper.make_node(op, inputs, wanted, name="layer", hidden_size=H, **attributes)
    shapes = {"X": ["T", "N", C], "sequence_lens": ["N"], "initial_h": [directions, "N", H], "initial_c": [directions, "N", H]}
    kinds = {"sequence_lens": TensorProto.INT32}
    swap = lambda shape: shape if layout == 0 or len(shape) < 3 else [shape[1], shape[0], shape[2]]
    graph = helper.make_graph(
        [node],
        "case",
        [helper.make_tensor_value_info(key, kinds.get(key, TensorProto.FLOAT), swap(shapes[key])) for key in feeds],
        [helper.make_tensor_value_info(key, TensorProto.FLOAT, [None] * (4 if key == "Y" else 3)) for key in wanted],
        [numpy_helper.from_array(value, key) for key, value in given.items()],
    )
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=8, producer_name="recurrent.py")
    onnx.checker.check_model(made)
    return made


def cases():
    lengths = [4, 0, 2]
    for op in ["RNN", "GRU", "LSTM"]:
        for opset, direction in [(7, "forward"), (14, "reverse"), (22, "bidirectional")]:
            yield case(f"{op} {direction}", op, opset, direction=direction)
            yield case(f"{op} {direction}, lengths, states", op, opset, direction=direction, lengths=lengths, states=True)
        yield case(f"{op} without bias", op, 13, bias=False)
        yield case(f"{op} all empty", op, 17, lengths=[0, 0, 0], states=True, direction="bidirectional")
        for direction in ["forward", "bidirectional"]:
            yield case(f"{op} {direction}, batch first", op, 14, direction=direction, states=True, lengths=lengths, layout=1)
        yield case(f"{op} clipped", op, 14, direction="bidirectional", clip=0.75, weight_scale=2.0, states=True)
        yield case(f"{op} one output", op, 11, outputs=1)
    for linear in [0, 1]:
        for direction in ["forward", "reverse", "bidirectional"]:
            name = f"GRU linear_before_reset {linear} {direction}"
            yield case(name, "GRU", 14, linear_before_reset=linear, direction=direction, states=True, lengths=lengths)
        yield case(f"GRU linear_before_reset {linear}, clipped", "GRU", 14, linear_before_reset=linear, clip=0.5, weight_scale=2.0)
        yield case(f"GRU linear_before_reset {linear}, without bias", "GRU", 22, linear_before_reset=linear, bias=False)
    for direction in ["forward", "reverse", "bidirectional"]:
        yield case(f"LSTM peepholes {direction}", "LSTM", 14, direction=direction, peepholes=True, states=True, lengths=lengths)
        yield case(f"LSTM coupled {direction}", "LSTM", 14, direction=direction, input_forget=1, states=True)
        yield case(f"LSTM coupled, peepholes {direction}", "LSTM", 7, direction=direction, input_forget=1, peepholes=True)
    # Cells beyond the limit: text and ONNX Runtime differ here.
    yield case("LSTM clipped, large cells", "LSTM", 14, clip=0.5, weight_scale=3.0, states=True)
    yield case("LSTM clipped, peepholes, coupled", "LSTM", 14, clip=0.5, weight_scale=2.0, states=True, peepholes=True, input_forget=1)
    functions = [
        ("Relu", None, None),
        ("Affine", 0.5, 0.25),
        ("LeakyRelu", 0.125, None),
        ("LeakyRelu", "default", None),
        ("ScaledTanh", 0.75, 0.5),
        ("HardSigmoid", 0.25, 0.375),
        ("HardSigmoid", "default", "default"),
        ("Elu", 0.5, None),
        ("Elu", "default", None),
        ("Softsign", None, None),
        ("Softplus", None, None),
        ("ThresholdedRelu", 0.0, None),
    ]
    for name, alpha, beta in functions:
        given = {}
        if isinstance(alpha, float):
            given["activation_alpha"] = [alpha]
        if isinstance(beta, float):
            given["activation_beta"] = [beta]
        said = f"{name} {alpha} {beta}"
        yield case(f"RNN {said}", "RNN", 14, activations=[name], **given)
        yield case(f"GRU {said}", "GRU", 14, activations=["Sigmoid", name], linear_before_reset=1, **given)
        yield case(f"LSTM {said}", "LSTM", 14, activations=["Sigmoid", name, "Tanh"], **given)
        yield case(f"LSTM h {said}", "LSTM", 14, activations=["Sigmoid", "Tanh", name], **given)
    both = {"direction": "bidirectional", "states": True, "lengths": lengths}
    yield case("RNN each way", "RNN", 14, activations=["Relu", "LeakyRelu"], activation_alpha=[0.25], **both)
    yield case("GRU each way", "GRU", 14, activations=["HardSigmoid", "Tanh", "Sigmoid", "Softsign"], activation_alpha=[0.25], activation_beta=[0.5], **both)
    yield case(
        "LSTM each way",
        "LSTM",
        14,
        activations=["hardsigmoid", "ELU", "tanh", "Sigmoid", "scaledtanh", "Softsign"],
        activation_alpha=[0.25, 0.5, 0.75],
        activation_beta=[0.5, 0.5],
        peepholes=True,
        **both,
    )


if __name__ == "__main__":
    made = list(cases())
    text = ",\n".join(json.dumps(one, separators=(",", ":")) for one in made)
    versions = f'"onnx":"{onnx.__version__}","onnxruntime":"{onnxruntime.__version__}"'
    Path(__file__).with_name("recurrent.json").write_text(f'{{{versions},"sizes":{[T, N, C, H]},"cases":[\n{text}\n]}}\n')
    print(len(made), "cases")
