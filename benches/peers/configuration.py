"""Which layer is measured, and how: one place of the grid."""

from dataclasses import asdict, dataclass
from itertools import product

# Steps, batch, input, hidden: the shapes at which recurrent layers are commonly compared, as in benches/side_by_side.
GRID = [
    (100, 1, 32, 32), (100, 1, 128, 128), (100, 1, 512, 512), (50, 16, 64, 128), (50, 32, 128, 256), (50, 64, 256, 256),
    (50, 64, 512, 512), (100, 128, 128, 128), (35, 20, 200, 200), (35, 20, 650, 650), (25, 64, 1024, 1024), (1000, 8, 16, 64),
]  # fmt: skip
STREAMING = [(1, 1, width, width) for width in (8, 16, 32, 64, 128, 256)]
CELLS = ("rnn", "lstm", "gru")
GATES = {"rnn": 1, "lstm": 4, "gru": 3}


@dataclass(frozen=True)
class Configuration:
    """A cell (`rnn`: one tanh gate), its shape, what is timed (`fwd`, `train`, `step`), and with what."""

    cell: str
    T: int
    B: int
    I: int  # noqa: E741 - the names of the result lines
    H: int
    dtype: str
    mode: str
    threads: int

    @property
    def shape(self):
        return (self.T, self.B, self.I, self.H)

    @property
    def flops(self):
        """Operations of the products, `2·T·B·G·H·(I+H)`; training repeats both twice."""
        forward = 2 * self.T * self.B * GATES[self.cell] * self.H * (self.I + self.H)
        return 3 * forward if self.mode == "train" else forward

    def line(self):
        return asdict(self)

    def __str__(self):
        return f"{self.cell} {self.mode} T{self.T} B{self.B} I{self.I} H{self.H} {self.dtype} threads {self.threads}"

    @classmethod
    def of(cls, line):
        """Of a result line."""
        return cls(*(line[name] for name in cls.__dataclass_fields__))


def configurations(shapes, cells, modes, dtypes, threads):
    """Everything that was asked for; threads outermost, since a process has one number of them for its whole life."""
    for number, dtype, mode in product(threads, dtypes, modes):
        chosen = shapes or (STREAMING if mode == "step" else GRID)
        if mode == "step":
            chosen = list(dict.fromkeys((1, B, I, H) for _, B, I, H in chosen))
        for shape, cell in product(chosen, cells):
            yield Configuration(cell, *shape, dtype, mode, number)
