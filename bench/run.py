#!/usr/bin/env python3
"""Measures the server under load and writes a report. The method is described in bench/README.md.

  bench/run.py --build build/release [--quick] [--only NAME]...
"""

import argparse
import collections
import datetime
import http.client
import json
import os
import pathlib
import platform
import re
import resource
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import time

PROJECT = pathlib.Path(__file__).resolve().parent.parent
LUA = PROJECT / "bench" / "load" / "post.lua"
TICKS = os.sysconf("SC_CLK_TCK")
PARKED_SECONDS = 90 * 24 * 3600

Row = collections.namedtuple("Row", "what measured goal met note")


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Server:
    """One server process; its data folder outlives it."""

    def __init__(self, program, data, log):
        self.program, self.data, self.log_path = program, data, log
        self.port, self.admin_port = free_port(), free_port()
        self.process = None

    def start(self):
        """Returns the seconds from exec to the first answer of a handler."""
        log = open(self.log_path, "ab")
        began = time.monotonic()
        self.process = subprocess.Popen(
            [self.program, "serve", "--data", self.data, "--ingress", f"127.0.0.1:{self.port}",
             "--admin", f"127.0.0.1:{self.admin_port}", "--log-level", "warn"],
            stdout=log, stderr=log)
        has_handlers = os.path.basename(self.program) == "bench_server"
        while True:
            try:
                if has_handlers:
                    self.post("/Bench/empty", timeout=60)
                else:
                    self.admin("/health")
                return time.monotonic() - began
            except (ConnectionError, http.client.HTTPException):
                if self.process.poll() is not None:
                    raise SystemExit(f"the server ended with {self.process.returncode}:\n" +
                                     pathlib.Path(self.log_path).read_text()[-2000:])
                if time.monotonic() - began > 120:
                    raise SystemExit("the server does not answer after 120 s")
                time.sleep(0.001)

    def end(self, how=signal.SIGTERM):
        if self.process is None:
            return
        if self.process.poll() is not None:
            raise SystemExit(f"the server ended by itself with {self.process.returncode}:\n" +
                             pathlib.Path(self.log_path).read_text()[-2000:])
        self.process.send_signal(how)
        try:
            self.process.wait(60)
        except subprocess.TimeoutExpired:
            say("STRANGE: the server did not end within 60 s of a signal; killed")
            self.process.kill()
            self.process.wait()
        self.process = None

    def request(self, port, method, path, body=None, timeout=600):
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=timeout)
        headers = {} if body is None else {"content-type": "application/json"}
        connection.request(method, path, body, headers)
        answer = connection.getresponse()
        text = answer.read().decode()
        connection.close()
        if answer.status >= 300:
            raise http.client.HTTPException(f"{method} {path}: {answer.status} {text}")
        return text

    def post(self, path, body=None, timeout=600):
        return self.request(self.port, "POST", path, body, timeout)

    def get(self, path):
        return self.request(self.port, "GET", path)

    def admin(self, path):
        return self.request(self.admin_port, "GET", path)

    def metric(self, name):
        return int(float(re.search(rf"^{name} (\S+)$", self.admin("/metrics"), re.M).group(1)))

    def proc(self, name):
        return pathlib.Path(f"/proc/{self.process.pid}/{name}").read_text()

    def cpu_us(self):
        fields = self.proc("stat").rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) * 1_000_000 // TICKS

    def written_bytes(self):
        return int(re.search(r"^write_bytes: (\d+)", self.proc("io"), re.M).group(1))

    def rss_bytes(self):
        return int(re.search(r"^VmRSS:\s+(\d+) kB", self.proc("status"), re.M).group(1)) * 1024

    def switches(self):
        """Context switches so far, by (name, id) of the thread."""
        found = {}
        for task in pathlib.Path(f"/proc/{self.process.pid}/task").iterdir():
            try:
                status = (task / "status").read_text()
            except FileNotFoundError:
                continue
            name = re.search(r"^Name:\s+(.*)$", status, re.M).group(1)
            count = sum(int(n) for n in re.findall(r"ctxt_switches:\s+(\d+)", status))
            found[name, task.name] = count
        return found

    def waits_in_rocksdb(self, thread):
        """Whether what the thread waits for is a variable of RocksDB's library. RocksDB gives the
        thread of its timer no name of its own."""
        words = self.proc(f"task/{thread}/syscall").split()
        if len(words) < 2 or not words[1].startswith("0x"):
            return False
        address, library, end = int(words[1], 16), "", 0
        for line in self.proc("maps").splitlines():
            fields = line.split(maxsplit=5)
            low, high = (int(part, 16) for part in fields[0].split("-"))
            if len(fields) > 5:
                library = fields[5]
            elif low != end:  # Zeroed data of a library follows it without a name.
                library = ""
            end = high
            if low <= address < high:
                return "librocksdb" in library
        return False

    def wait_until_nothing_is_active(self, seconds):
        end = time.monotonic() + seconds
        while self.metric("holdfast_actors_active_invocations") > 0:
            if time.monotonic() > end:
                return False
            time.sleep(0.05)
        return True

    def settle_memory(self):
        """Gives the allocator time and reason to hand memory back."""
        for _ in range(12):
            time.sleep(1)
            self.post("/Bench/empty")


