"""The report of a run: what was measured, and all that is needed to doubt it."""

import collections
import datetime
import os
import pathlib
import platform
import re
import statistics
import subprocess
import sys

import plots

PROJECT = pathlib.Path(__file__).resolve().parent.parent

Row = collections.namedtuple("Row", "what measured goal met note")


def say(text):
    print(text, file=sys.stderr, flush=True)


def mib(size):
    return f"{size / (1 << 20):.1f} MiB"


def git(*words):
    return subprocess.run(["git", "-C", PROJECT, *words], text=True,
                          capture_output=True).stdout.strip()


def machine(work):
    """Lines of a table: all that is needed to doubt the numbers."""
    cpu = re.search(r"^model name\s*:\s*(.*)$", pathlib.Path("/proc/cpuinfo").read_text(), re.M)
    memory = re.search(r"^MemTotal:\s+(\d+)", pathlib.Path("/proc/meminfo").read_text(), re.M)
    mounts = [line.split() for line in pathlib.Path("/proc/mounts").read_text().splitlines()]
    path = str(pathlib.Path(work).resolve())
    home = max((m for m in mounts if (path + "/").startswith(m[1].rstrip("/") + "/")),
               key=lambda m: len(m[1]))
    return [("processor", cpu.group(1) if cpu else platform.machine()),
            ("cores", str(len(os.sched_getaffinity(0)))),
            ("memory", f"{int(memory.group(1)) >> 20} GiB"),
            ("file system", f"{home[2]} on {os.path.basename(home[0])}"),
            ("kernel", platform.release())]


def report(bench, args, seconds):
    commit = git("rev-parse", "--short", "HEAD") or "unknown"
    if git("status", "--porcelain", "--untracked-files=no"):
        commit += "-changed"
    today = datetime.date.today().isoformat()
    load_average = os.getloadavg()
    lines = [f"# {today}, {commit}", ""]
    if args.quick:
        lines += ["A quick run with a twentieth of the volumes. Its figures are not to be quoted.", ""]
    lines += ["| | |", "|---|---|"]
    lines += [f"| {name} | {value} |" for name, value in machine(bench.work)]
    if bench.rounds:
        spread = f"{min(bench.rounds):.0f} to {max(bench.rounds):.0f}"
        lines.append(f"| one commit round, p50 | {statistics.median(bench.rounds):.0f} us "
                     f"({spread} in {len(bench.rounds)} measurements) |")
    if bench.load_cpu_share:
        lines.append(f"| load generator | on the same cores, {min(bench.load_cpu_share):.2f} to "
                     f"{max(bench.load_cpu_share):.2f} of them |")
    lines.append(f"| load average at the end | {load_average[0]:.1f} |")
    lines += ["", "Method: [bench/README.md](../README.md). Sync is on. Rates are the median of "
              f"{bench.repeats}; the spread is in brackets.", "",
              "| what | measured | goal | | |", "|---|---|---|---|---|"]
    for row in bench.rows:
        met = {True: "met", False: "**not met**", None: ""}[row.met]
        lines.append(f"| {row.what} | {row.measured} | {row.goal} | {met} | {row.note} |")
    for name, text in bench.parts.items():
        lines += ["", f"## {name}", "", "```text", text.rstrip(), "```"]
    name = f"{today}-{commit}" + ("-quick" if args.quick else "") + (
        "-" + "-".join(args.only) if args.only else "")
    folder = pathlib.Path(args.results)
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.md"
    for picture, *drawing in bench.pictures:
        lines += plots.lines(folder / f"{name}-{picture}.svg", *drawing)
    path.write_text("\n".join(lines) + "\n")
    print("\n".join(lines))
    say(f"\n== {seconds:.0f} s; the report is {os.path.relpath(path)}")
