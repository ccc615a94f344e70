#!/usr/bin/env python3
"""Base against head: two commits on one machine in one session, in interleaved pairs of runs.

  ./dev bench compare BASE [--pairs N] [--only NAME]... [--quick]

BASE is built in a worktree build/compare/<commit> (kept, so that the next time is quick; ccache helps
the first time); the other side is the working tree, or another commit with --head. The load programs are
the working tree's for both. Each measurement runs base and head in turn, each on an empty folder, the
order alternating; so whatever the machine does in between, it does to both. What is told is the ratio
head/base of each pair: their median, and in brackets the smallest and the largest. When these lie on both
sides of 1, the verdict is "no difference". With N pairs, two equal programs look different in 2 of 2^N
cases for each row: 1 in 64 with 7 pairs. So of 64 rows expect one false verdict, and ask again for that
one: --only NAME --pairs 15.

To see how much of a difference this machine can tell, compare a commit with itself: ./dev bench compare HEAD.
"""

import argparse
import collections
import datetime
import http.client
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import time

import micro_figures
import plots
from micro_figures import Figure
from report import PROJECT, git, machine, say
from rig import Rig
from server_process import process_cpu_us

PAIRS, FEW = 7, 5
LOADS = ("three", "empty", "single", "steps", "hot", "sends", "nested", "endpoint", "fixed")
ALL = (*LOADS, *micro_figures.PARTS)


class Side(Rig):
    """One of the two builds. Each method measures once, and returns figures by name."""

    rate = None  # Of the fixed rate: half of what the base managed first; the same for both.

    def throughput(self, name, figures, per=1):
        """Rate, processor time and bytes; `per`: operations in each request."""
        if figures["failed"]:
            raise RuntimeError(f"{name}: {figures['failed']} requests failed")
        return {f"{name}: rate": Figure(figures["per_second"] * per, "/s"),
                f"{name}: server CPU each": Figure(figures["cpu_us"] / per, "us"),
                f"{name}: written each": Figure(figures["bytes"] / per, "B"),
                f"{name}: p99": Figure(figures["p99_us"], "us")}

    def closed(self, name, path, connections):
        self.fresh_server()
        self.wrk(path, connections, 1)
        return self.throughput(name, self.wrk(path, connections, self.seconds(4)))

    def three(self):
        return self.closed("3 steps, 256 connections", "/Bench/three", 256)

    def empty(self):
        return self.closed("empty handler, 64 connections", "/Bench/empty", 64)

    def hot(self):
        return self.closed("one object key, 64 connections", "/Hot/key/add", 64)

    def alone(self, name, path):
        self.fresh_server()
        self.wrk(path, 1, 1)
        figures = self.wrk(path, 1, self.seconds(4))
        return {f"{name}: p50": Figure(figures["p50_us"], "us"),
                f"{name}: server CPU each": Figure(figures["cpu_us"], "us"),
                f"{name}: syncs each": Figure(1 / figures["per_append"], "")}

    def single(self):
        return self.alone("3 steps, one connection", "/Bench/three")

    def nested(self):
        return self.alone("3 nested calls, one connection", "/Bench/nested")

    def steps(self):
        self.fresh_server()
        runs = max(50, self.volume(1000))
        self.submit("/Bench/hundred", runs, "--connections", runs)
        figures = self.submit("/Bench/hundred", 4 * runs, "--connections", runs)
        return self.throughput("a step of runs of 100", figures, per=100)

    def sends(self):
        self.fresh_server()
        figures = self.submit("/Bench/empty/send?delay=90d", self.volume(100_000), "--connections", 64,
                              "--pipeline", 4)
        return self.throughput("delayed sends", figures)

    def endpoint(self):
        with self.served_elsewhere() as endpoint:
            cpu = process_cpu_us(endpoint.pid)
            figures = self.wrk("/Remote/three", 64, self.seconds(4))
            cpu = (process_cpu_us(endpoint.pid) - cpu) / figures["count"]
            name = "3 steps in a C++ endpoint, 64 connections"
            return {**self.throughput(name, figures), f"{name}: endpoint CPU each": Figure(cpu, "us")}

    def fixed(self):
        """Half of the base's peak, for both."""
        self.fresh_server()
        peak = self.wrk("/Bench/three", 256, self.seconds(2))["per_second"]
        Side.rate = Side.rate or int(peak / 2)
        figures = self.fixed_rate("/Bench/three", Side.rate, self.seconds(8))
        name = f"3 steps at {Side.rate:,}/s"
        return {f"{name}: {what}": Figure(figures[f"{key}_us"], "us")
                for what, key in (("p50", "p50"), ("p99", "p99"), ("p99.9", "p999"))}

    def once(self, name):
        if name in micro_figures.PARTS:
            self.end_server()
            return micro_figures.run(self.bin, name, self.work)
        return getattr(self, name)()


