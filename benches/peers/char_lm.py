#!/usr/bin/env python3
"""Characters per second of the example char_lm and of the same model in PyTorch: `python3 benches/peers/char_lm.py --help`.

Both train on one text with one alphabet, batch, window, cell, hidden size and number of layers, softmax and
cross-entropy, gradients clipped to norm 1, Adam with a cosine schedule, and the state carried on from window to window.
A pass is a new process of each program in turn that makes --steps steps from the beginning. Its rate counts all of a
step: windows of the text, forward, backward, clipping, update. Neither counts start-up, the reading of the held-out
text, samples and files; PyTorch has ten steps on another network before its clock starts, ours has none. Bits per
character of the held-out text and the number of parameters stand beside: the models are to be the same.

`--ours before=PATH --ours after=PATH` compares programs of char_lm that were built before.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

from configuration import CELLS
from environments import python
from options import listed
from processes import CALM, OURS, ROOT, example, load, pinned, surroundings

TORCH = "torch"
# What the example reads without --text, in a file, so that both have the same.
FOLDERS = ["src", "examples", "tests", "rnn-backend-naive/src", "rnn-backend-faer/src", "rnn-check/src", "rnn-kernels/src"]


def arguments():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--text", type=Path, help="UTF-8 text to learn [documents and sources of the checkout]")
    options.add_argument("--cell", default="lstm", choices=CELLS, help="[%(default)s]")
    for name, default in {"hidden": 128, "layers": 1, "batch": 16, "window": 32, "steps": 1000}.items():
        options.add_argument(f"--{name}", type=int, default=default, help="[%(default)s]")
    options.add_argument("--threads", default="1,2", type=listed(int), help="numbers of threads [%(default)s]")
    options.add_argument("--passes", type=int, default=5, help="interleaved passes [%(default)s]")
    options.add_argument("--ours", action="append", help="LABEL=PATH of a program of char_lm, repeatable [built now]")
    options.add_argument("--without-torch", action="store_true", help="only ours, one beside the other")
    options.add_argument("--out", type=Path, default=ROOT / "target" / "peers" / "char_lm", help="folder of the results")
    options = options.parse_args()
    options.ours = [program.partition("=") for program in options.ours or []]
    if any(not path for _, _, path in options.ours):
        sys.exit("--ours: LABEL=PATH")
    return options


def checkout():
    """Documents at the root, then the sources."""
    files = sorted(ROOT.glob("*.md"))
    for folder in FOLDERS:
        files += sorted((ROOT / folder).rglob("*.rs"))
    return b"\n".join(file.read_bytes() for file in files)


def run(command, threads):
    time.sleep(CALM)
    words = [str(word) for word in command]
    return subprocess.run(
        words, env=surroundings(threads), preexec_fn=pinned(threads), check=True, stdout=subprocess.PIPE, text=True
    ).stdout


def torch(interpreter, settings):
    program = Path(__file__).with_name("char_lm_pytorch.py")
    return json.loads(run([interpreter, program, json.dumps(settings)], settings["threads"]))


def ours(program, settings):
    """Through the summary that the example leaves; its rate is of training alone."""
    named = {name: settings[name] for name in ("text", "hidden", "layers", "batch", "window", "steps", "seed", "rate", "horizon")}
    named["cell"] = {"rnn": "elman"}.get(settings["cell"], settings["cell"])
    # With as many threads as it may use cores.
    named["backend"] = "faer" if settings["threads"] == 1 else "faer-parallel"
    with tempfile.TemporaryDirectory() as folder:
        files = {name: Path(folder) / name for name in ("checkpoint", "svg", "summary")}
        words = [word for name, value in (named | files).items() for word in (f"--{name}", value)]
        run([program, *words], settings["threads"])
        summary = json.loads(files["summary"].read_text())
    return {name: summary[name] for name in ("chars_per_second", "bits_per_char", "parameters")}


def measure(options, settings):
    """Lines of every pass, in the order they were made."""
    programs = {label: path for label, _, path in options.ours} or {OURS: example("char_lm")}
    measured = {label: lambda of, path=path: ours(path, of) for label, path in programs.items()}
    if not options.without_torch:
        interpreter = python("torch", ROOT / "target" / "peers" / "environments")
        measured[TORCH] = lambda of: torch(interpreter, of)
    for threads in options.threads:
        for number in range(options.passes):
            for who, one_pass in measured.items():
                line = {"peer": who, **settings, "threads": threads, "stage": number}
                line |= one_pass(line) | {"load": load()}
                rate = f"{line['chars_per_second']:.0f} characters/s"
                print(f"{who}, threads {threads} ({number}): {rate}", file=sys.stderr, flush=True)
                yield line


def table(lines):
    """The best pass of each, also over that of the last: PyTorch, where it takes part."""
    programs = list(dict.fromkeys(line["peer"] for line in lines))
    text = [
        f"| threads | program | characters/s | spread | median | over {programs[-1]} | held-out bits/char | parameters |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for threads in dict.fromkeys(line["threads"] for line in lines):
        of = {who: [line for line in lines if (line["peer"], line["threads"]) == (who, threads)] for who in programs}
        rates = {who: [line["chars_per_second"] for line in passes] for who, passes in of.items()}
        for who, passes in of.items():
            best = max(rates[who])
            text.append(
                f"| {threads} | {who} | {best:.0f} | {best / min(rates[who]):.2f} | {median(rates[who]):.0f}"
                f" | {best / max(rates[programs[-1]]):.2f}× | {passes[0]['bits_per_char']:.3f} | {passes[0]['parameters']} |"
            )
    return "\n".join(text) + "\n"


def main():
    options = arguments()
    options.out.mkdir(parents=True, exist_ok=True)
    text = options.text
    if text is None:
        text = options.out / "text.txt"
        text.write_bytes(checkout())
    settings = {name: getattr(options, name) for name in ("cell", "hidden", "layers", "batch", "window", "steps")}
    settings |= {"text": str(text.resolve()), "seed": 1, "rate": 0.02, "horizon": 2500}
    lines = []
    # Minutes, so each run is measured whole and replaces the last.
    with (options.out / "results.jsonl").open("w") as file:
        for line in measure(options, settings):
            file.write(json.dumps(line) + "\n")
            file.flush()
            lines.append(line)
    found = table(lines)
    if len({line["parameters"] for line in lines}) > 1:
        sys.exit(f"these are different models:\n{found}")
    (options.out / "char_lm.md").write_text(found)
    print(found)


if __name__ == "__main__":
    main()
