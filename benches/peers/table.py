"""The table of ratios, as Markdown."""

import json

from results import mean_ratio

# Nearer than this is a tie, by number of threads: two passes of the same program differ by as much.
TIE = {1: 1.10}
TIE_MORE = 1.20


def verdict(row, of="ratio"):
    margin = TIE.get(row["threads"], TIE_MORE)
    if row[of] >= margin:
        return "ahead"
    return "tie" if row[of] > 1 / margin else "behind"


def seconds(value):
    for unit, factor in (("s", 1), ("ms", 1e3), ("µs", 1e6)):
        if value * factor >= 1:
            return f"{value * factor:.3g} {unit}"
    return f"{value * 1e9:.3g} ns"


def percent(value):
    return f"{100 * value:.0f} %" if value else "–"


def gates_by_peer(path):
    """What `accuracy.py` found, by library; nothing where it has not been run."""
    return json.loads(path.read_text())["libraries"] if path.exists() else {}


def gates(of, cell):
    """The largest error of σ and tanh in a cell."""
    found = of.get("cells", {}).get(cell)
    return ", ".join(ulps(function) for function in found.values()) if found else "–"


def ulps(function):
    ulp = function["ulp"]
    return f"{ulp:.2g}" if ulp < 100 else f"{function['absolute']:.1e} absolute"


def marked(row, of):
    """The ratio, and what it is unless that is ahead."""
    said = verdict(row, of)
    return f"**{row[of]:.2f}×**" + ("" if said == "ahead" else f" {said}")


def summary(rows):
    """Geometric means of the ratios over passes, threads and cells, one table for each accuracy."""
    text = ""
    for of, name in (("ratio", "Gates within 1 ulp"), ("fast_ratio", "Gates within 2.5 ulp (`fast`)")):
        cells = list(dict.fromkeys(row["cell"] for row in rows))
        text += f"{name}:\n\n| pass | threads | {' | '.join(cells)} | all | ahead | tie | behind | below 1.00 |\n"
        text += "|---" * (len(cells) + 7) + "|\n"
        modes, threads = (list(dict.fromkeys(row[key] for row in rows)) for key in ("mode", "threads"))
        for mode in [*modes, "all"] if len(modes) > 1 else modes:
            for number in threads:
                chosen = [row for row in rows if row["threads"] == number and mode in (row["mode"], "all")]
                means = [mean_ratio((row for row in chosen if row["cell"] == cell), of) for cell in cells]
                counts = [sum(verdict(row, of) == word for row in chosen) for word in ("ahead", "tie", "behind")]
                counts.append(sum(row[of] < 1 for row in chosen))
                text += f"| {mode} | {number} | {' | '.join(f'{mean:.2f}×' for mean in means)} | **{mean_ratio(chosen, of):.2f}×**"
                text += f" | {' | '.join(map(str, counts))} |\n"
        text += "\n"
    return text


def markdown(rows, gates_of=None):
    gates_of = gates_of or {}
    lines = [
        "*Ours* has gates within 1 ulp, *fast* within 2.5. *Of floor*: the part of the time that operations, bytes and gates of",
        "that accuracy need; of a peer's time with those of *fast*.",
    ]
    if gates_of:
        lines.append("*Gates*: the largest error of σ and tanh (Elman: tanh) of the fastest peer in ulp, by `accuracy.py`.")
    for kind in dict.fromkeys((row["mode"], row["threads"], row["dtype"]) for row in rows):
        mode, threads, dtype = kind
        of = [row for row in rows if (row["mode"], row["threads"], row["dtype"]) == kind]
        lines += [
            f"\n### {mode}, {threads} thread{'s' if threads > 1 else ''}, {dtype}\n",
            "| T,B,I,H | cell | ours | spread | of floor | fast | spread | of floor | fastest peer | time | spread | of floor"
            " | second | ratio | fast ratio |" + (" gates |" if gates_of else ""),
            "|---" * 15 + "|" + ("---|" if gates_of else ""),
        ]
        for row in of:
            shape = ",".join(str(row[extent]) for extent in "TBIH")
            second = f"{row['second']} {seconds(row['second_s'])}" if row["second"] else "–"
            lines.append(
                f"| {shape} | {row['cell']} | {seconds(row['ours_s'])} | {row['ours_spread']:.2f} | {percent(row['of_floor'])}"
                f" | {seconds(row['fast_s'])} | {row['fast_spread']:.2f} | {percent(row['fast_of_floor'])}"
                f" | {row['peer']} | {seconds(row['peer_s'])} | {row['peer_spread']:.2f} | {percent(row['peer_of_floor'])}"
                f" | {second} | {marked(row, 'ratio')} | {marked(row, 'fast_ratio')} |"
                + (f" {gates(gates_of.get(row['peer'], {}), row['cell'])} |" if gates_of else "")
            )
    return "\n".join(lines).strip() + "\n"
