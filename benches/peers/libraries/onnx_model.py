"""A recurrent layer as an ONNX model for the inference engines. Weights are part of the model: an engine may lay them
out before the first call."""

import numpy as np
from onnx import TensorProto, helper, numpy_helper

from configuration import GATES


# The gates of PyTorch in the order of ONNX.
ORDER = {"rnn": [0], "lstm": [0, 3, 1, 2], "gru": [1, 0, 2]}


def drawn(configuration):
    """Weights of that shape, between ±1/√H."""
    _, _, I, H = configuration.shape
    rows = GATES[configuration.cell] * H
    random = np.random.default_rng(0)
    shapes = {"W": (1, rows, I), "R": (1, rows, H), "B": (1, 2 * rows)}
    return {name: random.uniform(-(H**-0.5), H**-0.5, shape).astype(np.float32) for name, shape in shapes.items()}


def given_weights(given):
    """Those of a layer that came with its numbers."""

    def gates(values):
        return values.reshape(len(ORDER[given.cell]), -1)[ORDER[given.cell]].reshape(values.shape)

    biases = np.concatenate([gates(given.b_ih), gates(given.b_hh)])
    return {"W": gates(given.w_ih)[None], "R": gates(given.w_hh)[None], "B": biases[None]}


def model(configuration, weights=None):
    """One node; inputs `x [T, B, I]` and the initial state, outputs `y [T, 1, B, H]` and the final state.

    A `step` has no `y`: its state is the output.
    """
    T, B, I, H = configuration.shape
    weights = drawn(configuration) if weights is None else weights
    states = ["h", "c"] if configuration.cell == "lstm" else ["h"]
    initial = [f"{state}_0" for state in states]
    final = [f"{state}_n" for state in states]
    y = [] if configuration.mode == "step" else ["y"]
    # The reset gate after the recurrent product, as PyTorch has it.
    reset = {"linear_before_reset": 1} if configuration.cell == "gru" else {}
    node = helper.make_node(
        configuration.cell.upper(),
        ["x", "W", "R", "B", "", *initial],
        [*(y or [""]), *final],
        hidden_size=H,
        **reset,
    )

    def tensor(name, *shape):
        return helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)

    graph = helper.make_graph(
        [node],
        "layer",
        [tensor("x", T, B, I), *(tensor(name, 1, B, H) for name in initial)],
        [*(tensor(name, T, 1, B, H) for name in y), *(tensor(name, 1, B, H) for name in final)],
        [numpy_helper.from_array(values, name) for name, values in weights.items()],
    )
    # An operator set and a file version that both engines have known for years.
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 14)])
    made.ir_version = 8
    return made.SerializeToString()
