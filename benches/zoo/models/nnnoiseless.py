"""The network of nnnoiseless: three GRUs of relu candidates with reset gates before the product, weights of a byte each.

Its home runtime is the program in `../nnnoiseless`. What it approximates, σ and tanh by a table, enters the bound as measured there.
"""

FRAMES = 20
STATES = {"vad_state": 24, "noise_state": 48, "denoise_state": 96}


def layers(path):
    """`[(inputs, units, activation, [arrays])]` of a file of weights, columns z r n."""
    import numpy as np

    data, found = np.fromfile(path, np.int8), []
    for gru in [False, True, True, True, False, False]:
        (inputs, units, activation), data = (int(byte) for byte in data[:3]), data[3:]
        wide = 3 * units if gru else units
        arrays = []
        for rows in [inputs, units, 1] if gru else [inputs, 1]:
            arrays.append(data[: rows * wide].reshape(rows, wide).astype(np.float32) / 256)
            data = data[rows * wide :]
        found.append((inputs, units, activation, arrays))
    assert not len(data), "bytes behind the last layer"
    return found


def weights(options):
    """By layer and place, as the reference reads them."""
    found = layers(options["file"])
    # 0 tanh, 1 σ, 2 relu: what the reference computes.
    assert [activation for _, _, activation, _ in found] == [0, 2, 2, 2, 1, 1]
    return {f"{k}.{j}": array for k, (*_, arrays) in enumerate(found) for j, array in enumerate(arrays)}


def reference(rounded, weights, feeds, options):
    import torch

    from rounded import gru_gates, over

    def dense(k, function, x):
        return function(rounded.affine([(weights[f"{k}.0"].T, x)], [weights[f"{k}.1"][0]]))

    def gru(k, units, x):
        w, u, b = (weights[f"{k}.{j}"] for j in range(3))
        gates = gru_gates(w.T, u.T, [b[0]], [], "zrn")
        zeros = (torch.zeros(1, units, dtype=torch.float64),)
        return over(x, lambda x, h: (rounded.gru(x, h, gates, False, candidate=rounded.relu),), zeros)[0]

    x = feeds["x"]
    a = dense(0, rounded.tanh, x)
    v = gru(1, 24, a)
    n = gru(2, 48, torch.cat([a, v, x], -1))
    d = gru(3, 96, torch.cat([v, n, x], -1))
    return {"gains": dense(4, rounded.sigmoid, d), "vad": dense(5, rounded.sigmoid, v)}
