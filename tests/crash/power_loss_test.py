#!/usr/bin/env python3
"""Would power_test.py see a server that acknowledges before its bytes are on disk? It is given one: every
sync says that it was done and does nothing. It must say that acknowledged invocations were lost."""

import os
import pathlib
import subprocess
import sys
import tempfile

SKIPPED = 77

with tempfile.TemporaryDirectory(prefix="holdfast-loss.") as folder:
    ended = subprocess.run(
        [sys.executable, pathlib.Path(__file__).with_name("power_test.py"), "--seed", "5", "--cuts", "1",
         "--unsynced"],
        capture_output=True, text=True, env={**os.environ, "TMPDIR": folder})
if ended.returncode == SKIPPED:
    print(ended.stdout.strip().splitlines()[-1])
    sys.exit(SKIPPED)
if ended.returncode == 0 or "BROKEN I1 lost" not in ended.stdout:
    sys.exit(f"the loss was not seen: exit code {ended.returncode}\n{ended.stdout}{ended.stderr}")
print("the loss was seen")
