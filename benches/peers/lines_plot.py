"""The sweeps as a picture: `lines_plot.py LINES.json PICTURE.svg`, with matplotlib."""

import json
import sys

from plot import LOOKS, plt

AXES = {"tokens_per_s": "million tokens (T·B) per second", "gflops": "GFLOP/s of the products"}
SCALE = {"tokens_per_s": 1e-6, "gflops": 1}
# Filled and drawn through, or open and dashed.
STYLES = {"fwd": {"ls": "-"}, "train": {"ls": "--", "mfc": "white"}}


def panel(axes, over, rest, shown, points):
    for mode, cell in dict.fromkeys((point["mode"], point["cell"]) for point in points):
        of = [point for point in points if (point["mode"], point["cell"]) == (mode, cell)]
        values = [point[shown] * SCALE[shown] for point in of]
        below = [value - value / point["spread"] for value, point in zip(values, of)]
        colour, mark = LOOKS[cell]
        axes.errorbar(
            [point["value"] for point in of],
            values,
            yerr=[below, [0] * len(below)],
            color=colour,
            marker=mark,
            ms=5,
            lw=1.3,
            elinewidth=0.8,
            label=f"{cell} {mode}",
            **STYLES[mode],
        )
    axes.set_xscale("log", base=2)
    marks = sorted({point["value"] for point in points})
    axes.set_xticks(marks, marks)
    axes.minorticks_off()
    # From nought: a level line is to look level, and twice as fast twice as high.
    axes.set_ylim(bottom=0)
    axes.grid(axis="y", color="#dddddd", lw=0.6)
    axes.set_axisbelow(True)
    axes.tick_params(labelsize=8)
    axes.set_xlabel(over, fontsize=9)
    axes.set_ylabel(AXES[shown], fontsize=8)
    axes.set_title(rest, fontsize=9)


def main():
    source, picture = sys.argv[1:]
    with open(source) as file:
        found = json.load(file)
    panels = [panel for panel in found["panels"] if panel["points"]]
    figure, grid = plt.subplots(1, len(panels), figsize=(4.1 * len(panels), 3.6), squeeze=False, layout="constrained")
    for axes, known in zip(grid.flat, panels):
        panel(axes, **known)
    handles = {}
    for axes in grid.flat:
        handles |= dict(zip(axes.get_legend_handles_labels()[1], axes.get_legend_handles_labels()[0]))
    figure.legend(handles.values(), handles, loc="outside upper right", ncols=len(handles), fontsize=8, frameon=False)
    plural = "s" if found["threads"] > 1 else ""
    figure.suptitle(f"{found['threads']} thread{plural}, {found['dtype']}", fontsize=9, x=0.02, ha="left")
    # No date inside: the same numbers give the same file.
    figure.savefig(picture, metadata={"Date": None})


if __name__ == "__main__":
    main()
