"""The table of ratios, as Markdown."""

import json

from results import mean_ratio

# Nearer than this is a tie, by number of threads: two passes of the same program differ by as much.
TIE = {1: 1.10}
TIE_MORE = 1.20


def verdict(row):
    margin = TIE.get(row["threads"], TIE_MORE)
    if row["ratio"] >= margin:
        return "ahead"
    return "tie" if row["ratio"] > 1 / margin else "behind"


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


def markdown(rows, gates_of=None):
    gates_of = gates_of or {}
    lines = []
    if gates_of:
        lines.append("*Gates*: the largest error of σ and tanh (Elman: tanh) of the fastest peer in ulp, by `accuracy.py`.")
    for kind in dict.fromkeys((row["mode"], row["threads"], row["dtype"]) for row in rows):
        mode, threads, dtype = kind
        of = [row for row in rows if (row["mode"], row["threads"], row["dtype"]) == kind]
        lines += [
            f"\n### {mode}, {threads} thread{'s' if threads > 1 else ''}, {dtype}\n",
            "| T,B,I,H | cell | ours | spread | of floor | fastest peer | time | spread | of floor | second | ratio |"
            + (" gates |" if gates_of else ""),
            "|---|---|---|---|---|---|---|---|---|---|---|" + ("---|" if gates_of else ""),
        ]
        for row in of:
            shape = ",".join(str(row[extent]) for extent in "TBIH")
            second = f"{row['second']} {seconds(row['second_s'])}" if row["second"] else "–"
            marked = "" if verdict(row) == "ahead" else f" {verdict(row)}"
            lines.append(
                f"| {shape} | {row['cell']} | {seconds(row['ours_s'])} | {row['ours_spread']:.2f} | {percent(row['of_floor'])}"
                f" | {row['peer']} | {seconds(row['peer_s'])} | {row['peer_spread']:.2f} | {percent(row['peer_of_floor'])}"
                f" | {second} | **{row['ratio']:.2f}×**{marked} |"
                + (f" {gates(gates_of.get(row['peer'], {}), row['cell'])} |" if gates_of else "")
            )
        counts = ", ".join(f"{word} {sum(verdict(row) == word for row in of)}" for word in ("ahead", "tie", "behind"))
        cells = ", ".join(
            f"{cell} {mean_ratio(row for row in of if row['cell'] == cell):.2f}×"
            for cell in dict.fromkeys(row["cell"] for row in of)
        )
        lines.append(f"\nGeometric mean {mean_ratio(of):.2f}× ({cells}); {counts}.")
    return "\n".join(lines).strip() + "\n"
