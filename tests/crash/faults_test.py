#!/usr/bin/env python3
"""One fault a round, under the load and before the oracle of kill_test.py: a process that is stopped, killed
in recovery, or told another time; a disk that fails a sync or a write, or is full (faults.py); one that fails
reads, flips bits, or turns read-only (damage.py).

  faults_test.py [--seed N] [--rounds N] [--fault NAME] [--threads N] [--seconds N] [--json FILE]

The fault of a round follows from its seed. A full disk and one that turns read-only need root and a loop
device; they are left out, with a line that says so, where there are none. Counted is what was seen to have
happened.
"""

import time

import disk
import rounds
from damage import DAMAGES
from faults import FAULTS

ALL = {**FAULTS, **DAMAGES}
NEED_A_DISK = ("full_disk", "read_only")


def without_disks():
    """Why there is no small disk to fill; None: there can be one."""
    try:
        disk.leave_the_mounts_of_others()
    except rounds.CannotRun as why:
        return str(why)
    return None


def main():
    parser = rounds.parser(__doc__)
    parser.add_argument("--rounds", type=int, default=len(ALL))
    parser.add_argument("--fault", choices=ALL)
    options = parser.parse_args()
    names = [options.fault] if options.fault else list(ALL)

    def fault_of(seed):
        return names[seed % len(names)]

    def prepare():
        why = without_disks()
        if why and options.fault in NEED_A_DISK:
            raise rounds.CannotRun(why)
        for name in NEED_A_DISK:
            if why and name in names:
                print(f"without {name}: {why}")
                names.remove(name)

    def break_it(this):
        name, began = fault_of(this.seed), time.monotonic()
        ALL[name](this)
        time.sleep(0.3)
        this.stand.judge()
        print(f"{time.monotonic() - began:6.1f} s  {name}", flush=True)

    rounds.main("faults", break_it, options,
                lambda seed: f"tests/crash/faults_test.py --seed {seed} --fault {fault_of(seed)} --rounds 1",
                rounds=options.rounds, prepare=prepare)


if __name__ == "__main__":
    main()
