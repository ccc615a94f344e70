#!/usr/bin/env python3
"""Would kill_test.py see a server that acknowledges before it stores? It is given one: the end of the
store's log is cut off after a kill. It must say that acknowledged invocations were lost."""

import os
import pathlib
import subprocess
import sys
import tempfile

with tempfile.TemporaryDirectory(prefix="holdfast-loss.") as folder:
    ended = subprocess.run(
        [sys.executable, pathlib.Path(__file__).with_name("kill_test.py"), "--seed", "5", "--kills", "3",
         "--lose", "40000"],
        capture_output=True, text=True, env={**os.environ, "TMPDIR": folder})
if ended.returncode == 0 or "BROKEN I1 lost" not in ended.stdout:
    sys.exit(f"the loss was not seen: exit code {ended.returncode}\n{ended.stdout}{ended.stderr}")
print("the loss was seen")
