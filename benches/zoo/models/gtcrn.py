"""GTCRN: its GRUs by the names of their nodes, each on what it reads in a run of the whole model, beside a model of that node alone."""

from . import STEPS, Row

FRAMES = 20


class Home:
    def __init__(self, folder, work):
        import numpy as np
        import onnx
        import onnxruntime

        self.np, self.onnx, self.work = np, onnx, work
        self.version = f"ONNX Runtime {onnxruntime.__version__}"
        self.path = folder / "gtcrn_simple.onnx"
        self.model = onnx.load(self.path)
        self.nodes = {f"GTCRN, {node.name}": node for node in self.model.graph.node if node.op_type == "GRU"}
        self.rows = ["GTCRN, the whole model", *self.nodes]
        self.constants = {one.name: onnx.numpy_helper.to_array(one) for one in self.model.graph.initializer}
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        self.session = lambda model: onnxruntime.InferenceSession(
            model.SerializeToString(), options, providers=["CPUExecutionProvider"]
        )
        self.read = self.inputs_of_nodes()

    def inputs_of_nodes(self):
        """What every node reads in each frame of noise: its input and its initial state."""
        np, onnx, random = self.np, self.onnx, self.np.random.default_rng(1)
        watched = onnx.ModelProto()
        watched.CopyFrom(self.model)
        given = {one.name for one in [*watched.graph.input, *watched.graph.output, *watched.graph.initializer]}
        names = dict.fromkeys(name for node in self.nodes.values() for name in (node.input[0], node.input[5]))
        for name in names:
            if name not in given:
                watched.graph.output.append(onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, None))
        session = self.session(watched)
        shapes = {one.name: one.shape for one in session.get_inputs()}
        state = {name: np.zeros(shape, np.float32) for name, shape in shapes.items() if name != "mix"}
        outputs = [one.name for one in session.get_outputs()]
        read = {name: [] for name in names}
        for _ in range(FRAMES):
            feeds = {"mix": random.standard_normal(shapes["mix"]).astype(np.float32), **state}
            found = {**self.constants, **feeds, **dict(zip(outputs, session.run(None, feeds)))}
            for name in names:
                read[name].append(found[name])
            state = {name: found[f"{name}_out"] for name in state}
        return read

    def open(self, row):
        np, onnx = self.np, self.onnx
        if row == self.rows[0]:
            return Row({"kind": "onnx", "path": str(self.path)}, {}, {}, run=dict, sequence=dict)
        node = self.nodes[row]
        weights = {part: self.constants[name] for part, name in zip("WRB", node.input[1:4])}
        frames = self.read[node.input[0]]
        # Along frequency within a frame, or along the frames.
        x = np.concatenate(frames) if len(frames[0]) == 1 else frames[-1]
        h = self.read[node.input[5]][0]
        ways, hidden = weights["R"].shape[0], weights["R"].shape[2]

        tensor = onnx.helper.make_tensor_value_info
        alone = onnx.helper.make_node("GRU", ["x", "W", "R", "B", "", "h"], ["y", "last"], name=node.name)
        alone.attribute.extend(node.attribute)
        graph = onnx.helper.make_graph(
            [alone],
            "alone",
            [tensor("x", 1, ["T", "N", x.shape[2]]), tensor("h", 1, [ways, "N", hidden])],
            [tensor("y", 1, ["T", ways, "N", hidden]), tensor("last", 1, [ways, "N", hidden])],
            [onnx.numpy_helper.from_array(array, name) for name, array in weights.items()],
        )
        opsets, ir = self.model.opset_import, self.model.ir_version
        session = self.session(onnx.helper.make_model(graph, opset_imports=opsets, ir_version=ir))
        carried = [h]

        def run():
            y = session.run(["y"], {"x": x, "h": h})[0]
            return {"y": y.transpose(0, 2, 1, 3).reshape(*x.shape[:2], -1)}

        def steps():
            for _ in range(STEPS):
                carried[0] = session.run(["last"], {"x": x[:1], "h": carried[0]})[0]

        return Row(
            ours={"kind": "onnx_node", "path": str(self.path), "node": node.name},
            feeds={"x": x, "h": h},
            weights=weights,
            run=run,
            sequence=lambda: session.run(["y"], {"x": x, "h": h}),
            step=(steps, STEPS) if ways == 1 else None,
            steps=len(x),
            note=f"C {x.shape[2]}, H {hidden}, {'both ways' if ways == 2 else 'forward'}, {x.shape[1]} rows",
        )


def reference(rounded, weights, feeds, options):
    import torch

    from rounded import gru_gates, over

    ways = []
    for d in range(len(weights["W"])):
        with_w, with_u = weights["B"][d].chunk(2)
        gates = gru_gates(weights["W"][d], weights["R"][d], [with_w], [with_u], "zrn")
        cell = lambda x, h: (rounded.gru(x, h, gates),)  # noqa: E731, B023 - used at once
        ways.append(over(feeds["x"], cell, (feeds["h"][d],), reverse=d == 1)[0])
    return {"y": torch.cat(ways, -1)}
