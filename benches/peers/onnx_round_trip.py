"""PyTorch → safetensors → a network of ours → ONNX → ONNX Runtime: the outputs are those of PyTorch.

    pip install onnx==1.23.2 onnxruntime==1.32.0 torch==2.15.0 safetensors numpy
    cargo build --release --no-default-features --features keras,naive,npz,onnx --example model
    python3 benches/peers/onnx_round_trip.py target/release/examples/model

Then networks that PyTorch has no layers for, their weights drawn: our run of the written model beside ONNX Runtime's.

Every model passes the checker of the onnx package, shapes inferred strictly. A case fails if its output is further from PyTorch in f64 than four
times what PyTorch in f32 is, or 8 ulp of the largest output.
"""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import torch
from onnx import numpy_helper
from safetensors.torch import save_file
from torch import nn

T, N, C, O = 11, 3, 6, 5


class Model(nn.Module):
    def __init__(self, kind, hidden, layers, both, bias, readout):
        super().__init__()
        self.kind, self.readout, self.both = kind, readout, both
        options = {"nonlinearity": "relu"} if kind == "RNN_RELU" else {}
        self.rnn = getattr(nn, kind.split("_")[0])(C, hidden, num_layers=layers, bidirectional=both, bias=bias, **options)
        self.head = nn.Linear(hidden * (2 if both else 1), O)

    def forward(self, x):
        y, last = self.rnn(x)
        if self.readout == "last_step":
            y = y[-1]
        elif self.readout == "final_states":
            last = last[0] if isinstance(last, tuple) else last
            y = torch.cat([last[-2], last[-1]], -1) if self.both else last[-1]
        return self.head(y)


def config(kind, hidden, layers, both, bias, readout):
    cells = {"RNN_TANH": {"elman": {"activation": "tanh"}}, "RNN_RELU": {"elman": {"activation": "relu"}}, "GRU": "gru", "LSTM": "lstm"}
    layer = {"cell": cells[kind], "hidden": hidden, "layers": layers, "directions": "both" if both else "forward", "bias": "both" if bias else "none"}
    return {"input": {"features": {"width": C}}, "layers": [{"recurrent": layer}], "readout": readout, "head": {"units": O, "objective": "softmax"}}


def check(program, folder, case):
    torch.manual_seed(sum(map(ord, str(case))))
    model = Model(*case).eval()
    save_file({key: value.detach().contiguous() for key, value in model.state_dict().items()}, folder / "weights.safetensors")
    (folder / "config.json").write_text(json.dumps(config(*case)))
    weights, config_of_weights = folder / "weights.safetensors", folder / "config.json"
    subprocess.run([program, "convert", weights, folder / "model.onnx", "--config", config_of_weights], check=True, stdout=subprocess.DEVNULL)
    onnx.checker.check_model(str(folder / "model.onnx"), full_check=True)
    x = torch.randn(T, N, C)
    with torch.no_grad():
        single = model(x).numpy()
        exact = model.double()(x.double()).numpy()
    session = onnxruntime.InferenceSession(str(folder / "model.onnx"), providers=["CPUExecutionProvider"])
    found = session.run(["y"], {"x": x.numpy()})[0]
    off = np.abs(found - exact).max()
    bound = max(4 * np.abs(single - exact).max(), 8 * np.finfo(np.float32).eps * np.abs(exact).max())
    assert found.shape == exact.shape and off <= bound, f"{case}: {found.shape}, off by {off:.1e}, bound {bound:.1e}"
    return off


