#!/usr/bin/env python3
"""The layers of prove.py that are no tests of their own, for the time that CI has: lives from fresh seeds,
too many requests, and some of the planted bugs."""

import pathlib
import subprocess
import sys

PROVE = pathlib.Path(__file__).with_name("prove.py")

LAYERS = ("simulation", "overload", "bugs")
sys.exit(subprocess.run([sys.executable, PROVE, "--minutes", "2.5", *(f"--only={name}" for name in LAYERS)],
                        check=False).returncode)
