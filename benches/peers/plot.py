"""The ratios as a picture: `plot.py RATIOS.json PICTURE.svg`, with matplotlib.

A panel for each pass and number of threads; for each cell and shape a filled mark for gates within 1 ulp, whiskers from
our slowest pass against the peer's fastest to the other way round, and a hollow mark for gates of the accuracy `fast`.
"""

import json
import sys

import matplotlib

matplotlib.use("svg")
import matplotlib.pyplot as plt  # noqa: E402 - after the choice of the backend
from matplotlib.ticker import FuncFormatter, NullFormatter  # noqa: E402

# Told apart without seeing colours, too.
LOOKS = {"rnn": ("#0072b2", "o"), "lstm": ("#d55e00", "s"), "gru": ("#009e73", "^")}
APART = 0.22


def panel(axes, rows, shapes):
    cells = [cell for cell in LOOKS if any(row["cell"] == cell for row in rows)]
    for place, cell in enumerate(cells):
        of = [row for row in rows if row["cell"] == cell]
        x = [shapes.index(shape_of(row)) + (place - (len(cells) - 1) / 2) * APART for row in of]
        ratios = [row["ratio"] for row in of]
        below = [row["ratio"] - row["ratio"] / row["ours_spread"] for row in of]
        above = [row["ratio"] * row["peer_spread"] - row["ratio"] for row in of]
        colour, mark = LOOKS[cell]
        axes.errorbar(x, ratios, yerr=[below, above], fmt=mark, color=colour, ms=5, lw=1, alpha=0.9, label=cell)
        fast = [row["fast_ratio"] for row in of]
        axes.plot(x, fast, linestyle="none", marker=mark, color=colour, markerfacecolor="white", ms=4, alpha=0.9)
        foot = axes.get_xaxis_transform()
        for at, row in zip(x, of):
            axes.text(at, 0.015, row["peer"], color=colour, fontsize=5.5, rotation=90, ha="center", transform=foot)
    axes.axhline(1, color="black", lw=1)
    axes.set_yscale("log")
    low, high = axes.get_ylim()
    # Room for the names at the foot.
    axes.set_ylim(low * (low / high) ** 0.3, high)
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}×"))
    axes.yaxis.set_minor_formatter(NullFormatter())
    axes.set_yticks([ratio for ratio in (0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100) if in_view(ratio, axes)])
    axes.grid(axis="y", color="#dddddd", lw=0.6)
    axes.set_axisbelow(True)
    axes.set_xticks(range(len(shapes)), shapes, rotation=35, ha="right", fontsize=7)
    axes.set_xlim(-0.6, len(shapes) - 0.4)


def in_view(ratio, axes):
    low, high = axes.get_ylim()
    return low <= ratio <= high


def shape_of(row):
    return ",".join(str(row[extent]) for extent in "TBIH")


def main():
    source, picture = sys.argv[1:]
    with open(source) as file:
        rows = json.load(file)
    kinds = list(dict.fromkeys((row["mode"], row["dtype"]) for row in rows))
    threads = sorted({row["threads"] for row in rows})
    size = (1.5 + 5.2 * len(threads), 0.6 + 3.1 * len(kinds))
    figure, grid = plt.subplots(len(kinds), len(threads), figsize=size, squeeze=False, layout="constrained")
    for line, (mode, dtype) in zip(grid, kinds):
        for axes, number in zip(line, threads):
            of = [row for row in rows if (row["mode"], row["dtype"], row["threads"]) == (mode, dtype, number)]
            shapes = list(dict.fromkeys(shape_of(row) for row in of))
            plural = "s" if number > 1 else ""
            axes.set_title(f"{mode}, {number} thread{plural}, {dtype}", fontsize=9)
            if of:
                panel(axes, of, shapes)
        line[0].set_ylabel("fastest peer's time / ours", fontsize=8)
    handles = {}
    for axes in grid.flat:
        handles |= dict(zip(axes.get_legend_handles_labels()[1], axes.get_legend_handles_labels()[0]))
    figure.legend(handles.values(), handles, loc="outside upper right", ncols=3, fontsize=8, frameon=False)
    figure.suptitle("T,B,I,H; above 1: recurrent is faster than the fastest peer, which is named at the foot; hollow: with fast gates", fontsize=9, x=0.02, ha="left")
    # No date inside: the same ratios give the same file.
    figure.savefig(picture, metadata={"Date": None})


if __name__ == "__main__":
    main()
