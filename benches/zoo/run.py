#!/usr/bin/env python3
"""Models of others here and in their home runtimes, side by side in one run: `python3 benches/zoo/run.py --help`.

For each row: both compute the same input; their largest difference over the bound that README.md derives; then the times of the whole
sequence and of a step of a stream, one thread each, in turn, the lowest of the medians of the passes. `zoo.md` and `zoo.json` have a row
for each, also for what could not be fetched or is refused.
"""

import argparse
import importlib
import json
import subprocess
import sys
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.append(str(HERE.parent / "peers"))
import fetch  # noqa: E402
from accuracy import measured, values  # noqa: E402 - of the peers beside this folder, as all below
from environments import python  # noqa: E402
from processes import CALM, PEERS, ROOT, Worker, bench, executable, load  # noqa: E402

# The environment of each model; those of the peers are pinned there.
ENVIRONMENTS = {
    "g2p": "g2p", "dtln": "onnxruntime", "dtln_keras": "keras", "gtcrn": "onnxruntime", "nam": "torch", "textgenrnn": "keras",
    "made_torch": "torch", "made_onnx": "onnxruntime", "made_keras": "keras",
}  # fmt: skip
OURS = ("ulp1", "fast")
# What the backends claim of their functions, in ulp; e^x of a graph's softmax is the standard library's.
CLAIMS = {who: {"sigmoid": {"ulp": ulp}, "tanh": {"ulp": ulp}, "exp": {"ulp": 1.0}} for who, ulp in zip(OURS, (1.0, 2.5))}


def arguments():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    fetch.options(options)
    options.add_argument("--rows", default="", help="only rows whose names contain this")
    options.add_argument("--passes", type=int, default=5, help="interleaved passes [%(default)s]")
    options.add_argument("--secs", type=float, default=0.2, help="timed seconds of a measurement [%(default)s]")
    options.add_argument("--sample", type=int, default=48, help="places of an output that have a bound [%(default)s]")
    options.add_argument("--values", type=int, default=2**16, help="at which a runtime's σ and tanh are measured [%(default)s]")
    options.add_argument("--program", type=Path, help="a zoo bench that is built already")
    options.add_argument("--backend", default="faer", help="ours; all but faer have one accuracy [%(default)s]")
    options.add_argument("--environments", type=Path, help="folder of the virtual environments [OUT/environments]")
    options.add_argument("--report-only", action="store_true", help="measure nothing, print what there is")
    options = options.parse_args()
    options.environments = options.environments or options.out / "environments"
    return options


class Refused(Exception):
    """What this library says of a model that it does not read."""


class Asked(Worker):
    """A worker whose errors are exceptions."""

    def ask(self, request):
        answer = super().ask(request)
        if "error" in answer:
            raise RuntimeError(answer["error"])
        return answer


class Nnnoiseless(Asked):
    """The program of the home runtime that is no Python, as if it were."""

    def __init__(self, out):
        manifest, target = HERE / "nnnoiseless" / "Cargo.toml", out / "nnnoiseless"
        build = ["build", "--release", "--locked", "--manifest-path", manifest, "--target-dir", target]
        super().__init__([executable(build, "recurrent-zoo-nnnoiseless")], 1)
        self.out, self.row = out, "nnnoiseless"

    def ask(self, request):
        if request["do"] == "rows":
            return {"rows": [self.row]}
        if request["do"] != "open":
            return super().ask(request)
        model = importlib.import_module("models.nnnoiseless")
        answer = super().ask({"do": "open", "frames": model.FRAMES})
        zeros = {name: {"shape": [1, 1, units], "kind": "f32", "data": [0.0] * units} for name, units in model.STATES.items()}
        options = {"file": answer["path"]}
        ours = {"kind": "nnnoiseless", "path": answer["path"]}
        return {"ours": ours, "feeds": {"x": answer["x"], **zeros}, "options": options, "steps": model.FRAMES, "weights": None, "note": ""}


