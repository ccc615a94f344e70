"""What bench/peers.py measures: each peer as processes that are started on an empty folder, and counted."""

import os
import pathlib
import pwd
import re
import shutil
import signal
import subprocess
import sys

from report import PROJECT
from server_process import TICKS, disk_bytes, process_cpu_us

LOAD = PROJECT / "bench" / "load"

sys.path.insert(0, str(PROJECT / "tests" / "conformance"))
import frames  # noqa: E402
import packages  # noqa: E402
import processes  # noqa: E402
from asking import ask  # noqa: E402
from cache import Unavailable, fetched  # noqa: E402


def proc(process, name):
    return pathlib.Path(f"/proc/{process}/{name}").read_text()


def rss_bytes(process):
    return int(re.search(r"^VmRSS:\s+(\d+) kB", proc(process, "status"), re.M).group(1)) * 1024


def own_bytes(process):
    """Its memory, with its part of what it shares: PostgreSQL's processes share most of theirs."""
    return int(re.search(r"^Pss:\s+(\d+) kB", proc(process, "smaps_rollup"), re.M).group(1)) * 1024


class PeerEndpoint(processes.TypeScript):
    """bench/load/peer_endpoint.mjs; all servers use the same process."""

    def __init__(self, folder):
        processes.Process.__init__(self, "endpoint", folder)
        self.port = processes.unused_port()
        self.uri, self.mode = f"http://127.0.0.1:{self.port}", "bidi"

    def environment(self):
        return {"PORT": str(self.port)}

    def command(self):
        return in_app(self.folder, packages.typescript(), LOAD / "peer_endpoint.mjs")


def in_app(folder, packages_folder, program):
    """The command that runs a program in a folder with those packages beside it."""
    app = folder / "app"
    shutil.rmtree(app, ignore_errors=True)
    app.mkdir()
    shutil.copy(program, app)
    (app / "node_modules").symlink_to(packages_folder / "node_modules")
    return [packages.node(packages_folder), app / program.name]


class Asked:
    """What all peers have: what is measured of them, and how they are asked."""

    title = kind = ""
    measures = frozenset(("empty", "three", "nested", "hot", "sends"))
    script, script_arguments = LOAD / "post.lua", ()

    @staticmethod
    def path(handler):
        return handler


class Served(Asked):
    """A server that asks an endpoint."""

    def __init__(self, folder, endpoint):
        shutil.rmtree(folder, ignore_errors=True)
        self.server, self.endpoint = processes.SERVERS[self.kind](folder), endpoint

    @staticmethod
    def check():
        packages.typescript()

    def start(self):
        self.server.start().wait_until_ready()
        self.ingress = self.server.ingress

    def use_endpoint(self):
        answer = ask(self.server.admin, "POST", "/deployments", {"uri": self.endpoint.uri})
        if answer.status not in (200, 201):
            raise RuntimeError(f"{self.title} does not take the endpoint: {answer}")

    def stop(self):
        self.server.stop()

    def program_bytes(self):
        return pathlib.Path(self.server.command()[0]).stat().st_size

    def cpu_us(self):
        return process_cpu_us(self.server.process.pid)

    def endpoint_cpu_us(self):
        return process_cpu_us(self.endpoint.process.pid)

    def memory(self):
        return rss_bytes(self.server.process.pid)

    def written(self):
        return disk_bytes(self.server.folder)

    def disk(self):
        # Sizes, not blocks: logs are preallocated.
        return sum(os.lstat(os.path.join(at, name)).st_size
                   for at, _, names in os.walk(self.server.data) for name in names)


class Holdfast(Served):
    title, kind = "Holdfast", "holdfast"


class RestateTuned(Served):
    title, kind = "Restate 1.7.12, one partition", "restate"

    @staticmethod
    def check():
        packages.typescript(), packages.reference()


class RestateAsItComes(processes.Restate):
    """Without our settings: its own number of partitions. Ports and folder are still ours."""

    def environment(self):
        ours = ("RESTATE_DEFAULT_NUM_PARTITIONS", "RESTATE_DEFAULT_REPLICATION")
        return {name: value for name, value in super().environment().items() if name not in ours}


