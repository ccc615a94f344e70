#!/usr/bin/env python3
"""Kills the real server with SIGKILL under load, again and again, and lets an oracle outside of it say
whether every promise was kept. The oracle is kill_checker.py; the server is kill_server.cc.

  kill_test.py [--seed N] [--kills N] [--threads N] [--lose BYTES]

Prints the seed, what was looked at, and of each broken promise the whole history. Ends with 0 if none
was broken. With --lose the store's log is cut at the second kill, as if a write had been acknowledged
that was not on disk: then promises must be broken (kill_loss_test.py).
"""

import argparse
import atexit
import concurrent.futures
import http.client
import json
import os
import pathlib
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time

from kill_checker import History, Line, Op, check, story_of

BUILD = pathlib.Path(os.environ.get("HOLDFAST_BUILD", "build/dev"))
ACCOUNTS = [f"a{number}" for number in range(6)]
COUNTERS = [f"c{number}" for number in range(4)]
DRAIN_SECONDS = 40
REQUEST_SECONDS = 10


def unused_port(chooser):
    """A port nobody listens on, below those the system gives to clients: while the server is down, a
    client that is given the server's port would connect to itself."""
    while True:
        port = chooser.randrange(20000, 32000)
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
                return port
            except OSError:
                continue


class Server:
    """The process that is killed."""

    def __init__(self, folder, chooser):
        self.folder = folder
        self.ingress, self.admin = unused_port(chooser), unused_port(chooser)
        self.process = None
        atexit.register(self.end)

    def end(self):
        """Whatever happens to this test, no server stays behind."""
        if self.process is not None and self.process.poll() is None:
            self.process.kill()

    def start(self):
        self.process = subprocess.Popen(
            [BUILD / "kill_server", "serve", "--data", self.folder / "data",
             "--ingress", f"127.0.0.1:{self.ingress}", "--admin", f"127.0.0.1:{self.admin}",
             "--park-after-ms", "100", "--log-level", "error"],
            env={**os.environ, "HOLDFAST_LEDGER": str(self.folder / "ledger")},
            stdout=subprocess.DEVNULL, stderr=open(self.folder / "server.log", "ab"))

    def wait_until_ready(self):
        deadline = time.monotonic() + 30
        while True:
            if self.process.poll() is not None:
                log = (self.folder / "server.log").read_text()[-2000:]
                sys.exit(f"the server ended by itself with {self.process.returncode}\n{log}")
            try:
                return ask(self.ingress, "GET", "/restate/health")
            except OSError:
                if time.monotonic() > deadline:
                    sys.exit("the server does not become ready")
                time.sleep(0.02)

    def kill(self):
        if self.process.poll() is not None:
            log = (self.folder / "server.log").read_text()[-2000:]
            sys.exit(f"the server ended by itself with {self.process.returncode}\n{log}")
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def lose(self, size):
        """Takes the last bytes from the store's log."""
        logs = list((self.folder / "data" / "store").glob("*.log"))
        newest = max(logs, key=lambda log: (log.stat().st_size > 0, log.stat().st_mtime))
        os.truncate(newest, max(0, newest.stat().st_size - size))


