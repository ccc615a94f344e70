#!/usr/bin/env python3
"""Holdfast beside its peers on the same machine, in rounds: each round runs each of them once, in turn.

  ./dev bench peers [--peer NAME]... [--pairs N] [--quick]

  restate          Restate 1.7.12 with one partition, which is its best on two cores
  restate-default  the same as it comes: its own number of partitions
  dbos             DBOS 5.3.0, a library in the application's process, on PostgreSQL of Debian
  proxy            nghttpx, which hands one request on to the endpoint and stores nothing: no peer, but the
                   least that anybody between a client and an endpoint can cost

All of them are asked over HTTP/1.1 by wrk, with the endpoint, the server and wrk on the same cores; all
store on the same disk, from an empty folder, with every sync on. Holdfast and Restate ask the same
endpoint, a process with Restate's TypeScript SDK. DBOS has no server: the process that answers HTTP runs
the workflows and writes to PostgreSQL, so its processor time stands where the endpoint's stands, that of
all PostgreSQL processes where the server's stands, and only the sum of both may be compared. PostgreSQL is
tuned as far as nothing is lost by it: 512 MB of shared buffers, 4 GB of log between checkpoints, lz4 for
full pages, no JIT; DBOS gets a pool of 20 connections. Objects with a key and delayed sends are not
measured with DBOS.

What is told are ratios of one round's figures, so that they mean something on any machine."""

import argparse
import collections
import datetime
import json
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import time

import peer_servers
import plots
from peer_servers import PEERS, packages
from report import PROJECT, git, machine, say

# name: (what, unit, whether more is better, the goal as a ratio to Restate tuned, the goal as a bound)
ROWS = {
    "empty_rate": ("empty handler, 64 clients", "/s", True, None, None),
    "empty_cpu": ("... server CPU a call", "us", False, 1 / 10, None),
    "empty_both": ("... CPU of server and endpoint a call", "us", False, None, None),
    "empty_written": ("... written to disk a call", "B", False, None, None),
    "three_rate": ("3 steps, 64 clients", "/s", True, None, None),
    "three_cpu": ("... server CPU a call", "us", False, 1 / 10, None),
    "three_endpoint": ("... CPU of the endpoint a call", "us", False, None, None),
    "three_both": ("... CPU of server and endpoint a call", "us", False, None, None),
    "three_written": ("... written to disk a call", "B", False, None, None),
    "three_p50": ("3 steps, one client, p50", "ms", False, 1 / 3, None),
    "hot_rate": ("one object key, 64 clients", "/s", True, 5, None),
    "hot_cpu": ("... server CPU a call", "us", False, 1 / 10, None),
    "hot_endpoint": ("... CPU of the endpoint a call", "us", False, None, None),
    "hot_both": ("... CPU of server and endpoint a call", "us", False, None, None),
    "hot_written": ("... written to disk a call", "B", False, None, None),
    "nested_p50": ("3 nested calls, one client, p50", "ms", False, 1 / 4, None),
    "sends_rate": ("delayed sends accepted, 64 clients", "/s", True, 5, None),
    "sends_cpu": ("... server CPU each", "us", False, None, None),
    "sends_written": ("... written to disk each", "B", False, None, None),
    "sends_memory": ("... memory each", "B", False, None, 100),
    "sends_disk": ("... disk each, with the logs", "B", False, None, None),
    "idle_memory": ("idle memory of the server", "MiB", False, None, 32),
    "binary": ("size of the program", "MiB", False, None, 16),
}


