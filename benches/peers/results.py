"""The results file: one JSON line per measurement, appended as it is made, so that a run can go on where it stopped."""

import json
from collections import defaultdict
from pathlib import Path
from statistics import geometric_mean

from configuration import Configuration
from processes import FAST, OURS


class Results:
    """Lines by configuration, library, and where they come from: the survey, or pass 0, 1, … of the comparison."""

    def __init__(self, path: Path):
        self.path = path
        self.lines = defaultdict(dict)
        # An interrupted run may leave half a line, which is measured again.
        for text in path.read_text().splitlines() if path.exists() else []:
            try:
                self._keep(json.loads(text))
            except ValueError:
                continue

    def _keep(self, line):
        self.lines[Configuration.of(line), line["peer"]][line["stage"]] = line

    def has(self, configuration, peer, stage):
        return stage in self.lines.get((configuration, peer), {})

    def add(self, line):
        self._keep(line)
        with self.path.open("a") as file:
            file.write(json.dumps(line) + "\n")

    def surveyed(self, configuration):
        """Libraries that know the configuration, fastest first."""
        found = [
            (stages["survey"]["median_s"], peer)
            for (of, peer), stages in self.lines.items()
            if of == configuration and "median_s" in stages.get("survey", {})
        ]
        return [peer for _, peer in sorted(found)]

    def estimate(self, configuration, peer):
        """The lowest of the medians of the passes and their spread, or None."""
        stages = self.lines.get((configuration, peer), {})
        medians = [line["median_s"] for stage, line in stages.items() if stage != "survey" and "median_s" in line]
        return (min(medians), max(medians) / min(medians), len(medians)) if medians else None


def ratios(results, configurations, floors):
    """One row per configuration that was compared: ours in both accuracies against the fastest of its peers."""
    for configuration in configurations:
        mine, fast = (results.estimate(configuration, who) for who in (OURS, FAST))
        peers = {peer: results.estimate(configuration, peer) for of, peer in results.lines if of == configuration}
        peers = {peer: estimate for peer, estimate in peers.items() if estimate and peer not in (OURS, FAST)}
        if not mine or not fast or not peers:
            continue
        ordered = sorted(peers, key=lambda peer: peers[peer][0])
        best = ordered[0]
        floor = floors.get(configuration, {})

        def part(kind, seconds):
            return floor[kind] / seconds if floor else None

        yield {
            **configuration.line(),
            "ours_s": mine[0],
            "ours_spread": mine[1],
            "fast_s": fast[0],
            "fast_spread": fast[1],
            "passes": min(mine[2], fast[2], peers[best][2]),
            "peer": best,
            "peer_s": peers[best][0],
            "peer_spread": peers[best][1],
            "second": ordered[1] if len(ordered) > 1 else None,
            "second_s": peers[ordered[1]][0] if len(ordered) > 1 else None,
            "ratio": peers[best][0] / mine[0],
            "fast_ratio": peers[best][0] / fast[0],
            "gflops": configuration.flops / mine[0] / 1e9,
            # Of the operations and bytes alone, and with the gates of an accuracy.
            "of_bare_floor": part("floor_s", mine[0]),
            "of_floor": part("floor_ulp1_s", mine[0]),
            "fast_of_floor": part("floor_fast_s", fast[0]),
            "peer_of_floor": part("floor_fast_s", peers[best][0]),
        }


def mean_ratio(rows, of="ratio"):
    return geometric_mean(row[of] for row in rows)
