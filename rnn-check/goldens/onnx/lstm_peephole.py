"""`lstm_peephole.json`: ONNX' operator LSTM with the input P, computed by onnx' reference evaluator.

python -m venv venv && venv/bin/pip install onnx numpy && venv/bin/python lstm_peephole.py
"""

import json
import numpy as np
import onnx
from onnx import TensorProto, helper
from onnx.reference import ReferenceEvaluator

T, N, C, H = 5, 3, 4, 2
rng = np.random.default_rng(20001)


def draw(*shape):
    return rng.uniform(-1.0, 1.0, shape)


x, h0, c0 = draw(T, N, C), draw(N, H), draw(N, H)
# Our order: rows i f g o, vectors i f o.
w_ih, w_hh, b_ih, b_hh, p = draw(4, H, C), draw(4, H, H), draw(4, H), draw(4, H), draw(3, H)
theirs, of_p = [0, 3, 1, 2], [0, 2, 1]  # ONNX: rows i o f c, vectors i o f
inputs = {
    "X": x,
    "W": w_ih[theirs].reshape(1, 4 * H, C),
    "R": w_hh[theirs].reshape(1, 4 * H, H),
    "B": np.concatenate([b_ih[theirs].ravel(), b_hh[theirs].ravel()])[None],
    "sequence_lens": np.full(N, T, dtype=np.int32),
    "initial_h": h0[None],
    "initial_c": c0[None],
    "P": p[of_p].reshape(1, 3 * H),
}
node = helper.make_node("LSTM", list(inputs), ["Y", "Y_h", "Y_c"], hidden_size=H)
info = lambda name, kind: helper.make_tensor_value_info(name, kind, None)
kinds = {name: TensorProto.INT32 if name == "sequence_lens" else TensorProto.DOUBLE for name in inputs}
graph = helper.make_graph(
    [node], "peephole", [info(*pair) for pair in kinds.items()], [info(k, TensorProto.DOUBLE) for k in ("Y", "Y_h", "Y_c")]
)
model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 14)])
y, h_n, c_n = ReferenceEvaluator(model).run(None, inputs)
flat = [v.ravel() for v in (w_ih, w_hh, b_ih, b_hh, p)]
case = {
    "onnx": onnx.__version__,
    "steps": T,
    "rows": N,
    "input": C,
    "hidden": H,
    "params": np.concatenate(flat).tolist(),
    "x": x.ravel().tolist(),
    "h0": h0.ravel().tolist(),
    "c0": c0.ravel().tolist(),
    "y": np.asarray(y).ravel().tolist(),
    "h_n": np.asarray(h_n).ravel().tolist(),
    "c_n": np.asarray(c_n).ravel().tolist(),
}
with open("lstm_peephole.json", "w") as file:
    json.dump(case, file, indent=1)
    file.write("\n")
