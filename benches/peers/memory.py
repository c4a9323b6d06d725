#!/usr/bin/env python3
"""Peak memory of training a layer, ours beside other libraries: `python3 benches/peers/memory.py --help`.

Each figure is the peak resident set of a process of its own that trains one shape a few times. Beside it stands the
peak of the same program at T = B = I = H = 1, which is the program, its interpreter and its libraries; the difference
is what the shape costs. All hold weights, their gradients, x, y, the cotangents of both, states, and what the forward
pass keeps for the backward pass. Ours, the grid bench, also holds a second initial state, and the weights packed a second
time, for inference, which training does not need. No optimiser is part of it. Parts of a library that are first needed
at the larger shape count as the shape's.
"""

import argparse
import itertools
import sys
from pathlib import Path
from statistics import median

from configuration import CELLS, Configuration, configurations
from options import listed, shapes
from processes import OURS, PEERS, ROOT, Workers, bench, load, ours
from results import Results

SHAPES = "1000,8,16,64;50,64,512,512"
SMALLEST = (1, 1, 1, 1)


def arguments():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--shapes", default=SHAPES, type=shapes, help="T,B,I,H;T,B,I,H;… [%(default)s]")
    options.add_argument("--cells", default="lstm,gru", type=listed(), help=f"of {', '.join(CELLS)} [%(default)s]")
    options.add_argument("--threads", default="1,2", type=listed(int), help="numbers of threads [%(default)s]")
    options.add_argument("--peers", default="torch", type=listed(), help="of torch, jax [%(default)s]")
    options.add_argument("--secs", type=float, default=0.1, help="how long a process trains, at least three times [%(default)s]")
    options.add_argument("--passes", type=int, default=3, help="processes for each figure, which is their median [%(default)s]")
    options.add_argument("--grid", help="the program of our grid bench [built now]")
    options.add_argument("--out", type=Path, default=ROOT / "target" / "peers" / "memory", help="folder of the results")
    options = options.parse_args()
    unknown = [name for name in options.peers if name not in PEERS]
    if unknown:
        sys.exit(f"unknown peers: {', '.join(unknown)}; there are {', '.join(PEERS)}")
    return options


def measure(options, results):
    """What has a line already is not measured again."""
    workers = Workers(ROOT / "target" / "peers" / "environments")
    workers.prepare(options.peers)
    program = options.grid or bench("grid")
    places = list(configurations([SMALLEST, *options.shapes], options.cells, ["train"], ["f32"], options.threads))
    for number, place, who in itertools.product(range(options.passes), places, [OURS, *options.peers]):
        if results.has(place, who, number):
            continue
        if who == OURS:
            measured = ours(program, place, options.secs)
        else:
            measured = workers.measure(who, place, options.secs)
            # The next one is to be a new process.
            workers.close()
        if measured.get("peak_rss_mb") is None:
            print(f"{place}: {who}: {measured.get('error', 'nothing says how much memory it took')}", file=sys.stderr, flush=True)
            continue
        print(f"{place}: {who} ({number}): {measured['peak_rss_mb']:.1f} MiB", file=sys.stderr, flush=True)
        results.add({**measured, "peer": who, **place.line(), "layers": 1, "stage": number, "load": load()})


def peak(results, place, who):
    """The median of the passes, or None."""
    found = [line["peak_rss_mb"] for line in results.lines.get((place, who), {}).values()]
    return median(found) if found else None


def table(options, results):
    lines = [
        "| T,B,I,H | cell | threads | library | peak, MiB | at 1,1,1,1 | the shape's cost | over ours |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for place in configurations(options.shapes, options.cells, ["train"], ["f32"], options.threads):
        smallest = Configuration(place.cell, *SMALLEST, place.dtype, place.mode, place.threads)
        mine = None
        for who in [OURS, *options.peers]:
            whole, base = peak(results, place, who), peak(results, smallest, who)
            if whole is None or base is None:
                continue
            cost = whole - base
            mine = cost if who == OURS else mine
            # Below a MiB it is the luck of pages.
            over = f"{cost / mine:.2f}×" if who != OURS and mine and mine > 1 else ""
            shape = ",".join(str(extent) for extent in place.shape)
            lines.append(
                f"| {shape} | {place.cell} | {place.threads} | {who} | {whole:.1f} | {base:.1f} | {cost:.1f} | {over} |"
            )
    return "\n".join(lines) + "\n"


def main():
    options = arguments()
    options.out.mkdir(parents=True, exist_ok=True)
    results = Results(options.out / "results.jsonl")
    measure(options, results)
    text = table(options, results)
    (options.out / "memory.md").write_text(text)
    print(text)


if __name__ == "__main__":
    main()