class RestateDefault(RestateTuned):
    title, kind = "Restate 1.7.12, as it comes", "restate-default"


processes.SERVERS["restate-default"] = RestateAsItComes


class Nghttpx(processes.Process):
    def __init__(self, folder, endpoint):
        super().__init__("proxy", folder)
        self.ingress, self.endpoint = processes.unused_port(), endpoint

    def command(self):
        return ["nghttpx", "--conf=/dev/null", "--single-process", "--workers=1", "--no-via",
                f"--frontend=127.0.0.1,{self.ingress};no-tls",
                f"--backend=127.0.0.1,{self.endpoint.port};;proto=h2", "--accesslog-file=/dev/null"]

    def is_ready(self):
        # Whatever the endpoint answers comes from the endpoint.
        return ask(self.ingress, "GET", "/discover").status != 502


class Proxy(Served):
    """Between wrk and the endpoint a proxy, which stores nothing and understands nothing: it hands on the
    frames that wrk sends, and the endpoint's answer. What it costs is the least that a server in its place
    can cost."""

    title, kind = "nghttpx, a proxy", "proxy"
    measures = frozenset(("empty",))

    # Start, with id, debug_id and known_entries.
    REQUEST = (frames.frame(frames.START, frames.text(1, bytes(24)) + frames.text(2, "inv_1") +
                            frames.number(3, 1)) +
               frames.frame(frames.INPUT, frames.value(b"")))
    CONTENT_TYPE = "application/vnd.restate.invocation.v5"
    script, script_arguments = LOAD / "invoke.lua", (CONTENT_TYPE, REQUEST.hex())

    def __init__(self, folder, endpoint):
        shutil.rmtree(folder, ignore_errors=True)
        self.server, self.endpoint = Nghttpx(folder, endpoint), endpoint

    @staticmethod
    def check():
        Served.check()
        if shutil.which("nghttpx") is None:
            raise Unavailable("nghttpx is not installed; ./dev bench peers installs it")

    @staticmethod
    def path(handler):
        return f"/invoke{handler}"

    def use_endpoint(self):
        answer = ask(self.ingress, "POST", self.path("/Peer/empty"), self.REQUEST,
                     {"content-type": self.CONTENT_TYPE})
        if answer.status != 200 or not answer.body.endswith(frames.frame(frames.END)):
            raise RuntimeError(f"the endpoint does not run the handler: {answer}")

    def program_bytes(self):
        return None

    def written(self):
        return None


