#!/usr/bin/env python3
"""Endpoints that answer what they should not: each attempt fails with an error that can be seen and has a
code, is tried again, and is done in the end; nobody else notices, and the server lives.

  robustness_test.py [--only TEXT]"""

import argparse
import concurrent.futures
import os
import pathlib
import random
import shutil
import sys
import tempfile
import threading
import time

import bad_answers
import frames
import packages
from asking import ask
from fake_endpoint import BAD_ATTEMPTS, FakeEndpoint
from processes import Holdfast
from world import check, same

THREADS = 16
RANDOM_ANSWERS = 150
GOOD_CALL_SECONDS = 5


class Test:
    def __init__(self, folder, fakes):
        self.server = Holdfast(folder).start().wait_until_ready()
        self.fakes = fakes
        for fake in fakes:
            answer = self.register(fake.uri, use_http_11=fake.mode == "REQUEST_RESPONSE")
            same(answer.status, 201, f"registering {fake.service}: {answer}")
        self.problems = []
        self.done = 0
        self.ending = threading.Event()

    def register(self, uri, **options):
        return ask(self.server.admin, "POST", "/deployments", {"uri": uri, **options})

    def guarded(self, name, run, *arguments):
        try:
            run(*arguments)
            line = f"ok   {name}\n"
        except Exception as error:  # pylint: disable=broad-except
            self.problems.append(f"{name}: {error}")
            line = f"FAIL {name}: {error}\n"
        self.done += line.startswith("ok")
        sys.stdout.write(line)
        sys.stdout.flush()

    def send(self, fake, handler):
        answer = ask(self.server.ingress, "POST", f"/{fake.service}/{handler}/send")
        same(answer.status, 202, str(answer))
        return answer.json()["invocationId"]

    def row(self, invocation):
        answer = ask(self.server.admin, "GET", f"/invocations/{invocation}")
        same(answer.status, 200, str(answer))
        return answer.json()

    # -- Attempts.

    def bad_answer(self, fake, name):
        began = time.monotonic()
        invocation = self.send(fake, name)
        if name in bad_answers.HARMLESS:
            self.ends_well(invocation)
            return
        if name in bad_answers.PAUSED:
            for attempt in range(BAD_ATTEMPTS):
                fake.wait_for_attempts(invocation, attempt + 1)
                self.paused(invocation)
                answer = ask(self.server.admin, "PATCH", f"/invocations/{invocation}/resume")
                same(answer.status, 200, str(answer))
        elif name not in bad_answers.EITHER:
            # The third attempt is not answered before the failure of the second has been seen.
            fake.wait_for_attempts(invocation, 3)
            row = self.row(invocation)
            check(row.get("last_failure"), f"no failure to be seen: {row}")
            check(str(row.get("last_failure_error_code", "")) not in ("", "0"), f"no code: {row}")
            check(row["status"] in ("running", "backing-off", "ready"), f"it is {row['status']}")
            waited, least = time.monotonic() - began, 2 * bad_answers.DELAYED.get(name, 0)
            check(waited >= least * 0.95, f"tried again twice within {waited:.2f} s")
        fake.heal(invocation)
        self.ends_well(invocation)

    def paused(self, invocation):
        deadline = time.monotonic() + 30
        while (row := self.row(invocation))["status"] != "paused":
            check(time.monotonic() < deadline, f"it is not paused: {row}")
            time.sleep(0.05)
        check(row.get("last_failure") and row.get("last_failure_error_code"), f"no reason: {row}")

    def ends_well(self, invocation):
        answer = ask(self.server.ingress, "GET", f"/restate/invocation/{invocation}/attach")
        same((answer.status, answer.json()), (200, "good"), f"the result of {invocation}")

    def random_answer(self, fake):
        """Frames of random types and contents, whole and in pieces."""
        invocation = self.send(fake, "at_random")
        fake.heal(invocation)
        answer = ask(self.server.ingress, "GET", f"/restate/invocation/{invocation}/attach", seconds=30)
        check(answer.status in (200, 409, 500), str(answer))

    # -- Manifests.

    def bad_manifest(self, name):
        answer = self.register(f"{self.fakes[0].uri}/manifest/{name}", use_http_11=True)
        if name in bad_answers.MANIFESTS_EITHER and answer.status in (200, 201):
            return
        check(400 <= answer.status < 600, str(answer))
        check(len(answer.json()["message"]) > 10, str(answer))
        check(len(answer.body) < 4096, f"an error of {len(answer.body)} bytes")

    # -- Everybody else.

    def bystander(self, fake):
        """Calls a good handler without a pause; each is answered soon."""
        while not self.ending.is_set():
            began = time.monotonic()
            answer = ask(self.server.ingress, "POST", f"/{fake.service}/good")
            same((answer.status, answer.json()), (200, "good"), "a good call among the bad")
            took = time.monotonic() - began
            check(took < GOOD_CALL_SECONDS, f"a good call took {took:.1f} s")


