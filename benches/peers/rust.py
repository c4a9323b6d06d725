#!/usr/bin/env python3
"""All Rust libraries and ours with both accuracies, every one in every pass: `python3 benches/peers/rust.py --help`.

A pass takes one after another in turn; the estimate is the lowest median of all passes, the spread the highest over the
lowest. rust-lstm computes in f64 only, so ours is measured beside it in f64. Everything measured is a line of
`rust.jsonl`, and what is there is not measured again: a run that was interrupted goes on. The tables are `rust.md`.
"""

import argparse
import sys
from pathlib import Path

from configuration import CELLS, configurations
from options import listed, shapes
from processes import FAST, OURS, PEERS, ROOT, RustPeer, Workers, bench, load, ours
from results import Results
from statistics import geometric_mean
from table import seconds

RUST = [name for name, peer in PEERS.items() if isinstance(peer, RustPeer)]
SHAPES = "50,16,64,128;100,1,128,128;50,64,256,256;35,20,200,200"


def arguments():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--peers", type=listed(), default=RUST, help=f"[{','.join(RUST)}]")
    options.add_argument("--cells", type=listed(), default=list(CELLS), help="[rnn,lstm,gru]")
    options.add_argument("--modes", type=listed(), default=["fwd", "train"], help="[fwd,train]")
    options.add_argument("--threads", type=listed(int), default=[1, 2], help="[1,2]")
    options.add_argument("--shapes", type=shapes, default=shapes(SHAPES), help=f"T,B,I,H;… [{SHAPES}]")
    options.add_argument("--secs", type=float, default=0.05, help="of a library in a pass [%(default)s]")
    options.add_argument("--passes", type=int, default=5, help="interleaved passes [%(default)s]")
    options.add_argument("--out", type=Path, default=ROOT / "target" / "peers" / "rust_results", help="folder of the results")
    options.add_argument("--report-only", action="store_true", help="measure nothing, print what there is")
    return options.parse_args()


class Comparison:
    def __init__(self, options):
        self.options = options
        options.out.mkdir(parents=True, exist_ok=True)
        self.results = Results(options.out / "rust.jsonl")
        self.workers = Workers(ROOT / "target" / "peers" / "environments")
        chosen = options.shapes, options.cells, options.modes
        self.places = list(configurations(*chosen, ["f32"], options.threads))
        if "rust-lstm" in options.peers:
            # On one thread whatever it may use.
            self.places += configurations(options.shapes, ["lstm"], options.modes, ["f64"], [1])

    def who(self, place):
        if place.dtype == "f64":
            return [OURS, "rust-lstm"]
        return [OURS, FAST, *(peer for peer in self.options.peers if peer != "rust-lstm")]

    def run(self):
        self.workers.prepare(self.options.peers)
        self.program = bench("grid")
        try:
            for place in self.places:
                for number in range(self.options.passes):
                    for who in self.who(place):
                        self.measure(place, who, number)
        finally:
            self.workers.close()

    def measure(self, place, who, number):
        if self.results.has(place, who, number):
            return
        if who in (OURS, FAST):
            measured = ours(self.program, place, self.options.secs, accuracy="fast" if who == FAST else "ulp1")
        else:
            measured = self.workers.measure(who, place, self.options.secs)
        if "error" in measured:
            # Not kept: the next run tries again.
            print(f"{place}: {who}: {measured['error']}", file=sys.stderr, flush=True)
            return
        self.results.add({**measured, "peer": who, **place.line(), "layers": 1, "stage": number, "load": load()})

    def report(self):
        versions = {(line["peer"], line["version"]) for stages in self.results.lines.values() for line in stages.values()}
        text = "Versions: " + ", ".join(f"{peer} {version}" for peer, version in sorted(versions)) + ".\n"
        for kind in dict.fromkeys((place.mode, place.threads, place.dtype) for place in self.places):
            text += self.table(kind)
        (self.options.out / "rust.md").write_text(text)
        print(text)

    def table(self, kind):
        mode, threads, dtype = kind
        places = [place for place in self.places if (place.mode, place.threads, place.dtype) == kind]
        names = [who for who in self.who(places[0]) if any(self.results.estimate(place, who) for place in places)]
        peers = [who for who in names if who not in (OURS, FAST)]
        lines = [f"\n### {mode}, {threads} thread{'s' if threads > 1 else ''}, {dtype}\n"]
        lines += [f"| T,B,I,H | cell | {' | '.join(names)} |", "|---" * (len(names) + 2) + "|"]
        over = {(peer, base): [] for peer in peers for base in (OURS, FAST)}
        for place in places:
            found = {who: self.results.estimate(place, who) for who in names}
            cells = []
            for who in names:
                if not found[who]:
                    cells.append("–")
                    continue
                time, spread, _ = found[who]
                times = f"{seconds(time)} ±{100 * (spread - 1):.0f} %"
                if who in peers:
                    times += f" **{time / found[OURS][0]:.2f}×**"
                    for base in (OURS, FAST):
                        if found.get(base):
                            over[who, base].append(time / found[base][0])
                cells.append(times)
            lines.append(f"| {','.join(map(str, place.shape))} | {place.cell} | {' | '.join(cells)} |")
        means = []
        for peer in peers:
            means.append(f"{peer} {geometric_mean(over[peer, OURS]):.2f}×")
            if over[peer, FAST]:
                means[-1] += f" ({geometric_mean(over[peer, FAST]):.2f}× over fast)"
        return "\n".join(lines) + f"\n\nTheir time over ours, geometric means: {', '.join(means)}.\n"


def main():
    comparison = Comparison(arguments())
    if not comparison.options.report_only:
        comparison.run()
    comparison.report()


if __name__ == "__main__":
    main()