OPTIONS = [
    ([{"recurrent": {"cell": {"lstm": {"forget": "coupled", "peepholes": True}}, "hidden": 4}}], []),
    ([{"recurrent": {"cell": "lstm_peephole", "hidden": 4, "directions": "both"}}], []),
    ([{"recurrent": {"cell": {"lstm": {"clip": {"pre_activations": 0.25}}}, "hidden": 4}}], ["--clip", "gates"]),
    ([{"recurrent": {"cell": {"gru": {"reset": "before", "clip": 0.5, "gate": {"hard_sigmoid": {"slope": 0.2, "offset": 0.5}}}}, "hidden": 4}}], []),
    ([{"recurrent": {"cell": {"elman": {"activation": {"scaled_tanh": {"scale": 1.5, "rate": 0.5}}, "clip": 0.5}}, "hidden": 4, "directions": "reverse"}}], []),
    ([{"recurrent": {"cell": {"elman": {"activation": "identity"}}, "hidden": 4, "bias": "input"}}], []),
    *[([{"recurrent": {"cell": "gru", "hidden": 4, "layers": 2, "directions": "both", "merge": merge}}], []) for merge in ["sum", "average", "product"]],
    ([{"recurrent": {"cell": "lstm", "hidden": 4, "learned_initial": True, "directions": "both"}}], []),
    ([{"recurrent": {"cell": "lstm", "hidden": 4}}, {"dense": {"units": 3, "activation": "tanh"}}], ["--states", "--probabilities"]),
]
INPUTS = [{"features": {"width": C}}, {"one_hot": {"symbols": C}}, {"embedding": {"symbols": C, "width": 3}}]


def check_options(program, folder, input, layers, options):
    settings = {"input": input, "layers": layers, "head": {"units": O, "objective": "softmax"}}
    (folder / "config.json").write_text(json.dumps(settings))
    model = folder / "model.onnx"
    subprocess.run([program, "convert", folder / "config.json", model, *options], check=True, stdout=subprocess.DEVNULL)
    onnx.checker.check_model(str(model), full_check=True)
    random = np.random.default_rng(5)
    feeds = {}
    session = onnxruntime.InferenceSession(str(model), providers=["CPUExecutionProvider"])
    for info in session.get_inputs():
        if info.type == "tensor(int64)":
            feeds[info.name] = random.integers(0, C, (T, N))
        else:
            shape = [{"T": T, "N": N}.get(length, length) for length in info.shape]
            feeds[info.name] = random.standard_normal(shape).astype(np.float32)
    arguments = []
    for k, (name, value) in enumerate(feeds.items()):
        file = folder / f"input_{k}.pb"
        file.write_bytes(numpy_helper.from_array(value, name).SerializeToString())
        arguments += ["--input", f"{name}={file}"]
    clip = options if "--clip" in options else []
    subprocess.run([program, "run", model, *arguments, "--output", folder, *clip], check=True, stdout=subprocess.DEVNULL)
    worst = 0.0
    for k, expected in enumerate(session.run(None, feeds)):
        proto = onnx.TensorProto()
        proto.ParseFromString((folder / f"output_{k}.pb").read_bytes())
        found = numpy_helper.to_array(proto)
        # Activations of ONNX Runtime are within 1.8e-7 in a sample (benches/record/accuracy.md); they add up over steps and layers.
        off, bound = np.abs(found - expected).max(), 64 * 1.8e-7
        assert found.shape == expected.shape and off <= bound, f"{layers}: {found.shape}, off by {off:.1e}, bound {bound:.1e}"
        worst = max(worst, off)
    return worst


def main(program):
    cases = [
        (kind, 8, layers, both, bias, readout)
        for kind in ["RNN_TANH", "RNN_RELU", "GRU", "LSTM"]
        for layers in [1, 3]
        for both in [False, True]
        for bias in [True, False]
        for readout in ["every_step", "last_step", "final_states"]
    ]
    worst, failed, others = 0.0, 0, 0.0
    for input, (layers, options) in [(input, option) for input in INPUTS for option in OPTIONS]:
        with tempfile.TemporaryDirectory() as folder:
            try:
                others = max(others, check_options(program, Path(folder), input, layers, options))
            except (AssertionError, subprocess.CalledProcessError) as error:
                failed += 1
                print("FAILED", error)
    for case in cases:
        with tempfile.TemporaryDirectory() as folder:
            try:
                worst = max(worst, check(program, Path(folder), case))
            except (AssertionError, subprocess.CalledProcessError) as error:
                failed += 1
                print("FAILED", error)
    total = len(cases) + len(INPUTS) * len(OPTIONS)
    print(f"off by at most {worst:.1e} from PyTorch in f64, by {others:.1e} from ONNX Runtime")
    print(f"{total - failed} passed, {failed} failed")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main(sys.argv[1])