def fakes():
    """One for each transport; that for HTTP/2 needs a package."""
    found = [FakeEndpoint()]
    try:
        sys.path.append(str(packages.python()))
        import fake_http2_endpoint
        found.append(fake_http2_endpoint.FakeHttp2Endpoint())
    except packages.Unavailable as reason:
        print(f"SKIPPED in part: no HTTP/2: {reason}", flush=True)
    return found


def at_random(seed):
    """An answer made of frames, most of them nearly right."""
    chooser = random.Random(seed)
    kinds = [*range(0, 10), *range(0x0400, 0x0418), 0x8002, 0x8011, 0xFBFF, 0xFC00, 0xFFFF]

    def field():
        number = chooser.choice([1, 2, 3, 4, 5, 6, 10, 11, 12, 14, 15, 16])
        if chooser.random() < 0.5:
            return frames.number(number, chooser.choice([0, 1, 2, 17, 1 << 31, (1 << 64) - 1]))
        inner = chooser.choice([b"", b"Fake", b"good", b"\xff", frames.text(1, b"1"),
                                chooser.randbytes(chooser.randrange(40))])
        return frames.text(number, inner)

    pieces = [frames.run(), frames.proposal()] if chooser.random() < 0.3 else []
    for _ in range(chooser.randrange(1, 6)):
        payload = b"".join(field() for _ in range(chooser.randrange(4)))
        # A suspension that waits for a real sleep would only make the test slow.
        kind = chooser.choice([kind for kind in kinds if kind not in (frames.SUSPENSION, frames.SLEEP)])
        pieces.append(frames.frame(kind, payload, chooser.choice([0, 0, 0, 0x8000, 1]),
                                   chooser.choice([None] * 9 + [chooser.randrange(1 << 32)])))
    data = b"".join(pieces)
    return data[:chooser.randrange(len(data))] if chooser.random() < 0.2 else data


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", default="", help="bad answers whose name has this text")
    parser.add_argument("--seed", type=int, default=int.from_bytes(os.urandom(4), "big"))
    args = parser.parse_args()
    print(f"seed {args.seed}", flush=True)
    seeds = iter(range(args.seed, args.seed + 1_000_000))
    lock = threading.Lock()

    def answer_at_random(connection, request):
        with lock:
            seed = next(seeds)
        connection.respond(request, at_random(seed))

    manifests = [name for name in bad_answers.MANIFESTS if args.only in name]
    bad_answers.ANSWERS["at_random"] = answer_at_random
    folder = pathlib.Path(tempfile.mkdtemp(prefix="robustness-"))
    test = Test(folder, fakes())
    bystanders = [threading.Thread(target=test.guarded, args=(
        f"{fake.service}: everybody else", test.bystander, fake)) for fake in test.fakes]
    for one in bystanders:
        one.start()
    with concurrent.futures.ThreadPoolExecutor(THREADS) as pool:
        for fake in test.fakes:
            for name in [name for name in fake.names() if args.only in name and name != "at_random"]:
                pool.submit(test.guarded, f"{fake.service}: {name}", test.bad_answer, fake, name)
            for _ in range(RANDOM_ANSWERS if args.only in "at_random" else 0):
                pool.submit(test.guarded, f"{fake.service}: at random", test.random_answer, fake)
        for name in manifests:
            pool.submit(test.guarded, f"manifest: {name}", test.bad_manifest, name)
    test.ending.set()
    for one in bystanders:
        one.join()
    for fake in test.fakes:
        if getattr(fake, "not_half_closed", None):
            test.problems.append(f"requests that stayed open after a terminal frame: "
                                 f"{sorted(set(fake.not_half_closed))}")
    if not test.server.is_alive():
        test.problems.append("the server ended by itself:\n"
                             + test.server.log_path.read_text(errors="replace")[-2000:])
    test.server.stop()
    for problem in test.problems:
        print(problem)
    print(f"{test.done} ok, {len(test.problems)} failed")
    if test.problems:
        print(f"what the server wrote is in {folder}")
        sys.exit(1)
    shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
