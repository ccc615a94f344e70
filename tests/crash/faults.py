"""The faults of faults_test.py. Each is a function that is given a Round: it makes the stand, starts the
load, breaks something, notes what it saw happen, and leaves a server that is ready and that nothing breaks
any more. What the server may do meanwhile: go on, or end at once with a code and a line that says why.
"""

import errno
import json
import os
import pathlib
import signal
import socket
import time

import disk
from kill_checker import Jump
from load import Broken, Stand, ask, statuses_of
from shim import Shim

EXIT_FAILED_START = 1
EXIT_STORAGE_FAILED = 74
LAST_LINES = {
    EXIT_FAILED_START: ("holdfast: ",),
    EXIT_STORAGE_FAILED: ("stopping so that recovery decides", "holdfast: ")}
SERVICES = ("Steps", "Sleeper", "Later", "Fan", "Bank", "Counter", "Account", "Order")
HOUR_MS, DAY_MS = 3_600_000, 86_400_000
YEAR_1970_MS, YEAR_2038_MS = DAY_MS, 2_147_558_400_000  # A day after the first second, and after 2^31.
FOR_EVER = "36500 days"


def start(this, data=None, environment=()):
    """The stand, with its server ready and under load."""
    this.stand = stand = Stand(this.seed, this.options.threads, this.folder, data, environment)
    stand.begin()
    stand.server.wait_until_ready()
    time.sleep(this.chooser.uniform(0.3, 0.8))
    return stand


def start_with_shim(this):
    shim = Shim(this.folder, this.folder / "data")
    start(this, environment=shim.environment)
    return shim


def check_end(server, fault, was_ready):
    """The server has ended by itself: with a code that is there for this, and a line for its operator."""
    code, words = server.process.returncode, server.last_words()
    if code not in ((EXIT_STORAGE_FAILED,) if was_ready else (EXIT_STORAGE_FAILED, EXIT_FAILED_START)):
        raise Broken(f"INV-9 exit: after {fault} the server ended with {code}: {words[-2000:]}")
    last = words.strip().splitlines()[-1:]
    if not last or not any(text in last[0] for text in LAST_LINES[code]):
        raise Broken(f"INV-9 exit: after {fault} the server ended with {code} and its last line does not say "
                     f"why: {words[-2000:]}")