def say(text):
    print(text, file=sys.stderr, flush=True)


def folder_bytes(folder):
    return sum(os.lstat(os.path.join(at, name)).st_blocks * 512
               for at, _, names in os.walk(folder) for name in names)


class Bench:
    def __init__(self, build, work, quick):
        self.bin = pathlib.Path(build) / "bench"
        self.holdfast = pathlib.Path(build) / "holdfast"
        self.work = pathlib.Path(work)
        self.scale = 20 if quick else 1
        self.repeats = 1 if quick else 3
        self.rows = []
        self.rounds = []
        self.load_cpu_share = []
        self.parts = {}
        self.server = None

    # --- Tools ---

    def volume(self, count):
        return max(1, count // self.scale)

    def seconds(self, seconds):
        return 1 if self.scale > 1 else seconds

    def row(self, what, measured, goal="", met=None, note=""):
        self.rows.append(Row(what, measured, goal, met, note))
        state = {True: "met", False: "NOT MET", None: ""}[met]
        say(f"   {what}: {measured}   {goal} {state} {note}")

    def fresh_server(self, program=None):
        """A server on an empty folder; the one before ends."""
        self.end_server()
        shutil.rmtree(self.work / "data", ignore_errors=True)
        self.server = Server(str(program or self.bin / "bench_server"), str(self.work / "data"),
                             str(self.work / "server.log"))
        self.server.start()
        return self.server

    def end_server(self, how=signal.SIGTERM):
        if self.server is not None:
            self.server.end(how)

    def commit_round_us(self):
        """The p50 of one write with one sync on this disk, now."""
        folder = self.work / "rounds"
        shutil.rmtree(folder, ignore_errors=True)
        text = subprocess.run([self.bin / "committer_bench", folder], check=True, text=True,
                              capture_output=True).stdout
        found = re.search(r"^\s+1\s+\S+\s+\S+\s+(\S+)\s+(\S+)", text, re.M)
        self.rounds.append(float(found.group(1)))
        return self.rounds[-1]

    def measured(self, command):
        """Runs a load program; returns its figures with those of the server beside them."""
        server = self.server
        cpu, written, own = server.cpu_us(), server.written_bytes(), cpu_of_children_us()
        appends = server.metric("holdfast_storage_appends_total")
        began = time.monotonic()
        done = subprocess.run([str(part) for part in command], text=True, capture_output=True)
        wall = time.monotonic() - began
        if done.returncode != 0:
            raise RuntimeError(f"{command[0]} failed: {done.stderr.strip() or done.stdout.strip()}")
        if done.stderr.strip():
            say(done.stderr.strip())
        figures = json.loads(done.stdout.strip().splitlines()[-1])
        count = max(1, figures["count"])
        figures["per_second"] = figures["count"] / figures["seconds"]
        figures["cpu_us"] = (server.cpu_us() - cpu) / count
        figures["bytes"] = (server.written_bytes() - written) / count
        figures["per_append"] = count / max(
            1, server.metric("holdfast_storage_appends_total") - appends)
        figures["load_share"] = (cpu_of_children_us() - own) / 1e6 / wall
        self.load_cpu_share.append(figures["load_share"])
        return figures

    def wrk(self, path, connections, seconds):
        return self.measured(["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--timeout", "60s",
                              "-s", LUA, f"http://127.0.0.1:{self.server.port}{path}"])

    def submit(self, path, count, *options):
        return self.measured([self.bin / "submit", self.server.port, path, count, *options])

    def repeated(self, run):
        """The run with the median rate, and a text with rate and spread."""
        runs = sorted((run() for _ in range(self.repeats)), key=lambda f: f["per_second"])
        middle = runs[len(runs) // 2]
        text = f"{middle['per_second']:,.0f}/s"
        if len(runs) > 1:
            text += f" ({runs[0]['per_second']:,.0f} to {runs[-1]['per_second']:,.0f})"
        middle["failed"] = sum(f["failed"] for f in runs)
        return middle, text

    @staticmethod
    def note(figures):
        text = (f"p50 {figures['p50_us'] / 1000:.2f} ms, p99 {figures['p99_us'] / 1000:.2f} ms, "
                f"{figures['per_append']:.1f} a sync, load generator "
                f"{figures['load_share']:.2f} cores")
        if figures["failed"]:
            text += f", FAILED {figures['failed']}"
        if figures.get("refused"):
            text += f", refused and sent again {figures['refused']}"
        return text

    # --- What is measured ---

    def three(self):
        """3-step workflow over HTTP, 256 connections."""
        self.fresh_server()
        self.wrk("/Bench/three", 256, 1)
        figures, rate = self.repeated(lambda: self.wrk("/Bench/three", 256, self.seconds(6)))
        self.row("3-step workflow, 256 connections", rate, ">= 20,000/s",
                 figures["per_second"] >= 20_000 and not figures["failed"], self.note(figures))
        self.row("... server CPU a run", f"{figures['cpu_us']:.0f} us", "<= 96 us",
                 figures["cpu_us"] <= 96)
        self.row("... written to disk a run", f"{figures['bytes']:,.0f} B")
        figures, rate = self.repeated(lambda: self.wrk("/Bench/empty", 64, self.seconds(4)))
        self.row("empty handler, 64 connections", rate, "", None, self.note(figures))
        self.row("... server CPU a call", f"{figures['cpu_us']:.0f} us", "<= 46 us",
                 figures["cpu_us"] <= 46)

    def single(self):
        """3-step workflow over one connection, against commit rounds measured beside it."""
        self.fresh_server()
        self.wrk("/Bench/three", 1, 1)
        ratios, latencies = [], []
        before = self.commit_round_us()
        for _ in range(self.repeats):
            figures = self.wrk("/Bench/three", 1, self.seconds(4))
            after = self.commit_round_us()
            latencies.append(figures["p50_us"])
            ratios.append(figures["p50_us"] / (5 * (before + after) / 2))
            before = after
        ratio = statistics.median(ratios)
        self.row("3-step workflow, one connection, p50", f"{statistics.median(latencies):,.0f} us",
                 "", None, f"a commit round is {statistics.median(self.rounds):.0f} us")
        self.row("... of 5 commit rounds", f"{ratio:.2f}", "<= 1.5", ratio <= 1.5,
                 f"spread {min(ratios):.2f} to {max(ratios):.2f}; one sync holds "
                 f"{figures['per_append']:.2f} runs")

    def steps(self):
        """100 steps in each of 1,000 concurrent runs."""
        self.fresh_server()
        connections = max(50, self.volume(1000))
        self.submit("/Bench/hundred", connections, "--connections", connections)
        figures, _ = self.repeated(lambda: self.submit(
            "/Bench/hundred", 4 * connections, "--connections", connections))
        rate = figures["per_second"] * 100
        self.row(f"steps, {connections:,} concurrent runs of 100", f"{rate:,.0f}/s", ">= 100,000/s",
                 rate >= 100_000 and not figures["failed"],
                 f"{self.note(figures)}; {figures['cpu_us'] / 100:.1f} us CPU a step, "
                 f"{figures['per_append'] * 100:.0f} steps a sync")

    def hot(self):
        """One object key."""
        for connections in (64, 256):
            self.fresh_server()
            self.wrk("/Hot/key/add", connections, 1)
            figures, rate = self.repeated(
                lambda: self.wrk("/Hot/key/add", connections, self.seconds(4)))
            self.row(f"one object key, {connections} connections", rate, ">= 15,000/s",
                     figures["per_second"] >= 15_000 and not figures["failed"],
                     f"{self.note(figures)}; {figures['cpu_us']:.0f} us CPU a call")

    def parked(self):
        """A million sleeping runs: memory, disk, restart, firing."""
        count = self.volume(1_000_000)
        tenth = count // 10
        load = ("--connections", 64, "--pipeline", 16, "--body", str(PARKED_SECONDS))
        server = self.fresh_server()
        self.submit("/Bench/empty", self.volume(50_000), "--connections", 64)
        server.settle_memory()
        empty_rss = server.rss_bytes()
        self.submit("/Bench/park/send", tenth, *load)
        self.parked_all(server)
        server.settle_memory()
        tenth_rss = server.rss_bytes()
        figures = self.submit("/Bench/park/send", count - tenth, *load)
        loaded_rss = server.rss_bytes()
        self.parked_all(server)
        server.settle_memory()
        full_rss = server.rss_bytes()
        self.row(f"parked runs accepted, {count:,} in all", f"{figures['per_second']:,.0f}/s", "",
                 None, f"{self.note(figures)}; {figures['cpu_us']:.0f} us CPU a run, "
                 f"{figures['bytes']:,.0f} B written a run")
        memory = (full_rss - tenth_rss) / (count - tenth)
        self.row("memory a parked run", f"{memory:.0f} B", "<= 100 B", memory <= 100,
                 f"the last nine tenths, settled. RSS {mib(empty_rss)} after warming up, "
                 f"{mib(tenth_rss)} with a tenth, {mib(loaded_rss)} with all, {mib(full_rss)} "
                 f"settled; all of it by all runs: {(full_rss - empty_rss) / count:.0f} B")

        raw = folder_bytes(server.data) / count
        server.end(signal.SIGKILL)
        first = server.start()
        self.row(f"kill -9 with {count:,} parked, start to first answer", f"{first:.2f} s",
                 "<= 1 s", first <= 1, f"RSS then {mib(server.rss_bytes())}")
        server.end()
        subprocess.run([self.bin / "compact", server.data], check=True)
        compacted = folder_bytes(server.data) / count
        self.row("disk a parked run, compacted", f"{compacted:.0f} B", "<= 400 B",
                 compacted <= 400, f"{raw:.0f} B before, with the logs")
        again = server.start()
        self.row("... start after a clean stop", f"{again:.2f} s", "<= 1 s", again <= 1)
        self.firing(server, figures["per_second"])

    def parked_all(self, server):
        if not server.wait_until_nothing_is_active(60):
            active = server.metric("holdfast_actors_active_invocations")
            say(f"STRANGE: {active} invocations are still in memory a minute after the last send")

    def firing(self, server, accepted_per_second):
        """Many timers due at one moment, with the parked runs beside them."""
        count = self.volume(200_000)
        due_ms = int((time.time() + 6 + 2 * count / accepted_per_second) * 1000)
        self.submit("/Bench/park_until/send", count, "--connections", 64, "--pipeline", 16,
                    "--body", str(due_ms))
        if time.time() * 1000 > due_ms:
            say("STRANGE: timers were due before the last run was accepted")
        time.sleep(max(0.0, due_ms / 1000 - time.time()))
        cpu, last, moved = server.cpu_us(), -1, time.monotonic()
        while True:
            time.sleep(0.1)
            fired = json.loads(server.post("/Bench/fired"))
            if fired["count"] != last:
                last, moved = fired["count"], time.monotonic()
            if fired["count"] >= count or time.monotonic() - moved > 20:
                break
        time.sleep(1)
        fired = json.loads(server.post("/Bench/fired"))
        late = fired["latest_late_ms"] / 1000
        met = fired["count"] == count and fired["early"] == 0
        self.row(f"{count:,} timers due at one moment", f"{fired['count']:,} fired", "all", met,
                 f"{fired['early']} early")
        mean = fired["sum_late_ms"] / max(1, fired["count"]) / 1000
        self.row("... the last one after its time", f"{late:.2f} s", "", None,
                 f"mean {mean:.2f} s; {count / max(late, 0.001):,.0f}/s; "
                 f"{(server.cpu_us() - cpu) / count:.0f} us CPU a run")

    def replay(self):
        """A journal of 10,000 entries: 5,000 steps of two entries, then an awakeable."""
        steps = self.volume(10_000) // 2
        times = {"warm": [], "restarted": []}
        for how in ["warm", "restarted"] * self.repeats:
            server = self.fresh_server()
            began = time.monotonic()
            sent = json.loads(server.post("/Bench/long_journal/send", str(steps)))
            awakeable = ""
            while not awakeable:
                time.sleep(0.1)
                awakeable = json.loads(server.post("/Bench/awakeable_id"))
            writing = time.monotonic() - began
            if not server.wait_until_nothing_is_active(30):
                say("STRANGE: the long journal does not park")
            if how == "restarted":
                server.end(signal.SIGKILL)
                server.start()
            began = time.monotonic()
            server.post(f"/restate/awakeables/{awakeable}/resolve", '"done"')
            result = server.get(f"/restate/invocation/{sent['invocationId']}/attach")
            times[how].append((time.monotonic() - began) * 1000)
            if json.loads(result) != "done":
                say(f"STRANGE: the long journal ended with {result}")
        worst = max(statistics.median(values) for values in times.values())
        self.row(f"replay of {2 * steps:,} entries, awakeable to result", f"{worst:.0f} ms",
                 "<= 100 ms", worst <= 100,
                 f"after parking {statistics.median(times['warm']):.0f} ms, after kill -9 and start "
                 f"{statistics.median(times['restarted']):.0f} ms; the steps took {writing:.1f} s")
        text = subprocess.run([self.bin / "replay_bench"], check=True, text=True,
                              capture_output=True).stdout
        found = re.search(r"^\s+10000\s+(\S+)", text, re.M)
        self.row("... the session alone", f"{found.group(1)} ms")

    def idle(self):
        """The plain program, doing nothing."""
        server = self.fresh_server(self.holdfast)
        time.sleep(self.seconds(12))
        before = server.switches()
        time.sleep(10)
        after = server.switches()
        ours, theirs, ours_count = [], [], 0
        for (name, thread), count in sorted(after.items()):
            count -= before.get((name, thread), 0)
            if count == 0:
                continue
            if name.startswith("rocksdb:") or server.waits_in_rocksdb(thread):
                theirs.append(f"a thread of RocksDB {count}")
            else:
                ours.append(f"{name} {count}")
                ours_count += count
        self.row("wake-ups of an idle server in 10 s", str(ours_count), "0 of our threads", not ours,
                 ", ".join(ours + theirs + [f"{len(after)} threads"]))
        rss = server.rss_bytes()
        self.row("memory of an idle server", mib(rss), "<= 32 MiB", rss <= 32 << 20)
        stripped = self.work / "stripped"
        subprocess.run(["strip", "-o", stripped, self.holdfast], check=True)
        size = stripped.stat().st_size
        self.row("program, stripped", mib(size), "<= 16 MiB", size <= 16 << 20)

    def sends(self):
        """Delayed sends, and nested calls."""
        self.fresh_server()
        figures, rate = self.repeated(lambda: self.submit(
            "/Bench/empty/send?delay=90d", self.volume(100_000), "--connections", 64, "--pipeline",
            4))
        self.row("delayed sends accepted", rate, ">= 38,000/s", figures["per_second"] >= 38_000,
                 f"{self.note(figures)}; {figures['cpu_us']:.0f} us CPU a send, "
                 f"{figures['bytes']:,.0f} B written a send")
        self.fresh_server()
        self.wrk("/Bench/nested", 1, 1)
        figures, _ = self.repeated(lambda: self.wrk("/Bench/nested", 1, self.seconds(4)))
        self.row("3 nested calls, one connection, p50", f"{figures['p50_us'] / 1000:.2f} ms",
                 "<= 6.15 ms", figures["p50_us"] <= 6150 and not figures["failed"],
                 f"{1 / figures['per_append']:.1f} syncs a run")

    def micro(self):
        """The parts alone: what bench/micro prints."""
        self.end_server()
        for program in sorted(self.bin.glob("*_bench")):
            self.parts[program.name] = subprocess.run(
                [program], check=True, text=True, capture_output=True, cwd=self.work).stdout
            say(self.parts[program.name])

    ALL = ("three", "single", "steps", "hot", "parked", "replay", "idle", "sends", "micro")


def mib(size):
    return f"{size / (1 << 20):.1f} MiB"


def cpu_of_children_us():
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return (usage.ru_utime + usage.ru_stime) * 1e6


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
    path.write_text("\n".join(lines) + "\n")
    print("\n".join(lines))
    say(f"\n== {seconds:.0f} s; the report is {os.path.relpath(path)}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--build", default="build/release", help="folder of the release build")
    parser.add_argument("--quick", action="store_true", help="a twentieth of all volumes")
    parser.add_argument("--only", action="append", choices=Bench.ALL, help="may be repeated")
    parser.add_argument("--work", help="where the data goes; its disk is what is measured")
    parser.add_argument("--results", default=str(PROJECT / "bench" / "results"))
    args = parser.parse_args()

    work = pathlib.Path(args.work or args.build) / "bench_run"
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    bench = Bench(args.build, work, args.quick)
    began = time.monotonic()
    try:
        for name in args.only or Bench.ALL:
            say(f"== {name}: {getattr(Bench, name).__doc__}")
            try:
                getattr(bench, name)()
            except (RuntimeError, http.client.HTTPException, ConnectionError, TimeoutError,
                    subprocess.CalledProcessError) as error:
                bench.row(name, "failed", "", False, str(error).replace("\n", " ")[:300])
                if bench.server and bench.server.process:
                    bench.server.process.kill()
                    bench.server.process.wait()
                    bench.server.process = None
        bench.end_server()
        log = (work / "server.log")
        lines = log.read_text(errors="replace").splitlines() if log.exists() else []
        complaints = [line for line in lines if " ready: " not in line]
        if complaints:
            say(f"STRANGE: the servers wrote {len(complaints)} lines, the first of them:")
            for line in complaints[:10]:
                say("   " + line)
    finally:
        if bench.server and bench.server.process:
            bench.server.process.kill()
            bench.server.process.wait()
    report(bench, args, time.monotonic() - began)
    if all(row.met is not False for row in bench.rows):
        shutil.rmtree(work, ignore_errors=True)


if __name__ == "__main__":
    main()
