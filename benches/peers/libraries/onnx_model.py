"""A recurrent layer as an ONNX model for the inference engines. Weights are part of the model: an engine may lay them
out before the first call."""

import numpy as np
from onnx import TensorProto, helper, numpy_helper

from configuration import GATES


def model(configuration):
    """One node; inputs `x [T, B, I]` and the initial state, outputs `y [T, 1, B, H]` and the final state.

    A `step` has no `y`: its state is the output.
    """
    T, B, I, H = configuration.shape
    rows = GATES[configuration.cell] * H
    random = np.random.default_rng(0)

    def weights(name, *shape):
        values = random.uniform(-(H**-0.5), H**-0.5, shape).astype(np.float32)
        return numpy_helper.from_array(values, name)

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
        [weights("W", 1, rows, I), weights("R", 1, rows, H), weights("B", 1, 2 * rows)],
    )
    # An operator set and a file version that both engines have known for years.
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 14)])
    made.ir_version = 8
    return made.SerializeToString()
