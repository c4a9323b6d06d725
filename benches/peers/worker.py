"""Measures one library in a process of its own: a request per line on the standard input, an answer per line.

`worker.py MODULE --threads N --dtype f32`. A request is a configuration with `secs`; the answer its times in seconds
per call (for `step`: per step), or `unsupported`, or `error`. A request with a `layer` and all its numbers is answered
with its hidden states.
"""

import argparse
import importlib
import json
import os
import statistics
import sys
import time
import traceback
from pathlib import Path

from configuration import Configuration
from libraries.given import Given

try:
    import resource
except ImportError:  # not on Windows
    resource = None


def timed(call, secs, at_least=3, enough=2000):
    """Median, minimum and number of calls: a warm-up of a quarter of `secs`, then samples for `secs`."""
    clock = time.perf_counter
    until = clock() + secs / 4
    call()
    while clock() < until:
        call()
    samples = []
    until = clock() + secs
    while len(samples) < at_least or (clock() < until and len(samples) < enough):
        start = clock()
        call()
        samples.append(clock() - start)
    return statistics.median(samples), min(samples), len(samples)


def memory():
    """Peak of this process. `VmHWM` where there is one: on Linux `ru_maxrss` begins at what its parent held."""
    status = Path("/proc/self/status")
    for line in status.read_text().splitlines() if status.exists() else []:
        if line.startswith("VmHWM:"):
            return {"peak_rss_mb": int(line.split()[1]) / 2**10}
    if resource is None:
        return {}
    unit = 2**20 if sys.platform == "darwin" else 2**10
    return {"peak_rss_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit, 1)}


def main():
    options = argparse.ArgumentParser()
    options.add_argument("module")
    options.add_argument("--threads", type=int, required=True)
    options.add_argument("--dtype", required=True)
    options = options.parse_args()
    # Whatever a library prints must not get between the answers.
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    library = importlib.import_module(f"libraries.{options.module}").Library(options.dtype, options.threads)

    def answer(what):
        answers.write(json.dumps(what) + "\n")
        answers.flush()

    answer({"version": library.version})
    built = None
    for text in sys.stdin:
        request = json.loads(text)
        try:
            if "layer" in request:
                answer({"h": library.hidden(Given(request["layer"])).ravel().tolist()})
                continue
            secs = request.pop("secs")
            configuration = Configuration(**request)
            # Passes over the same configuration follow each other: nothing is compiled twice.
            if built is None or built[0] != configuration:
                built = None
                built = (configuration, library.build(configuration))
            if built[1] is None:
                answer({"unsupported": True})
                continue
            call, steps = built[1]
            median, least, samples = timed(call, secs)
            answer({"median_s": median / steps, "min_s": least / steps, "n": samples * steps, **memory()})
        except Exception as error:  # the answer is the report; the next request may work
            traceback.print_exc()
            built = None
            answer({"error": repr(error)[:300]})


if __name__ == "__main__":
    main()
