#!/usr/bin/env python3
"""Measures the server under load and writes a report with pictures to bench/results/.

  ./dev bench [--only NAME]... [--quick] [--work DIR]

"""

import argparse
import http.client
import pathlib
import shutil
import subprocess
import time

from measurements import Measurements
from report import PROJECT, report, say


def main():
    parts = "".join(f"  {name:10}{getattr(Measurements, name).__doc__.splitlines()[0]}\n"
                    for name in Measurements.ALL)
    parser = argparse.ArgumentParser(
        prog="./dev bench", formatter_class=argparse.RawDescriptionHelpFormatter,
        description=f"{__doc__.strip()}\n\nMeasurements, each on a fresh server and an empty folder:\n\n"
                    f"{parts}\nThe method, and how to read a report: bench/README.md.")
    parser.add_argument("--build", default="build/release", help="folder of the release build")
    parser.add_argument("--quick", action="store_true", help="a twentieth of all volumes")
    parser.add_argument("--only", action="append", choices=Measurements.ALL, help="may be repeated")
    parser.add_argument("--work", help="where the data goes; its disk is what is measured")
    parser.add_argument("--results", default=str(PROJECT / "bench" / "results"))
    args = parser.parse_args()

    work = pathlib.Path(args.work or args.build) / "bench_run"
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    bench = Measurements(args.build, work, args.quick)
    began = time.monotonic()
    try:
        for name in args.only or Measurements.ALL:
            say(f"== {name}: {getattr(Measurements, name).__doc__}")
            try:
                getattr(bench, name)()
            except (RuntimeError, http.client.HTTPException, ConnectionError, TimeoutError,
                    subprocess.CalledProcessError) as error:
                bench.row(name, "failed", "", False, str(error).replace("\n", " ")[:300])
                bench.kill_server()
        bench.end_server()
        log = (work / "server.log")
        lines = log.read_text(errors="replace").splitlines() if log.exists() else []
        complaints = [line for line in lines if " ready: " not in line]
        if complaints:
            say(f"STRANGE: the servers wrote {len(complaints)} lines, the first of them:")
            for line in complaints[:10]:
                say("   " + line)
    finally:
        bench.kill_server()
    report(bench, args, time.monotonic() - began)
    if all(row.met is not False for row in bench.rows):
        shutil.rmtree(work, ignore_errors=True)


if __name__ == "__main__":
    main()
