#!/usr/bin/env python3
"""The official Go, Rust and Java SDKs, unmodified, against the server: a few promises each, and a kill.

  smoke_test.py [--sdk NAME]

Packages are fetched and programs built once into HOLDFAST_TEST_CACHE (~/.cache/holdfast-tests); an SDK whose
toolchain or packages cannot be had here is skipped and says so."""

import argparse
import pathlib
import shutil
import sys
import tempfile
import time
import traceback

import packages
from driver import Driver
from processes import Endpoint, Holdfast
from stand import Stand, register
from world import World, same


class Go(Endpoint):
    def command(self):
        return [packages.go()]


class Rust(Endpoint):
    def command(self):
        return [packages.rust()]


class Java(Endpoint):
    def command(self):
        folder = packages.java()
        return [shutil.which("java"), "-cp", f"{folder}/classes:{folder}/jars/*", "conformance.App"]


SDKS = {"go": Go, "rust": Rust, "java": Java}


class Smoke(World):
    """Has a server to itself, so that services need no tag."""

    def name(self, service):
        return service


def two_steps_around_a_sleep_are_done_once_and_keep_their_values(w):
    same(w.call("Steps/two", w.token), [1, 11])

    same([len(w.effects(f"{w.token}-{step}")) for step in ("first", "second")], [1, 1])


def an_object_keeps_its_state_between_calls_of_a_key(w):
    same([w.call(f"Counter/{w.token}/add", n) for n in (1, 2, 3)], [1, 3, 6])
    same(w.call(f"Counter/{w.token}-other/add", 1), 1)


def a_handler_calls_another_service(w):
    same(w.call("Calls/add_twice", w.token), 2)

    same(w.call(f"Counter/{w.token}/add", 1), 3)


def an_awakeable_is_resolved_from_outside(w):
    invocation = w.send("Steps/ask", w.token)
    awakeable = w.told(f"{w.token}-tell")

    same(w.restate("POST", f"awakeables/{awakeable}/resolve", "done").status, 202)

    same(w.result(invocation), "done")


def a_kill_of_the_server_loses_no_result_and_repeats_no_recorded_step(w):
    invocation = w.send("Steps/ask", w.token)
    awakeable = w.told(f"{w.token}-tell")  # So the step before it is recorded.

    w.server.kill()
    w.server.start().wait_until_ready()

    same(w.restate("POST", f"awakeables/{awakeable}/resolve", "kept").status, 202)
    same(w.result(invocation), "kept")
    same([len(w.effects(f"{w.token}-{step}")) for step in ("before", "after")], [1, 1])
    same(set(w.effects(f"{w.token}-tell")), {awakeable})  # When it was told again, then the same.


PROMISES = (two_steps_around_a_sleep_are_done_once_and_keep_their_values,
            an_object_keeps_its_state_between_calls_of_a_key,
            a_handler_calls_another_service,
            an_awakeable_is_resolved_from_outside,
            a_kill_of_the_server_loses_no_result_and_repeats_no_recorded_step)


def kept(sdk, name, promise):
    """Whether it is; says so."""
    began = time.monotonic()
    error = None
    try:
        promise()
    except Exception:  # pylint: disable=broad-except
        error = traceback.format_exc()
    print(f"{'FAIL' if error else 'ok':4} {sdk:6} {name}  {time.monotonic() - began:.2f} s", flush=True)
    if error:
        print(error, flush=True)
    return error is None


def run(sdk, folder):
    """Whether all promises are kept."""
    server = Holdfast(folder / sdk).start().wait_until_ready()
    driver = Driver()
    endpoint = SDKS[sdk](server.folder, driver, sdk, "bidi").start().wait_until_ready()
    place = Stand(server, driver, sdk, "bidi", endpoint)

    def registers():
        answer = register(server, endpoint)
        same(answer.status, 201, str(answer))

    def keep(promise):
        return kept(sdk, promise.__name__.replace("_", " "), lambda: promise(Smoke(place)))

    all_kept = kept(sdk, "the endpoint registers", registers) and all([keep(one) for one in PROMISES])
    versions = {row["pinned_service_protocol_version"]
                for row in Smoke(place).query("select * from sys_invocation")}
    print(f"     {sdk} was spoken to in version {', '.join(map(str, versions))}", flush=True)
    endpoint.stop()
    server.stop()
    return all_kept


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sdk", action="append", choices=SDKS)
    args = parser.parse_args()

    sdks = packages.available(args.sdk or list(SDKS))
    folder = pathlib.Path(tempfile.mkdtemp(prefix="smoke-"))
    if not all([run(sdk, folder) for sdk in sdks]):
        print(f"what the processes wrote is in {folder}")
        sys.exit(1)
    shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
