"""The faults of faults_test.py that harm what is stored: reads that fail, bits that flip, a file system that
turns read-only. As those of faults.py; but the server may also go on and refuse what it cannot read. What it
may never do: give another answer than before, or not know what it has acknowledged.
"""

import collections
import contextlib
import pathlib
import shutil
import signal
import subprocess

import disk
from faults import EXIT_FAILED_START, check_end, end_if_running, start_with_shim, wait_for
from load import BUILD, Broken, Server, ask, logged_bytes
from shim import Shim
import faults

NOT_READY = 470
LOOKED_AT = 150  # Of what was acknowledged, the latest; and as many of the others.
FLIPS = 6


# --- What was acknowledged ---

def acknowledged(stand, chooser):
    """invocation -> (status, body) that its caller was given, or None for one that was only sent."""
    known = {}
    for op in list(stand.clients.ops):
        if op.outcome == "ok" and op.invocation and op.identity and op.kind != "approve":
            answer = None if op.is_send else (op.status, op.body)
            known[op.invocation] = known.get(op.invocation) or answer
    names = list(known)
    older = names[:-LOOKED_AT]
    chosen = chooser.sample(older, min(LOOKED_AT, len(older))) + names[-LOOKED_AT:]
    return {name: known[name] for name in chosen}


def read_all(server, known, may_fail):
    """Asks for the result of each; how many could not be told. Broken: an answer that is wrong."""
    untold = 0
    for invocation, told in known.items():
        try:
            status, _, body = ask(server.ingress, "GET", f"/restate/invocation/{invocation}/output")
        except OSError:
            if not may_fail or not wait_for(10, server.has_ended):
                raise
            return untold + 1
        if status >= 500 and may_fail:
            untold += 1
        elif status == NOT_READY and told is None:
            continue
        elif (status, body) != told and (told is not None or status not in (200, 409)):
            raise Broken(f"I1 wrong answer: {invocation} was told {told}, now {status} {body[:300]}; "
                         f"the server says {server.last_words()[-1500:]}")
    return untold


def check_refusal(server, fault, name, was_ready):
    """It has ended by itself, as it should, and its last line names the file."""
    check_end(server, fault, was_ready)
    words = server.last_words()  # Of several reads that fail at once, it tells of the first.
    if name[-4:] not in words or "Input/output error" not in words:
        raise Broken(f"INV-9 exit: after {fault} the server does not name the file: {words[-2000:]}")
    if not was_ready and name != "FORMAT" and words.startswith("holdfast: ") and "HF0003" not in words:
        raise Broken(f"INV-9 exit: after {fault} the server does not say what to do: {words[-2000:]}")


# --- Reads that fail ---

def one_read_error(this, shim, kind, in_recovery):
    """Starts the server, lets reads fail, and asks for all that was acknowledged."""
    stand, server, before = this.stand, this.stand.server, shim.reads_failed
    known = acknowledged(stand, this.chooser)
    times = this.chooser.choice([1, 1, 3, 1000])
    if in_recovery:
        shim.fail_read(this.chooser.randint(1, {"sst": 20, "log": 12, "manifest": 5}[kind]), times, kind)
    server.start()
    is_ready = server.is_ready()
    if is_ready:
        if not in_recovery:
            shim.fail_read(this.chooser.randint(1, 6), times, kind)
        untold = read_all(server, known, may_fail=True)
        this.note("answers refused after a read_error", untold)
    name = pathlib.Path(shim.file()).name
    fault = f"read_error of {name}"
    failed = shim.reads_failed - before
    shim.quiet()
    if server.has_ended() and failed:
        check_refusal(server, fault, name, was_ready=is_ready)
    elif is_ready and failed:
        # With the disk well again, the one that went on must know all.
        if not server.has_ended() and read_all(server, known, may_fail=True) and not server.has_ended():
            read_all(server, known, may_fail=False)
    this.note(f"read_error {kind}{' in recovery' if in_recovery else ''}", failed)
    if not server.has_ended():
        server.kill()
    server.start()
    server.wait_until_ready()
    read_all(server, known, may_fail=False)


def read_error(this):
    shim = start_with_shim(this)
    chooser, server = this.chooser, this.stand.server
    places = [("sst", False)] * 2 + [("sst", True), ("log", True), ("manifest", True)]
    for kind, in_recovery in chooser.sample(places * 2, 2 * len(places)):
        faults.wait_for(chooser.uniform(0.2, 0.6), server.has_ended)
        server.kill()
        one_read_error(this, shim, kind, in_recovery)


# --- Bits that flip ---

class Bit:
    """One bit of a file, flipped until put back."""

    def __init__(self, chooser, file):
        self.file, self.size = file, file.stat().st_size
        size = self.size
        if file.suffix == ".log":  # Seldom one of the zeros behind.
            size = min(size, logged_bytes(file) + chooser.choice([0, 0, 0, 64]))
        near_end = max(0, size - 200)
        self.at = chooser.choice([chooser.randrange(size), chooser.randrange(near_end, size)])
        self.bit = 1 << chooser.randrange(8)
        self.was = self.flip()

    def flip(self):
        with open(self.file, "r+b") as file:
            file.seek(self.at)
            byte = file.read(1)[0]
            file.seek(self.at)
            file.write(bytes([byte ^ self.bit]))
        return byte

    def is_there(self):
        """The file is still the one in which it was flipped."""
        if not self.file.exists() or self.file.stat().st_size != self.size:
            return False
        with open(self.file, "rb") as file:
            file.seek(self.at)
            return file.read(1)[0] == self.was ^ self.bit

    def text(self):
        return f"bit_flip of {self.file.name}, bit {self.bit:#x} of byte {self.at} of {self.size}"


