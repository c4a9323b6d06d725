#!/usr/bin/env python3
"""What ours costs against T, B and H: `python3 benches/peers/lines.py --help`.

Three sweeps and a picture with a panel for each. Tokens (T·B) per second against T should be a level line; operations
per second rise with B until the products bound the time, and with H, until the weights leave a cache. A point is
the lowest of the medians of the passes, which go over all shapes in turn; whiskers reach to the slowest pass. Everything
measured is a line of `results.jsonl`, and what is there is not measured again.
"""

import argparse
import itertools
import json
import subprocess
import sys
from pathlib import Path

from configuration import CELLS, Configuration
from environments import python
from options import listed
from processes import OURS, ROOT, bench, load, ours
from results import Results
from sweep import Sweep

SWEEPS = {
    "T": "*,8,64,64:16,32,64,128,256,512,1024",
    "B": "50,*,128,128:1,2,4,8,16,32,64,128",
    "H": "20,32,*,*:16,32,64,128,256,512,1024",
}
# What a panel shows: over T the same number would hide that a longer sequence has more to do.
SHOWN = {"T": "tokens_per_s", "B": "gflops", "H": "gflops"}


def arguments():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name, text in SWEEPS.items():
        options.add_argument(f"--{name}", default=text, type=Sweep.of, help="* takes the values [%(default)s]")
    options.add_argument("--cells", default="lstm,gru", type=listed(), help=f"of {', '.join(CELLS)} [%(default)s]")
    options.add_argument("--modes", default="fwd,train", type=listed(), help="of fwd, train [%(default)s]")
    options.add_argument("--threads", default=1, type=int, help="[%(default)s]")
    options.add_argument("--dtype", default="f32", help="f32 or f64 [%(default)s]")
    options.add_argument("--isa", help="force our instruction set: portable, avx2, avx512")
    options.add_argument("--secs", type=float, default=0.2, help="timed seconds of a measurement [%(default)s]")
    options.add_argument("--passes", type=int, default=5, help="interleaved passes [%(default)s]")
    options.add_argument("--grid", help="the program of our grid bench [built now]")
    options.add_argument("--out", type=Path, default=ROOT / "target" / "peers" / "lines", help="folder of the results")
    options.add_argument("--report-only", action="store_true", help="measure nothing, draw what there is")
    return options.parse_args()


def points(options):
    """The sweep, its value and the configuration of every point."""
    for name in SWEEPS:
        for value, shape in getattr(options, name).shapes:
            for mode, cell in itertools.product(options.modes, options.cells):
                yield name, value, Configuration(cell, *shape, options.dtype, mode, options.threads)


def measure(options, results):
    program = options.grid or bench("grid")
    for number, (_, _, place) in itertools.product(range(options.passes), list(points(options))):
        if results.has(place, OURS, number):
            continue
        measured = ours(program, place, options.secs, options.isa)
        if "error" in measured:
            print(f"{place}: {measured['error']}", file=sys.stderr, flush=True)
            continue
        print(f"{place} ({number}): {measured['median_s'] * 1e3:.4g} ms", file=sys.stderr, flush=True)
        results.add({**measured, "stage": number, "load": load()})


def rows(options, results):
    for name, value, place in points(options):
        estimate = results.estimate(place, OURS)
        if estimate is None:
            continue
        seconds, spread, passes = estimate
        tokens_per_s, gflops = place.T * place.B / seconds, place.flops / seconds / 1e9
        known = {"sweep": name, "value": value, **place.line(), "median_s": seconds, "spread": spread, "passes": passes}
        yield known | {"tokens_per_s": tokens_per_s, "gflops": gflops}


def figure(options, points):
    """What the plot needs: panels with their names, and the points of each."""
    panels = [
        {
            "over": getattr(options, name).name,
            "rest": getattr(options, name).rest,
            "shown": SHOWN[name],
            "points": [point for point in points if point["sweep"] == name],
        }
        for name in SWEEPS
    ]
    return {"threads": options.threads, "dtype": options.dtype, "panels": panels}


def table(points):
    lines = ["| T,B,I,H | cell | mode | time | spread | tokens/s | GFLOP/s |", "|---|---|---|---|---|---|---|"]
    for point in points:
        shape = ",".join(str(point[extent]) for extent in "TBIH")
        lines.append(
            f"| {shape} | {point['cell']} | {point['mode']} | {point['median_s'] * 1e3:.4g} ms | {point['spread']:.2f}"
            f" | {point['tokens_per_s']:.3g} | {point['gflops']:.3g} |"
        )
    return "\n".join(lines) + "\n"


def main():
    options = arguments()
    options.out.mkdir(parents=True, exist_ok=True)
    results = Results(options.out / "results.jsonl")
    if not options.report_only:
        measure(options, results)
    found = list(rows(options, results))
    if not found:
        sys.exit("nothing was measured")
    text = table(found)
    (options.out / "lines.md").write_text(text)
    print(text)
    numbers, picture = options.out / "lines.json", options.out / "lines.svg"
    numbers.write_text(json.dumps(figure(options, found), indent=1))
    plot = [python("plot", ROOT / "target" / "peers" / "environments"), Path(__file__).with_name("lines_plot.py"), numbers, picture]
    subprocess.run([str(part) for part in plot], check=True)
    print(f"table, numbers and plot: {options.out}", file=sys.stderr)


if __name__ == "__main__":
    main()
