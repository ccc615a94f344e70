#!/usr/bin/env python3
"""Pictures beside a report: SVG files, drawn with matplotlib (of Debian, in the group `tools`).

  bench/plots.py < DRAWING.json      {"path": ..., "kind": ratios | lines | bars, "title": ..., ...}

The functions below say what a drawing of each kind holds. Each returns the lines of Markdown that show the
picture; none, and a word on stderr, when it cannot be drawn: a report is whole without it."""

import importlib.util
import json
import os
import pathlib
import subprocess
import sys

SYSTEM_PYTHON = "/usr/bin/python3"  # Debian's library belongs to Debian's Python.
INK, QUIET, BLUE, GREEN, RED = "#222222", "#8a8a8a", "#2b6cb0", "#2f855a", "#c53030"
SERIES = (GREEN, BLUE, "#b7791f", RED, "#6b46c1", QUIET)


def ratios(path, title, rows):
    """`rows`: name, ratio, low, high, verdict. A point with its spread for each, beside a line at 1."""
    return drawn({"path": str(path), "kind": "ratios", "title": title, "rows": rows})


def lines(path, title, across, up, series):
    """`series`: name -> points (x, y). Up is logarithmic."""
    return drawn({"path": str(path), "kind": "lines", "title": title, "across": across, "up": up,
                  "series": series})


def bars(path, title, unit, parts, rows):
    """`rows`: name -> one value for each of the parts, which are laid end to end."""
    return drawn({"path": str(path), "kind": "bars", "title": title, "unit": unit, "parts": parts,
                  "rows": rows})


def drawn(drawing):
    python = sys.executable if importlib.util.find_spec("matplotlib") else SYSTEM_PYTHON
    pathlib.Path(drawing["path"]).parent.mkdir(parents=True, exist_ok=True)
    try:
        done = subprocess.run([python, __file__], input=json.dumps(drawing), text=True, capture_output=True)
        complaint = done.stderr.strip().splitlines()[-1:] if done.returncode else []
    except OSError as error:
        complaint = [str(error)]
    if complaint:
        print(f"no picture {drawing['path']}: {complaint[0]}", file=sys.stderr)
        return []
    return ["", f"![{drawing['title']}]({os.path.basename(drawing['path'])})"]


def draw_ratios(axes, drawing):
    rows = drawing["rows"][::-1]
    for at, row in enumerate(rows):
        colour = {"better": GREEN, "worse": RED}.get(row["verdict"], QUIET)
        axes.plot([row["low"], row["high"]], [at, at], color=colour, linewidth=2, solid_capstyle="butt")
        axes.plot([row["ratio"]], [at], "o", color=colour, markersize=5)
    axes.axvline(1, color=INK, linewidth=0.8)
    axes.set_yticks(range(len(rows)), [row["name"] for row in rows])
    axes.set_ylim(-0.7, len(rows) - 0.3)
    furthest = max(max(row["high"], 1 / max(row["low"], 1e-3)) for row in rows)
    furthest = min(max(furthest * 1.03, 1.1), 10)
    axes.set_xscale("log")
    axes.set_xlim(1 / furthest, furthest)
    step = next(step for step in (0.02, 0.05, 0.1, 0.25, 1, 3) if furthest - 1 <= 6 * step)
    above = [1 + step * number for number in range(1, int((furthest - 1) / step) + 1)]
    ticks = sorted([1, *above, *(1 / value for value in above)])
    axes.set_xticks(ticks, [f"{tick:.2f}" for tick in ticks])
    axes.set_xticks([], minor=True)
    axes.set_xlabel("head / base; grey: the spread covers 1; green: better, red: worse")


def draw_lines(axes, drawing):
    for colour, (name, points) in zip(SERIES, drawing["series"].items()):
        axes.plot(*zip(*points), "o-", color=colour, linewidth=1.5, markersize=4, label=name)
    axes.set_yscale("log")
    axes.yaxis.set_major_formatter(lambda value, _: f"{value:g}")
    axes.xaxis.set_major_formatter(lambda value, _: f"{value:,.0f}")
    axes.set_xlim(left=0)
    axes.set_xlabel(drawing["across"])
    axes.set_ylabel(drawing["up"])
    axes.legend(frameon=False)


def draw_bars(axes, drawing):
    names = list(drawing["rows"])[::-1]
    before = [0.0] * len(names)
    for at, (part, colour) in enumerate(zip(drawing["parts"], (BLUE, "#90b4d8", QUIET))):
        values = [drawing["rows"][name][at] for name in names]
        axes.barh(names, values, left=before, color=colour, height=0.6, label=part)
        before = [sum(both) for both in zip(before, values)]
    for at, total in enumerate(before):
        axes.text(total, at, f" {total:,.0f}" if total >= 100 else f" {total:.3g}", va="center", color=INK)
    axes.set_xlim(0, max(before) * 1.12)
    axes.set_xlabel(drawing["unit"])
    if len(drawing["parts"]) > 1:
        axes.legend(frameon=False)


def main():
    if sys.stdin.isatty() or len(sys.argv) > 1:
        sys.exit(__doc__)
    drawing = json.load(sys.stdin)
    import matplotlib  # Not at the top: this module is also read by a Python that has no such library.
    matplotlib.use("svg")
    from matplotlib import pyplot
    # Text stays text, and the same drawing gives the same file.
    pyplot.rcParams.update({"svg.fonttype": "none", "svg.hashsalt": "holdfast", "font.size": 9,
                            "font.family": "sans-serif", "axes.edgecolor": QUIET})
    high = {"ratios": 1.2 + 0.22 * len(drawing.get("rows", ())), "lines": 4.5,
            "bars": 1.2 + 0.45 * len(drawing.get("rows", ()))}
    figure, axes = pyplot.subplots(figsize=(8.5, high[drawing["kind"]]))
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(axis="both" if drawing["kind"] == "lines" else "x", color="#e4e4e4", linewidth=0.6)
    axes.set_axisbelow(True)
    {"ratios": draw_ratios, "lines": draw_lines, "bars": draw_bars}[drawing["kind"]](axes, drawing)
    axes.set_title(drawing["title"], loc="left", color=INK, fontsize=10)
    figure.savefig(drawing["path"], bbox_inches="tight", metadata={"Date": None})


if __name__ == "__main__":
    main()
