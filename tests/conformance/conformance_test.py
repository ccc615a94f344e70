#!/usr/bin/env python3
"""Official SDKs, unmodified, against the server: each case in each mode, and again around kills.

  conformance_test.py [--server restate|restate-v7] [--sdk NAME] [--mode NAME] [--only TEXT]
                      [--verbose] [--list]

Packages are fetched once into HOLDFAST_TEST_CACHE (~/.cache/holdfast-tests); where they cannot be had the
test is skipped and says so. --server restate runs the cases against the reference instead, to judge the
cases themselves. What the processes wrote is kept when something failed."""

import argparse
import collections
import concurrent.futures
import pathlib
import shutil
import sys
import tempfile
import threading
import time
import traceback

import packages
import stand
from cases import CASES
from driver import Driver
from processes import ENDPOINTS, SERVERS
from world import World

# Where a case is is what puts it into the list.
import call_cases  # noqa: F401
import crash_cases  # noqa: F401
import object_cases  # noqa: F401
import registration_cases  # noqa: F401
import step_cases  # noqa: F401
import waiting_cases  # noqa: F401
import workflow_cases  # noqa: F401

THREADS = 12
CRASH_MODES = ("bidi", "request-response", "suspending")
VICTIMS = ("server", "endpoint", "both")
printing = threading.Lock()


class Report:
    """Says each failure, and of the rest how many there are in each place; each case when `verbose`."""

    def __init__(self, verbose):
        self.verbose = verbose
        self.counts = collections.Counter()
        self.passed = collections.Counter()
        self.details = []

    def add(self, case, where, began, error=None):
        outcome = "FAIL" if error else "ok"
        with printing:
            self.counts[outcome] += 1
            self.passed[where] += not error
            if error or self.verbose:
                print(f"{outcome:4} {where:32} {case.name}  {time.monotonic() - began:.2f} s", flush=True)
            if error:
                self.details.append(f"{where}: {case.name}\n{error}")


def guarded(report, case, where, run):
    """Runs a case's part; False when it failed."""
    began = time.monotonic()
    try:
        run()
        return True
    except Exception as error:  # pylint: disable=broad-except
        lines = traceback.format_exc().splitlines()
        own = [line.strip() for line in lines if "_cases.py" in line][-1:]
        report.add(case, where, began, "\n".join([f"  {error}"[:1500], *(f"  {o}" for o in own)]))
        return False


def run_plain(place, case, report):
    began = time.monotonic()
    where = f"{place.sdk} {place.mode}"
    if guarded(report, case, where, lambda: case.run(World(place))):
        report.add(case, where, began)


def run_crashes(place, victim, cases, report):
    """Every case up to where it yields, a kill, and so on until all have ended."""
    where = f"{place.sdk} {place.mode} -{victim}"
    began = time.monotonic()
    running = [(case, case.run(World(place))) for case in cases]

    def step(one):
        case, generator = one
        goes_on = []

        def run():
            if next(generator, "ended") != "ended":
                goes_on.append(True)

        if guarded(report, case, where, run) and not goes_on:
            report.add(case, where, began)
        return bool(goes_on)

    with concurrent.futures.ThreadPoolExecutor(len(running)) as pool:
        while running:
            running = [one for one, goes_on in zip(running, list(pool.map(step, running))) if goes_on]
            if running:
                kill(place, victim)


def kill(place, victim):
    victims = {"server": [place.server], "endpoint": [place.endpoint],
               "both": [place.server, place.endpoint]}[victim]
    for process in victims:
        if not process.is_alive():
            raise AssertionError(f"{process.name} ended by itself")
    for process in victims:
        process.kill()
    for process in victims:
        process.start()
    for process in victims:
        process.wait_until_ready()


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--server", choices=SERVERS, default="holdfast")
    parser.add_argument("--sdk", action="append", choices=ENDPOINTS)
    parser.add_argument("--mode", action="append", choices=stand.MODES)
    parser.add_argument("--only", action="append", default=[], help="cases whose name has this text")
    parser.add_argument("--no-crash", action="store_true", help="leave out the kills")
    parser.add_argument("--verbose", action="store_true", help="a line for each case")
    parser.add_argument("--list", action="store_true", help="name the cases")
    parser.add_argument("--keep", help="where what the processes write goes, and stays")
    args = parser.parse_args()

    cases = [case for case in CASES
             if not args.only or any(text.replace("_", " ") in case.name for text in args.only)]
    if args.list:
        print("\n".join(case.name + ("  (around a kill)" if case.is_crash else "") for case in cases))
        return
    sdks = packages.available(args.sdk or list(ENDPOINTS))
    try:
        if args.server != "holdfast":
            packages.reference()
    except packages.Unavailable as reason:
        packages.skip(str(reason))
    folder = pathlib.Path(args.keep or tempfile.mkdtemp(prefix="conformance-"))
    report = Report(args.verbose or bool(args.only))
    began = time.monotonic()
    run_all(args, cases, sdks, folder, report)
    for where, passed in sorted(report.passed.items()):
        print(f"ok   {where:32} {passed} cases")
    for detail in report.details:
        print(f"\n{detail}")
    print(f"\n{report.counts['ok']} ok, {report.counts['FAIL']} failed, "
          f"{time.monotonic() - began:.0f} s")
    if report.details:
        print(f"what the processes wrote is in {folder}")
        sys.exit(1)
    if not args.keep:
        shutil.rmtree(folder, ignore_errors=True)


def run_all(args, cases, sdks, folder, report):
    driver = Driver()
    modes = {sdk: [mode for mode in stand.MODES_OF[sdk] if not args.mode or mode in args.mode]
             for sdk in sdks}
    plain = [case for case in cases if not case.is_crash]
    crash = [case for case in cases if case.is_crash and not args.no_crash]
    with concurrent.futures.ThreadPoolExecutor(THREADS) as pool:
        waiting = []
        for sdk in sdks:
            for mode in [mode for mode in modes[sdk] if mode in CRASH_MODES]:
                chosen = [case for case in crash if sdk in case.sdks]
                if chosen:
                    waiting.append(pool.submit(run_crash_stand, args, folder, driver, sdk, mode, chosen,
                                               report))
        if plain:
            waiting += run_plain_stands(args, folder, driver, modes, plain, report, pool)
        for one in waiting:
            one.result()


def run_plain_stands(args, folder, driver, modes, cases, report, pool):
    """All modes of all SDKs behind one server."""
    server = SERVERS[args.server](folder / "plain").start().wait_until_ready()
    places = [stand.Stand(server, driver, sdk, mode) for sdk in modes for mode in modes[sdk]]
    tags = frozenset(place.tag for place in places)
    for place in places:
        place.neighbours = tags
    for started in [pool.submit(place.start) for place in places]:
        started.result()
    return [pool.submit(run_plain, place, case, report)
            for case in cases for place in places
            if place.sdk in case.sdks and (not case.modes or place.mode in case.modes)]


def run_crash_stand(args, folder, driver, sdk, mode, cases, report):
    """A server and an endpoint of its own, killed again and again."""
    home = folder / f"crash-{sdk}-{mode}"
    server = SERVERS[args.server](home).start().wait_until_ready()
    place = stand.Stand(server, driver, sdk, mode).start()
    for victim in VICTIMS:
        run_crashes(place, victim, cases, report)
    place.endpoint.stop()
    server.stop()


if __name__ == "__main__":
    main()
