#!/usr/bin/env python3
"""The official command line tool, as it comes from npm, against the server: what an operator does with it.

  cli_test.py [--server restate] [--only TEXT]

Packages are fetched once into HOLDFAST_TEST_CACHE (~/.cache/holdfast-tests); where they cannot be had the
test is skipped and says so. --server restate runs the same against the reference, to judge the promises
themselves. What the processes wrote is kept when something failed."""

import argparse
import pathlib
import shutil
import sys
import tempfile
import time

import cli_data
import cli_invocations
import cli_registry
import packages
from cli_scene import PLUGIN, Scene, WithPlugin
from driver import Driver
from processes import SERVERS
from world import same


def the_tool_is_the_one_that_npm_puts_into_the_path(w):
    node = packages.node(packages.typescript())

    said = w.tool.run("services", "list", program=(node, w.tool.wrapper))

    same(said.code, 0, f"{said}\nthe exit code")
    said.has("Greeter")


# In their order: those that look come before those that change what is there.
PROMISES = (the_tool_is_the_one_that_npm_puts_into_the_path, *cli_invocations.LOOKS, *cli_registry.PROMISES,
            *cli_data.PROMISES, *cli_invocations.VERBS)


def kept(promise, scene):
    """Whether it is; says so."""
    began = time.monotonic()
    error = None
    try:
        promise(scene)
    except Exception as broken:  # pylint: disable=broad-except
        error = broken if isinstance(broken, AssertionError) else repr(broken)
    name = promise.__name__.replace("_", " ")
    print(f"{'FAIL' if error else 'ok':4} {name}  {time.monotonic() - began:.2f} s", flush=True)
    if error:
        print(f"{error}\n", flush=True)
    return error is None


def outcomes(promises, scene):
    """Of each promise whether it is kept."""
    found = [kept(one, scene) for one in promises]
    scene.stop()
    return found


def run(kind, folder, only):
    """The same of those that are chosen."""
    def chosen(promises):
        return [one for one in promises
                if not only or any(text.replace(" ", "_") in one.__name__ for text in only)]

    found = []
    if chosen(PROMISES):
        server = SERVERS[kind](folder / "registered").start().wait_until_ready()
        found += outcomes(chosen(PROMISES), Scene(server, Driver()).register_shop().make())
    if kind == "holdfast" and not WithPlugin.plugin().exists():
        print(f"SKIPPED in part: {PLUGIN} is not built", flush=True)
    elif kind == "holdfast" and chosen(cli_data.OF_THE_SERVER):
        server = WithPlugin(folder / "own").start().wait_until_ready()
        found += outcomes(chosen(cli_data.OF_THE_SERVER), Scene(server, Driver()).register_shop())
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--server", choices=SERVERS, default="holdfast")
    parser.add_argument("--only", action="append", default=[], help="promises whose name has this text")
    args = parser.parse_args()

    try:
        for needed in (packages.typescript, packages.cli,
                       *((packages.reference,) if args.server != "holdfast" else ())):
            needed()
    except packages.Unavailable as reason:
        packages.skip(str(reason))
    folder = pathlib.Path(tempfile.mkdtemp(prefix="cli-"))
    began = time.monotonic()
    found = run(args.server, folder, args.only)
    print(f"\n{found.count(True)} ok, {found.count(False)} failed, {time.monotonic() - began:.0f} s")
    if False in found:
        print(f"what the processes wrote is in {folder}")
        sys.exit(1)
    shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
