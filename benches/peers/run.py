#!/usr/bin/env python3
"""Compares recurrent with other libraries, in one run and on one machine: `python3 benches/peers/run.py --help`.

First every library is measured once in every configuration; then the two fastest of each are measured again,
interleaved with ours, whose gates come in both accuracies. Everything measured is a line of `results.jsonl`, and what is there is not measured again.
"""

import argparse
import itertools
import json
import subprocess
import sys
from pathlib import Path

from configuration import CELLS, Configuration, configurations
from environments import python
from options import listed, shapes
from processes import FAST, OURS, PEERS, ROOT, USUAL, Workers, bench, floors, load, ours
from results import Results, ratios
from table import gates_by_peer, markdown, summary


def arguments():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])

    def add(name, default, what, of=str):
        options.add_argument(f"--{name}", default=default, help=f"{what} [%(default)s]", type=listed(of))

    add("peers", USUAL, f"of {', '.join(PEERS)}")
    add("cells", list(CELLS), "cells")
    add("modes", ["fwd", "train"], "of fwd, train, step")
    add("threads", [1, 2], "numbers of threads", int)
    add("dtype", ["f32"], "of f32, f64")
    options.add_argument("--shapes", default=[], type=shapes, help="T,B,I,H;T,B,I,H;… [the twelve of the grid]")
    options.add_argument("--secs", type=float, default=0.5, help="timed seconds of a measurement [%(default)s]")
    options.add_argument("--passes", type=int, default=5, help="interleaved passes [%(default)s]")
    options.add_argument("--isa", help="force our instruction set: portable, avx2, avx512")
    options.add_argument("--out", type=Path, default=ROOT / "target" / "peers" / "results", help="folder of the results")
    options.add_argument("--report-only", action="store_true", help="measure nothing, print what there is")
    options = options.parse_args()
    unknown = [name for name in options.peers if name not in PEERS]
    if unknown:
        sys.exit(f"unknown peers: {', '.join(unknown)}; there are {', '.join(PEERS)}")
    return options


class Comparison:
    def __init__(self, options):
        self.options = options
        options.out.mkdir(parents=True, exist_ok=True)
        self.results = Results(options.out / "results.jsonl")
        self.environments = ROOT / "target" / "peers" / "environments"
        self.workers = Workers(self.environments)
        self.places = list(
            configurations(options.shapes, options.cells, options.modes, options.dtype, options.threads)
        )

    def run(self):
        busy = load()
        if busy and busy > 0.5:
            print(f"something else is running (load {busy:.1f}): the figures will be its, too", file=sys.stderr, flush=True)
        self.workers.prepare(self.options.peers)
        self.program = bench("grid")
        try:
            for place in self.places:
                for peer in self.options.peers:
                    self.measure(place, peer, "survey")
            for place in self.places:
                known = [peer for peer in self.results.surveyed(place) if peer in self.options.peers]
                for number, who in itertools.product(range(self.options.passes), [OURS, FAST, *known[:2]]):
                    self.measure(place, who, number)
        finally:
            self.workers.close()

    def measure(self, place, who, stage):
        if self.results.has(place, who, stage):
            return
        if who in (OURS, FAST):
            accuracy = "fast" if who == FAST else "ulp1"
            measured = ours(self.program, place, self.options.secs, self.options.isa, accuracy)
        else:
            measured = self.workers.measure(who, place, self.options.secs)
        if "error" in measured:
            # Not kept: the next run tries again.
            print(f"{place}: {who}: {measured['error']}", file=sys.stderr, flush=True)
            return
        line = {**measured, "peer": who, **place.line(), "layers": 1, "stage": stage, "load": load()}
        if "median_s" in line:
            line["gflops"] = place.flops / line["median_s"] / 1e9
            line["gflops_best"] = place.flops / line["min_s"] / 1e9
            print(f"{place}: {who} ({stage}): {line['median_s'] * 1e3:.4g} ms", file=sys.stderr, flush=True)
        self.results.add(line)

    def floors(self):
        """Measured once per folder, since they are the machine's."""
        path = self.options.out / "floors.jsonl"
        known = read_floors(path)
        if not self.options.report_only and any(place not in known for place in self.places):
            chosen = {"cells": self.options.cells, "modes": self.options.modes, "dtype": self.options.dtype}
            chosen["threads"] = self.options.threads
            if self.options.shapes:
                chosen["shapes"] = [";".join(",".join(map(str, shape)) for shape in self.options.shapes)]
            words = [word for name, values in chosen.items() for word in (f"--{name}", ",".join(map(str, values)))]
            words += ["--isa", self.options.isa] if self.options.isa else []
            with path.open("a") as file:
                file.writelines(json.dumps(line) + "\n" for line in floors(bench("roofline"), words))
            known = read_floors(path)
        return known

    def report(self):
        rows = list(ratios(self.results, self.places, self.floors()))
        if not rows:
            sys.exit("nothing was compared")
        versions = {(line["peer"], line["version"]) for stages in self.results.lines.values() for line in stages.values()}
        passes = min(row["passes"] for row in rows)
        text = f"Time of the fastest peer over ours, each the lowest of the medians of {passes} or more interleaved passes.\n"
        text += "Versions: " + ", ".join(f"{peer} {version}" for peer, version in sorted(versions)) + ".\n\n"
        text += summary(rows) + "\n" + markdown(rows, gates_by_peer(self.options.out / "accuracy.json"))
        print(text)
        (self.options.out / "ratios.md").write_text(text)
        numbers, picture = self.options.out / "ratios.json", self.options.out / "ratios.svg"
        numbers.write_text(json.dumps(rows, indent=1))
        plot = [python("plot", self.environments), Path(__file__).with_name("plot.py"), numbers, picture]
        subprocess.run([str(part) for part in plot], check=True)
        print(f"table, numbers and plot: {self.options.out}", file=sys.stderr)


def read_floors(path):
    lines = [json.loads(text) for text in path.read_text().splitlines()] if path.exists() else []
    # A later measurement of the same machine replaces an earlier one where it found the limit higher.
    known = {}
    for line in lines:
        place = Configuration.of(line)
        kept = known.setdefault(place, {})
        for name in ("floor_s", "floor_ulp1_s", "floor_fast_s"):
            kept[name] = min(line[name], kept.get(name, line[name]))
    return known


def main():
    comparison = Comparison(arguments())
    if not comparison.options.report_only:
        comparison.run()
    comparison.report()


if __name__ == "__main__":
    main()
