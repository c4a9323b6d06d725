"""Writes `exports/tensors.npz`: arrays of every number type that NumPy itself writes and this crate reads, and some that it does not.

    python3 tests/data/tensors.py            # NumPy
"""

import pathlib

import numpy as np

FOLDER = pathlib.Path(__file__).parent / "exports"

arrays = {
    kind: np.array([[0, 1, 2], [3, 100, 5]], kind) for kind in ["f2", "f4", "f8", "i1", "i2", "i4", "i8", "u1", "u2", "u4"]
}
arrays["b1"] = np.array([True, False, True])
arrays["fortran"] = np.asfortranarray(np.arange(24, dtype="f4").reshape(2, 3, 4))
arrays["scalar"] = np.float32(-1.5)
arrays["empty"] = np.zeros((0, 3), "i8")
arrays["large"] = np.full((130, 70), 0.25, "f8")
np.savez_compressed(FOLDER / "tensors.npz", **arrays)
