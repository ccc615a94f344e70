#!/usr/bin/env python3
"""The whole programme that tries to prove the engine wrong, for a bounded time: what was injected, how much
was checked, what was found.

  prove.py [--minutes N] [--seed S] [--only LAYER] [--table FILE]

Layers: simulation (lives from seeds), kill (SIGKILL of the real server), power (power cuts of its disk),
faults (its disk, its clock, its process), overload (more requests than it can do), bugs (planted ones, which
must be found). Each gets a share of the time; what is left of one goes to the next. Every failure prints the
command that repeats it. Ends with 0 if nothing was broken and all that was planted was found."""

import argparse
import dataclasses
import json
import os
import pathlib
import random
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = (ROOT / os.environ.get("HOLDFAST_BUILD", "build/dev")).resolve()
PYTHON = sys.executable
SKIPPED = 77


@dataclasses.dataclass
class Layer:
    name: str
    share: float      # Of the time, against those of the others.
    command: list
    # One of these is a trial, in which a loss could have been seen.
    trials: tuple = ()


LAYERS = [
    Layer("simulation", 0.30, [BUILD / "simulate"], ("seeds",)),
    Layer("kill", 0.15, [PYTHON, "tests/crash/kill_test.py"]),
    Layer("power", 0.15, [PYTHON, "tests/crash/power_test.py"]),
    Layer("faults", 0.20, [PYTHON, "tests/crash/faults_test.py"]),
    Layer("overload", 0.10, [PYTHON, "tests/prove/overload.py"], ("sends accepted",)),
    Layer("bugs", 0.20, [PYTHON, "tests/prove/mutants.py"]),
]


@dataclasses.dataclass
class Told:
    """What a layer says of itself."""
    seconds: float
    injected: dict = dataclasses.field(default_factory=dict)
    checked: dict = dataclasses.field(default_factory=dict)
    violations: list = dataclasses.field(default_factory=list)
    replay: str = ""
    skipped: str = ""

    def trials(self, layer):
        if layer.trials:
            return sum(self.checked.get(name, 0) for name in layer.trials)
        return sum(self.injected.values())


def run(layer, seconds, seed, folder):
    """Runs it for about so long; what it prints goes to this process's output."""
    report = folder / f"{layer.name}.json"
    command = [*layer.command, "--seconds", f"{seconds:.0f}", "--seed", seed, "--json", report]
    print(f"\n== {layer.name}: about {seconds:.0f} s", flush=True)
    began = time.monotonic()
    done = subprocess.run([str(word) for word in command], cwd=ROOT, check=False,
                          env={**os.environ, "HOLDFAST_BUILD": str(BUILD)})
    took = time.monotonic() - began
    if done.returncode == SKIPPED:
        return Told(took, skipped="this machine cannot run it")
    if not report.exists():
        again = " ".join(str(word) for word in command[:-2])
        return Told(took, violations=[f"it ended with {done.returncode} and told nothing"], replay=again)
    told = json.loads(report.read_text())
    result = Told(took, told["injected"], told["checked"], told["violations"], told["replay"])
    if done.returncode != 0 and not result.violations:
        result.violations = [f"it ended with {done.returncode}"]
    return result


def text_of(counts):
    shown = [(name, count) for name, count in counts.items() if count and not name.startswith("latest")]
    return "<br>".join(f"{count:,} {name}" for name, count in shown) or "-"


def bound(layer, told):
    """The rule of three: without a loss in n trials, 95 % sure that a trial loses less often than this."""
    trials = told.trials(layer)
    if layer.name == "bugs":
        return "-"
    return f"3 in {trials:,}" if trials and not told.violations else "-"


def table(results, seed, minutes):
    lines = [f"Seed {seed}, {minutes:.0f} minutes.", "",
             "| layer | time | injected | checked | broken | at most, 95 % |",
             "|---|---|---|---|---|---|"]
    for layer, told in results:
        if told.skipped:
            lines.append(f"| {layer.name} | {told.seconds:.0f} s | skipped: {told.skipped} | | | |")
            continue
        lines.append(f"| {layer.name} | {told.seconds:.0f} s | {text_of(told.injected)} | "
                     f"{text_of(told.checked)} | {len(told.violations)} | {bound(layer, told)} |")
    return "\n".join(lines) + "\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1, 1 << 31))
    parser.add_argument("--only", action="append", choices=[layer.name for layer in LAYERS], default=[])
    parser.add_argument("--table", metavar="FILE", help="write the table there, too, as Markdown")
    args = parser.parse_args()
    layers = [layer for layer in LAYERS if not args.only or layer.name in args.only]
    print(f"seed {args.seed}: tests/prove/prove.py --seed {args.seed} --minutes {args.minutes:g}", flush=True)

    results = []
    deadline = time.monotonic() + args.minutes * 60
    with tempfile.TemporaryDirectory(prefix="holdfast-prove.") as folder:
        for number, layer in enumerate(layers):
            shares = sum(one.share for one in layers[number:])
            seconds = max(10, (deadline - time.monotonic()) * layer.share / shares)
            results.append((layer, run(layer, seconds, args.seed, pathlib.Path(folder))))

    shown = table(results, args.seed, args.minutes)
    print("\n" + shown)
    if args.table:
        pathlib.Path(args.table).write_text(shown)
    broken = [(layer, told) for layer, told in results if told.violations]
    for layer, told in broken:
        for violation in told.violations[:10]:
            print(f"BROKEN {layer.name}: {violation[:600]}")
        print(f"again: {told.replay}")
    print(f"{sum(len(told.violations) for _, told in results)} broken")
    sys.exit(1 if broken else 0)


if __name__ == "__main__":
    main()
