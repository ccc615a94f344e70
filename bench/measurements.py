"""What is measured: one method for each group of goals; its first line says what."""

import json
import os
import re
import signal
import statistics
import subprocess
import time

from report import mib, say
from rig import Rig

PARKED_SECONDS = 90 * 24 * 3600


def folder_bytes(folder):
    return sum(os.lstat(os.path.join(at, name)).st_blocks * 512
               for at, _, names in os.walk(folder) for name in names)


class Measurements(Rig):
    """A measurement fails by an exception; the others go on."""

    ALL = ("three", "rates", "single", "steps", "hot", "parked", "replay", "idle", "sends",
           "endpoint", "micro")

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

    def rates(self):
        """3-step workflow at fixed rates: latency from the moment at which each call was due."""
        self.fresh_server()
        self.wrk("/Bench/three", 256, 1)
        peak, told = self.repeated(lambda: self.wrk("/Bench/three", 256, self.seconds(6)))
        self.row("3 steps at fixed rates: the peak they are parts of", told)
        quantiles = {"p50": "p50_us", "p99": "p99_us", "p99.9": "p999_us", "largest": "max_us"}
        series = {name: [] for name in quantiles}
        for part in (25, 50, 75, 90):
            rate = int(peak["per_second"] * part / 100)
            runs = [self.fixed_rate("/Bench/three", rate, self.seconds(20)) for _ in range(self.repeats)]
            found = {name: statistics.median(run[key] for run in runs) / 1000
                     for name, key in quantiles.items()}
            for name, value in found.items():
                series[name].append((rate, value))
            lost = {word: sum(run[word] for run in runs) for word in ("failed", "refused", "unanswered")}
            spread = sorted(run["p99_us"] / 1000 for run in runs)
            self.row(f"... {part} % of it, {rate:,}/s, p99",
                     f"{found['p99']:.2f} ms ({spread[0]:.2f} to {spread[-1]:.2f})", "",
                     False if any(lost.values()) else None,
                     ", ".join(f"{name} {value:.2f} ms" for name, value in found.items()) +
                     f"; {statistics.median(run['cpu_us'] for run in runs):.0f} us of server CPU and "
                     f"{statistics.median(run['bytes'] for run in runs):,.0f} B written each; the load "
                     f"generator sent late by {max(run['late_p99_us'] for run in runs) / 1000:.2f} ms (p99)" +
                     "".join(f", {word.upper()} {count}" for word, count in lost.items() if count))
        self.pictures.append(("rates", "3 steps, latency from the moment a call was due", "calls a second",
                              "ms", series))

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
                     self.note(figures))

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
                 None, self.note(figures))
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
                 self.note(figures))
        self.fresh_server()
        self.wrk("/Bench/nested", 1, 1)
        figures, _ = self.repeated(lambda: self.wrk("/Bench/nested", 1, self.seconds(4)))
        self.row("3 nested calls, one connection, p50", f"{figures['p50_us'] / 1000:.2f} ms",
                 "<= 6.15 ms", figures["p50_us"] <= 6150 and not figures["failed"],
                 f"{1 / figures['per_append']:.1f} syncs a run")

    def endpoint(self):
        """The same 3-step workflow in a C++ endpoint of its own process."""
        with self.served_elsewhere():
            figures, rate = self.repeated(
                lambda: self.wrk("/Remote/three", 64, self.seconds(4)))
            self.row("3 steps in a C++ endpoint, 64 connections", rate, ">= 10,000/s",
                     figures["per_second"] >= 10_000 and not figures["failed"],
                     self.note(figures))
            figures, _ = self.repeated(lambda: self.wrk("/Remote/three", 1, self.seconds(4)))
            self.row("... one connection, p50", f"{figures['p50_us']:,.0f} us", "", None,
                     f"{1 / figures['per_append']:.1f} syncs a run")

    def micro(self):
        """The parts alone: what bench/micro prints."""
        self.end_server()
        for program in sorted(self.bin.glob("*_bench")):
            self.parts[program.name] = subprocess.run(
                [program], check=True, text=True, capture_output=True, cwd=self.work).stdout
            say(self.parts[program.name])
