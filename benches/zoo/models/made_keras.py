"""Models of Keras with drawn weights: masks, gates of hard sigmoids, a reset gate before the product, both ways, an attention."""

from . import Row

T, N, C, H = 20, 2, 32, 48
MASK = -1.0
STEPS_OF_ROWS = [[3, 7, 8, 19], [0, 1, 12]]


class Home:
    rows = ["Keras, masks and hard sigmoids", "Keras, both ways and attention"]

    def __init__(self, folder, work):
        from .keras_runtime import keras, version

        self.keras, self.version, self.folder = keras, version, folder

    def functions(self):
        from .keras_runtime import functions

        return functions()

    def open(self, row):
        import numpy as np

        from .keras_runtime import compiled

        k, layers, masked = self.keras, self.keras.layers, row == self.rows[0]
        random = np.random.default_rng(1 + self.rows.index(row))
        x = random.standard_normal((N, T, C)).astype(np.float32)
        if masked:
            for n, steps in enumerate(STEPS_OF_ROWS):
                x[n, steps] = MASK
            lower = layers.LSTM(H, return_sequences=True, name="lower")
            upper = layers.GRU(H, recurrent_activation="hard_sigmoid", reset_after=False, name="upper")
            masking, top = layers.Masking(MASK), layers.Dense(5, name="top")
            model = k.Sequential([k.Input((None, C)), masking, lower, upper, top])
        else:
            given = k.Input((None, C), name="x")
            y = layers.Bidirectional(layers.LSTM(H, return_sequences=True), name="both")(given)
            y = layers.Attention(use_scale=False, name="attention")([y, y])
            y = layers.GRU(H, return_sequences=True, go_backwards=True, name="upper")(y)
            y = layers.Dense(5, activation="sigmoid", name="top")(y)
            model = k.Model(given, y)
        limit = H**-0.5
        model.set_weights([random.uniform(-limit, limit, w.shape).astype(np.float32) for w in model.get_weights()])
        path = self.folder / f"{self.rows.index(row)}.keras"
        model.save(path)
        weights = {f"{layer.name}.{j}": w for layer in model.layers for j, w in enumerate(layer.get_weights())}
        call = compiled(model)
        # Networks read time first, graphs what the model reads.
        feeds = {"x": np.ascontiguousarray(x.transpose(1, 0, 2)) if masked else x}
        found = lambda: np.asarray(call(x))  # noqa: E731
        return Row(
            ours={"kind": "keras_chain" if masked else "keras_graph", "path": str(path)},
            feeds=feeds,
            weights=weights,
            run=lambda: {"y": found()[None]} if masked else {"top": found()},
            sequence=lambda: call(x),
            steps=T,
            options={"masked": masked},
            note=f"C {C}, H {H}, {N} rows",
        )


def reference(rounded, weights, feeds, options):
    import torch

    from rounded import gru_gates, lstm_gates, over

    def lstm(name, first):
        w, u, b = (weights[f"{name}.{first + j}"] for j in range(3))
        gates = lstm_gates(w.T, u.T, [b])
        return lambda x, h, c: rounded.lstm(x, h, c, gates)

    zeros = lambda rows: torch.zeros(rows, H, dtype=torch.float64)  # noqa: E731
    w, u, b = (weights[f"upper.{j}"] for j in range(3))
    if options["masked"]:
        # Steps that are masked change nothing, and nothing is read there; the head reads the last state.
        # relu6(x + 3) / 6 or x / 6 + 1 / 2: as many roundings.
        gates = gru_gates(w.T, u.T, [b], [], "zrn")
        gate, last = rounded.hard_sigmoid(1 / 6, 0.5), []
        for n, steps in enumerate(STEPS_OF_ROWS):
            kept = [t for t in range(T) if t not in steps]
            y, _ = over(feeds["x"][kept, n : n + 1], lstm("lower", 0), (zeros(1), zeros(1)))
            cell = lambda x, h: (rounded.gru(x, h, gates, False, gate),)  # noqa: E731
            last.append(over(y, cell, (zeros(1),))[1][0])
        return {"y": rounded.affine([(weights["top.0"].T, torch.cat(last))], [weights["top.1"]])[None]}
    x = feeds["x"].transpose(0, 1)
    both = [over(x, lstm("both", 3 * d), (zeros(N), zeros(N)), reverse=d == 1)[0] for d in range(2)]
    y = torch.cat(both, -1).transpose(0, 1)
    # Q Kᵀ and the sum over values are products of two computed tensors.
    scores = y @ y.transpose(1, 2)
    scores = rounded.product(scores, y.abs() @ y.abs().transpose(1, 2), 2 * H)
    shares = rounded.softmax(scores)
    y = rounded.product(shares @ y, shares.abs() @ y.abs(), T).transpose(0, 1)
    gates = gru_gates(w.T, u.T, [b[0]], [b[1]], "zrn")
    # Backwards, and given in the order in which it was computed.
    y = over(y, lambda x, h: (rounded.gru(x, h, gates),), (zeros(N),), reverse=True)[0].flip(0)
    y = rounded.sigmoid(rounded.affine([(weights["top.0"].T, y)], [weights["top.1"]]))
    return {"top": y.transpose(0, 1)}
