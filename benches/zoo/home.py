"""A model in its home runtime, in a process of its own: a request per line on the standard input, an answer per line.

`home.py MODULE FOLDER WORK --threads 1`. Requests are those of the zoo bench, and `{"do": "rows"}`, the rows of the module, and
`{"do": "functions"}`, the errors of σ, tanh and exp where the runtime shows them by themselves. `{"do": "open", "row": …}` is answered with
what ours needs (`ours`, `feeds`) and what the bound needs (`weights`, a file, and `options`).
"""

import argparse
import importlib
import json
import os
import sys
import traceback
from pathlib import Path

import numpy as np

sys.path.append(str(Path(__file__).resolve().parent.parent / "peers"))
from worker import timed  # noqa: E402 - of the peers beside this folder

KINDS = {"float32": "f32", "int64": "i64", "int32": "i32"}


def written(array):
    array = np.asarray(array)
    return {"shape": list(array.shape), "kind": KINDS[str(array.dtype)], "data": array.ravel().tolist()}


def functions(of):
    """The largest errors of each function over values between -30 and 30, half of them with evenly distributed logarithms."""
    random = np.random.default_rng(1)
    small = np.exp(random.uniform(np.log(1e-30), np.log(30.0), 2**17)) * random.choice([-1.0, 1.0], 2**17)
    x = np.concatenate([random.uniform(-30.0, 30.0, 2**17), small]).astype(np.float32)
    exact = {"sigmoid": lambda x: 1 / (1 + np.exp(-x)), "tanh": np.tanh, "exp": np.exp}
    errors = {}
    for name, function in of.items():
        arguments = -np.abs(x) if name == "exp" else x
        wanted = exact[name](arguments.astype(np.float64))
        error = np.abs(np.asarray(function(arguments), np.float64) - wanted)
        errors[name] = {"ulp": float((error / np.spacing(wanted.astype(np.float32)).astype(np.float64)).max())}
        errors[name]["absolute"] = float(error.max())
    return errors


def main():
    options = argparse.ArgumentParser()
    options.add_argument("module")
    options.add_argument("folder", type=Path)
    options.add_argument("work", type=Path)
    options.add_argument("--threads", type=int, default=1)
    options = options.parse_args()
    # Whatever a library prints must not get between the answers.
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)

    def answer(what):
        answers.write(json.dumps(what) + "\n")
        answers.flush()

    home = importlib.import_module(f"models.{options.module}").Home(options.folder, options.work)
    answer({"version": home.version})
    row = None
    for text in sys.stdin:
        request = json.loads(text)
        try:
            match request["do"]:
                case "rows":
                    answer({"rows": list(home.rows)})
                case "functions":
                    answer({"functions": functions(home.functions())})
                case "open":
                    row = home.open(request["row"])
                    weights = options.work / f"{options.module}.{list(home.rows).index(request['row'])}.npz"
                    np.savez(weights, **row.weights)
                    feeds = {name: written(array) for name, array in row.feeds.items()}
                    described = {"ours": row.ours, "feeds": feeds, "weights": str(weights), "options": row.options}
                    answer({**described, "steps": row.steps, "note": row.note})
                case "run":
                    answer({"outputs": {name: written(array) for name, array in row.run().items()}})
                case "time":
                    call, calls = row.step if request["what"] == "step" and row.step else (row.sequence, 1)
                    if request["what"] == "step" and not row.step:
                        answer({"unsupported": True})
                        continue
                    median, least, samples = timed(call, request["secs"])
                    answer({"median_s": median / calls, "min_s": least / calls, "n": samples * calls})
                case other:
                    answer({"error": f"nobody knows how to {other}"})
        except Exception as error:  # the answer is the report; the next request may work
            traceback.print_exc()
            answer({"error": repr(error)[:300]})


if __name__ == "__main__":
    main()
