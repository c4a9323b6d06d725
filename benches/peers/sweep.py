"""A sweep: one extent of a shape, or several at once, take one value after the other."""

from dataclasses import dataclass

VARIES = "*"


@dataclass(frozen=True)
class Sweep:
    """`T,B,I,H` with `*` where the values go."""

    pattern: str
    values: tuple

    @property
    def shapes(self):
        """Value by value."""
        for value in self.values:
            extents = self.pattern.split(",")
            yield value, tuple(value if extent == VARIES else int(extent) for extent in extents)

    @property
    def name(self):
        """`T` or `I = H`."""
        return " = ".join(extent for extent, held in zip("TBIH", self.pattern.split(",")) if held == VARIES)

    @property
    def rest(self):
        """`B 8, I 64, H 64`."""
        return ", ".join(f"{extent} {held}" for extent, held in zip("TBIH", self.pattern.split(",")) if held != VARIES)

    @classmethod
    def of(cls, text):
        """`*,8,64,64:16,32,64`."""
        pattern, _, values = text.partition(":")
        sweep = cls(pattern, tuple(int(value) for value in values.split(",")))
        if VARIES not in pattern or any(len(shape) != 4 or min(shape) < 1 for _, shape in sweep.shapes):
            raise ValueError(text)
        return sweep
