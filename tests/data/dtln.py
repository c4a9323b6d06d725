"""Writes `dtln_model_1.json` beside the files of DTLN: some frames of magnitudes, and the masks that ONNX Runtime computes of them.

    python3 tests/data/dtln.py FOLDER OUT        # onnxruntime, NumPy
"""

import json
import sys

import numpy as np
import onnxruntime

session = onnxruntime.InferenceSession(f"{sys.argv[1]}/dtln_model_1.onnx")
inputs = session.get_inputs()
print([(i.name, i.shape) for i in inputs], [(o.name, o.shape) for o in session.get_outputs()])
rng = np.random.default_rng(1)
state = np.zeros([d if isinstance(d, int) else 1 for d in inputs[1].shape], np.float32)
x = np.abs(rng.normal(size=(12, 257))).astype(np.float32)
masks = []
for frame in x:
    mask, state = session.run(None, {inputs[0].name: frame[None, None], inputs[1].name: state})
    masks.append(mask.reshape(-1).astype(np.float64).tolist())
with open(sys.argv[2], "w") as file:
    json.dump({"input": [x.astype(np.float64).tolist()], "output": [masks]}, file)
