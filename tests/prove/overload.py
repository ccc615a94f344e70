#!/usr/bin/env python3
"""A real server is asked for more than ten times what it can do, within a limit of memory, and must go on
working meanwhile, say no properly where it must, and be itself again soon.

  overload.py [--seconds N] [--seed S] [--json FILE]

A server with 8 step threads and steps of 20 ms (400 a second, whatever the machine) in a memory control
group of 512 MB; without one (that needs root) only its resident memory is watched. A round:

  1. The peak: 32 callers that wait for each answer; steps a second.
  2. Overload: 12 to 16 times the peak is offered at a fixed rate, half as sends and half as calls, whose
     callers go away after a second; what finds no free connection (flood.OPEN_MAX) is not sent, and counted.
     Sizes, rate and order are from the seed. Beside it 200 clients send a head a byte a second, and every
     100 ms one asks for something quick.
  3. It ends. How long until a quick call and one with a step are answered within a second each?

What must hold, with bounds that a working server meets easily on a busy machine:

  alive      the process never ends, nothing in its group is killed, it stays below the limit
  goodput    in 2. at least 80 % of the peak
  answer     each is 200 or 202, or else 429 or 503 with Retry-After, and some are; no connection breaks
  quick      median below 250 ms, none above 5 s, and at least half of them are served
  recovery   in 10 s
  kept       each send that was accepted is in the store once, done or not, and each that is done has run
"""

import argparse
import contextlib
import http.client
import json
import os
import pathlib
import random
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "crash"))

import flood  # noqa: E402
from load import BUILD, Broken, ask  # noqa: E402
from ports import unused_port  # noqa: E402
from rounds import Report, end_at_once  # noqa: E402

LIMIT = 512 << 20
STEP_THREADS = 8
CALLERS, PEAK_SECONDS = 32, 4
OVERLOAD_SECONDS = 12
SLOW_CLIENTS = 200
GOODPUT_MIN = 0.8
PROBE_EVERY, PROBE_MEDIAN_MAX, PROBE_MAX = 0.1, 0.25, 5.0
RECOVERY_MAX, RECOVERY_LOOK = 10, 14  # One that fails is watched somewhat longer.
JSON = {"content-type": "application/json"}


class MemoryGroup:
    """A control group with the limit, of version 1 or 2; `folder` is None where none can be made."""

    def __init__(self):
        root = pathlib.Path("/sys/fs/cgroup")
        self.old = (root / "memory").is_dir()
        self.folder = (root / "memory" if self.old else root) / f"holdfast-overload.{os.getpid()}"
        try:
            self.folder.mkdir()
            self.file("limit_in_bytes", "max").write_text(str(LIMIT))
        except OSError as why:
            print(f"no memory group ({why}): only resident memory is watched", flush=True)
            self.remove()
            self.folder = None

    def file(self, old_name, new_name):
        return self.folder / f"memory.{old_name if self.old else new_name}"

    def enter(self):
        """In the process that is to be in it."""
        if self.folder:
            (self.folder / "cgroup.procs").write_text(str(os.getpid()))

    def kills(self):
        if not self.folder:
            return 0
        lines = self.file("oom_control", "events").read_text().splitlines()
        return sum(int(line.split()[1]) for line in lines if line.startswith("oom_kill "))

    def remove(self):
        if self.folder:
            with contextlib.suppress(OSError):
                self.folder.rmdir()


