"""The processes that measure: a worker for each library and number of threads, and the grid bench for ours."""

import json
import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from environments import python

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
OURS = "recurrent"
# Ours with gates of the accuracy `fast`; without, they are those of `ulp1`, the default.
FAST = f"{OURS}, fast"


@dataclass(frozen=True)
class Peer:
    """A library: the environment it is installed in and the module that drives it."""

    environment: str
    module: str

    def prepare(self, environments):
        """The command of a worker, once everything is installed."""
        return [python(self.environment, environments), HERE / "worker.py", self.module]


@dataclass(frozen=True)
class RustPeer:
    """A library that the program in `rust/` drives, with the requests and answers of `worker.py`."""

    name: str

    def prepare(self, environments):
        manifest, target = HERE / "rust" / "Cargo.toml", environments.parent / "rust"
        build = ["build", "--release", "--locked", "--manifest-path", manifest, "--target-dir", target]
        return [executable(build, "recurrent-peers"), "--serve", self.name]


PEERS = {
    "torch": Peer("torch", "pytorch"),
    "onnxruntime": Peer("onnxruntime", "onnx_runtime"),
    "openvino": Peer("openvino", "open_vino"),
    "jax": Peer("jax", "jax_scan"),
    "candle": RustPeer("candle"),
    "burn": RustPeer("burn"),
    "rust-lstm": RustPeer("rust-lstm"),
    "tract": RustPeer("tract"),
    "rten": RustPeer("rten"),
}
# Measured unless others are named: the Rust ones take minutes to build.
USUAL = [name for name, peer in PEERS.items() if isinstance(peer, Peer)]

# A moment for threads that spin after their work before they sleep.
CALM = 0.05


def surroundings(threads):
    """Environment variables that every library's threads go by."""
    variables = dict(os.environ)
    for name in ("OMP", "MKL", "OPENBLAS", "RAYON", "MATMUL"):
        variables[f"{name}_NUM_THREADS"] = str(threads)
    # Forced kernels are slower than the ones a library would choose.
    for name in ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE"):
        variables.pop(name, None)
    variables["JAX_PLATFORMS"] = "cpu"
    if threads == 1:
        variables["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"
    return variables


def pinned(threads):
    """What a new process does first: as many cores as threads, however many helpers the library starts."""
    if not hasattr(os, "sched_setaffinity"):
        return None
    cores = sorted(os.sched_getaffinity(0))
    return lambda: os.sched_setaffinity(0, cores[-threads:])


def load():
    """How many threads the whole machine ran in the last minute, ours among them, where the system says."""
    return round(os.getloadavg()[0], 2) if hasattr(os, "getloadavg") else None


class Worker:
    """A library in its own process, for one number of threads and one number type."""

    def __init__(self, command, threads):
        self.process = subprocess.Popen(
            [str(part) for part in command],
            cwd=HERE,
            env=surroundings(threads),
            preexec_fn=pinned(threads),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.version = self.answer()["version"]

    def answer(self):
        text = self.process.stdout.readline()
        if not text:
            raise RuntimeError(f"the process ended with {self.process.wait()}")
        return json.loads(text)

    def ask(self, request):
        self.process.stdin.write(json.dumps(request) + "\n")
        self.process.stdin.flush()
        return self.answer()

    def measure(self, configuration, secs):
        return {"version": self.version, **self.ask({**configuration.line(), "secs": secs})}

    def close(self):
        self.process.stdin.close()
        self.process.wait()


class Workers:
    """Starts workers when they are first needed, and ends them when the number of threads or the type changes."""

    def __init__(self, environments: Path):
        self.environments = environments
        self.running = {}
        self.of = None
        self.programs = {}

    def prepare(self, peers):
        """Everything that is installed or built, before the first measurement."""
        for peer in peers:
            self.programs[peer] = PEERS[peer].prepare(self.environments)

    def measure(self, peer, configuration, secs):
        if self.of != (configuration.threads, configuration.dtype):
            self.close()
            self.of = (configuration.threads, configuration.dtype)
        if peer not in self.running:
            options = ["--threads", configuration.threads, "--dtype", configuration.dtype]
            self.running[peer] = Worker([*self.programs[peer], *options], configuration.threads)
        time.sleep(CALM)
        try:
            return self.running[peer].measure(configuration, secs)
        except (RuntimeError, OSError) as error:
            # The next measurement gets a new process.
            del self.running[peer]
            return {"error": str(error)}

    def close(self):
        for worker in self.running.values():
            worker.close()
        self.running = {}


def bench(name):
    """The program of one of our benches, built as `cargo bench` builds it."""
    return executable(["bench", "--package", OURS, "--bench", name, "--no-run"], name)


def example(name):
    """The program of one of our examples, optimised."""
    return executable(["build", "--package", OURS, "--release", "--example", name], name)


def executable(build, name):
    """The program `name` that these words after `cargo` build."""
    command = [str(word) for word in ["cargo", *build, "--message-format=json"]]
    built = subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True).stdout
    for text in built.splitlines():
        message = json.loads(text)
        if message.get("executable") and message["target"]["name"] == name:
            return message["executable"]
    raise RuntimeError(f"cargo built no {name}")


def selection(configuration):
    """A configuration as options of our benches."""
    shape = ",".join(str(extent) for extent in configuration.shape)
    named = {"shapes": shape, "cells": configuration.cell, "modes": configuration.mode}
    named |= {"threads": configuration.threads, "dtype": configuration.dtype}
    return [text for name, value in named.items() for text in (f"--{name}", str(value))]


def ours(program, configuration, secs, isa=None, accuracy=None):
    """One pass of our own, through the grid bench."""
    command = [program, "--bench", "--json", "-", "--passes", "1", "--secs", str(secs), *selection(configuration)]
    if isa:
        command += ["--isa", isa]
    if accuracy:
        command += ["--accuracy", accuracy]
    time.sleep(CALM)
    done = subprocess.run(
        command,
        env=surroundings(configuration.threads),
        preexec_fn=pinned(configuration.threads),
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    lines = [json.loads(text) for text in done.stdout.splitlines()]
    return lines[0] if lines else {"error": f"the grid bench ended with {done.returncode}"}


def floors(program, options):
    """The floors of our roofline, by configuration."""
    command = [program, "--bench", "--floors-only", "--json", "-", *options]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, stderr=sys.stderr, text=True)
    return [json.loads(text) for text in done.stdout.splitlines()]
