#!/usr/bin/env python3
"""How accurate σ and tanh of every library's gates are: `python3 benches/peers/accuracy.py --help`.

Every library computes one step of its own layers with weights of 0 and 1, so that a hidden state is σ or tanh of one input
and nothing else. The values are f32 between -30 and 30, many of them tiny; the error is that against f64, in units of the
last place (ulp) of the f32 nearest to the exact result, and absolute. Ours is `cargo bench --bench grid -- --given`.
Writes `accuracy.json`, which the table of `run.py` then has a column for, and `accuracy.md`.
"""

import argparse
import json
import math
import random
import sys
from array import array
from pathlib import Path

from configuration import GATES, Configuration
from options import listed
from processes import FAST, OURS, PEERS, ROOT, USUAL, Worker, bench
from table import ulps

UNITS = 32
# σ and tanh of it are 0, 1 or -1 in f32.
FAR = 50.0
# The cells, and which functions their hidden state can be made to be.
FUNCTIONS = {"rnn": ["tanh"], "lstm": ["sigmoid", "tanh"], "gru": ["sigmoid", "tanh"]}


def arguments():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    peers = f"of {', '.join(PEERS)} [{','.join(USUAL)}]"
    options.add_argument("--peers", type=listed(), default=USUAL, help=peers)
    options.add_argument("--values", type=int, default=2**18, help="of each function [%(default)s]")
    options.add_argument("--out", type=Path, default=ROOT / "target" / "peers" / "results", help="folder of the results")
    return options.parse_args()


def values(count):
    """A half evenly from -30 to 30, the other with evenly distributed logarithms from 1e-30 to 30."""
    draw = random.Random(1)
    even = (draw.uniform(-30.0, 30.0) for _ in range(count // 2))
    small = (draw.choice([-1.0, 1.0]) * math.exp(draw.uniform(math.log(1e-30), math.log(30.0))) for _ in range(count // 2))
    return array("f", [*even, *small])


def layer(cell, function, x):
    """A layer of one step whose hidden state is that function of its input."""
    rows, count = GATES[cell] * UNITS, len(x)
    configuration = Configuration(cell, 1, count // UNITS, UNITS, UNITS, "f32", "fwd", 1)
    w_ih, b_ih = [0.0] * (rows * UNITS), [0.0] * rows
    h_0, c_0 = [0.0] * count, [0.0] * count

    def reads(gate):
        for unit in range(UNITS):
            w_ih[(gate * UNITS + unit) * UNITS + unit] = 1.0

    def stays(gate, at):
        b_ih[gate * UNITS : (gate + 1) * UNITS] = [at] * UNITS

    match cell, function:
        case "rnn", _:
            reads(0)
        case "lstm", "sigmoid":  # o · tanh(1 · FAR)
            reads(3), stays(1, FAR)
            c_0 = [FAR] * count
        case "lstm", "tanh":  # 1 · tanh(1 · c)
            stays(1, FAR), stays(3, FAR)
            c_0 = x.tolist()
        case "gru", "sigmoid":  # (1 - z) · 0 + z · 1
            reads(1)
            h_0 = [1.0] * count
        case "gru", "tanh":  # (1 - 0) · n
            reads(2), stays(1, -FAR)
    zeros = {"w_hh": [0.0] * (rows * UNITS), "b_hh": [0.0] * rows}
    given = {"w_ih": w_ih, "b_ih": b_ih, "x": x.tolist(), "h_0": h_0, "c_0": c_0}
    return {"setting": configuration.line(), **zeros, **given}


def exact(function, x):
    if function == "tanh":
        return math.tanh(x)
    return 1.0 / (1.0 + math.exp(-x))


def ulp(value):
    """Of the f32 nearest to the value."""
    nearest = array("f", [value])[0]
    return 2.0 ** max(math.frexp(nearest)[1] - 24, -149)


def largest(function, x, found):
    """The largest errors, and where the one in ulp is."""
    worst = {"ulp": 0.0, "at": 0.0, "absolute": 0.0}
    for argument, value in zip(x, found, strict=True):
        wanted = exact(function, argument)
        error = abs(value - wanted)
        worst["absolute"] = max(worst["absolute"], error)
        if not error / ulp(wanted) <= worst["ulp"]:  # not a number is the largest error, too
            worst["ulp"], worst["at"] = error / ulp(wanted), argument
    return worst


def measured(name, command, x):
    """Every cell that the library has."""
    worker = Worker([str(part) for part in command], 1)
    found = {"version": worker.version, "cells": {}}
    for cell, functions in FUNCTIONS.items():
        for function in functions:
            answer = worker.ask({"layer": layer(cell, function, x)})
            if "h" in answer:
                worst = largest(function, x, answer["h"])
                found["cells"].setdefault(cell, {})[function] = worst
                print(f"{name}: {cell} {function}: {worst}", file=sys.stderr, flush=True)
            elif "error" in answer:
                print(f"{name}: {cell}: {answer['error']}", file=sys.stderr, flush=True)
    worker.close()
    return found


def table(libraries):
    columns = [(cell, function) for cell, functions in FUNCTIONS.items() for function in functions]
    signs = {"sigmoid": "σ", "tanh": "tanh"}
    heads = ["library", *(f"{cell} {signs[function]}" for cell, function in columns)]
    lines = [f"| {' | '.join(heads)} |", "|---" * len(heads) + "|"]
    for name, found in libraries.items():
        worst = (found["cells"].get(cell, {}).get(function) for cell, function in columns)
        cells = [ulps(one) if one else "–" for one in worst]
        lines.append(f"| {name} {found['version']} | {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def main():
    options = arguments()
    x = values(options.values // UNITS * UNITS)
    environments = ROOT / "target" / "peers" / "environments"
    grid = bench("grid")
    commands = {OURS: [grid, "--given", "--bench"], FAST: [grid, "--given", "--bench", "--accuracy", "fast"]}
    for peer in options.peers:
        commands[peer] = [*PEERS[peer].prepare(environments), "--threads", "1", "--dtype", "f32"]
    libraries = {name: measured(name, command, x) for name, command in commands.items()}
    options.out.mkdir(parents=True, exist_ok=True)
    (options.out / "accuracy.json").write_text(json.dumps({"values": len(x), "libraries": libraries}, indent=1))
    text = f"Largest error over {len(x)} values from -30 to 30 in ulp of f32, or absolute from 100 ulp on.\n\n{table(libraries)}"
    (options.out / "accuracy.md").write_text(text)
    print(text)


if __name__ == "__main__":
    main()