class PostgreSql(processes.Process):
    """A cluster of its own on the disk of the work folder. It refuses to be run by root, so root hands it to
    the user of Debian's package."""

    # What makes it durable stays on: fsync, synchronous_commit, full_page_writes.
    SETTINGS = {"fsync": "on", "synchronous_commit": "on", "full_page_writes": "on",
                "shared_buffers": "512MB", "wal_buffers": "16MB", "max_wal_size": "4GB",
                "checkpoint_timeout": "15min", "wal_compression": "lz4", "jit": "off",
                "random_page_cost": "1.1", "max_connections": "100"}

    def __init__(self, folder):
        super().__init__("postgres", folder)
        self.port, self.data = processes.unused_port(), self.folder / "data"
        self.user = "postgres" if os.geteuid() == 0 else None

    @staticmethod
    def programs():
        found = sorted(pathlib.Path("/usr/lib/postgresql").glob("*/bin/initdb"))
        if not found:
            raise Unavailable("PostgreSQL is not installed; ./dev bench peers installs it")
        return found[-1].parent

    def command(self):
        settings = [word for name, value in self.SETTINGS.items() for word in ("-c", f"{name}={value}")]
        return [self.programs() / "postgres", "-D", self.data, "-p", self.port, "-h", "127.0.0.1", "-k", "",
                *settings]

    def start(self):
        self.data.mkdir(mode=0o700)
        if self.user:
            owner = pwd.getpwnam(self.user)
            os.chown(self.data, owner.pw_uid, owner.pw_gid)
        self.as_user([self.programs() / "initdb", "-D", self.data, "-U", "peer", "--auth=trust", "-E", "UTF8",
                      "--locale=C", "--no-instructions"])
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen([str(word) for word in self.command()], stdout=log, stderr=log,
                                            stdin=subprocess.DEVNULL, cwd="/", **self.identity())
        return self

    def identity(self):
        return {"user": self.user, "group": pwd.getpwnam(self.user).pw_gid, "extra_groups": []} if (
            self.user) else {}

    def as_user(self, command):
        done = subprocess.run(command, cwd="/", capture_output=True, text=True, **self.identity())
        if done.returncode != 0:
            raise RuntimeError(f"{command[0]}: {done.stderr.strip()[-500:]} (may the user {self.user} enter "
                               f"{self.folder}? --work takes another folder)")

    def is_ready(self):
        return subprocess.run([self.programs() / "pg_isready", "-q", "-h", "127.0.0.1", "-p", str(self.port)],
                              check=False).returncode == 0

    def family(self):
        """The first process and its children. Each connection is one."""
        first = self.process.pid
        return [first, *map(int, proc(first, f"task/{first}/children").split())]

    def cpu_us(self):
        """With those children that have ended."""
        fields = proc(self.process.pid, "stat").rsplit(")", 1)[1].split()
        ended = (int(fields[13]) + int(fields[14])) * 1_000_000 // TICKS
        return ended + over(self.family(), process_cpu_us)


def over(processes_of, figure):
    """The sum; one that ended meanwhile counts nothing."""
    total = 0
    for process in processes_of:
        try:
            total += figure(process)
        except (FileNotFoundError, ProcessLookupError):
            pass
    return total


class DbosApp(processes.Process):
    """bench/load/dbos/app.mjs."""

    POOL = 20

    def __init__(self, folder, database_port):
        super().__init__("app", folder)
        self.port, self.database_port = processes.unused_port(), database_port

    def environment(self):
        return {"PORT": str(self.port), "POOL": str(self.POOL), "NODE_ENV": "production",
                "DATABASE": f"postgresql://peer@127.0.0.1:{self.database_port}/peer"}

    def command(self):
        return in_app(self.folder, dbos_packages(), LOAD / "dbos" / "app.mjs")

    def is_ready(self):
        return ask(self.port, "POST", "/Peer/empty").status == 200


def dbos_packages():
    folder = LOAD / "dbos"
    return fetched("dbos", [folder / "package.json", folder / "package-lock.json"], "npm",
                   ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--no-update-notifier"])


class Dbos(Asked):
    """PostgreSQL is the server; the process that holds the library does the work of an endpoint, and much of
    what is a server's elsewhere. So only the sum of both may be compared."""

    title, kind = "DBOS 5.3.0 on PostgreSQL", "dbos"
    measures = frozenset(("empty", "three", "nested"))

    def __init__(self, folder, _endpoint):
        shutil.rmtree(folder, ignore_errors=True)
        self.database = PostgreSql(folder)
        self.app = DbosApp(folder / "dbos", self.database.port)

    @staticmethod
    def check():
        PostgreSql.programs(), dbos_packages()

    def start(self):
        self.database.start().wait_until_ready()
        self.app.start().wait_until_ready()
        self.ingress = self.app.port

    def use_endpoint(self):
        pass

    def stop(self):
        self.app.stop()
        if self.database.is_alive():
            self.database.process.send_signal(signal.SIGINT)  # It does not wait for its clients then.
            self.database.process.wait(60)

    def program_bytes(self):
        return None

    def cpu_us(self):
        return self.database.cpu_us()

    def endpoint_cpu_us(self):
        return process_cpu_us(self.app.process.pid)

    def memory(self):
        return over(self.database.family(), own_bytes)

    def written(self):
        return disk_bytes(self.database.folder)


PEERS = {peer.kind: peer for peer in (Holdfast, RestateTuned, RestateDefault, Dbos, Proxy)}
