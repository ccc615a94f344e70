#!/usr/bin/env python3
"""Cuts the power of the disk under the real server, under load, again and again: what was not synced is
gone. SIGKILL does not show that, as the page cache survives it. The ledger of the handlers is on another
file system; the oracle is the one of kill_test.py.

  power_test.py [--seed N] [--cuts N] [--threads N] [--seconds N] [--json FILE] [--unsynced]

The disk is disk.py; it needs root and a loop device, else this ends with 77. With --unsynced every sync
is a lie (shim.c): then promises must be broken (power_loss_test.py).
"""

import signal
import time

import disk
import rounds
from load import Broken, Stand
from shim import Shim


def start_again(this, stand, power):
    """The disk has power again, and the file system replays its journal."""
    power.unmount()
    power.mount()
    time.sleep(this.chooser.uniform(0.0, 0.5))
    stand.server.start()


def cut(this, stand, power):
    """The server may see that its disk is gone before it is gone itself. It ends with the code that is
    there for this, 74, or with 1 when it had not started yet."""
    power.cut()
    this.note("power cut")
    time.sleep(this.chooser.choice([0, 0, this.chooser.uniform(0, 0.1)]))
    process = stand.server.process
    if process.poll() is None:
        process.send_signal(signal.SIGKILL)
    code = process.wait()
    if code not in (-signal.SIGKILL, 1, 74):
        raise Broken(f"ended: the server without a disk ended with {code}: {stand.server.last_words()}")


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
    if chooser.random() < 0.7 or shim:  # Else it may be cut while it makes its folder.
        stand.server.wait_until_ready()
    for number in range(options.cuts):
        time.sleep(chooser.choice([chooser.uniform(0.02, 0.4), chooser.uniform(0.5, 3.0)]))
        if shim:
            stand.server.wait_until_ready()
            time.sleep(1)  # For something to lose.
        cut(this, stand, power)
        start_again(this, stand, power)
        if number % 3:
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