Judged = collections.namedtuple("Judged", "name unit base head ratio low high verdict")


def judge(name, pairs):
    """`pairs`: (base, head) figures of one name."""
    unit = pairs[0][0].unit
    ratios = [head.value / base.value if base.value else 1.0 if head.value == base.value else float("inf")
              for base, head in pairs]
    ratio, low, high = statistics.median(ratios), min(ratios), max(ratios)
    if low <= 1 <= high:
        verdict = "no difference"
    else:
        verdict = "better" if (ratio > 1) == (unit == "/s") else "worse"
    if len(pairs) < FEW:
        verdict = f"no verdict from fewer than {FEW} pairs"
    return Judged(name, unit, *(statistics.median(pair[i].value for pair in pairs) for i in (0, 1)), ratio,
                  low, high, verdict)


def built(commit):
    """The build folder of a commit, in a worktree of its own."""
    name = git("rev-parse", "--verify", "--quiet", "--short=10", f"{commit}^{{commit}}")
    if not name:
        sys.exit(f"compare: there is no commit '{commit}' here")
    tree = PROJECT / "build" / "compare" / name
    if not (tree / "CMakeLists.txt").exists():
        subprocess.run(["git", "-C", PROJECT, "worktree", "prune"], check=True)
        subprocess.run(["git", "-C", PROJECT, "worktree", "add", "--force", "--detach", tree, name],
                       check=True, stdout=sys.stderr)
    say(f"== building {name} in {os.path.relpath(tree)}")
    # Paths relative to the tree, so that the compiler cache knows a file again in another tree.
    settings = {**os.environ, "CCACHE_BASEDIR": str(tree), "CCACHE_NOHASHDIR": "1"}
    for command in (["cmake", "--preset", "release"],
                    ["cmake", "--build", "--preset", "release", "--target", "bench"]):
        subprocess.run(command, cwd=tree, check=True, stdout=sys.stderr, env=settings)
    return name, tree / "build" / "release"


def measure(sides, names, pairs):
    """Figures by name, each a list of (base, head); and what could not be measured, with why."""
    found, failures = collections.defaultdict(list), []
    for name in names:
        for number in range(pairs):
            say(f"== {name}, pair {number + 1} of {pairs}")
            pair = {}
            try:
                for side in ("base", "head") if number % 2 == 0 else ("head", "base"):
                    pair[side] = sides[side].once(name)
                    sides[side].end_server()
            except (RuntimeError, http.client.HTTPException, OSError, SystemExit,
                    subprocess.CalledProcessError) as error:  # The server's own end is a SystemExit.
                failures.append(f"{name}, {side}: " + str(error).replace("\n", " ")[:200])
                say(f"   failed: {failures[-1]}")
                sides[side].kill_server()
                break
            base, head = pair["base"], pair["head"]
            for key in base:
                if key in head:
                    found[key].append((base[key], head[key]))
            if number == 0 and base.keys() != head.keys():
                failures.append(f"in one build only: {', '.join(sorted(base.keys() ^ head.keys()))}")
            if not base.keys() & head.keys():
                break
    return dict(found), failures


def amount(value, unit):
    text = f"{value:,.0f}" if value >= 100 else f"{value:.3g}"
    return text + (unit if unit == "/s" or not unit else f" {unit}")


