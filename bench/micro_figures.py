"""What the programs of bench/micro print, as figures."""

import collections
import re
import subprocess

# name -> value. `unit` is "/s" where more is better; of all others less is.
Figure = collections.namedtuple("Figure", "value unit")

LINE = re.compile(r"^(\S.*?)\s{2,}(?:\d+ bytes\s+)?([\d.]+) ns$", re.M)


def nanos(text):
    """Lines of a name and nanoseconds."""
    return {name: Figure(float(value), "ns") for name, value in LINE.findall(text)}


def replay(text):
    rows = re.findall(r"^\s+(\d+)\s+([\d.]+)\s+[\d.]+$", text, re.M)
    return {f"replay of {int(entries):,} entries": Figure(float(ms) * 1000, "us") for entries, ms in rows}


def committer(text):
    found = {}
    for outstanding, rate, p50 in re.findall(r"^\s+(\d+)\s+(\d+)\s+\S+\s+(\d+)\s+\d+$", text, re.M):
        found[f"commits, {outstanding} outstanding"] = Figure(float(rate), "/s")
        found[f"a commit round, {outstanding} outstanding, p50"] = Figure(float(p50), "us")
    return found


# name of a part -> (its program, its reader).
PARTS = {
    "codec": ("codec_bench", nanos),
    "machine": ("machine_bench", nanos),
    "wheel": ("wheel_bench", nanos),
    "router": ("router_bench", nanos),
    "replay": ("replay_bench", replay),
    "committer": ("committer_bench", committer),
}


def run(folder, part, work):
    """The figures of one part; none when that build has no such program."""
    program, read = PARTS[part]
    if not (folder / program).exists():
        return {}
    text = subprocess.run([folder / program], check=True, text=True, capture_output=True, cwd=work).stdout
    return {f"{part}: {name}": figure for name, figure in read(text).items()}