class Run:
    """One peer, from an empty folder to its end, and what was measured of it."""

    def __init__(self, peer, seconds):
        self.peer, self.seconds = peer, seconds
        self.found = {}

    def measure(self):
        try:
            self.peer.start()
            return self.measured()
        finally:
            self.peer.stop()

    def measured(self):
        if size := self.peer.program_bytes():
            self.found["binary"] = size / (1 << 20)
        time.sleep(self.seconds)
        self.found["idle_memory"] = self.peer.memory() / (1 << 20)
        self.peer.use_endpoint()
        measures = self.peer.measures
        self.wrk("/Peer/three" if "three" in measures else "/Peer/empty", 64, 2)  # Warms both up.

        self.rate("empty", "/Peer/empty", 64)
        if "three" in measures:
            self.rate("three", "/Peer/three", 64)
            self.found["three_p50"] = self.wrk("/Peer/three", 1)["p50_us"] / 1000
        if "nested" in measures:
            self.found["nested_p50"] = self.wrk("/Peer/nested", 1)["p50_us"] / 1000
        if "hot" in measures:
            self.rate("hot", "/PeerHot/key/add", 64)
        if "sends" in measures:
            self.sends()
        return self.found

    def rate(self, name, path, clients):
        peer = self.peer
        written = peer.written()
        cpu, others = peer.cpu_us(), peer.endpoint_cpu_us()
        figures = self.wrk(path, clients)
        count = figures["count"]
        self.found[f"{name}_cpu"] = (peer.cpu_us() - cpu) / count
        self.found[f"{name}_endpoint"] = (peer.endpoint_cpu_us() - others) / count
        self.found[f"{name}_rate"] = count / figures["seconds"]
        self.found[f"{name}_both"] = self.found[f"{name}_cpu"] + self.found[f"{name}_endpoint"]
        if written is not None:
            self.found[f"{name}_written"] = (peer.written() - written) / count

    def sends(self):
        """Sends for a day from now: how many a second, and what each of them costs to keep."""
        peer, path = self.peer, "/Peer/empty/send?delay=1d"
        self.wrk(path, 64, max(1, self.seconds // 4))
        self.settle()
        written = peer.written()
        memory, disk, cpu = peer.memory(), peer.disk(), peer.cpu_us()
        figures = self.wrk(path, 64)
        count = figures["count"]
        self.found["sends_cpu"] = (peer.cpu_us() - cpu) / count
        self.settle()
        if written is not None:
            self.found["sends_written"] = (peer.written() - written) / count
        self.found["sends_rate"] = count / figures["seconds"]
        self.found["sends_memory"] = (peer.memory() - memory) / count
        self.found["sends_disk"] = (peer.disk() - disk) / count

    def settle(self):
        """Gives the allocator time and reason to hand memory back."""
        for _ in range(self.seconds):
            time.sleep(1)
            peer_servers.ask(self.peer.ingress, "POST", "/Peer/empty")

    def wrk(self, path, clients, seconds=None):
        ended = subprocess.run(
            ["wrk", "-t1", f"-c{clients}", f"-d{seconds or self.seconds}s", "--timeout", "60s", "-s",
             str(self.peer.script), f"http://127.0.0.1:{self.peer.ingress}{self.peer.path(path)}", "--",
             *self.peer.script_arguments],
            capture_output=True, text=True, check=True)
        figures = json.loads(ended.stdout.strip().splitlines()[-1])
        if figures["failed"] or not figures["count"]:
            raise RuntimeError(f"{self.peer.title}: {path}: {figures}")
        return figures


def arguments():
    parser = argparse.ArgumentParser(prog="./dev bench peers", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", default="build/release", help="folder of the release build")
    parser.add_argument("--peer", action="append", choices=[name for name in PEERS if name != "holdfast"],
                        help="beside this one; may be repeated; all when none is given")
    parser.add_argument("--pairs", type=int, default=3, help="rounds (3)")
    parser.add_argument("--quick", action="store_true", help="one round of two seconds each, to try it")
    parser.add_argument("--alone", choices=PEERS, help="this one only, without ratios or a report")
    parser.add_argument("--work", help="where the data goes; its disk is what is measured")
    parser.add_argument("--results", default=str(PROJECT / "bench" / "results"))
    return parser.parse_args()


def main():
    args = arguments()
    if shutil.which("wrk") is None:
        sys.exit("wrk is missing; ./dev bench installs it")
    os.environ["HOLDFAST_BUILD"] = str(pathlib.Path(args.build).resolve())
    wanted = [args.alone] if args.alone else ["holdfast", *(args.peer or list(PEERS)[1:])]
    names, missing = [], []
    for name in wanted:
        try:
            PEERS[name].check()
            names.append(name)
        except packages.Unavailable as reason:
            missing.append(f"{PEERS[name].title}: {reason}")
            say(f"without {missing[-1]}")
    if len(names) < min(2, len(wanted)):
        packages.skip("; ".join(missing))

    work = pathlib.Path(args.work or args.build).resolve() / "peers_run"
    shutil.rmtree(work, ignore_errors=True)
    began = time.monotonic()
    rounds = measure(args, work, names, missing)
    write(args, work, names, rounds, missing, time.monotonic() - began)
    shutil.rmtree(work, ignore_errors=True)


def measure(args, work, names, missing):
    """A dict of name -> figures for each round. A peer that fails leaves `names`, and `missing` says why."""
    endpoint = peer_servers.PeerEndpoint(work / "endpoint").start().wait_until_ready()
    rounds = []
    for number in range(1 if args.quick else args.pairs):
        this = {}
        # Who comes first alternates, so that neither always has the warmer endpoint.
        for name in names[:] if number % 2 == 0 else names[::-1]:
            say(f"== round {number + 1}: {PEERS[name].title}")
            try:
                peer = PEERS[name](work / name, endpoint)
                this[name] = Run(peer, 2 if args.quick else 6).measure()
            except (RuntimeError, AssertionError, OSError, subprocess.SubprocessError) as error:
                if name in names[:1]:
                    raise
                names.remove(name)
                missing.append(f"{PEERS[name].title}: {str(error)[:300]}")
                say(f"   failed, and left out: {missing[-1]}")
                continue
            say("   " + ", ".join(f"{key} {text(key, value)}" for key, value in this[name].items()
                                  if key in ROWS))
        rounds.append(this)
    endpoint.stop()
    return rounds


def text(key, value):
    unit = ROWS[key][1]
    return f"{value:,.0f}{unit}" if unit == "/s" else (
        f"{value:,.1f} {unit}" if value < 100 else f"{value:,.0f} {unit}")


def cell(key, rounds, name):
    """The median, and the spread when there is one."""
    values = [figures[name][key] for figures in rounds if key in figures[name]]
    if not values:
        return ""
    spread = "" if len(values) == 1 else f" ({text(key, min(values))} to {text(key, max(values))})"
    return text(key, statistics.median(values)) + spread


Verdict = collections.namedtuple("Verdict", "ratio goal met")


def verdict(key, rounds, peer):
    """How Holdfast and the peer compare, round by round, and whether that is good enough. The goals are
    ratios to Restate tuned."""
    _, unit, more_is_better, ratio_goal, bound = ROWS[key]
    both = [(figures["holdfast"][key], figures[peer][key]) for figures in rounds
            if key in figures["holdfast"] and key in figures[peer]]
    # Memory and disk may shrink meanwhile; what is less than nothing meets a bound, and has no ratio.
    has_ratio = bool(both) and all(figure > 0 for pair in both for figure in pair)
    ratios = [ours / theirs for ours, theirs in both] if has_ratio else []
    middle = statistics.median(ratios) if ratios else None
    told = "" if middle is None else f"{middle:.2f}"
    if len(ratios) > 1:
        told += f" ({min(ratios):.2f} to {max(ratios):.2f})"
    if peer != "restate" or not (ratios if ratio_goal else bound and both):
        return Verdict(told, "", "")
    if ratio_goal:
        goal = f">= {ratio_goal:g}x" if more_is_better else f"<= 1/{1 / ratio_goal:g}"
        met = middle >= ratio_goal if more_is_better else middle <= ratio_goal
    else:
        goal = f"<= {bound} {unit}"
        met = statistics.median(ours for ours, _ in both) <= bound
    return Verdict(told, goal, "met" if met else "**not met**")


def table(rounds, peer):
    lines = ["", f"## Beside {PEERS[peer].title}", "",
             f"| what | {PEERS[peer].title} | Holdfast | ratio | goal | |", "|---|---|---|---|---|---|"]
    for key, (what, *_) in ROWS.items():
        if not cell(key, rounds, peer):
            continue
        judged = verdict(key, rounds, peer)
        lines.append(f"| {what} | {cell(key, rounds, peer)} | {cell(key, rounds, 'holdfast')} | "
                     f"{judged.ratio} | {judged.goal} | {judged.met} |")
    return lines


def pictures(stem, names, rounds):
    def medians(key):
        return {PEERS[name].title: statistics.median(figures[name][key] for figures in rounds)
                for name in names if key in rounds[0][name]}
    cpu, endpoint = medians("three_cpu"), medians("three_endpoint")
    return plots.bars(f"{stem}-cpu.svg", "Processor time of a call with 3 steps, 64 clients", "us",
                      ["server (PostgreSQL)", "endpoint (the application)"],
                      {name: [cpu[name], endpoint[name]] for name in cpu}) + plots.bars(
        f"{stem}-p50.svg", "A call with 3 steps, one client: p50", "ms", ["p50"],
        {name: [value] for name, value in medians("three_p50").items()})


def write(args, work, names, rounds, missing, seconds):
    today = datetime.date.today().isoformat()
    commit = git("rev-parse", "--short", "HEAD") or "unknown"
    lines = [f"# {today}, {commit}, beside {' and '.join(PEERS[name].title for name in names[1:])}", ""]
    if args.quick:
        lines += ["A quick run. Its figures are not to be quoted.", ""]
    lines += ["| | |", "|---|---|"]
    lines += [f"| {name} | {value} |" for name, value in machine(work)]
    lines += [f"| load average at the end | {os.getloadavg()[0]:.1f} |", "",
              f"`./dev bench peers`, {len(rounds)} round(s), each server in turn from an empty folder on "
              "the same disk, sync on in all; wrk, endpoint and server on the same cores. Restate and "
              "Holdfast ask the same TypeScript endpoint (SDK 1.17.2, Node 22) over HTTP/2. Medians; the "
              "spread is in brackets; ratios are Holdfast to the peer in one round. Bytes written are the "
              "disk's own count, so those of anybody else at that time are among them."]
    if "dbos" in names:
        settings = ", ".join(map(" ".join, peer_servers.PostgreSql.SETTINGS.items()))
        lines += ["", "DBOS is a library: its application's process stands where the endpoint stands, and "
                  "does part of what a server does elsewhere; PostgreSQL stands where the server stands. "
                  "Compare server and endpoint together. One application process (Node 22) with "
                  f"{peer_servers.DbosApp.POOL} connections; PostgreSQL with {settings}."]
    if "proxy" in names:
        lines += ["", "nghttpx is no peer: it hands each request on to the same endpoint, over HTTP/2, with "
                  "nothing stored and nothing understood. It says what standing between a client and an "
                  "endpoint costs at least."]
    lines += [f"\nNot measured: {reason}" for reason in missing]
    if args.alone:
        lines += ["", "| what | measured |", "|---|---|"]
        lines += [f"| {what} | {found} |" for key, (what, *_) in ROWS.items()
                  if (found := cell(key, rounds, args.alone))]
    for peer in names[1:]:
        lines += table(rounds, peer)
    print("\n".join(lines))
    if args.alone or args.quick:
        return
    stem = pathlib.Path(args.results) / f"{today}-{commit}-peers"
    lines += pictures(stem, names, rounds)
    stem.parent.mkdir(parents=True, exist_ok=True)
    pathlib.Path(f"{stem}.md").write_text("\n".join(lines) + "\n")
    say(f"\n== {seconds:.0f} s; the report is {os.path.relpath(stem)}.md")


if __name__ == "__main__":
    main()
