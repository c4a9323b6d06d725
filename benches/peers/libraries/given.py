"""A layer that came with all its numbers, in PyTorch's layout, as f32."""

import numpy as np

from configuration import GATES, Configuration


class Given:
    def __init__(self, layer):
        self.configuration = Configuration.of(layer["setting"])
        T, B, I, H = self.configuration.shape
        rows = GATES[self.cell] * H
        shapes = {"w_ih": (rows, I), "w_hh": (rows, H), "b_ih": (rows,), "b_hh": (rows,)}
        shapes |= {"x": (T, B, I), "h_0": (1, B, H), "c_0": (1, B, H)}
        for name, shape in shapes.items():
            setattr(self, name, np.array(layer[name], np.float32).reshape(shape))

    @property
    def cell(self):
        return self.configuration.cell

    @property
    def states(self):
        """The initial ones, by their names in the ONNX models."""
        return {"h_0": self.h_0, "c_0": self.c_0} if self.cell == "lstm" else {"h_0": self.h_0}