class Server:
    def __init__(self, folder, group):
        self.folder, self.group = folder, group
        self.ingress, self.admin = unused_port(), unused_port()
        command = [BUILD / "overload_server", "serve", "--data", folder / "data",
                   "--ingress", f"127.0.0.1:{self.ingress}", "--admin", f"127.0.0.1:{self.admin}",
                   "--step-threads-max", str(STEP_THREADS), "--log-level", "warn"]
        if not group.folder:  # It cannot see the limit.
            command += ["--active-max", str(LIMIT // 2 // 10240)]
        if shutil.which("setpriv"):  # Also when this test is killed.
            command = ["setpriv", "--pdeathsig", "KILL", *command]
        with open(folder / "log", "ab") as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=log, preexec_fn=group.enter)

    def wait_until_ready(self):
        until = time.monotonic() + 30
        while time.monotonic() < until:
            self.must_run()
            with contextlib.suppress(OSError):
                ask(self.ingress, "GET", "/restate/health")
                return
            time.sleep(0.02)
        raise Broken(f"alive: not ready after 30 s: {self.last_words()}")

    def must_run(self):
        if self.process.poll() is not None:
            raise Broken(f"alive: the server ended with {self.process.returncode}, "
                         f"{self.group.kills()} killed for memory: {self.last_words()}")

    def last_words(self):
        return (self.folder / "log").read_text(errors="replace")[-2000:]

    def resident_peak(self):
        status = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        line = next(line for line in status.splitlines() if line.startswith("VmHWM:"))
        return int(line.split()[1]) << 10

    def steps_done(self):
        """(how many, when); asked again when it is refused, as that, too, is an answer."""
        until = time.monotonic() + 10
        while time.monotonic() < until:
            status, _, text = ask(self.ingress, "POST", "/Slow/done", None, JSON)
            if status == 200:
                return int(text), time.monotonic()
            time.sleep(0.05)
        raise Broken("quick: no call was admitted for 10 s")

    def sends_in_store(self):
        """status -> how many of Sent, from the rows."""
        query = ("select status, count(*) as n from sys_invocation "
                 "where target_service_name = 'Sent' group by status")
        status, _, text = ask(self.admin, "POST", "/query", json.dumps({"query": query}), JSON)
        if status != 200:
            raise Broken(f"kept: the query was answered {status}: {text[:300]}")
        return {row["status"]: row["n"] for row in json.loads(text)["rows"]}

    def end(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()


class Probes:
    """Asks for something quick every 100 ms, on a connection of its own, while in the `with`."""

    def __init__(self, port):
        self.port = port
        self.times, self.statuses, self.problems = [], [], []
        self.stopping = threading.Event()
        self.thread = threading.Thread(target=self.run, daemon=True)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.stopping.set()
        self.thread.join()

    def run(self):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=2 * PROBE_MAX)
        while not self.stopping.wait(PROBE_EVERY):
            begin = time.monotonic()
            try:
                connection.request("POST", "/Quick/run")
                answer = connection.getresponse()
                answer.read()
                self.statuses.append(answer.status)
                if answer.status != 200 and not answer.getheader("retry-after"):
                    self.problems.append(f"answer: a probe, {answer.status} without Retry-After")
            except (OSError, http.client.HTTPException) as why:
                self.problems.append(f"quick: a probe had no answer: {why!r}")
                connection.close()
            self.times.append(time.monotonic() - begin)
        connection.close()


def requests_of(chooser):
    def some(path):
        return [flood.request(path, json.dumps("x" * int(10 ** chooser.uniform(0, 3.3))).encode())
                for _ in range(64)]
    return {"send": some("/Sent/run/send"), "call": some("/Slow/run")}


def measured(server, work):
    """(steps a second while work() goes on, what it returns)"""
    before, begin = server.steps_done()
    told = work()
    server.must_run()
    after, end = server.steps_done()
    return (after - before) / (end - begin), told


def seconds_until_served(server, path, body, since):
    """How long after `since` one was first answered within a second; None: not while that is watched."""
    while time.monotonic() - since < RECOVERY_LOOK:
        server.must_run()
        connection = http.client.HTTPConnection("127.0.0.1", server.ingress, timeout=1)
        try:
            connection.request("POST", path, body, JSON)
            if connection.getresponse().status == 200:
                return time.monotonic() - since
            time.sleep(0.05)
        except OSError:
            pass
        finally:
            connection.close()
    return None


class Round:
    """One server, from its start to the verdict."""

    def __init__(self, server, seed, report):
        self.server, self.report = server, report
        self.chooser = random.Random(seed)
        self.problems, self.seen = [], {}

    def must(self, holds, problem):
        if not holds:
            self.problems.append(problem)

    def run(self):
        server, requests = self.server, requests_of(self.chooser)
        server.wait_until_ready()
        peak, _ = measured(server, flood.in_process(
            lambda: flood.Flood(server.ingress, requests).closed(CALLERS, PEAK_SECONDS)))
        kinds = ["send", "call"] * 50
        self.chooser.shuffle(kinds)
        rate = int(peak * self.chooser.uniform(12, 16))
        with Probes(server.ingress) as probes:
            goodput, (counts, problems) = measured(server, flood.in_process(
                lambda: flood.Flood(server.ingress, requests).at_rate(
                    kinds, rate, OVERLOAD_SECONDS, SLOW_CLIENTS)))
        self.seen.update(peak=peak, rate=rate, goodput=goodput)
        self.must(goodput >= GOODPUT_MIN * peak,
                  f"goodput: {goodput:.0f} steps a second under overload, {peak:.0f} before")
        self.problems += [f"{problem} ({times} times)" for problem, times in problems.items()]
        self.must(counts.get("call answered 429", 0) + counts.get("call answered 503", 0) > 0,
                  "answer: no call was refused, so that this was not ten times too much")
        self.judge_probes(probes)
        self.judge_recovery(json.dumps("after").encode())
        self.judge_memory()
        self.judge_sends(counts)
        self.note(counts)

    def judge_probes(self, probes):
        median, longest = statistics.median(probes.times), max(probes.times)
        served = probes.statuses.count(200)
        self.seen.update(probe_median=median, probe_max=longest, probes=len(probes.times), served=served)
        self.problems += sorted(set(probes.problems))
        self.must(set(probes.statuses) <= {200, 429, 503}, f"answer: probes, {set(probes.statuses)}")
        self.must(median < PROBE_MEDIAN_MAX, f"quick: the median probe took {median:.3f} s")
        self.must(longest < PROBE_MAX, f"quick: a probe took {longest:.3f} s")
        self.must(2 * served >= len(probes.times), f"quick: {served} of {len(probes.times)} were served")

    def judge_recovery(self, body):
        since = time.monotonic()
        for name, path, sent in (("quick", "/Quick/run", None), ("slow", "/Slow/run", body)):
            took = seconds_until_served(self.server, path, sent, since)
            self.seen[f"recovery_{name}"] = took
            self.must(took is not None and took <= RECOVERY_MAX,
                      f"recovery: {path} was first answered within a second " +
                      (f"{took:.1f} s after the load" if took else f"not in {RECOVERY_LOOK} s"))

    def judge_memory(self):
        resident, kills = self.server.resident_peak(), self.server.group.kills()
        self.seen["resident"] = resident
        self.must(kills == 0, f"alive: {kills} killed for memory")
        self.must(resident < LIMIT, f"alive: {resident >> 20} MB resident")

    def judge_sends(self, counts):
        """Those that had no answer may be in the store or not."""
        accepted = counts.get("send answered 200", 0) + counts.get("send answered 202", 0)
        unknown = counts.get("send unanswered", 0) + counts.get("send lost", 0)
        stored = self.server.sends_in_store()
        steps, _ = self.server.steps_done()
        self.seen.update(accepted=accepted, unknown=unknown, stored=stored)
        self.must(accepted > 0, "kept: no send was accepted")
        self.must(accepted <= sum(stored.values()) <= accepted + unknown,
                  f"kept: {accepted} sends accepted, {unknown} unanswered, in the store {stored}")
        self.must(stored.get("completed", 0) <= steps, f"kept: {stored}, but only {steps} steps ran")

    def note(self, counts):
        injected, checked = self.report.injected, self.report.checked
        injected["requests offered"] += counts.get("offered", 0)
        injected["slow clients"] += counts.get("slow clients", 0)
        checked["sends accepted"] += self.seen["accepted"]
        checked["quick probes"] += self.seen["probes"]
        for name, count in counts.items():
            if name.startswith(("send ", "call ")):
                checked[name] += count


def shown(seen):
    names = {"resident": lambda value: f"{value >> 20} MB", "stored": str}
    return ", ".join(f"{name} " + (names[name](value) if name in names else
                                   f"{value:.3f}" if isinstance(value, float) else str(value))
                     for name, value in seen.items())


def one_round(seed, report):
    """Whatever happens, its server, its group and its folder do not stay."""
    with contextlib.ExitStack() as closing:
        folder = pathlib.Path(tempfile.mkdtemp(prefix="holdfast-overload."))
        closing.callback(shutil.rmtree, folder, ignore_errors=True)
        group = MemoryGroup()
        closing.callback(group.remove)
        server = Server(folder, group)
        closing.callback(server.end)
        this = Round(server, seed, report)
        try:
            this.run()
        except Broken as broken:
            this.problems.append(str(broken))
        except OSError as why:
            this.problems.append(f"quick: no answer: {why!r}")
        print(f"seed {seed}: {shown(this.seen)}", flush=True)
        for problem in this.problems:
            print(f"BROKEN {problem}", flush=True)
        if this.problems and server.last_words():
            print(f"the server's log: {server.last_words()}", flush=True)
        report.violations += this.problems


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1 << 31))
    parser.add_argument("--seconds", type=float, default=0, help="another round while it fits into these")
    parser.add_argument("--json", metavar="FILE", help="write the report there, too")
    options = parser.parse_args()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, end_at_once)
    if not (BUILD / "overload_server").exists():
        print("SKIP there is no overload_server; build it first")
        sys.exit(77)
    report = Report("overload", options.seed, "tests/prove/overload.py")
    begin, rounds = time.monotonic(), 0
    while rounds == 0 or (time.monotonic() - begin) * (rounds + 1) / rounds < options.seconds:
        seed = options.seed + rounds
        already = len(report.violations)
        one_round(seed, report)
        if not already and report.violations:
            report.seed, report.replay = seed, f"tests/prove/overload.py --seed {seed}"
        rounds += 1
    for name, count in sorted(report.checked.items()):
        print(f"{count:8}  {name}")
    print(f"\n{dict(report.injected)}; {len(report.violations)} broken promise(s)")
    if options.json:
        report.write(options.json)
    sys.exit(1 if report.violations else 0)


if __name__ == "__main__":
    main()