def kind_of(file):
    for kind in ("MANIFEST", "CURRENT", "OPTIONS", "IDENTITY", "FORMAT"):
        if file.name.startswith(kind):
            return kind
    return file.suffix[1:] if file.suffix in (".log", ".sst") else None


def draw_file(chooser, data):
    kinds = collections.defaultdict(list)
    for file in sorted(data.rglob("*")):
        if file.is_file() and kind_of(file) and logged_bytes(file) > 0:
            kinds[kind_of(file)].append(file)
    weights = {"log": 8, "sst": 8, "MANIFEST": 4}
    kind = chooser.choices(list(kinds), [weights.get(kind, 1) for kind in kinds])[0]
    return kind, chooser.choice(kinds[kind])


def verify(data):
    """What `holdfast verify` says; None: nothing is wrong."""
    ended = subprocess.run([BUILD / "holdfast", "verify", "--data", data], capture_output=True, text=True,
                           errors="replace", check=False)
    if ended.returncode not in (0, 1, 2):
        raise Broken(f"I13 verify: it ended with {ended.returncode}: {ended.stderr[-1000:]}")
    return None if ended.returncode == 0 else ended.stdout + ended.stderr


def one_flip(this, number, known):
    """In a copy of what a killed server has left."""
    chooser, origin = this.chooser, this.stand.server
    folder = this.folder / f"flip{number}"
    folder.mkdir()
    copy = Server(folder, chooser, folder / "data")
    copy.verify = lambda: None  # It is to find something.
    this.closing.callback(copy.end)
    shutil.copytree(origin.data, copy.data)
    kind, file = draw_file(chooser, copy.data)
    bit = Bit(chooser, file)
    told = verify(copy.data)
    copy.start()
    is_ready = copy.is_ready()
    untold = read_all(copy, known, may_fail=True) if is_ready else 0
    if not is_ready and copy.process.returncode != EXIT_FAILED_START:
        raise Broken(f"INV-11 exit: after {bit.text()} it ended with {copy.process.returncode}: "
                     f"{copy.last_words()[-2000:]}")
    if not is_ready:
        check_end(copy, bit.text(), was_ready=False)
    if (untold or not is_ready) and told is None:
        raise Broken(f"I13 verify: it finds nothing after {bit.text()}, the server does: "
                     f"{copy.last_words()[-2000:]}")
    how = "refused" if not is_ready else "told" if told or untold else "of no effect"
    this.note(f"bit_flip {kind} {how}")
    if is_ready:
        end_if_running(copy, bit.text())
    if bit.is_there():
        bit.flip()
        copy.start()
        copy.wait_until_ready()
        read_all(copy, known, may_fail=False)
        this.note("bit_flip put back")
    copy.end()
    shutil.rmtree(folder)


def bit_flip(this):
    stand = faults.start(this)
    for number in range(2):
        wait_for(this.chooser.uniform(0.3, 1.5), stand.server.has_ended)
        stand.server.kill()
        known = acknowledged(stand, this.chooser)
        for flip in range(FLIPS):
            one_flip(this, number * FLIPS + flip, known)
        stand.server.start()
        stand.server.wait_until_ready()


# --- A file system that turns read-only ---

@contextlib.contextmanager
def held(process):
    """Meanwhile no thread of it runs, nor is in a system call."""
    process.send_signal(signal.SIGSTOP)

    def is_held():
        states = [stat.read_text().rpartition(")")[2].split()[0]
                  for stat in pathlib.Path(f"/proc/{process.pid}/task").glob("*/stat")]
        return set(states) == {"T"}

    if not wait_for(10, is_held):
        raise Broken("nothing was tested: the server cannot be stopped")
    yield
    process.send_signal(signal.SIGCONT)


def read_only(this):
    """The server is held while its disk turns: a sync that ext4 (Linux 6.18) is at in this moment may be told
    that it succeeded, and what it was for is lost. No server can know."""
    small = disk.Disk(this.folder, 128)
    this.closing.callback(small.close)
    stand = faults.start(this, small.path / "data")
    server = stand.server
    for _ in range(2):
        known = acknowledged(stand, this.chooser)
        with held(server.process):
            small.turn_read_only()
        if not wait_for(10, server.has_ended):
            raise Broken("INV-9 goes on: 10 s after its disk has turned read-only the server is still there")
        check_end(server, "a disk that turned read-only", was_ready=True)
        this.note("read_only under load")  # It says EROFS, or EIO where a sync was under way.

        if this.chooser.random() < 0.5:
            small.mount_again("-o", "ro")
        server.start()
        if server.is_ready():
            raise Broken("INV-9 starts: on a read-only disk the server says that it is ready")
        check_end(server, "a read-only disk, at its start", was_ready=False)
        if "Read-only file system" not in server.last_words():
            raise Broken(f"INV-9 exit: it does not say that its disk is read-only: {server.last_words()}")
        this.note("read_only at the start")
        small.mount_again()
        server.start()
        server.wait_until_ready()
        read_all(server, known, may_fail=False)
        wait_for(0.5, server.has_ended)


DAMAGES = {"read_error": read_error, "bit_flip": bit_flip, "read_only": read_only}