def ask(port, method, path, body=None, headers=()):
    """(status, headers, body) of one request on a connection of its own."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=REQUEST_SECONDS)
    try:
        connection.request(method, path, body, dict(headers))
        response = connection.getresponse()
        return response.status, response.headers, response.read().decode()
    except http.client.HTTPException as error:  # The connection broke in the middle.
        raise ConnectionResetError(str(error)) from error
    finally:
        connection.close()


class Clients:
    """Threads that ask, until told to stop, and remember what they asked and what they were told."""

    def __init__(self, server, seed, log_path):
        self.server, self.seed = server, seed
        self.ops = []
        self.stopping = threading.Event()
        self.lock = threading.Lock()
        self.log = open(log_path, "a")
        self.threads = []

    def start(self, count):
        for number in range(count):
            self.threads.append(threading.Thread(target=self.run, args=(number,), daemon=True))
            self.threads[-1].start()

    def stop(self):
        self.stopping.set()
        for thread in self.threads:
            thread.join()

    def write(self, event, op):
        with self.lock:
            self.log.write(json.dumps({"event": event, **vars(op)}) + "\n")

    def run(self, number):
        chooser = random.Random(f"{self.seed} {number}")
        made = 0
        while not self.stopping.is_set():
            made += 1
            self.one(chooser, f"r-{number}-{made}")
            time.sleep(chooser.uniform(0, 0.04))

    def one(self, chooser, request):
        kind = chooser.choices(["steps", "nap", "later", "fan", "add", "transfer", "order"],
                               [25, 10, 10, 10, 25, 20, 10])[0]
        is_send = chooser.random() < 0.5
        keyed = chooser.random() < 0.6
        if kind == "order":
            self.order(chooser, request)
            return
        path, body = {
            "steps": lambda: ("/Steps/run", request),
            "nap": lambda: ("/Sleeper/nap", chooser.randint(50, 500)),
            "later": lambda: ("/Later/run", None),
            "fan": lambda: ("/Fan/out", request),
            "add": lambda: (f"/Counter/{chooser.choice(COUNTERS)}/add", request),
            "transfer": lambda: ("/Bank/transfer",
                                 dict(zip(("from", "to"), chooser.sample(ACCOUNTS, 2)),
                                      request=request, amount=chooser.randint(1, 200))),
        }[kind]()
        op = Op(kind, request, is_send or kind == "later")
        key = f"k-{request}" if keyed else None
        if kind == "steps" and chooser.random() < 0.3:  # Several threads, one key, one input.
            key = body = op.request = f"shared-{chooser.randrange(100)}"
        if kind == "add":
            op.object = path[1:].rpartition("/")[0]
        if kind == "later":
            delay = chooser.randint(50, 500)
            path, body = f"{path}/send?delay={delay}ms", int(time.time() * 1000) + delay
        elif is_send:
            path += "/send"
        if key:
            op.identity = f"{kind} {op.object or ''} {key}"
        self.ask(op, path, json.dumps(body), key)
        if key and chooser.random() < 0.2:  # Ask for the same once more.
            self.ask(Op(op.kind, op.request, op.is_send, op.identity, op.object), path,
                     json.dumps(body), key)

    def order(self, chooser, request):
        name = f"Order/{request}"
        op = Op("order", request, True, name, name)
        self.ask(op, f"/{name}/run/send", json.dumps(request))
        for number in range(chooser.randint(1, 2)):
            by = f"by-{request}-{number}"
            self.ask(Op("approve", by, False, f"approve {by}", name), f"/{name}/approve",
                     json.dumps(by), f"k-{by}")

    def ask(self, op, path, body, key=None):
        """Asks until there is an answer if the request names itself, else at most once."""
        headers = [("content-type", "application/json")]
        if key:
            headers.append(("idempotency-key", key))
        op.start = time.monotonic()
        self.write("invoke", op)
        asked = False
        deadline = op.start + 120
        while time.monotonic() < deadline:
            try:
                status, told, text = ask(self.server.ingress, "POST", path, body, headers)
                if status != 503:
                    self.note_answer(op, status, told, text)
                    break
            except ConnectionRefusedError:
                pass  # Nobody was there to take it.
            except OSError:
                asked = True
            if asked and not op.identity:
                break
            time.sleep(0.03)
        op.end = time.monotonic()
        self.write(op.outcome, op)
        with self.lock:
            self.ops.append(op)

    def note_answer(self, op, status, told, text):
        op.status, op.body = status, text
        if op.is_send and status in (200, 202):
            op.outcome, op.invocation = "ok", json.loads(text)["invocationId"]
        else:
            op.outcome = "ok" if status == 200 else "fail"
            op.invocation = told.get("x-restate-id")


def unexpected_answers(ops):
    """What no crash explains: an answer that is neither a result nor a failure that a handler chose."""
    for op in ops:
        chosen = op.kind in ("transfer", "approve") and op.status == 409
        if op.outcome == "fail" and not chosen:
            yield f"unexpected: {op.kind} {op.request} was answered {op.status} {op.body[:300]}"
        elif op.outcome == "unknown" and op.identity:
            yield f"unexpected: {op.kind} {op.request} had no answer in 120 s"


def statuses_of(server):
    """invocation -> status, of all the server knows."""
    statuses, after = {}, ""
    while True:
        _, _, text = ask(server.admin, "GET", f"/invocations?limit=10000{after}")
        page = json.loads(text)
        statuses.update((entry["id"], entry["status"]) for entry in page["invocations"])
        if "next_after" not in page:
            return statuses
        after = f"&after={page['next_after']}"


def drain(server):
    """Waits until nothing is under way."""
    deadline = time.monotonic() + DRAIN_SECONDS
    while True:
        statuses = statuses_of(server)
        if all(status == "completed" for status in statuses.values()):
            return statuses
        if time.monotonic() > deadline:
            return statuses
        time.sleep(0.2)


def read_results(server, ops):
    """Asks for each kept result in two ways."""
    kept = {op.invocation: op for op in ops
            if op.identity and op.invocation and op.kind != "approve"}

    def read(invocation):
        reads = []
        for how in ("output", "attach"):
            try:
                status, _, body = ask(server.ingress, "GET",
                                      f"/restate/invocation/{invocation}/{how}")
            except OSError as error:
                status, body = 0, f"no answer: {error}"
            reads.append((invocation, how, status, body))
        return reads

    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        return [one for both in pool.map(read, kept) for one in both]


def run(options, folder):
    chooser = random.Random(options.seed)
    server = Server(folder, chooser)
    server.start()
    server.wait_until_ready()
    clients = Clients(server, options.seed, folder / "clients")
    clients.start(options.threads)
    for number in range(options.kills):
        # Also while it recovers, also before it takes requests.
        time.sleep(chooser.choice([chooser.uniform(0.02, 0.4), chooser.uniform(0.5, 3.0)]))
        loses = options.lose and number == 1
        if loses:
            server.wait_until_ready()
            time.sleep(1)  # For something to lose.
        server.kill()
        if loses:
            server.lose(options.lose)
        time.sleep(chooser.uniform(0.1, 1.0))
        server.start()
        if number % 3:
            server.wait_until_ready()
    server.wait_until_ready()
    time.sleep(0.5)
    clients.stop()

    history = History(ops=clients.ops, statuses=drain(server))
    history.reads = read_results(server, history.ops)
    for account in ACCOUNTS:
        history.balances[account] = int(ask(server.ingress, "POST", f"/Account/{account}/balance")[2])
    for counter in COUNTERS:
        name = f"Counter/{counter}"
        history.counts[name] = int(ask(server.ingress, "POST", f"/{name}/count")[2])
    history.ledger = [Line.parse(line) for line in (folder / "ledger").read_text().splitlines()]
    problems, counts = check(history)
    problems += unexpected_answers(history.ops)
    for invocation, status in history.statuses.items():
        if status != "completed":
            print(f"{invocation} as the server shows it:\n    "
                  f"{ask(server.admin, 'GET', f'/invocations/{invocation}')[2]}")
    server.process.send_signal(signal.SIGTERM)
    if server.process.wait(20) != 0:
        problems.append(f"stop: asked to stop, the server ended with {server.process.returncode}")
    return history, problems, counts


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1 << 32))
    parser.add_argument("--kills", type=int, default=12)
    parser.add_argument("--threads", type=int, default=16)
    parser.add_argument("--lose", type=int, default=0)
    options = parser.parse_args()
    print(f"seed {options.seed}: kill_test.py --seed {options.seed} --kills {options.kills}",
          flush=True)
    folder = pathlib.Path(tempfile.mkdtemp(prefix="holdfast-kill."))
    history, problems, counts = run(options, folder)

    for outcome in ("ok", "fail", "unknown"):
        counts[f"requests {outcome}"] = sum(op.outcome == outcome for op in history.ops)
    for name, count in sorted(counts.items()):
        print(f"{count:8}  {name}")
    for problem in problems[:20]:
        print(f"\nBROKEN {problem}\n{story_of(problem, history)}")
    if len({line.pid for line in history.ledger}) <= options.kills / 2:
        problems.append("too few processes wrote to the ledger: nothing was tested")
    print(f"\n{options.kills} kills, {len(problems)} broken promise(s)")
    if problems:
        sys.exit(f"all of it is in {folder}")
    shutil.rmtree(folder)


if __name__ == "__main__":
    main()
