"""What the tests that break a real server share around the breaking: options, rounds until the time is over,
the report for people and the one for programs, and that nothing stays behind.

A test is a function that breaks one server and returns nothing; it is given a Round.
"""

import argparse
import collections
import contextlib
import json
import pathlib
import random
import shutil
import signal
import sys
import tempfile
import time
import traceback

from kill_checker import story_of
from load import Broken

THREADS = 16
SKIPPED = 77  # What ctest takes as "not run".


class CannotRun(Exception):
    """This machine, or this user, does not have what the test needs."""


class Report:
    """What was injected, what was looked at, what was found, over all rounds."""

    def __init__(self, layer, seed, replay):
        self.layer, self.seed, self.replay = layer, seed, replay
        self.injected = collections.Counter()  # Only what was seen to have happened.
        self.checked = collections.Counter()
        self.violations = []

    def add_counts(self, counts):
        for name, count in counts.items():
            if name.startswith("latest"):
                self.checked[name] = max(self.checked[name], count)
            else:
                self.checked[name] += count
        answered = counts.get("requests ok", 0) + counts.get("requests fail", 0)
        self.checked["requests answered"] += answered

    def write(self, path):
        told = {"layer": self.layer, "injected": dict(self.injected), "checked": dict(self.checked),
                "violations": self.violations, "seed": self.seed, "replay": self.replay}
        pathlib.Path(path).write_text(json.dumps(told, indent=1) + "\n")


class Round:
    """One server, broken in one way from one seed. `left` says whether there is time to break it more."""

    def __init__(self, options, seed, report, deadline):
        self.options, self.seed, self.report, self.deadline = options, seed, report, deadline
        self.chooser = random.Random(f"{seed} faults")
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix=f"holdfast-{report.layer}."))
        self.stand = None  # Set by the test as soon as there is one.
        self.closing = contextlib.ExitStack()  # What is to be closed when the server has ended.

    def has_time(self):
        return self.deadline is None or time.monotonic() < self.deadline

    def note(self, fault, times=1):
        self.report.injected[fault] += int(times)

    def problems(self):
        return self.stand.problems if self.stand else []

    def tell(self, replay):
        """Says what was found; the folder stays when something was."""
        for problem in self.problems()[:20]:
            print(f"\nBROKEN {problem}\n{story_of(problem, self.stand.history)}")
        if self.problems():
            if not self.report.violations:
                self.report.seed, self.report.replay = self.seed, replay
            self.report.violations += self.problems()
            print(f"all of it is in {self.folder}; again: {replay}", flush=True)
        if self.stand:
            self.report.add_counts(self.stand.counts)


def parser(doc):
    made = argparse.ArgumentParser(description=doc, formatter_class=argparse.RawDescriptionHelpFormatter)
    made.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1 << 32))
    made.add_argument("--threads", type=int, default=THREADS)
    made.add_argument("--seconds", type=float, help="go on injecting until so many have passed")
    made.add_argument("--json", metavar="FILE", help="write the report there, too")
    return made


def one_round(test, options, seed, report, deadline, replay):
    """Runs one; whatever happens, its server, its clients and its folder do not stay."""
    replay += f" --threads {options.threads}" if options.threads != THREADS else ""
    this = Round(options, seed, report, deadline)
    try:
        test(this)
    except Broken as broken:
        this.stand.problems.append(str(broken))
        this.stand.history.ops = list(this.stand.clients.ops)
        this.stand.history.ledger = this.stand.read_ledger()
    except (OSError, ValueError) as error:  # Of a server that nothing breaks any more.
        if this.stand is None:
            raise
        traceback.print_exc()
        this.stand.problems.append(f"I14 hangs: no answer, or none that can be read: {error!r}")
    finally:
        if this.stand:
            this.stand.end()
        this.closing.close()
        found = bool(this.problems())
        this.tell(replay)
        if not found:
            shutil.rmtree(this.folder, ignore_errors=True)


def end_at_once(number, _):
    """Asked twice, it still clears up only once."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    sys.exit(128 + number)


def main(layer, test, options, replay_of, rounds=1, prepare=None):
    """Runs `rounds`, or as many as fit in --seconds, each with the seed after the last one's. Prints, writes
    the JSON if asked to, and ends the process: 0 when no promise was broken, 1 when one was, 77 when this
    machine cannot run it. replay_of(seed) is the command that repeats one; `prepare` is called first."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, end_at_once)
    report = Report(layer, options.seed, replay_of(options.seed))
    print(f"seed {options.seed}: {report.replay}", flush=True)
    deadline = time.monotonic() + options.seconds if options.seconds else None
    number = 0
    try:
        if prepare:
            prepare()
        while number < rounds or (deadline and time.monotonic() < deadline):
            if number > 0 and deadline and time.monotonic() >= deadline:
                break
            seed = options.seed + number
            one_round(test, options, seed, report, deadline, replay_of(seed))
            number += 1
    except CannotRun as why:
        print(f"SKIP {why}")
        sys.exit(SKIPPED)

    for name, count in sorted(report.checked.items()):
        print(f"{count:8}  {name}")
    faults = ", ".join(f"{count} {name}" for name, count in sorted(report.injected.items()))
    print(f"\n{faults}; {len(report.violations)} broken promise(s)")
    if options.json:
        report.write(options.json)
    sys.exit(1 if report.violations else 0)
