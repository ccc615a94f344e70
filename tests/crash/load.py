"""The load that every test with a real server shares: the server's process, the clients that ask it and
remember what they were told, and what is collected for the oracle (kill_checker.py) when it is over.

What breaks the server, and when, is up to the test; nothing here does so by itself.
"""

import atexit
import collections
import concurrent.futures
import http.client
import json
import os
import pathlib
import random
import shutil
import signal
import subprocess
import sys
import threading
import time

from kill_checker import History, Line, Op, check

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))

from ports import unused_port  # noqa: E402

BUILD = pathlib.Path(os.environ.get("HOLDFAST_BUILD", "build/dev"))
ACCOUNTS = [f"a{number}" for number in range(6)]
COUNTERS = [f"c{number}" for number in range(4)]
DRAIN_SECONDS = 40
REQUEST_SECONDS = 10
READY_SECONDS = 30
ANSWER_SECONDS = 120


class Broken(Exception):
    """The server did what no fault explains; the message is the problem, with its promise first."""


def logged_bytes(log):
    """What is in one of the store's logs; behind it there are zeros."""
    return len(log.read_bytes().rstrip(b"\0"))


class Server:
    """The process under test. Its data folder may be elsewhere, on a disk that is made to fail; the ledger
    and the log are in `folder`, which is not."""

    def __init__(self, folder, chooser, data=None, environment=()):
        self.folder, self.data = folder, data or folder / "data"
        self.memory_mib = chooser.choice([8, 32])  # With little, the store writes its tables often.
        self.environment = dict(environment)
        self.ingress, self.admin = unused_port(), unused_port()
        self.process = None
        self.disagreements = []  # What `holdfast verify` found in what a process had left behind.
        self.verified = 0        # How often it was asked.
        self.said_before = 0  # How long the log was when the process started.
        atexit.register(self.end)

    def end(self):
        """Whatever happens to this test, no server stays behind."""
        if self.process is not None and self.process.poll() is None:
            self.process.kill()
            self.process.wait()

    def start(self):
        self.verify()
        log = open(self.folder / "server.log", "ab")
        self.said_before = log.tell()
        # Also when this test is killed.
        until_death = ["setpriv", "--pdeathsig", "KILL"] if shutil.which("setpriv") else []
        self.process = subprocess.Popen(
            [*until_death, BUILD / "kill_server", "serve", "--data", self.data,
             "--ingress", f"127.0.0.1:{self.ingress}", "--admin", f"127.0.0.1:{self.admin}",
             "--park-after-ms", "100", "--store-memory-mib", str(self.memory_mib),
             "--log-level", "error"],
            env={**os.environ, "HOLDFAST_LEDGER": str(self.folder / "ledger"), **self.environment},
            stdout=subprocess.DEVNULL, stderr=log)
        log.close()

    def verify(self):
        """However a process ended, the rows that it left agree with each other. REQUIRES: none runs."""
        if not (self.data / "store" / "CURRENT").exists():
            return  # It has ended before there was a store.
        ended = subprocess.run([BUILD / "holdfast", "verify", "--data", self.data], capture_output=True,
                               text=True, errors="replace", check=False)
        self.verified += 1
        if ended.returncode != 0:
            self.disagreements.append(f"I13 verify: exit code {ended.returncode}, "
                                      f"{ended.stdout[-3000:]}{ended.stderr[-1000:]}")

    def last_words(self):
        """What the process has logged since it started."""
        with open(self.folder / "server.log", "rb") as log:
            log.seek(self.said_before)
            return log.read().decode(errors="replace")

    def has_ended(self):
        return self.process.poll() is not None

    def must_run(self):
        if self.has_ended():
            raise Broken(f"ended: the server ended by itself with {self.process.returncode}: "
                         f"{self.last_words()[-2000:]}")

    def is_ready(self):
        """Whether it becomes ready; false: it has ended before."""
        deadline = time.monotonic() + READY_SECONDS
        while time.monotonic() < deadline:
            if self.has_ended():
                return False
            try:
                ask(self.ingress, "GET", "/restate/health")
                return True
            except OSError:
                time.sleep(0.02)
        raise Broken(f"I14 hangs: the server is not ready after {READY_SECONDS} s: "
                     f"{self.last_words()[-2000:]}")

    def wait_until_ready(self):
        if not self.is_ready():
            self.must_run()

    def kill(self):
        self.must_run()
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def lose(self, size):
        """Takes the last bytes from the store's log."""
        logs = list((self.data / "store").glob("*.log"))
        newest = max(logs, key=lambda log: (logged_bytes(log) > 0, log.stat().st_mtime))
        os.truncate(newest, max(0, logged_bytes(newest) - size))


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
        self.clock_ms = 0         # How far the server's clock is ahead of ours.
        self.waits_to_nap = True  # Whether some wait for the end of a nap.
        self.ops = []
        self.stopping = threading.Event()
        self.given_up = False
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
        self.log.flush()

    def give_up(self):
        """Ends soon also those that wait for an answer."""
        self.stopping.set()
        self.given_up = True

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
        is_send = chooser.random() < 0.5 or (kind == "nap" and not self.waits_to_nap)
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
            path += f"/send?delay={delay}ms"
            body = {"due_ms": int(time.time() * 1000) + self.clock_ms + delay, "by": request}
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
        deadline = op.start + ANSWER_SECONDS
        while time.monotonic() < deadline and not self.given_up:
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
            yield f"unexpected: {op.kind} {op.request} had no answer in {ANSWER_SECONDS} s"


