"""The processes a test runs: a server under test or the reference, and endpoints. Each has its ports and
its folder for as long as it lives, so that it can be killed and started again."""

import atexit
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import sys
import time

import packages
from asking import ask

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))

from ports import unused_port  # noqa: E402

HERE = packages.HERE
READY_SECONDS = 60


class Process:
    """A program with a log file. It does not outlive the test."""

    def __init__(self, name, folder):
        self.name, self.folder = name, pathlib.Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.log_path = self.folder / f"{name}.log"
        self.process = None
        atexit.register(self.kill)

    def command(self):
        """The program and its arguments."""
        raise NotImplementedError

    def environment(self):
        return {}

    def is_ready(self):
        raise NotImplementedError

    def start(self):
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen(
                [str(word) for word in self.command()], stdout=log, stderr=log,
                stdin=subprocess.DEVNULL, env={**os.environ, **self.environment()}, cwd=self.folder)
        return self

    def wait_until_ready(self):
        deadline = time.monotonic() + READY_SECONDS
        while True:
            if self.process.poll() is not None:
                raise AssertionError(f"{self.name} ended with {self.process.returncode}:\n"
                                     + self.log_path.read_text(errors="replace")[-2000:])
            try:
                if self.is_ready():
                    return self
            except OSError:
                pass
            if time.monotonic() > deadline:
                raise AssertionError(f"{self.name} is not ready after {READY_SECONDS} s")
            time.sleep(0.02)

    def is_alive(self):
        return self.process is not None and self.process.poll() is None

    def kill(self):
        """SIGKILL; does nothing when it is not running."""
        if self.is_alive():
            self.process.kill()
            self.process.wait()

    def stop(self):
        if self.is_alive():
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                self.kill()


class Server(Process):
    """What both servers have: an ingress and an admin port."""

    def __init__(self, folder):
        super().__init__("server", folder)
        self.ingress, self.admin = unused_port(), unused_port()
        self.data = self.folder / "data"
        self.identity = None  # The file with the private key that requests are signed with.

    def is_ready(self):
        return (ask(self.admin, "GET", "/health").status == 200 and
                ask(self.ingress, "GET", "/restate/health").status == 200)


class Holdfast(Server):
    highest_version = 7

    def command(self):
        signing = ("--request-identity-private-key-pem-file", self.identity) if self.identity else ()
        return [packages.build() / "holdfast", "serve", "--data", self.data, "--ingress",
                f"127.0.0.1:{self.ingress}", "--admin", f"127.0.0.1:{self.admin}", *signing]


class Restate(Server):
    """The reference, with one partition."""

    highest_version = 6

    def __init__(self, folder):
        super().__init__(folder)
        self.program = packages.reference()
        self.fabric = unused_port()

    def command(self):
        return [self.program, "--no-logo", "--base-dir", self.data]

    def environment(self):
        return {
            "RESTATE_NODE_NAME": "reference",
            "RESTATE_LISTEN_MODE": "tcp",
            "RESTATE_BIND_ADDRESS": f"127.0.0.1:{self.fabric}",
            "RESTATE_ADVERTISED_ADDRESS": f"http://127.0.0.1:{self.fabric}/",
            "RESTATE_INGRESS__BIND_ADDRESS": f"127.0.0.1:{self.ingress}",
            "RESTATE_ADMIN__BIND_ADDRESS": f"127.0.0.1:{self.admin}",
            "RESTATE_DEFAULT_NUM_PARTITIONS": "1",
            "RESTATE_DEFAULT_REPLICATION": "1",
            "RESTATE_DISABLE_TELEMETRY": "true",
            "RESTATE_LOG_DISABLE_ANSI_CODES": "true",
            **({"RESTATE_REQUEST_IDENTITY_PRIVATE_KEY_PEM_FILE": str(self.identity)}
               if self.identity else {}),
        }

    def is_ready(self):
        # The admin port answers before it knows who leads the partition. Queries, and changes of
        # invocations, find out each for themselves.
        unknown = "inv_1jp6uyMi2HLz2mqBc3VgkZqi8JKJzmLJH9"
        return super().is_ready() and ask(
            self.admin, "POST", "/query", {"query": f"select * from sys_invocation where id = '{unknown}'"},
            {"accept": "application/json"}).status == 200 and ask(
                self.admin, "PATCH", f"/invocations/{unknown}/cancel").status == 404


class RestateV7(Restate):
    """With the flag that lets it speak version 7, as Holdfast does without one."""

    highest_version = 7

    def environment(self):
        return {**super().environment(), "RESTATE_EXPERIMENTAL_ENABLE_PROTOCOL_V7": "true"}


SERVERS = {"holdfast": Holdfast, "restate": Restate, "restate-v7": RestateV7}


class Endpoint(Process):
    """Handlers behind HTTP, written with an SDK."""

    def __init__(self, folder, driver, tag, mode, protocol="", only="", revision=""):
        super().__init__(f"endpoint-{tag}{revision}", folder)
        self.mode, self.port = mode, unused_port()
        self.uri = f"http://127.0.0.1:{self.port}"
        self.settings = {
            "CONFORMANCE_PORT": str(self.port), "CONFORMANCE_DRIVER": driver.address,
            "CONFORMANCE_TAG": tag, "CONFORMANCE_MODE": mode, "CONFORMANCE_PROTOCOL": str(protocol),
            "CONFORMANCE_ONLY": only, "CONFORMANCE_REVISION": revision}

    def environment(self):
        return self.settings

    def is_ready(self):
        with socket.create_connection(("127.0.0.1", self.port), timeout=1):
            return True


class TypeScript(Endpoint):
    program = "app.mjs"

    def command(self):
        """Node looks for packages beside the program, so a copy of it goes where there is a link to them."""
        fetched = packages.typescript()
        app = self.folder / f"{self.name}-app"
        shutil.rmtree(app, ignore_errors=True)
        shutil.copytree(HERE / "typescript", app, ignore=shutil.ignore_patterns("node_modules"))
        (app / "node_modules").symlink_to(fetched / "node_modules")
        return [packages.node(fetched), app / self.program]


class Python(Endpoint):
    def command(self):
        return [sys.executable, HERE / "python" / "app.py"]

    def environment(self):
        return {**self.settings, "PYTHONPATH": str(packages.python()), "PYTHONUNBUFFERED": "1"}


class Cpp(Endpoint):
    """Written with our own SDK, and built with the server."""

    def command(self):
        return [packages.cpp()]


ENDPOINTS = {"typescript": TypeScript, "python": Python, "cpp": Cpp}
