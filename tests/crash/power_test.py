#!/usr/bin/env python3
"""Cuts the power of the disk under the real server, under load, again and again: what was not synced is
gone. SIGKILL does not show that, as the page cache survives it. The ledger of the handlers is on another
file system; the oracle is the one of kill_test.py.

  power_test.py [--seed N] [--cuts N] [--threads N] [--seconds N] [--json FILE] [--unsynced]

The disk is disk.py; it needs root and a loop device, else this ends with 77. With --unsynced every sync
is a lie (shim.c): then promises must be broken (power_loss_test.py). What is not shown: a disk that keeps
less than it said it had, as what reached the loop device stays.

The process is stopped just before the cut, so that it never sees the end of a sync that was under way. It
would see a wrong one: when ext4 is shut down in the middle of an fdatasync, that may return 0 and its bytes
be gone. A plain loop of write and fdatasync, with no server, shows this once in about ten cuts.
"""

import pathlib
import signal
import time

import disk
import rounds
from faults import check_end, wait_for
from load import Broken, Stand
from shim import Shim


def start_again(this, stand, power):
    """The disk has power again, and the file system replays its journal."""
    power.unmount()
    power.mount()
    time.sleep(this.chooser.uniform(0.0, 0.5))
    stand.server.start()


def states_of(process):
    """What the threads are doing: T is stopped, D is in the kernel, waiting for the disk."""
    states = set()
    for stat in pathlib.Path(f"/proc/{process.pid}/task").glob("*/stat"):
        try:
            states.add(stat.read_text().rpartition(")")[2].split()[0])
        except OSError:
            pass  # The thread is gone.
    return states


def hold(process, while_syncing):
    """Stops it: in the middle of a sync, if there is one soon; else when none is under way."""
    deadline = time.monotonic() + 0.2
    while True:
        process.send_signal(signal.SIGSTOP)
        wait_for(1, lambda: states_of(process) <= {"T", "D", "Z"})
        if while_syncing and ("D" in states_of(process) or time.monotonic() > deadline):
            return
        if not while_syncing and wait_for(1, lambda: "D" not in states_of(process)):
            return
        process.send_signal(signal.SIGCONT)
        time.sleep(0.0005)


def cut(this, stand, power, may_live):
    """Cuts in the middle of a sync, or between two. After one between two the server may be left to find out
    that its disk is gone: then it has to end by itself."""
    server, chooser = stand.server, this.chooser
    server.must_run()
    while_syncing = chooser.random() < 0.6
    hold(server.process, while_syncing)
    in_sync = "D" in states_of(server.process)
    power.cut()
    if not while_syncing and may_live and chooser.random() < 0.5:
        server.process.send_signal(signal.SIGCONT)
        if not wait_for(10, server.has_ended):
            raise Broken("INV-9 goes on: 10 s without a disk, and the server is still there")
        check_end(server, "the end of its disk", was_ready=True)
        this.note("power cut, seen by the server")
    else:
        this.note("power cut in a sync" if in_sync else "power cut")
        server.process.send_signal(signal.SIGKILL)
        server.process.wait()


def cut_again_and_again(this):
    options, chooser = this.options, this.chooser
    power = disk.Disk(this.folder, 256)
    this.closing.callback(power.close)
    shim = Shim(this.folder, power.path) if options.unsynced else None
    this.stand = stand = Stand(this.seed, options.threads, this.folder, power.path / "data",
                               shim.environment if shim else {})
    if shim:
        shim.lie = 1
    stand.begin()
    is_ready = chooser.random() < 0.7 or shim  # Else it may be cut while it makes its folder.
    if is_ready:
        stand.server.wait_until_ready()
    for number in range(options.cuts):
        time.sleep(chooser.choice([chooser.uniform(0.02, 0.4), chooser.uniform(0.5, 3.0)]))
        if shim:
            stand.server.wait_until_ready()
            time.sleep(1)  # For something to lose.
        cut(this, stand, power, may_live=is_ready)
        start_again(this, stand, power)
        is_ready = number % 3 != 0
        if is_ready:
            stand.server.wait_until_ready()
        if not this.has_time():
            break
    stand.server.wait_until_ready()
    time.sleep(0.5)
    stand.judge()


def main():
    parser = rounds.parser(__doc__)
    parser.add_argument("--cuts", type=int, default=6)
    parser.add_argument("--unsynced", action="store_true")
    options = parser.parse_args()

    def replay_of(seed):
        return (f"tests/crash/power_test.py --seed {seed} --cuts {options.cuts}"
                f"{' --unsynced' if options.unsynced else ''}")

    rounds.main("power", cut_again_and_again, options, replay_of,
                prepare=disk.leave_the_mounts_of_others)


if __name__ == "__main__":
    main()