def lines_of(args, names, rows, failures, work, seconds):
    base, head = names
    lines = [f"# {datetime.date.today().isoformat()}, {head} against {base}", ""]
    if args.quick:
        lines += ["A quick run with a twentieth of the volumes. Its figures are not to be quoted.", ""]
    lines += ["| | |", "|---|---|"] + [f"| {name} | {value} |" for name, value in machine(work)]
    chance = 2 / 2 ** args.pairs
    lines += [f"| load average at the end | {os.getloadavg()[0]:.1f} |", "",
              f"`./dev bench compare {args.base}`, {args.pairs} interleaved pairs of runs, {seconds:.0f} s "
              "in all. Medians; a ratio is head/base of a pair, its spread in brackets. \"No difference\": "
              f"the spread covers 1. Two equal programs look different with a chance of {chance:.2g} for "
              f"each row, so of these {len(rows)} rows {len(rows) * chance:.1f} may be false.", "",
              f"| what | base {base} | head {head} | ratio | |", "|---|---|---|---|---|"]
    for row in rows:
        verdict = row.verdict if row.verdict.startswith("no") else f"**{row.verdict}**"
        lines.append(f"| {row.name} | {amount(row.base, row.unit)} | {amount(row.head, row.unit)} | "
                     f"{row.ratio:.3f} ({row.low:.3f} to {row.high:.3f}) | {verdict} |")
    if failures:
        lines += ["", "Not compared:", ""] + [f"- {failure}" for failure in failures]
    return lines


def arguments():
    parser = argparse.ArgumentParser(prog="./dev bench compare", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("base", help="a commit: a hash, a tag, HEAD~3, main")
    parser.add_argument("--head", help="another commit instead of the working tree")
    parser.add_argument("--build", default="build/release", help="the release build of the working tree")
    parser.add_argument("--pairs", type=int, default=PAIRS, help=f"of each measurement ({PAIRS})")
    parser.add_argument("--only", action="append", choices=ALL, help="may be repeated")
    parser.add_argument("--quick", action="store_true", help="a twentieth of all volumes, to try it")
    parser.add_argument("--fail-over", type=float, metavar="PERCENT",
                        help="end with 1 when a row is worse by more than this")
    parser.add_argument("--work", help="where the data goes; its disk is what is measured")
    parser.add_argument("--results", default=str(PROJECT / "bench" / "results"))
    return parser.parse_args()


def main():
    args = arguments()
    base, base_build = built(args.base)
    if args.head:
        head, head_build = built(args.head)
    else:
        head, head_build = git("rev-parse", "--short=10", "HEAD"), pathlib.Path(args.build).resolve()
        head += "-changed" if git("status", "--porcelain", "--untracked-files=no") else ""
    work = pathlib.Path(args.work or args.build).resolve() / "compare_run"
    shutil.rmtree(work, ignore_errors=True)
    sides = {}
    for side, build in (("base", base_build), ("head", head_build)):
        (work / side).mkdir(parents=True)
        sides[side] = Side(build, work / side, args.quick, args.build)
    began = time.monotonic()
    try:
        found, failures = measure(sides, args.only or ALL, args.pairs)
    finally:
        for side in sides.values():
            side.kill_server()
    rows = [judge(name, pairs) for name, pairs in found.items()]
    lines = lines_of(args, (base, head), rows, failures, work, time.monotonic() - began)
    shutil.rmtree(work, ignore_errors=True)
    print("\n".join(lines))
    if rows and not args.quick:
        stem = pathlib.Path(args.results) / f"{datetime.date.today().isoformat()}-{head}-against-{base}"
        plot = plots.ratios(stem.with_suffix(".svg"), f"{head} against {base}",
                            [row._asdict() for row in rows])
        stem.parent.mkdir(parents=True, exist_ok=True)
        stem.with_suffix(".md").write_text("\n".join(lines + plot) + "\n")
        say(f"\n== the report is {os.path.relpath(stem)}.md")
    worse = [row for row in rows if row.verdict == "worse" and args.fail_over is not None
             and max(row.ratio, 1 / row.ratio) > 1 + args.fail_over / 100]
    for row in worse:
        say(f"WORSE: {row.name}: {row.ratio:.3f}")
    sys.exit(1 if worse or not rows else 0)


if __name__ == "__main__":
    main()
