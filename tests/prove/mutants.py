#!/usr/bin/env python3
"""Plants one bug after the other and asks the tests to find it. A bug that none of them finds says that
a promise is not watched.

  mutants.py [--only TEXT] [--seed N] [--seconds T] [--json FILE] [--list]

Uses what is built in HOLDFAST_BUILD (build/dev): the one file with the bug is compiled as it was, and the
test programs are linked again with it in front of the libraries. The order is drawn from the seed; with
--seconds no further bug is begun after that time."""

import argparse
import dataclasses
import json
import os
import pathlib
import random
import shlex
import subprocess
import sys
import tempfile
import time

from mutant_list import MUTANTS

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = (ROOT / os.environ.get("HOLDFAST_BUILD", "build/dev")).resolve()
PATIENCE = 4, 20  # A program that takes so many times as long as without a bug, and seconds more, hangs.
# What looks for the bug, the quickest first, and the folders whose code is in it.
PROGRAMS = {
    "simulate": (["--seeds", "2900"], ("storage", "journal", "actors", "net", "sdk")),
    "test_storage": ([], ("storage",)),
    "test_journal": ([], ("storage", "journal")),
    "test_sdk": ([], ("sdk",)),
    "test_scenario": ([], ("storage", "journal", "actors", "net", "sdk")),
    "test_crash": ([], ("storage", "journal", "actors")),
    "test_actors": ([], ("storage", "journal", "actors")),
    "test_net": ([], ("storage", "journal", "actors", "net", "sdk")),
}
# The real server before a test of tests/crash; only for bugs that name it first, as it takes long.
SERVERS = {
    "kill_server": ["tests/crash/faults_test.py", "--fault", "read_error", "--seed", "1", "--rounds", "3"],
}


class CannotPlant(Exception):
    """The sources, or a program with the bug, cannot be made."""


@dataclasses.dataclass
class Found:
    by: str = ""  # Empty: nobody found it.
    seconds: float = 0
    words: str = ""


def words_stand(mutant):
    """How often the words that a bug replaces stand in its file; 1 is what it takes."""
    return (ROOT / mutant.file).read_text().count(mutant.old)


def compile_commands():
    entries = json.loads((BUILD / "compile_commands.json").read_text())
    return {entry["file"]: entry["command"] for entry in entries}


def link_command(program):
    done = subprocess.run(["ninja", "-C", BUILD, "-t", "commands", program], check=True, text=True,
                          capture_output=True)
    return done.stdout.strip().splitlines()[-1]


