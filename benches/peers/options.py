"""Values on the command lines: lists with commas, and shapes."""


def listed(of=str):
    """`1,2` as a list of `of`."""
    return lambda text: [of(part) for part in text.split(",")]


def shapes(text):
    """`T,B,I,H;T,B,I,H;…` as tuples."""
    found = [tuple(int(extent) for extent in shape.split(",")) for shape in text.split(";") if shape]
    if any(len(shape) != 4 or min(shape) < 1 for shape in found):
        raise ValueError(text)
    return found
