"""One module per model. `Home(folder, work)` drives it in its home runtime: `version`, `rows`, and `open(row)`, which returns a `Row`;
where the runtime shows its functions by themselves, `functions()`. `reference(rounded, weights, feeds, options)` is the model in f64
with the errors of f32 written down, by the operations of `rounded.py`: it runs in the environment of PyTorch, so modules import their
runtimes within `Home`.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

# Steps in one timed call of a step: the call from Python is not what is measured.
STEPS = 100


def file(folder, *names):
    """The file of a folder that has one of these names."""
    return next(folder / name for name in names if (folder / name).is_file())


@dataclass
class Row:
    """A model, or a part of it, with a fixed input."""

    # What the zoo bench opens.
    ours: dict
    # Arrays by name, which both read.
    feeds: dict
    # Arrays by name, for the reference.
    weights: dict
    # The outputs by name, as the zoo bench gives them.
    run: Callable
    # The whole sequence, for its time.
    sequence: Callable
    # So many steps of a stream, and how many.
    step: tuple | None = None
    # Steps of the sequence.
    steps: int = 1
    options: dict = field(default_factory=dict)
    note: str = ""
