"""The folder in which packages of others are kept: each set fetched once, by the package manager of its
language, and what is built with it."""

import fcntl
import hashlib
import os
import pathlib
import re
import shutil
import subprocess
import sys

FETCH_SECONDS = 300
BUILD_SECONDS = 150
# How tools say that what came is not what is pinned, and that a compiler is too old or is not there.
NOT_AS_PINNED = re.compile(r"EINTEGRITY|HASH|[Cc]hecksum mismatch|SECURITY ERROR|checksum for .* changed|"
                           r"failed to verify the checksum")
NO_COMPILER = re.compile(r"requires rustc|requires go >=|class file has wrong version|: not found$",
                         re.MULTILINE)
# Go takes the compiler that is here, and changes nothing of what is pinned.
SETTINGS = {"GOTOOLCHAIN": "local", "GOFLAGS": "-mod=readonly -buildvcs=false"}


class Unavailable(Exception):
    """The packages cannot be had here; says why in one line."""


def cache():
    return pathlib.Path(os.environ.get("HOLDFAST_TEST_CACHE",
                                       pathlib.Path.home() / ".cache" / "holdfast-tests"))


def fetched(name, files, tool, command, build=None, then=()):
    """The cache's folder for exactly these files. Unless it is there, it is filled by the command, then by
    `build` with what that brought. `then`: pairs of a path in it and where that goes, None for away."""
    digest = hashlib.sha256(b"".join(file.read_bytes() for file in files))
    digest.update(f"{sys.version_info[:2]}".encode() if tool == "pip" else b"")
    folder = cache() / f"{name}-{digest.hexdigest()[:12]}"
    if folder.exists():
        return folder
    cache().mkdir(parents=True, exist_ok=True)
    with open(cache() / f"{name}.lock", "w") as lock:  # Two tests at once fetch once.
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not folder.exists():
            fill(name, folder, files, tool, command, build, then)
    return folder


def fill(name, folder, files, tool, command, build, then):
    being_made = folder.with_name(f"{folder.name}.{os.getpid()}")
    shutil.rmtree(being_made, ignore_errors=True)
    being_made.mkdir()
    for file in files:
        shutil.copy(file, being_made)
    try:
        fetch(name, being_made, tool, command)
        if build:
            make(name, being_made, tool, build)
        for made, kept in then:
            if kept:
                (being_made / made).rename(being_made / kept)
            else:
                shutil.rmtree(being_made / made)
        being_made.rename(folder)
    finally:
        shutil.rmtree(being_made, ignore_errors=True)


def fetch(name, folder, tool, command):
    if shutil.which(command[0]) is None:
        raise Unavailable(f"{tool} is not installed, so the packages of '{name}' cannot be fetched")
    try:
        code, said = outcome(folder, command, FETCH_SECONDS)
    except subprocess.TimeoutExpired as late:
        raise Unavailable(f"{tool} did not fetch the packages of '{name}' within {FETCH_SECONDS} s"
                          ) from late
    if code == 0:
        return
    if NOT_AS_PINNED.search(said):
        sys.exit(f"what {tool} fetched for '{name}' is not what was pinned:\n{said}")
    lines = [line for line in said.splitlines() if "warn" not in line.lower()]
    raise Unavailable(f"{tool} cannot fetch the packages of '{name}': {' '.join(lines[:2])[:300]}")


def make(name, folder, tool, command):
    """What was fetched is whole, so a failure is ours; unless the compiler is not good enough."""
    try:
        code, said = outcome(folder, command, BUILD_SECONDS)
    except subprocess.TimeoutExpired as late:
        raise Unavailable(f"the program of '{name}' was not built within {BUILD_SECONDS} s") from late
    if code == 0:
        return
    if found := NO_COMPILER.search(said):
        line = said[said.rfind("\n", 0, found.start()) + 1:].splitlines()[0]
        raise Unavailable(f"the program of '{name}' cannot be built here: {line[:300]}")
    sys.exit(f"{tool} does not build the program of '{name}':\n{said[-3000:]}")


def outcome(folder, command, seconds):
    """The exit code, and what was said."""
    ended = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=seconds,
                           env={**os.environ, **SETTINGS})
    return ended.returncode, ended.stderr.strip() or ended.stdout.strip()