def invocations_of(server):
    """All the server knows, as it shows them."""
    after = ""
    while True:
        _, _, text = ask(server.admin, "GET", f"/invocations?limit=10000{after}")
        page = json.loads(text)
        yield from page["invocations"]
        if "next_after" not in page:
            return
        after = f"&after={page['next_after']}"


def statuses_of(server):
    """invocation -> status, of all the server knows."""
    return {entry["id"]: entry["status"] for entry in invocations_of(server)}


def counters_of(server):
    """(service, status) -> how many, from the counters that the server keeps beside the rows."""
    query = "select target_service_name, status, count(*) as n from sys_invocation group by 1, 2"
    _, _, text = ask(server.admin, "POST", "/query", json.dumps({"query": query}),
                     {"content-type": "application/json"})
    return {(row["target_service_name"], row["status"]): row["n"] for row in json.loads(text)["rows"]}


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
        try:
            return [one for both in pool.map(read, kept) for one in both]
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


class Stand:
    """One server, its clients and a folder for what they tell: from the first start to the verdict."""

    def __init__(self, seed, threads, folder, data=None, environment=()):
        self.seed, self.thread_count, self.folder = seed, threads, folder
        self.chooser = random.Random(seed)
        self.server = Server(folder, self.chooser, data, environment)
        self.clients = Clients(self.server, seed, folder / "clients")
        self.history = History()
        self.problems = []  # Besides those that the oracle will find.
        self.counts = collections.Counter()

    def begin(self):
        self.server.start()
        self.clients.start(self.thread_count)

    def judge(self):
        """Lets everything come to its end, with the server ready, and asks the oracle."""
        history = self.history
        self.clients.stop()
        history.ops = self.clients.ops
        history.statuses = drain(self.server)
        history.reads = read_results(self.server, history.ops)
        for account in ACCOUNTS:
            history.balances[account] = int(
                ask(self.server.ingress, "POST", f"/Account/{account}/balance")[2])
        for counter in COUNTERS:
            name = f"Counter/{counter}"
            history.counts[name] = int(ask(self.server.ingress, "POST", f"/{name}/count")[2])
        history.rows = collections.Counter(
            (entry["target_service_name"], entry["status"]) for entry in invocations_of(self.server))
        history.counters = counters_of(self.server)
        history.ledger = self.read_ledger()
        problems, counts = check(history)
        self.problems += problems + list(unexpected_answers(history.ops))
        self.counts.update(counts)
        for outcome in ("ok", "fail", "unknown"):
            self.counts[f"requests {outcome}"] += sum(op.outcome == outcome for op in history.ops)
        for invocation, status in history.statuses.items():
            if status != "completed":
                print(f"{invocation} as the server shows it:\n    "
                      f"{ask(self.server.admin, 'GET', f'/invocations/{invocation}')[2]}")
        self.stop()

    def stop(self):
        self.server.must_run()
        self.server.process.send_signal(signal.SIGTERM)
        try:
            code = self.server.process.wait(20)
        except subprocess.TimeoutExpired:
            code = "nothing in 20 s"
        if code != 0:
            self.problems.append(f"stop: asked to stop, the server ended with {code}: "
                                 f"{self.server.last_words()[-2000:]}")
        else:
            self.server.verify()
        self.problems += self.server.disagreements
        self.counts["folders verified"] += self.server.verified

    def read_ledger(self):
        ledger = self.folder / "ledger"
        return [Line.parse(line) for line in ledger.read_text().splitlines()] if ledger.exists() else []

    def end(self):
        self.clients.give_up()
        self.server.end()


