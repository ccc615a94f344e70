#!/usr/bin/env python3
"""Kills the real server with SIGKILL under load, again and again, and lets an oracle outside of it say
whether every promise was kept. The oracle is kill_checker.py; the server is kill_server.cc. Before each start
`holdfast verify` must find that the rows left behind agree.

  kill_test.py [--seed N] [--kills N] [--threads N] [--seconds N] [--json FILE] [--lose BYTES]

Prints the seed, what was looked at, and of each broken promise the whole history. Ends with 0 if none
was broken. With --lose the store's log is cut at the second kill, as if a write had been acknowledged
that was not on disk: then promises must be broken (kill_loss_test.py).
"""

import time

import rounds
from load import Stand


def kill_again_and_again(this):
    options, chooser = this.options, this.chooser
    this.stand = stand = Stand(this.seed, options.threads, this.folder)
    stand.begin()
    stand.server.wait_until_ready()
    for number in range(options.kills):
        # Also while it recovers, also before it takes requests.
        time.sleep(chooser.choice([chooser.uniform(0.02, 0.4), chooser.uniform(0.5, 3.0)]))
        loses = options.lose and number == 1
        if loses:
            stand.server.wait_until_ready()
            time.sleep(1)  # For something to lose.
        stand.server.kill()
        this.note("SIGKILL")
        if loses:
            stand.server.lose(options.lose)
        time.sleep(chooser.uniform(0.1, 1.0))
        stand.server.start()
        if number % 3:
            stand.server.wait_until_ready()
        if not this.has_time():
            break
    stand.server.wait_until_ready()
    time.sleep(0.5)
    stand.judge()
    if len({line.pid for line in stand.history.ledger}) <= (number + 1) / 2:
        stand.problems.append("too few processes wrote to the ledger: nothing was tested")


def main():
    parser = rounds.parser(__doc__)
    parser.add_argument("--kills", type=int, default=12)
    parser.add_argument("--lose", type=int, default=0)
    options = parser.parse_args()
    rounds.main("kill", kill_again_and_again, options,
                lambda seed: f"tests/crash/kill_test.py --seed {seed} --kills {options.kills}")


if __name__ == "__main__":
    main()
