"""The first model of DTLN: two LSTMs and a mask. As ONNX in ONNX Runtime, a frame at a time with its state going in and out."""

from . import STEPS, Row, file

FRAMES = 20


class Home:
    rows = ["DTLN 1, ONNX"]

    def __init__(self, folder, work):
        import numpy as np
        import onnx
        import onnxruntime

        self.np, self.path = np, file(folder, "model_1.onnx", "dtln_model_1.onnx")
        self.version = f"ONNX Runtime {onnxruntime.__version__}"
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        self.session = onnxruntime.InferenceSession(self.path, options, providers=["CPUExecutionProvider"])
        self.frame, self.state = (one.name for one in self.session.get_inputs())
        self.mask, self.last = (one.name for one in self.session.get_outputs())
        self.onnx = onnx

    def open(self, row):
        np = self.np
        x = np.abs(np.random.default_rng(1).standard_normal((FRAMES, 1, 257))).astype(np.float32)
        state = np.zeros((1, 2, 128, 2), np.float32)
        graph = self.onnx.load(self.path).graph
        constants = {one.name: self.onnx.numpy_helper.to_array(one) for one in graph.initializer}
        weights = {}
        layers = [node for node in graph.node if node.op_type == "LSTM"]
        for k, node in enumerate(layers):
            weights |= {f"{part}{k}": constants[name][0] for part, name in zip("WRB", node.input[1:4])}
        product = next(node for node in graph.node if node.op_type == "MatMul")
        sum_of = next(node for node in graph.node if node.op_type == "Add" and product.output[0] in node.input)
        weights["kernel"] = next(constants[name] for name in product.input if name in constants)
        weights["bias"] = next(constants[name] for name in sum_of.input if name in constants)
        session, frame, last, carried = self.session, self.frame, self.state, [state]

        def steps():
            for _ in range(STEPS):
                carried[0] = session.run(None, {frame: x[:1], last: carried[0]})[1]

        return Row(
            ours={"kind": "onnx", "path": str(self.path), "carried": [[self.last, last]], "one_by_one": frame},
            feeds={frame: x, last: state},
            weights=weights,
            run=lambda: self.run(x, state),
            sequence=lambda: self.run(x, state),
            step=(steps, STEPS),
            steps=FRAMES,
            options={"frame": frame, "mask": self.mask, "last": self.last},
        )

    def run(self, x, state):
        masks = []
        for frame in x:
            mask, state = self.session.run(None, {self.frame: frame[None], self.state: state})
            masks.append(mask)
        return {self.mask: self.np.concatenate(masks), self.last: state}


def reference(rounded, weights, feeds, options):
    import torch

    from rounded import lstm_gates, over

    given, states = feeds[options["frame"]], []
    for k in range(2):
        biases = list(weights[f"B{k}"].chunk(2))
        gates = lstm_gates(weights[f"W{k}"], weights[f"R{k}"], biases, "iofg")
        zeros = (torch.zeros(1, 128, dtype=torch.float64),) * 2
        given, last = over(given, lambda x, h, c: rounded.lstm(x, h, c, gates), zeros)
        states.append(torch.stack([last[0][0], last[1][0]], -1))
    mask = rounded.sigmoid(rounded.affine([(weights["kernel"].T, given)], [weights["bias"]]))
    return {options["mask"]: mask, options["last"]: torch.stack(states)[None]}
