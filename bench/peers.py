#!/usr/bin/env python3
"""Measures Restate and Holdfast in turn, with the same TypeScript endpoint on the same machine, pair by pair.

  bench/peers.py --build build/release [--pairs N] [--quick] [--server NAME]

Both come as they are started by default, the peer with one partition; sync is on in both. The goals are
ratios, so that they mean something on any machine."""

import argparse
import collections
import datetime
import json
import os
import pathlib
import re
import shutil
import statistics
import subprocess
import sys
import time

from report import PROJECT, git, machine, say

sys.path.insert(0, str(PROJECT / "tests" / "conformance"))
import packages  # noqa: E402
import processes  # noqa: E402
from asking import ask  # noqa: E402

LUA = PROJECT / "bench" / "load" / "post.lua"
TICKS = os.sysconf("SC_CLK_TCK")

# name: (what, unit, whether more is better, the goal as a ratio to the peer, the goal as a bound)
ROWS = {
    "empty_cpu": ("empty handler, 64 clients, server CPU a call", "us", False, 1 / 10, None),
    "three_cpu": ("3 steps, 64 clients, server CPU a call", "us", False, 1 / 10, None),
    "three_rate": ("3 steps, 64 clients", "/s", True, None, None),
    "three_endpoint": ("3 steps, 64 clients, CPU of the endpoint", "us", False, None, None),
    "three_p50": ("3 steps, one client, p50", "ms", False, 1 / 3, None),
    "hot_rate": ("one object key, 64 clients", "/s", True, 5, None),
    "hot_endpoint": ("one object key, CPU of the endpoint a call", "us", False, None, None),
    "hot_cpu": ("one object key, server CPU a call", "us", False, 1 / 10, None),
    "nested_p50": ("3 nested calls, one client, p50", "ms", False, 1 / 4, None),
    "sends_rate": ("delayed sends accepted, 64 clients", "/s", True, 5, None),
    "sends_memory": ("delayed sends, memory each", "B", False, None, 100),
    "sends_disk": ("delayed sends, disk each, with the logs", "B", False, None, None),
    "sends_written": ("delayed sends, written to disk each", "B", False, None, None),
    "idle_memory": ("idle memory", "MiB", False, None, 32),
    "binary": ("size of the program", "MiB", False, None, 16),
}
NAMES = {"restate": "Restate 1.7.12", "holdfast": "Holdfast"}


def cpu_us(process):
    fields = pathlib.Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) * 1_000_000 // TICKS


class PeerEndpoint(processes.TypeScript):
    """bench/load/peer_endpoint.mjs; both servers use the same process."""

    def __init__(self, folder):
        processes.Process.__init__(self, "endpoint", folder)
        self.port = processes.unused_port()
        self.uri, self.mode = f"http://127.0.0.1:{self.port}", "bidi"

    def environment(self):
        return {"PORT": str(self.port)}

    def command(self):
        fetched = packages.typescript()
        app = self.folder / "app"
        shutil.rmtree(app, ignore_errors=True)
        app.mkdir()
        shutil.copy(PROJECT / "bench" / "load" / "peer_endpoint.mjs", app)
        (app / "node_modules").symlink_to(fetched / "node_modules")
        return [packages.node(fetched), app / "peer_endpoint.mjs"]


