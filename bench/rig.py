"""What every measurement uses: a server, the programs that load it, rows for the report."""

import contextlib
import json
import pathlib
import re
import resource
import shutil
import signal
import subprocess
import time

from report import PROJECT, Row, say
from server_process import Server, free_port

LUA = PROJECT / "bench" / "load" / "post.lua"


def cpu_of_children_us():
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return (usage.ru_utime + usage.ru_stime) * 1e6


class Rig:
    """Has one server at a time, and collects what the report tells."""

    def __init__(self, build, work, quick, loads=None):
        """`loads`: the folder whose programs make the load; that of the build when none is given."""
        self.bin = pathlib.Path(build).resolve() / "bench"
        self.loads = pathlib.Path(loads or build).resolve() / "bench"
        self.holdfast = pathlib.Path(build).resolve() / "holdfast"
        self.work = pathlib.Path(work)
        self.scale = 20 if quick else 1
        self.repeats = 1 if quick else 3
        self.rows = []
        self.rounds = []
        self.load_cpu_share = []
        self.parts = {}
        self.pictures = []  # (name, then what plots.lines() takes after the path).
        self.server = None

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

    def kill_server(self):
        if self.server is not None and self.server.process is not None:
            self.server.process.kill()
            self.server.process.wait()
            self.server.process = None

    @contextlib.contextmanager
    def served_elsewhere(self):
        """A fresh server whose handlers are in a C++ endpoint, of the same build: its process."""
        server = self.fresh_server(self.holdfast)
        port = free_port()
        endpoint = subprocess.Popen([self.bin / "bench_endpoint", str(port)])
        try:
            server.register(f"http://127.0.0.1:{port}", 10)
            self.wrk("/Remote/three", 64, 1)
            yield endpoint
        finally:
            endpoint.terminate()
            endpoint.wait()

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
        return self.measured([self.loads / "submit", self.server.port, path, count, *options])

    def fixed_rate(self, path, rate, seconds):
        """Latencies from the moment at which each request was due."""
        return self.measured([self.loads / "open_loop", self.server.port, path, rate, seconds])

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
                f"{figures['cpu_us']:.0f} us of server CPU and {figures['bytes']:,.0f} B written each, "
                f"{figures['per_append']:.1f} a sync, load generator "
                f"{figures['load_share']:.2f} cores")
        if figures["failed"]:
            text += f", FAILED {figures['failed']}"
        if figures.get("refused"):
            text += f", refused and sent again {figures['refused']}"
        return text
