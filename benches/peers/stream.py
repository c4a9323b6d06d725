#!/usr/bin/env python3
"""A streaming step beside RTNeural's: `python3 benches/peers/stream.py --rtneural DIR`.

DIR holds RTNeural (with `modules/json`) and a driver `bench.cpp` that prints a line of JSON for each cell and size, sizes fixed at compile
time; Debian's libeigen3-dev has its Eigen. Ours is `cargo bench --bench stream`. Both are pinned to one core and run in turn; the estimate
is the least minimum of all passes.
"""

import argparse
import json
import subprocess
from pathlib import Path

from processes import ROOT, bench, pinned, surroundings

FLAGS = "-std=c++20 -O3 -march=native -ffast-math -DRTNEURAL_NAMESPACE=RTNeural -DRTNEURAL_DEFAULT_ALIGNMENT=32".split()
LIBRARIES = {
    "eigen": ["-DRTNEURAL_USE_EIGEN=1", "-DEIGEN_STACK_ALLOCATION_LIMIT=0", "-I/usr/include/eigen3"],
    "stl": ["-DRTNEURAL_USE_STL=1"],
}


def arguments():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--rtneural", type=Path, required=True, metavar="DIR")
    options.add_argument("--passes", type=int, default=5, help="interleaved passes [%(default)s]")
    options.add_argument("--secs", type=float, default=0.1, help="of a size in a pass [%(default)s]")
    options.add_argument("--out", type=Path, default=ROOT / "target" / "peers" / "stream", help="folder of the results")
    return options.parse_args()


def compiled(folder, out):
    """Both drivers, from a copy of what may be read alone."""
    programs = {}
    for library, flags in LIBRARIES.items():
        programs[library] = out / f"bench_{library}"
        words = ["g++", *FLAGS, *flags, "-I.", "bench.cpp", "-o", str(programs[library])]
        subprocess.run(words, cwd=folder, check=True)
    return programs


def lines(words):
    answer = subprocess.run(
        [str(word) for word in words], env=surroundings(1), preexec_fn=pinned(1), check=True, stdout=subprocess.PIPE
    )
    return [json.loads(line) for line in answer.stdout.splitlines()]


def main():
    options = arguments()
    options.out.mkdir(parents=True, exist_ok=True)
    program, theirs = bench("stream"), compiled(options.rtneural.resolve(), options.out.resolve())
    least = {}

    def see(place, who, seconds):
        times = least.setdefault(place, {})
        times[who] = min(seconds, times.get(who, seconds))

    for _ in range(options.passes):
        for library, peer in theirs.items():
            for line in lines([peer, options.secs]):
                see((line["cell"], line["H"]), library, line["min_s"])
        words = [program, "--bench", "--json", "--passes", 1, "--secs", options.secs, "--cells", "lstm,gru"]
        for line in lines([*words, "--hidden", "8,16,32,64,128,256"]):
            place = (line["cell"], line["H"])
            see(place, f"push {line['accuracy']}", line["push"][0])
            see(place, f"step {line['accuracy']}", line["step"][0])
    names = ["step Ulp1", "push Ulp1", "step Fast", "push Fast", "eigen", "stl"]
    text = f"| ns | {' | '.join(names)} | RTNeural / push Fast |\n|{' --- |' * (len(names) + 2)}\n"
    for (cell, hidden), times in least.items():
        cells = " | ".join(f"{1e9 * times[name]:.0f}" for name in names)
        ratio = min(times["eigen"], times["stl"]) / times["push Fast"]
        text += f"| {cell} {hidden} | {cells} | {ratio:.2f}× |\n"
    (options.out / "stream.md").write_text(text)
    print(text)


if __name__ == "__main__":
    main()