class Workshop:
    """Where programs with a bug are made. Ends with the folder."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.compiling = compile_commands()
        self.linking = {program: link_command(program) for program in (*PROGRAMS, *SERVERS)}
        self.patience = {}  # Of a program, in seconds.

    def plant(self, mutant):
        """The object with the bug in it."""
        source = ROOT / mutant.file
        changed = self.folder / source.name
        changed.write_text(source.read_text().replace(mutant.old, mutant.new))
        thing = self.folder / "bug.o"
        command = self.compiling.get(str(source))
        if command is None:
            raise CannotPlant(f"{mutant.name}: {mutant.file} is not built in {BUILD}")
        words = shlex.split(command)
        words[words.index("-o") + 1] = str(thing)
        words[words.index("-c") + 1] = str(changed)
        done = subprocess.run([word for word in words if word != "-Wall"] + ["-w"], cwd=BUILD, text=True,
                              capture_output=True, check=False)
        if done.returncode != 0:
            raise CannotPlant(f"{mutant.name}: it does not compile\n{done.stderr[:2000]}")
        return thing

    def link(self, program, thing):
        """The program with `thing` instead of what is in the libraries."""
        made = self.folder / program
        command = self.linking[program].replace(f" -o {program} ", f" -o {made} {thing} ")
        done = subprocess.run(command, shell=True, cwd=BUILD, text=True, capture_output=True, check=False)
        if done.returncode != 0:
            raise CannotPlant(f"{program} cannot be linked\n{done.stderr[:2000]}")
        return made

    def run(self, made, program, seconds):
        """Why the program does not like it; None when it has found nothing."""
        if program in SERVERS:
            command, folder = [sys.executable, *SERVERS[program]], ROOT
            other = made.parent / "holdfast"  # It looks at the store without the bug.
            if not other.exists():
                other.symlink_to(BUILD / "holdfast")
        else:
            command, folder = [made, *PROGRAMS[program][0]], BUILD / "test_runs"
        try:
            done = subprocess.run(command, cwd=folder, text=True, errors="replace", capture_output=True,
                                  env={**os.environ, "HOLDFAST_BUILD": str(made.parent),
                                       "TMPDIR": str(self.folder)}, timeout=seconds, check=False)
        except subprocess.TimeoutExpired:
            return "does not end"
        if done.returncode == 0:
            return None
        lines = (done.stdout + done.stderr).splitlines()
        telling = [line for line in lines if line.startswith("BROKEN") or "error: in" in line
                   or "fatal error" in line or "CHECK" in line]
        return (telling or [f"ended with {done.returncode}"])[0][-180:]

    def patience_with(self, program):
        """How long it may take. A program that fails without a bug proves nothing with one."""
        if program not in self.patience:
            began = time.monotonic()
            words = self.run(BUILD / program, program, None)
            if words:
                raise CannotPlant(f"without a bug {program} fails, too: {words}")
            times, more = PATIENCE
            self.patience[program] = (time.monotonic() - began) * times + more
        return self.patience[program]

    def look(self, program, thing):
        return self.run(self.link(program, thing), program, self.patience_with(program))

    def hunt(self, mutant):
        thing = self.plant(mutant)
        folder = mutant.file.split("/", 1)[0]
        order = [mutant.first] + [program for program, (_, folders) in PROGRAMS.items()
                                  if program != mutant.first and folder in folders]
        began = time.monotonic()
        for program in order:
            words = self.look(program, thing)
            if words:
                return Found(program, time.monotonic() - began, words)
        return Found(seconds=time.monotonic() - began)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", action="append", default=[], help="bugs whose name has this text")
    parser.add_argument("--seed", type=int, help="draws the order; without it, that of the list")
    parser.add_argument("--seconds", type=float, default=1e9)
    parser.add_argument("--json")
    parser.add_argument("--list", action="store_true")
    args = parser.parse_args()
    chosen = [one for one in MUTANTS if not args.only or any(text in one.name for text in args.only)]
    if args.list:
        print("\n".join(f"{one.name:60} {one.file}" for one in chosen))
        return
    if args.seed is not None:
        random.Random(args.seed).shuffle(chosen)

    began = time.monotonic()
    # Of all that are chosen, also of those there is no time for: else one that no longer fits may go
    # without notice for long.
    unfit = {one: times for one in chosen if (times := words_stand(one)) != 1}
    problems = [f"{one.name}: the words stand {times} times in {one.file}, not once"
                for one, times in unfit.items()]
    for problem in problems:
        print(f"ERROR    {problem}", flush=True)
    chosen = [one for one in chosen if one not in unfit]
    caught = 0
    with tempfile.TemporaryDirectory(prefix="holdfast-mutants.") as folder:
        workshop = Workshop(folder)
        for mutant in chosen:
            if time.monotonic() - began > args.seconds:
                break
            try:
                found = workshop.hunt(mutant)
            except CannotPlant as why:
                problems.append(str(why))
                print(f"ERROR    {why}", flush=True)
                continue
            if found.by:
                caught += 1
                print(f"caught   {mutant.name:58} {found.by:13} {found.seconds:5.1f} s  {found.words}",
                      flush=True)
            else:
                problems.append(f"nobody found: {mutant.name} ({mutant.file})")
                print(f"MISSED   {mutant.name:58} {found.seconds:5.1f} s", flush=True)
    print(f"\n{caught} of {caught + len(problems)} planted bugs caught, {len(chosen)} in the list, "
          f"{time.monotonic() - began:.0f} s")
    if args.json:
        pathlib.Path(args.json).write_text(json.dumps({
            "layer": "planted bugs", "injected": {"bugs planted": caught + len(problems)},
            "checked": {"bugs caught": caught}, "violations": problems, "seed": args.seed or 0,
            "replay": "tests/prove/mutants.py --only NAME"}))
    sys.exit(1 if problems else 0)


if __name__ == "__main__":
    main()