class Zoo:
    def __init__(self, options):
        self.options, self.claims = options, {}
        self.work = (options.out / "work").resolve()
        self.work.mkdir(parents=True, exist_ok=True)
        self.program = options.program.resolve() if options.program else bench("zoo")
        self.accuracies = OURS if options.backend == "faer" else OURS[:1]

    def python(self, name):
        """Of an environment that is ours or the peers'."""
        folder, root = HERE / "requirements", self.options.environments.resolve()
        try:
            return python(name, root, folder) if (folder / f"{name}.txt").exists() else python(name, root)
        except subprocess.CalledProcessError as error:
            raise RuntimeError(f"the environment {name} cannot be made: {error}") from error

    def home(self, model, folder):
        if model == "nnnoiseless":
            return Nnnoiseless(self.options.out.resolve())
        return Asked([self.python(ENVIRONMENTS[model]), HERE / "home.py", model, folder, self.work, "--threads", "1"], 1)

    def claims_of(self, model, home):
        """The errors of a runtime's functions, measured: by its layers where the peers do that, else as the home runtime shows them."""
        name = ENVIRONMENTS.get(model, model)
        if name not in self.claims and name in PEERS:
            peer = PEERS[name]
            command = [self.python(name), HERE.parent / "peers" / "worker.py", peer.module, "--threads", "1", "--dtype", "f32"]
            cells = measured(name, command, values(self.options.values))["cells"].values()
            functions = {}
            for function in ("sigmoid", "tanh"):
                worst = [cell[function] for cell in cells if function in cell]
                functions[function] = {unit: max(one[unit] for one in worst) for unit in ("ulp", "absolute")}
            self.claims[name] = functions
        elif name not in self.claims:
            self.claims[name] = home.ask({"do": "functions"})["functions"]
        return self.claims[name]

    def bounds(self, model, described, theirs):
        request = {"module": model, "claims": {**CLAIMS, "theirs": theirs}, "sample": self.options.sample}
        request |= {name: described[name] for name in ("feeds", "weights", "options")}
        command = [self.python("torch"), HERE / "bound.py"]
        done = subprocess.run(
            [str(part) for part in command], input=json.dumps(request), cwd=HERE, capture_output=True, text=True
        )
        if done.returncode:
            raise RuntimeError((done.stderr.strip().splitlines() or ["no bound"])[-1])
        return json.loads(done.stdout)["outputs"]

    def model(self, name):
        """Every row of a model."""
        licence = {"model": name, "licence": fetch.MODELS[name].licence}
        try:
            folder = fetch.fetch(name, self.options)
            home = self.home(name, folder)
        except (fetch.Missing, subprocess.CalledProcessError, RuntimeError, OSError) as error:
            yield {**licence, "row": name, "missing": str(error)}
            return
        try:
            for row in home.ask({"do": "rows"})["rows"]:
                if self.options.rows in row:
                    yield {**licence, "row": row, "home": home.version, **self.row(name, home, row)}
        except (RuntimeError, OSError) as error:
            yield {**licence, "row": name, "home": home.version, "failed": str(error)}
        finally:
            home.close()

    def row(self, model, home, row):
        ours = {}
        try:
            described = home.ask({"do": "open", "row": row})
            options = ["--serve", "--bench", "--backend", self.options.backend, "--accuracy"]
            for accuracy in self.accuracies:
                ours[accuracy] = Asked([self.program, *options, accuracy], 1)
                opened = ours[accuracy].ask({"do": "open", "model": described["ours"], "feeds": described["feeds"]})
                if "refused" in opened:
                    return {"refused": opened["refused"]}
            agreement = self.agreement(model, home, ours, described)
            return {"steps": described["steps"], "note": described["note"], **agreement, **self.times(home, ours)}
        except (RuntimeError, OSError, StopIteration) as error:
            return {"failed": str(error)}
        finally:
            for one in ours.values():
                one.close()

    def agreement(self, model, home, ours, described):
        theirs = home.ask({"do": "run"})["outputs"]
        found = {who: one.ask({"do": "run"})["outputs"] for who, one in ours.items()}
        bounds = self.bounds(model, described, self.claims_of(model, home))
        return {"of_bound": {who: compared(outputs, theirs, bounds, who) for who, outputs in found.items()}}

    def times(self, home, ours):
        found = {}
        for _ in range(self.options.passes):
            for what in ("sequence", "step"):
                for who, one in [("theirs", home), *ours.items()]:
                    time.sleep(CALM)
                    answer = one.ask({"do": "time", "what": what, "secs": self.options.secs})
                    if "median_s" in answer:
                        found.setdefault(what, {}).setdefault(who, []).append(answer["median_s"])
        estimates = {}
        for what, medians in found.items():
            if len(medians) == 1 + len(ours):
                estimates[what] = {who: {"s": min(m), "spread": max(m) / min(m)} for who, m in medians.items()}
        return {"times": estimates, "load": load()}


