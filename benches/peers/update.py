#!/usr/bin/env python3
"""A whole training step beside PyTorch's: `python3 benches/peers/update.py --help`.

Gradients to zero, forward, loss, backward, clipping to norm 1, Adam; one layer, a linear head, one thread, f32. Ours is
`cargo bench --bench update`, theirs the file beside this one. A pass is a median over --secs of each in turn; the
estimate is the lowest median of all passes, and the spread the highest over the lowest. *Outside* is the share of our
step that is neither forward nor backward. A line each in `update.jsonl`, the table in `update.md`.
"""

import argparse
import json
import math
import subprocess
import time
from pathlib import Path

from environments import python
from options import listed
from processes import CALM, HERE, ROOT, bench, load, pinned, surroundings


def arguments():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--cells", type=listed(), default=["lstm", "gru", "elman"], help="[lstm,gru,elman]")
    options.add_argument("--hidden", type=listed(int), default=[64, 200, 512], help="[64,200,512]")
    options.add_argument("--rows", type=listed(int), default=[4, 32], help="[4,32]")
    heads = ["softmax", "bernoulli", "ctc"]
    options.add_argument("--heads", type=listed(), default=heads, help="[softmax,bernoulli,ctc]")
    options.add_argument("--passes", type=int, default=5, help="interleaved passes [%(default)s]")
    options.add_argument("--secs", type=float, default=0.2, help="of a pass [%(default)s]")
    options.add_argument("--environments", type=Path, default=ROOT / "target" / "peers" / "environments")
    options.add_argument("--out", type=Path, default=ROOT / "target" / "peers" / "update", help="folder of the results")
    return options.parse_args()


def ours(program, setting, secs):
    cell, hidden, rows, head = setting
    words = [program, "--bench", "--json", "--passes", 1, "--secs", secs]
    words += ["--cells", cell, "--hidden", hidden, "--rows", rows, "--heads", head]
    time.sleep(CALM)
    words = [str(word) for word in words]
    answer = subprocess.run(words, env=surroundings(1), preexec_fn=pinned(1), check=True, stdout=subprocess.PIPE)
    return json.loads(answer.stdout)["times"]


class Torch:
    """In a process of its own, which sleeps between its turns."""

    def __init__(self, environments):
        words = [str(python("torch", environments)), str(HERE / "update_pytorch.py")]
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
        self.process = subprocess.Popen(words, env=surroundings(1), preexec_fn=pinned(1), **pipes)

    def measure(self, setting, secs):
        time.sleep(CALM)
        self.process.stdin.write(json.dumps([*setting, secs]) + "\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())


def line(setting, mine, theirs):
    best = {part: min(times[part] for times in mine) for part in mine[0]}
    steps = [times["step"] for times in mine]
    return {
        "setting": setting,
        "ours": best,
        "torch": min(theirs),
        "ratio": min(theirs) / best["step"],
        "outside": 1 - best["passes"] / best["step"],
        "spread": [max(steps) / min(steps), max(theirs) / min(theirs)],
        "load": load(),
    }


def mean(ratios):
    return math.exp(sum(map(math.log, ratios)) / len(ratios))


def table(lines):
    names = ["cell", "H", "rows", "head", "ours µs", "PyTorch µs", "ratio", "outside", "spread ours", "PyTorch"]
    rows = [names, ["---"] * len(names)]
    for found in lines:
        cells = [*found["setting"], f"{found['ours']['step'] * 1e6:.0f}", f"{found['torch'] * 1e6:.0f}"]
        cells += [f"{found['ratio']:.2f}×", f"{found['outside']:.1%}", *(f"{spread:.2f}" for spread in found["spread"])]
        rows.append(cells)
    text = "\n".join("| " + " | ".join(str(cell) for cell in row) + " |" for row in rows)
    for cell in dict.fromkeys(found["setting"][0] for found in lines):
        ratios = [found["ratio"] for found in lines if found["setting"][0] == cell]
        text += f"\n\n{cell}: {mean(ratios):.2f}× in the geometric mean, {min(ratios):.2f} to {max(ratios):.2f}"
    return text + "\n"


def main():
    options = arguments()
    program = bench("update")
    torch = Torch(options.environments)
    options.out.mkdir(parents=True, exist_ok=True)
    lines = []
    with open(options.out / "update.jsonl", "w") as file:
        for hidden in options.hidden:
            for rows in options.rows:
                for cell in options.cells:
                    for head in options.heads:
                        setting = [cell, hidden, rows, head]
                        mine, theirs = [], []
                        for _ in range(options.passes):
                            mine.append(ours(program, setting, options.secs))
                            theirs.append(torch.measure(setting, options.secs))
                        lines.append(line(setting, mine, theirs))
                        file.write(json.dumps(lines[-1]) + "\n")
                        file.flush()
                        print(*setting, f"{lines[-1]['ratio']:.2f}× outside {lines[-1]['outside']:.1%}", flush=True)
    lines.sort(key=lambda found: options.cells.index(found["setting"][0]))
    (options.out / "update.md").write_text(table(lines))
    print(table(lines))


if __name__ == "__main__":
    main()
