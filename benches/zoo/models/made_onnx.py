"""Recurrent nodes of ONNX with drawn weights and the attributes that the models of others here do not have.

The models are made by the script that makes those of the tests, tests/data/onnx/recurrent.py, at another size.
"""

import sys
from pathlib import Path

from . import Row

T, N, C, H = 20, 3, 32, 64
LENGTHS = [20, 13, 7]
HARD = {"slope": 0.2, "offset": 0.5}
CASES = {
    "ONNX, LSTM both ways, lengths": ("LSTM", {"direction": "bidirectional"}, {"lengths"}),
    "ONNX, LSTM with peepholes": ("LSTM", {}, {"peepholes"}),
    "ONNX, LSTM with coupled gates": ("LSTM", {"input_forget": 1}, set()),
    "ONNX, LSTM with a clip": ("LSTM", {"clip": 0.5}, set()),
    "ONNX, GRU reset before": ("GRU", {"linear_before_reset": 0}, set()),
    "ONNX, GRU of hard sigmoids": (
        "GRU",
        {"linear_before_reset": 1, "activations": ["HardSigmoid", "Tanh"], "activation_alpha": [0.2], "activation_beta": [0.5]},
        set(),
    ),
}
GATES = {"LSTM": 4, "GRU": 3}


class Home:
    rows = list(CASES)

    def __init__(self, folder, work):
        import onnxruntime

        self.onnxruntime, self.folder = onnxruntime, folder
        self.version = f"ONNX Runtime {onnxruntime.__version__}"
        sys.path.append(str(Path(__file__).resolve().parents[3] / "tests" / "data" / "onnx"))
        import recurrent

        recurrent.C, recurrent.H = C, H
        self.model = recurrent.model

    def open(self, row):
        import numpy as np

        operator, attributes, extras = CASES[row]
        random = np.random.default_rng(1 + self.rows.index(row))
        ways = 2 if attributes.get("direction") == "bidirectional" else 1
        rows = GATES[operator] * H
        draw = lambda *shape: random.uniform(-(H**-0.5), H**-0.5, shape).astype(np.float32)  # noqa: E731
        weights = {"W": draw(ways, rows, C), "R": draw(ways, rows, H), "B": draw(ways, 2 * rows)}
        if "peepholes" in extras:
            weights["P"] = draw(ways, 3 * H)
        if "clip" in attributes:
            # So that it limits something.
            weights = {name: 4 * array for name, array in weights.items()}
        feeds = {"X": random.standard_normal((T, N, C)).astype(np.float32)}
        if "lengths" in extras:
            feeds["sequence_lens"] = np.array(LENGTHS, np.int32)
        feeds["initial_h"] = random.standard_normal((ways, N, H)).astype(np.float32) / 2
        if operator == "LSTM":
            feeds["initial_c"] = random.standard_normal((ways, N, H)).astype(np.float32)
        wanted = ["Y", "Y_h", "Y_c"][: 3 if operator == "LSTM" else 2]
        path = self.folder / f"{self.rows.index(row)}.onnx"
        path.write_bytes(self.model(operator, 14, weights, feeds, wanted, attributes, 0, ways).SerializeToString())
        options = self.onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        session = self.onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
        run = lambda: session.run(None, feeds)  # noqa: E731
        return Row(
            ours={"kind": "onnx", "path": str(path)},
            feeds=feeds,
            weights=weights,
            run=lambda: dict(zip(wanted, run())),
            sequence=run,
            steps=T,
            options={"row": row},
            note=f"C {C}, H {H}, {N} rows",
        )


def reference(rounded, weights, feeds, options):
    import torch

    from rounded import gru_gates, lstm_gates, over

    operator, attributes, extras = CASES[options["row"]]
    lengths = LENGTHS if "lengths" in extras else [T] * N
    outputs = {"Y": [], "Y_h": [], "Y_c": []}
    for d in range(len(weights["W"])):
        with_w, with_u = weights["B"][d].chunk(2)
        if operator == "LSTM":
            gates = lstm_gates(weights["W"][d], weights["R"][d], [with_w, with_u], "iofg")
            peepholes = dict(zip("iof", weights["P"][d].chunk(3))) if "P" in weights else None
            kinds = {"peepholes": peepholes, "coupled": "input_forget" in attributes, "limit": attributes.get("clip")}
            cell = lambda x, h, c: rounded.lstm(x, h, c, gates, **kinds)  # noqa: E731, B023 - used at once
        else:
            gates = gru_gates(weights["W"][d], weights["R"][d], [with_w], [with_u], "zrn")
            gate = rounded.hard_sigmoid(**HARD) if "activations" in attributes else None
            after = bool(attributes["linear_before_reset"])
            cell = lambda x, h: (rounded.gru(x, h, gates, after, gate),)  # noqa: E731, B023
        initial = [feeds[name][d] for name in ("initial_h", "initial_c") if name in feeds]
        rows, last = [], []
        for n, length in enumerate(lengths):
            y, state = over(feeds["X"][:length, n : n + 1], cell, tuple(one[n : n + 1] for one in initial), reverse=d == 1)
            rows.append(torch.cat([y, torch.zeros(T - length, 1, H, dtype=torch.float64)]))
            last.append(state)
        outputs["Y"].append(torch.cat(rows, 1))
        for k, name in enumerate(["Y_h", "Y_c"][: len(initial)]):
            outputs[name].append(torch.cat([state[k] for state in last]))
    axes = {"Y": 1, "Y_h": 0, "Y_c": 0}
    return {name: torch.stack(ways, axes[name]) for name, ways in outputs.items() if ways}