def compared(ours, theirs, bounds, who):
    """The largest difference of ours and theirs over the bound of both and over what is likely, of ours and theirs to the exact numbers
    over the bounds of each, and the largest difference itself."""
    worst = {"both": 0.0, "likely": 0.0, "ours": 0.0, "theirs": 0.0, "difference": 0.0, "places": 0}
    if set(theirs) - set(ours) or any(ours[name]["shape"] != theirs[name]["shape"] for name in theirs):
        shapes = [{name: tensor["shape"] for name, tensor in outputs.items()} for outputs in (ours, theirs)]
        raise RuntimeError(f"the outputs are not alike: {shapes[0]} here, {shapes[1]} there")

    def over(distance, bound):
        # What is not a number is the largest of all.
        return distance / bound if distance == distance else float("inf")

    for name, other in theirs.items():
        mine = ours[name]
        if mine["kind"] != "f32":
            if mine["data"] != other["data"]:
                raise RuntimeError(f"{name}: {mine['data']} here, {other['data']} there")
            continue
        bound = bounds[name]
        if bound["shape"] != mine["shape"]:
            raise RuntimeError(f"{name}: the reference has shape {bound['shape']}, this {mine['shape']}")
        for k, (place, exact) in enumerate(zip(bound["places"], bound["exact"], strict=True)):
            a, b = mine["data"][place], other["data"][place]
            of_a, of_b = bound["bounds"][who][k], bound["bounds"]["theirs"][k]
            # Least numbers apart from 0: what no one computes has no bound either.
            least = 2.0**-149
            worst["both"] = max(worst["both"], over(abs(a - b), of_a + of_b + least))
            likely = bound["likely"][who][k] + bound["likely"]["theirs"][k]
            worst["likely"] = max(worst["likely"], over(abs(a - b), likely + least))
            worst["ours"] = max(worst["ours"], over(abs(a - exact), of_a + least))
            worst["theirs"] = max(worst["theirs"], over(abs(b - exact), of_b + least))
        distances = [abs(a - b) for a, b in zip(mine["data"], other["data"])]
        worst["difference"] = max([worst["difference"], *distances])
        worst["places"] += len(bound["places"])
    return worst


def short(seconds):
    for unit, size in [("s", 1.0), ("ms", 1e-3), ("µs", 1e-6)]:
        if seconds >= size:
            return f"{seconds / size:.3g} {unit}"
    return f"{seconds / 1e-9:.3g} ns"


def cells(row, what):
    """Theirs, ours in each accuracy with the ratio, spreads."""
    times = row["times"].get(what)
    if not times:
        return ["–"] * 3
    theirs = times["theirs"]
    texts = [f"{short(theirs['s'])} ({theirs['spread']:.2f})"]
    for who in OURS:
        mine = times.get(who)
        texts.append(f"{short(mine['s'])} ({mine['spread']:.2f}), {theirs['s'] / mine['s']:.2f}×" if mine else "–")
    return texts


def table(rows):
    heads = ["row", "home", "steps", "off / bound", "off / likely", "`fast`", "largest difference", "sequence: home", "ours", "`fast`"]
    heads += ["step: home", "ours", "`fast`"]
    lines = [f"| {' | '.join(heads)} |", "|---" * len(heads) + "|"]
    for row in rows:
        name = f"{row['row']}{': ' + row['note'] if row.get('note') else ''}"
        for reason in ("missing", "refused", "failed"):
            if reason in row:
                lines.append(f"| {name} | {row.get('home', '–')} | {reason}: {row[reason].replace('|', '¦')} |" + " |" * (len(heads) - 3))
        if "of_bound" not in row:
            continue
        of_bound = row["of_bound"]
        off = [f"{of_bound['ulp1'][which]:.2g}" for which in ("both", "likely")]
        off.append(f"{of_bound['fast']['likely']:.2g}" if "fast" in of_bound else "–")
        texts = [name, row["home"], row["steps"], *off, f"{of_bound['ulp1']['difference']:.1e}"]
        lines.append(f"| {' | '.join(str(text) for text in [*texts, *cells(row, 'sequence'), *cells(row, 'step')])} |")
    return "\n".join(lines) + "\n"


def report(rows, options):
    compared_rows = [row for row in rows if "of_bound" in row]
    beyond = [row["row"] for row in compared_rows if any(one["both"] > 1 for one in row["of_bound"].values())]
    unlikely = [row["row"] for row in compared_rows if any(one["likely"] > 1 for one in row["of_bound"].values())]
    text = f"{len(compared_rows)} of {len(rows)} rows compared, backend {options.backend}; beyond the bound: {', '.join(beyond) or 'none'}; "
    text += f"beyond what is likely: {', '.join(unlikely) or 'none'}.\n"
    text += f"Times: the lowest of the medians of {options.passes} interleaved passes, (highest over lowest), one thread; × is home over ours.\n\n"
    text += table(rows) + "\nLicences: "
    text += "; ".join(f"{model}: {licence}" for model, licence in {row["model"]: row["licence"] for row in rows}.items()) + ".\n"
    (options.out / "zoo.md").write_text(text)
    print(text)
    return not beyond and not any("failed" in row for row in rows)


def main():
    options = arguments()
    path = options.out / "zoo.json"
    if options.report_only:
        sys.exit(0 if report(json.loads(path.read_text()), options) else 1)
    busy = load()
    if busy and busy > 0.5:
        print(f"something else is running (load {busy:.1f}): the figures will be its, too", file=sys.stderr, flush=True)
    zoo, rows = Zoo(options), []
    for name in options.models:
        for row in zoo.model(name):
            rows.append(row)
            summary = row.get("of_bound") or {key: row[key] for key in ("missing", "refused", "failed") if key in row}
            print(f"{row['row']}: {json.dumps(summary)}", file=sys.stderr, flush=True)
            path.write_text(json.dumps(rows, indent=1) + "\n")
    sys.exit(0 if report(rows, options) else 1)


if __name__ == "__main__":
    main()