class Run:
    """One server, from an empty folder to its end, and what was measured of it."""

    def __init__(self, name, folder, endpoint, seconds):
        shutil.rmtree(folder, ignore_errors=True)
        self.server = processes.SERVERS[name](folder)
        self.name, self.endpoint, self.seconds = name, endpoint, seconds
        self.found = {}

    def measure(self):
        self.server.start().wait_until_ready()
        program = pathlib.Path(self.server.command()[0])
        self.found["binary"] = program.stat().st_size / (1 << 20)
        time.sleep(self.seconds)
        self.found["idle_memory"] = self.rss() / (1 << 20)
        answer = ask(self.server.admin, "POST", "/deployments", {"uri": self.endpoint.uri})
        if answer.status not in (200, 201):
            raise RuntimeError(f"{NAMES[self.name]} does not take the endpoint: {answer}")
        self.wrk("/Peer/three", 64, 2)  # Warms both up.

        self.rate("empty", "/Peer/empty", 64)
        self.rate("three", "/Peer/three", 64)
        self.found["three_p50"] = self.wrk("/Peer/three", 1)["p50_us"] / 1000
        self.rate("hot", "/PeerHot/key/add", 64)
        self.found["nested_p50"] = self.wrk("/Peer/nested", 1)["p50_us"] / 1000
        self.sends()
        self.server.stop()
        return self.found

    def rate(self, name, path, clients):
        cpu, others = self.cpu_us(), cpu_us(self.endpoint.process.pid)
        figures = self.wrk(path, clients)
        self.found[f"{name}_rate"] = figures["count"] / figures["seconds"]
        self.found[f"{name}_cpu"] = (self.cpu_us() - cpu) / figures["count"]
        self.found[f"{name}_endpoint"] = (
            cpu_us(self.endpoint.process.pid) - others) / figures["count"]

    def sends(self):
        """Sends for a day from now: how many a second, and what each of them costs to keep."""
        path = "/Peer/empty/send?delay=1d"
        self.wrk(path, 64, max(1, self.seconds // 4))
        self.settle()
        memory, disk, written = self.rss(), self.disk(), self.written()
        figures = self.wrk(path, 64)
        self.settle()
        self.found["sends_written"] = (self.written() - written) / figures["count"]
        self.found["sends_rate"] = figures["count"] / figures["seconds"]
        self.found["sends_memory"] = (self.rss() - memory) / figures["count"]
        self.found["sends_disk"] = (self.disk() - disk) / figures["count"]

    def settle(self):
        """Gives the allocator time and reason to hand memory back."""
        for _ in range(self.seconds):
            time.sleep(1)
            ask(self.server.ingress, "POST", "/Peer/empty")

    def wrk(self, path, clients, seconds=None):
        ended = subprocess.run(
            ["wrk", "-t1", f"-c{clients}", f"-d{seconds or self.seconds}s", "--timeout", "60s", "-s",
             str(LUA), f"http://127.0.0.1:{self.server.ingress}{path}"],
            capture_output=True, text=True, check=True)
        figures = json.loads(ended.stdout.strip().splitlines()[-1])
        if figures["failed"] or not figures["count"]:
            raise RuntimeError(f"{NAMES[self.name]}: {path}: {figures}")
        return figures

    def cpu_us(self):
        return cpu_us(self.server.process.pid)

    def rss(self):
        return int(re.search(r"^VmRSS:\s+(\d+) kB", self.proc("status"), re.M).group(1)) * 1024

    def proc(self, name):
        return pathlib.Path(f"/proc/{self.server.process.pid}/{name}").read_text()

    def written(self):
        return int(re.search(r"^write_bytes: (\d+)", self.proc("io"), re.M).group(1))

    def disk(self):
        # Sizes, not blocks: logs are preallocated.
        return sum(os.lstat(os.path.join(at, name)).st_size
                   for at, _, names in os.walk(self.server.data) for name in names)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--build", default="build/release", help="folder of the release build")
    parser.add_argument("--pairs", type=int, default=3)
    parser.add_argument("--quick", action="store_true", help="one pair of a second each")
    parser.add_argument("--server", choices=NAMES, help="this one alone, without ratios")
    parser.add_argument("--work", help="where the data goes; its disk is what is measured")
    parser.add_argument("--results", default=str(PROJECT / "bench" / "results"))
    args = parser.parse_args()
    if shutil.which("wrk") is None:
        sys.exit("wrk is missing; ./dev bench installs it")
    os.environ["HOLDFAST_BUILD"] = str(pathlib.Path(args.build).resolve())
    try:
        packages.typescript(), packages.reference()
    except packages.Unavailable as reason:
        packages.skip(str(reason))

    work = pathlib.Path(args.work or args.build).resolve() / "peers_run"
    shutil.rmtree(work, ignore_errors=True)
    began = time.monotonic()
    pairs = measure(args, work)
    write(args, work, pairs, time.monotonic() - began)
    shutil.rmtree(work, ignore_errors=True)


def measure(args, work):
    """A dict of name -> figures for each pair."""
    endpoint = PeerEndpoint(work / "endpoint").start().wait_until_ready()
    names = [args.server] if args.server else list(NAMES)
    pairs = []
    for number in range(1 if args.quick else args.pairs):
        pair = {}
        # Who comes first alternates, so that neither always has the warmer endpoint.
        for name in names if number % 2 == 0 else reversed(names):
            say(f"== pair {number + 1}: {NAMES[name]}")
            pair[name] = Run(name, work / name, endpoint, 1 if args.quick else 6).measure()
            say("   " + ", ".join(f"{key} {text(key, value)}" for key, value in pair[name].items()
                                  if key in ROWS))
        pairs.append(pair)
    endpoint.stop()
    return pairs


def text(key, value):
    unit = ROWS[key][1]
    return f"{value:,.0f}{unit}" if unit == "/s" else (
        f"{value:,.1f} {unit}" if value < 100 else f"{value:,.0f} {unit}")


def cell(key, pairs, name):
    """The median, and the spread when there is one."""
    values = [pair[name][key] for pair in pairs if name in pair]
    if not values:
        return ""
    spread = "" if len(values) == 1 else f" ({text(key, min(values))} to {text(key, max(values))})"
    return text(key, statistics.median(values)) + spread


Verdict = collections.namedtuple("Verdict", "ratio goal met")


def verdict(key, pairs):
    """How the two compare, pair by pair, and whether that is good enough."""
    _, unit, more_is_better, ratio_goal, bound = ROWS[key]
    both = [pair for pair in pairs if len(pair) == 2]
    if not both:
        return Verdict("", "", "")
    ratios = [pair["holdfast"][key] / pair["restate"][key] if pair["restate"][key] else float("inf")
              for pair in both]
    middle = statistics.median(ratios)
    told = f"{middle:.2f}" + (f" ({min(ratios):.2f} to {max(ratios):.2f})" if len(ratios) > 1 else "")
    if ratio_goal:
        goal = f">= {ratio_goal:g}x" if more_is_better else f"<= 1/{1 / ratio_goal:g}"
        met = middle >= ratio_goal if more_is_better else middle <= ratio_goal
    elif bound:
        goal = f"<= {bound} {unit}"
        met = statistics.median(pair["holdfast"][key] for pair in both) <= bound
    else:
        return Verdict(told, "", "")
    return Verdict(told, goal, "met" if met else "**not met**")


def write(args, work, pairs, seconds):
    today = datetime.date.today().isoformat()
    commit = git("rev-parse", "--short", "HEAD") or "unknown"
    lines = [f"# {today}, {commit}, beside Restate 1.7.12", ""]
    if args.quick:
        lines += ["A quick run. Its figures are not to be quoted.", ""]
    lines += ["| | |", "|---|---|"]
    lines += [f"| {name} | {value} |" for name, value in machine(work)]
    lines += ["", f"`bench/peers.py`, {len(pairs)} pair(s), each server in turn from an empty folder on "
              "the same disk, sync on in both, the peer with one partition; the same TypeScript endpoint "
              "(SDK 1.17.2, Node 22) over HTTP/2; wrk, endpoint and server on the same cores. Medians; "
              "the spread is in brackets; ratios are of pairs.", "",
              "| what | Restate 1.7.12 | Holdfast | ratio | goal | |", "|---|---|---|---|---|---|"]
    for key, (what, *_) in ROWS.items():
        judged = verdict(key, pairs)
        lines.append(f"| {what} | {cell(key, pairs, 'restate')} | {cell(key, pairs, 'holdfast')} | "
                     f"{judged.ratio} | {judged.goal} | {judged.met} |")
    print("\n".join(lines))
    if args.server or args.quick:
        return
    path = pathlib.Path(args.results) / f"{today}-peers.md"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(lines) + "\n")
    say(f"\n== {seconds:.0f} s; the report is {os.path.relpath(path)}")


if __name__ == "__main__":
    main()
