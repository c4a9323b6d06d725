"""textgenrnn: its own `model.py` in Keras 2, with its own weights. Those are of CuDNNLSTM, which Keras turns into LSTM as it loads them."""

from . import Row

TEXT = "The quick brown fox jumps over the lazy "


class Home:
    rows = ["textgenrnn"]

    def __init__(self, folder, work):
        import os

        os.environ["TF_USE_LEGACY_KERAS"] = "1"
        from . import keras_runtime  # noqa: F401 - one thread
        import sys
        import types

        import tensorflow as tf
        import tf_keras

        self.folder = next(folder.glob("textgenrnn-*")) / "textgenrnn"
        # The package's own __init__ asks for parts of Keras that are no more; the model does not.
        package = types.ModuleType("textgenrnn")
        package.__path__ = [str(self.folder)]
        sys.modules["textgenrnn"] = package
        self.tf, self.version = tf, f"tf_keras {tf_keras.__version__}, TensorFlow {tf.__version__}"

    def functions(self):
        from .keras_runtime import functions

        return functions()

    def open(self, row):
        import json

        import h5py
        import numpy as np
        from textgenrnn.model import textgenrnn_model

        vocabulary = json.loads((self.folder / "textgenrnn_vocab.json").read_text())
        sizes = {"rnn_layers": 2, "rnn_size": 128, "rnn_bidirectional": False, "max_length": 40, "dim_embeddings": 100}
        path = self.folder / "textgenrnn_weights.hdf5"
        model = textgenrnn_model(len(vocabulary) + 1, sizes, weights_path=str(path))
        x = np.array([[vocabulary[letter] for letter in TEXT]], np.int64)
        with h5py.File(path) as file:
            weights = {}
            file.visititems(lambda name, one: weights.__setitem__(name.split("/", 1)[1], one[()]) if hasattr(one, "shape") else None)
        weights = {name.removesuffix(":0").replace("/", "."): array for name, array in weights.items()}
        call = self.tf.function(lambda x: model(x, training=False))
        return Row(
            ours={"kind": "textgenrnn", "path": str(path), "symbols": len(vocabulary) + 1, "width": 100, "hidden": 128},
            feeds={"x": x},
            weights=weights,
            run=lambda: {"y": np.asarray(call(x))},
            sequence=lambda: call(x),
            steps=len(TEXT),
            note="40 characters, the next one's probabilities",
        )


def reference(rounded, weights, feeds, options):
    import torch

    from rounded import lstm_gates, over

    def rows(matrix):
        """`[G·H, C]` of what CuDNNLSTM keeps in `[C, G·H]`: each gate has columns, which row by row are its matrix `[H, C]`."""
        return torch.cat([part.reshape(part.shape[1], part.shape[0]) for part in matrix.chunk(4, 1)])

    given = weights["embedding.embeddings"][feeds["x"][0]][:, None]
    parts = [given]
    for layer in ["rnn_1", "rnn_2"]:
        w, u, b = (weights[f"{layer}.{part}"] for part in ["kernel", "recurrent_kernel", "bias"])
        gates = lstm_gates(rows(w), rows(u), list(b.chunk(2)))
        zeros = (torch.zeros(1, 128, dtype=torch.float64),) * 2
        given, _ = over(given, lambda x, h, c: rounded.lstm(x, h, c, gates), zeros)
        parts.append(given)
    s = torch.cat(parts, -1)[:, 0]
    scores = rounded.affine([(weights["attention.attention_W"].T, s)])[:, 0]
    # Theirs adds 1e-7 to a sum of at least 1, ours nothing.
    shares = rounded.softmax(scores[None], shares_off=1e-7)
    average = rounded.product(shares @ s, shares.abs() @ s.abs(), len(s))
    logits = rounded.affine([(weights["output.kernel"].T, average)], [weights["output.bias"]])
    return {"y": rounded.softmax(logits)}