def wait_for(seconds, condition):
    """Whether the condition came true in time."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.005)
    return True


# --- Processes ---

def stop(this):
    stand = start(this)
    process = stand.server.process
    for _ in range(2):
        process.send_signal(signal.SIGSTOP)
        stat = pathlib.Path(f"/proc/{process.pid}/stat")
        stopped = wait_for(1, lambda: stat.read_text().rpartition(")")[2].split()[0] == "T")
        time.sleep(this.chooser.choice([1, this.chooser.uniform(1, 6)]))
        process.send_signal(signal.SIGCONT)
        this.note("stop", stopped)
        time.sleep(this.chooser.uniform(0.2, 1.0))


def is_in_recovery(server):
    """It has its folder, and takes no requests yet."""
    try:
        has_folder = (server.data / "LOCK").read_text() == str(server.process.pid)
        socket.create_connection(("127.0.0.1", server.ingress), 1).close()
        return False
    except ConnectionRefusedError:
        return has_folder


def kill_in_recovery(this):
    """How long the beginning takes depends on the machine; so some wait until it is in recovery."""
    stand = start(this)
    stand.server.kill()
    for _ in range(this.chooser.randint(5, 10)):
        stand.server.start()
        if this.chooser.random() < 0.7:
            wait_for(1, lambda: is_in_recovery(stand.server))
        time.sleep(this.chooser.uniform(0, 0.05))
        seen = is_in_recovery(stand.server)
        stand.server.kill()
        this.note("kill_in_recovery", seen)
        this.note("kill around recovery", not seen)
    stand.server.start()
    stand.server.wait_until_ready()


# --- Storage ---

def in_recovery(this, shim, arm, how):
    """Fails in a start, or soon after; then the next start must succeed."""
    server = this.stand.server
    arm(this.chooser.randint(1, 12))
    server.start()
    is_ready = server.is_ready()
    fault = f"{how} in recovery of {pathlib.Path(shim.file()).name}"
    if not is_ready:
        check_end(server, fault, was_ready=False)
        return
    time.sleep(0.3)  # With the load it may come to it yet.
    end_if_running(server, fault)


def end_if_running(server, fault):
    """Kills it, unless it has ended by itself, which must be as it should."""
    if not server.has_ended():
        server.process.send_signal(signal.SIGKILL)
    if server.process.wait() != -signal.SIGKILL:
        check_end(server, fault, was_ready=True)


def storage_error(this, shim, variants, arm, fired):
    """Each variant under load, and one in recovery. `arm(nth, how)` lets one fail, `fired()` counts."""
    server = this.stand.server
    for how in this.chooser.sample(variants, len(variants)):
        before = fired()
        # A slow reader of the log holds the server up between the error and its end.
        shim.log_delay_ms = this.chooser.choice([0, 100])
        arm(this.chooser.randint(1, 40), how)
        if not wait_for(10, lambda: fired() > before):
            raise Broken(f"nothing was tested: no {how} in 10 s")
        fault = f"{how} of {pathlib.Path(shim.file()).name}"
        # The log is what answers depend on; of others RocksDB may make do without.
        must_end = shim.file().endswith(".log") and "short" not in how
        if wait_for(10 if must_end else 1, server.has_ended):
            if "short" in how:  # That is no error: the rest is to be written.
                server.must_run()
            check_end(server, fault, was_ready=True)
        elif must_end:
            raise Broken(f"INV-9 goes on: 10 s after {fault} the server is still there")
        this.note(how)
        shim.quiet()
        end_if_running(server, fault)

        before = fired()
        if this.chooser.random() < 0.7:
            in_recovery(this, shim, lambda nth: arm(nth, how), how)
            this.note(f"{how} in recovery", fired() - before)
        shim.quiet()
        end_if_running(server, fault) if not server.has_ended() else None
        server.start()
        server.wait_until_ready()
        time.sleep(0.3)


def sync_error(this):
    shim = start_with_shim(this)
    storage_error(this, shim, ["sync_error done", "sync_error undone"],
                  lambda nth, how: shim.fail_sync(nth, how.split()[1]), lambda: shim.syncs_failed)


def write_error(this):
    shim = start_with_shim(this)
    storage_error(this, shim, ["write_error nothing", "write_error torn", "write_error short"],
                  lambda nth, how: shim.fail_write(nth, how.split()[1]), lambda: shim.writes_failed)


def slow_sync(this):
    """A disk that is slow is not broken: all waits, nothing fails."""
    shim, chooser = start_with_shim(this), this.chooser
    for _ in range(2):
        before = shim.syncs_slow
        shim.sync_delay_ms = chooser.choice([chooser.randint(5, 50), chooser.randint(300, 1500)])
        time.sleep(chooser.uniform(1.5, 2.5))
        this.note("slow_sync", shim.syncs_slow - before)
        shim.sync_delay_ms = 0
        time.sleep(0.5)
        if chooser.random() < 0.3:
            this.stand.server.kill()
            this.stand.server.start()
        this.stand.server.wait_until_ready()


def fill(path):
    """Takes all the room there is."""
    with open(path, "ab", buffering=0) as ballast:
        for size in (1 << 20, 1 << 16, 1 << 12):
            try:
                while True:
                    ballast.write(bytes(size))
            except OSError as error:
                if error.errno != errno.ENOSPC:
                    raise


def full_disk(this):
    small = disk.Disk(this.folder, 96)
    this.closing.callback(small.close)
    stand = start(this, small.path / "data")
    server, ballast = stand.server, small.path / "ballast"
    fill(ballast)
    time.sleep(this.chooser.uniform(0.5, 1.5))  # It may go on in room that it had taken before.
    end_if_running(server, "a full disk")
    # On a full disk, and with little room: it may start, and must end when that is used up.
    for room in (0, this.chooser.randint(100, 1000) << 10, this.chooser.randint(100, 1000) << 10):
        os.truncate(ballast, max(0, ballast.stat().st_size - room))
        server.start()
        if not server.is_ready():
            check_end(server, "a full disk, at its start", was_ready=False)
        else:
            wait_for(4, server.has_ended)
            end_if_running(server, "a full disk")
        this.note("full_disk", "No space left" in server.last_words())
        fill(ballast)
    ballast.unlink()
    server.start()
    server.wait_until_ready()


# --- The clock ---

class SetClock:
    """Sets the clock of the server, and tells clients and oracle."""

    def __init__(self, stand, shim):
        self.stand, self.shim = stand, shim
        self.furthest_ms = 0

    def lines(self):
        return (self.stand.folder / "ledger").read_bytes().count(b"\n")

    def to(self, offset_ms):
        clients, before, start = self.stand.clients, self.lines(), time.monotonic()
        peak = clients.clock_ms
        self.shim.clock_offset_ns = offset_ms * 1_000_000
        clients.clock_ms = offset_ms
        self.stand.history.jumps.append(Jump(before, self.lines(), start, time.monotonic(),
                                             int(time.time() * 1000) + 1 + peak))
        self.furthest_ms = max(self.furthest_ms, offset_ms)


def keep_for_ever(server):
    """Else what is kept for a day is rightly gone when the clock says 2038."""
    for service in SERVICES:
        periods = ["journal_retention", "workflow_completion_retention" if service == "Order" else
                   "idempotency_retention"]
        for period in periods:
            status, _, text = ask(server.admin, "PATCH", f"/services/{service}",
                                  f'{{"{period}":"{FOR_EVER}"}}', {"content-type": "application/json"})
            if status != 200:
                raise RuntimeError(f"{period} of {service}: {status} {text}")


def post(stand, path, body):
    """The answer of a request that nothing disturbs."""
    status, _, text = ask(stand.server.ingress, "POST", path, json.dumps(body),
                          {"content-type": "application/json"})
    if status not in (200, 202):
        raise Broken(f"unexpected: {path} was answered {status} {text}")
    return json.loads(text)


def set_while_idle(stand, set_clock, offset_ms):
    """For a moment the clock is wrong, while somebody sleeps, somebody begins to wait for a promise, and
    nobody else makes the server look. The moment is longer than the sleep where the clock is behind; where
    it is ahead, too short for the server to look."""
    post(stand, "/Sleeper/nap/send", 600)
    time.sleep(0.3)
    set_clock.to(offset_ms)
    post(stand, "/Order/then/run/send", "then")
    time.sleep(0.05 if offset_ms > 0 else 1)
    set_clock.to(0)


def all_is_as_before(stand):
    """With the clock right again and nothing else to do, new timers fire and new waits leave memory."""
    nap = post(stand, "/Sleeper/nap/send", 100)["invocationId"]
    order = post(stand, "/Order/now/run/send", "now")["invocationId"]

    def becomes(invocation, status):
        return wait_for(4, lambda: statuses_of(stand.server)[invocation] == status)

    if not becomes(nap, "completed"):
        stand.problems.append(f"I7 late: with the clock right again, {nap} sleeps 4 s instead of 0.2 s")
    if not becomes(order, "suspended"):
        stand.problems.append(f"I14 memory: with the clock right again, {order} waits and does not leave "
                              f"memory: it should after 0.1 s and has not in 4 s")
    for name in ("then", "now"):
        post(stand, f"/Order/{name}/approve", "by-nobody")


def await_the_time(stand, clock):
    """What was to happen at a time that the clock has shown, and shows no more, happens when it shows it
    again. An idle server looks at its clock once an hour; with a new timer it does so now."""
    waiting = sum(status != "completed" for status in statuses_of(stand.server).values())
    stand.counts["waited for a time that had been"] = waiting
    clock.to(clock.furthest_ms + 5000)
    deadline = time.monotonic() + 20
    while any(status != "completed" for status in statuses_of(stand.server).values()):
        if time.monotonic() > deadline:
            return  # The oracle will say so.
        due = int(time.time() * 1000) + stand.clients.clock_ms
        post(stand, "/Later/run/send?delay=1ms", {"due_ms": due, "by": "nobody"})
        time.sleep(0.3)


def clock(this):
    shim = Shim(this.folder, this.folder / "data")
    this.stand = stand = Stand(this.seed, this.options.threads, this.folder,
                               environment=shim.environment)
    stand.clients.waits_to_nap = False  # He would wait for a day, or until 2038.
    stand.server.start()
    stand.server.wait_until_ready()
    keep_for_ever(stand.server)
    stand.clients.start(this.options.threads)
    time.sleep(0.5)
    set_clock, now = SetClock(stand, shim), int(time.time() * 1000)
    places = {"+1 h": HOUR_MS, "-1 h": -HOUR_MS, "+1 day": DAY_MS, "-1 day": -DAY_MS,
              "1970": YEAR_1970_MS - now, "2038": YEAR_2038_MS - now}
    for name in this.chooser.sample(list(places), len(places)):
        seen = shim.clocks_shifted
        set_clock.to(places[name])
        time.sleep(this.chooser.uniform(0.2, 0.7))
        if this.chooser.random() < 0.3:
            stand.server.kill()
            stand.server.start()
            stand.server.wait_until_ready()
        this.note(f"clock {name}", shim.clocks_shifted > seen)
        if this.chooser.random() < 0.5:
            set_clock.to(0)
            time.sleep(this.chooser.uniform(0.2, 0.5))
    set_clock.to(0)
    time.sleep(0.5)
    stand.clients.stop()
    name = this.chooser.choice(list(places))
    set_while_idle(stand, set_clock, places[name])
    this.note(f"clock {name} while idle")
    all_is_as_before(stand)
    await_the_time(stand, set_clock)


FAULTS = {"stop": stop, "sync_error": sync_error, "write_error": write_error, "slow_sync": slow_sync,
          "full_disk": full_disk, "clock": clock, "kill_in_recovery": kill_in_recovery}
