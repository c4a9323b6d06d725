"""The first model of DTLN from its Keras weights: layers of Keras with them, beside a network of ours with them."""

from . import STEPS, Row, file

FRAMES, WIDTH, HIDDEN = 20, 257, 128


class Home:
    rows = ["DTLN 1, Keras"]

    def __init__(self, folder, work):
        from .keras_runtime import keras, version

        self.keras, self.version, self.path = keras, version, file(folder, "model.h5", "dtln_model.h5")

    def functions(self):
        from .keras_runtime import functions

        return functions()

    def open(self, row):
        import h5py
        import numpy as np

        from .keras_runtime import compiled

        layers, x = self.keras.layers, np.random.default_rng(1).standard_normal((FRAMES, 1, WIDTH))
        x = np.abs(x).astype(np.float32)
        with h5py.File(self.path) as content:
            arrays = {}
            content.visititems(lambda name, one: arrays.__setitem__(name, one[()]) if hasattr(one, "shape") else None)
        parts = {"lstm": ["kernel", "recurrent_kernel", "bias"], "lstm_1": ["kernel", "recurrent_kernel", "bias"]}
        parts["dense"] = ["kernel", "bias"]
        weights = {f"{layer}.{part}": arrays[f"{layer}/{layer}/{part}:0"] for layer in parts for part in parts[layer]}

        frames = self.keras.Input((None, WIDTH), batch_size=1)
        initial = [self.keras.Input((HIDDEN,), batch_size=1) for _ in range(4)]
        y, h0, c0 = layers.LSTM(HIDDEN, return_sequences=True, return_state=True, name="lstm")(frames, initial_state=initial[:2])
        y, h1, c1 = layers.LSTM(HIDDEN, return_sequences=True, return_state=True, name="lstm_1")(y, initial_state=initial[2:])
        y = layers.Dense(WIDTH, activation="sigmoid", name="dense")(y)
        model = self.keras.Model([frames, *initial], [y, h0, c0, h1, c1])
        for layer in parts:
            model.get_layer(layer).set_weights([weights[f"{layer}.{part}"] for part in parts[layer]])
        call, zeros = compiled(model), [np.zeros((1, HIDDEN), np.float32)] * 4
        whole, stream = x.transpose(1, 0, 2), [zeros]

        def steps():
            for _ in range(STEPS):
                stream[0] = call([whole[:, :1], *stream[0]])[1:]

        return Row(
            ours={
                "kind": "keras_weights",
                "path": str(self.path),
                "layers": {layer: layer for layer in parts},
                "config": {
                    "input": {"features": {"width": WIDTH}},
                    "layers": [
                        {"recurrent": {"cell": "lstm", "hidden": HIDDEN, "name": "lstm"}},
                        {"recurrent": {"cell": "lstm", "hidden": HIDDEN, "name": "lstm_1"}},
                        {"dense": {"units": WIDTH, "activation": "sigmoid", "name": "dense"}},
                    ],
                },
            },
            feeds={"x": x},
            weights=weights,
            run=lambda: {"y": np.asarray(call([whole, *zeros])[0]).transpose(1, 0, 2)},
            sequence=lambda: call([whole, *zeros]),
            step=(steps, STEPS),
            steps=FRAMES,
        )


def reference(rounded, weights, feeds, options):
    import torch

    from rounded import lstm_gates, over

    given = feeds["x"]
    for layer in ["lstm", "lstm_1"]:
        w, u, b = (weights[f"{layer}.{part}"] for part in ["kernel", "recurrent_kernel", "bias"])
        gates = lstm_gates(w.T, u.T, [b])
        zeros = (torch.zeros(1, HIDDEN, dtype=torch.float64),) * 2
        given, _ = over(given, lambda x, h, c: rounded.lstm(x, h, c, gates), zeros)
    return {"y": rounded.sigmoid(rounded.affine([(weights["dense.kernel"].T, given)], [weights["dense.bias"]]))}
