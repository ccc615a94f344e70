#!/usr/bin/env python3
"""Two servers, both up at once, that answer the same requests in turns of a second or two.

  ./dev bench turns SIDE SIDE [--pairs N] [--seconds S] [--only NAME]...

A SIDE is a peer's name (holdfast, which is the release build; restate, one partition; restate-default) or the
path of another holdfast program. Both ask the same TypeScript endpoint and store on the same disk. What a
machine does for longer than a turn, it does to both, so smaller differences can be told than in whole runs: a
few hundredths of a call's processor time in a dozen pairs. It also means that each finds the caches as the
other left them. A side's processor time is that of the pair of turns, for it may have work left when its own
is over. Told is the ratio of the first side to the second, pair by pair: the median, and the middle half.

It writes no report: this is for finding out what a change does, before and while it is made.
"""

import argparse
import os
import pathlib
import shutil
import statistics
import sys

import peer_servers
from peer_servers import PEERS, packages
from peers import Run
from report import PROJECT, say

# name: (path, clients)
LOADS = {
    "empty": ("/Peer/empty", 64),
    "three": ("/Peer/three", 64),
    "hot": ("/PeerHot/key/add", 64),
    "sends": ("/Peer/empty/send?delay=1d", 64),
    "alone": ("/Peer/three", 1),
}
SIDES = ("holdfast", "restate", "restate-default")


class Program(peer_servers.Holdfast):
    """A holdfast that is not of the build folder."""

    def __init__(self, folder, endpoint, program):
        super().__init__(folder, endpoint)
        command = self.server.command()
        self.server.command = lambda: [program, *command[1:]]


def side_of(name, folder, endpoint, seconds):
    """One server for the whole time."""
    peer = PEERS[name](folder, endpoint) if name in SIDES else Program(folder, endpoint,
                                                                       pathlib.Path(name).resolve())
    peer.start()
    peer.use_endpoint()
    return Run(peer, seconds)


def pair(sides, path, clients, first):
    """A turn of each. Of each: microseconds of the server's processor time for a request, and requests a
    second."""
    cpu = [side.peer.cpu_us() for side in sides]
    figures = {which: sides[which].wrk(path, clients) for which in (first, 1 - first)}
    return [((side.peer.cpu_us() - cpu[which]) / figures[which]["count"],
             figures[which]["count"] / figures[which]["seconds"]) for which, side in enumerate(sides)]


def told(name, values):
    quarters = statistics.quantiles(values, n=4) if len(values) > 1 else values * 3
    return f"{name} {statistics.median(values):.3f} ({quarters[0]:.3f} to {quarters[2]:.3f})"


def measure(sides, name, pairs):
    turns = [pair(sides, *LOADS[name], number % 2) for number in range(pairs + 1)][1:]  # One warms both up.
    cpu, rate = ([first[which] / second[which] for first, second in turns] for which in (0, 1))
    both = [statistics.median(turn[which][0] for turn in turns) for which in (0, 1)]
    say(f"{name:6} {both[0]:8.1f} us beside {both[1]:8.1f} us of the server's processor time; "
        f"{told('ratio', cpu)}; {told('rate', rate)}")


def positive(text):
    number = int(text)
    if number < 1:
        raise ValueError
    return number


def arguments():
    parser = argparse.ArgumentParser(prog="./dev bench turns", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("side", nargs=2, metavar="SIDE", help=f"one of {', '.join(SIDES)}, or a program")
    parser.add_argument("--build", default="build/release", help="where the program of 'holdfast' is")
    parser.add_argument("--pairs", type=positive, default=12, help="of turns, for each load (12)")
    parser.add_argument("--seconds", type=positive, default=1, help="that a turn takes (1)")
    parser.add_argument("--only", action="append", choices=LOADS, help="may be repeated; all when not given")
    parser.add_argument("--work", help="where the data goes; its disk is what is measured")
    return parser.parse_args()


def main():
    args = arguments()
    os.environ["HOLDFAST_BUILD"] = str(pathlib.Path(args.build).resolve())
    for name in args.side:
        if name not in SIDES and not os.access(name, os.X_OK):
            sys.exit(f"turns: {name} is neither a program nor one of {', '.join(SIDES)}")
        try:
            PEERS[name if name in SIDES else "holdfast"].check()
        except packages.Unavailable as reason:
            packages.skip(str(reason))
    work = pathlib.Path(args.work or PROJECT / "build").resolve() / "turns_run"
    shutil.rmtree(work, ignore_errors=True)
    endpoint = peer_servers.PeerEndpoint(work / "endpoint").start().wait_until_ready()
    sides = []
    try:
        for number, name in enumerate(args.side):
            sides.append(side_of(name, work / str(number), endpoint, args.seconds))
        for name in args.only or LOADS:
            measure(sides, name, args.pairs)
    finally:
        for side in sides:
            side.peer.stop()
        endpoint.stop()
    shutil.rmtree(work, ignore_errors=True)


if __name__ == "__main__":
    main()
