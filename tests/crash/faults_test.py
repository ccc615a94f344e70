#!/usr/bin/env python3
"""One fault a round, under the load and before the oracle of kill_test.py: a process that is stopped, killed
in recovery, or told another time; a disk that fails a sync or a write, or is full. faults.py has the list.

  faults_test.py [--seed N] [--rounds N] [--fault NAME] [--threads N] [--seconds N] [--json FILE]

The fault of a round follows from its seed. A full disk needs root and a loop device; it is left out, with a
line that says so, where there are none. Counted is what was seen to have happened.
"""

import time

import disk
import rounds
from faults import FAULTS


def without_disks():
    """Why there is no small disk to fill; None: there can be one."""
    try:
        disk.leave_the_mounts_of_others()
    except rounds.CannotRun as why:
        return str(why)
    return None


def main():
    parser = rounds.parser(__doc__)
    parser.add_argument("--rounds", type=int, default=len(FAULTS))
    parser.add_argument("--fault", choices=FAULTS)
    options = parser.parse_args()
    names = [options.fault] if options.fault else list(FAULTS)

    def fault_of(seed):
        return names[seed % len(names)]

    def prepare():
        why = without_disks()
        if why and options.fault == "full_disk":
            raise rounds.CannotRun(why)
        if why and "full_disk" in names:
            print(f"without full_disk: {why}")
            names.remove("full_disk")

    def break_it(this):
        name, began = fault_of(this.seed), time.monotonic()
        FAULTS[name](this)
        time.sleep(0.3)
        this.stand.judge()
        print(f"{time.monotonic() - began:6.1f} s  {name}", flush=True)

    rounds.main("faults", break_it, options,
                lambda seed: f"tests/crash/faults_test.py --seed {seed} --fault {fault_of(seed)} --rounds 1",
                rounds=options.rounds, prepare=prepare)


if __name__ == "__main__":
    main()
