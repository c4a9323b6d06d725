#!/usr/bin/env python3
"""System calls of a push: `python3 benches/latency/system_calls.py`, Linux with strace.

Runs `cargo bench --bench latency -- --untimed` with N and with 2N pushes under `strace -c -f`. Whatever a push asks of the system
is in the difference, and there must be none.
"""

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "peers"))
from processes import bench  # noqa: E402


def counted(program, pushes):
    """The number of calls of each kind."""
    with tempfile.NamedTemporaryFile("r") as summary:
        words = ["strace", "-c", "-f", "-U", "name,calls", "-o", summary.name]
        subprocess.run([*words, program, "--bench", "--untimed", "--pushes", str(pushes)], check=True)
        rows = [line.split() for line in summary.read().splitlines()]
    return {row[0]: int(row[1]) for row in rows if len(row) == 2 and row[1].isdigit() and row[0] != "total"}


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--pushes", type=int, default=1_000_000, help="N [%(default)s]")
    pushes = options.parse_args().pushes
    program = bench("latency")
    few, many = counted(program, pushes), counted(program, 2 * pushes)
    print(f"{pushes} pushes: {sum(few.values())} system calls, {2 * pushes} pushes: {sum(many.values())}")
    more = {name: many.get(name, 0) - few.get(name, 0) for name in few | many}
    if any(more.values()):
        sys.exit(f"more with more pushes: { {name: count for name, count in more.items() if count} }")


if __name__ == "__main__":
    main()
