"""A server process under measurement."""

import http.client
import json
import os
import pathlib
import re
import signal
import socket
import subprocess
import time

from report import say

TICKS = os.sysconf("SC_CLK_TCK")


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def process_cpu_us(process):
    """Of all its threads, those that ended too."""
    fields = pathlib.Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) * 1_000_000 // TICKS


def disk_bytes(folder):
    """Written so far to the disk the folder is on, by whomever, with all that waited to be written. What the
    kernel says of one process will not do: for a write into the middle of a file, such as PostgreSQL's log,
    it counts all of the large page that becomes dirty, a hundred times what goes to the disk."""
    os.sync()
    device = os.stat(folder).st_dev
    try:
        told = pathlib.Path(f"/sys/dev/block/{os.major(device)}:{os.minor(device)}/stat").read_text()
    except OSError:
        return None
    return int(told.split()[6]) * 512


class Server:
    """One server process; its data folder outlives it."""

    def __init__(self, program, data, log):
        self.program, self.data, self.log_path = program, data, log
        self.port, self.admin_port = free_port(), free_port()
        self.process = None

    def start(self):
        """Returns the seconds from exec to the first answer of a handler."""
        log = open(self.log_path, "ab")
        began = time.monotonic()
        self.process = subprocess.Popen(
            [self.program, "serve", "--data", self.data, "--ingress", f"127.0.0.1:{self.port}",
             "--admin", f"127.0.0.1:{self.admin_port}", "--log-level", "warn"],
            stdout=log, stderr=log)
        has_handlers = os.path.basename(self.program) == "bench_server"
        while True:
            try:
                if has_handlers:
                    self.post("/Bench/empty", timeout=60)
                else:
                    self.admin("/health")
                return time.monotonic() - began
            except (ConnectionError, http.client.HTTPException):
                if self.process.poll() is not None:
                    raise SystemExit(f"the server ended with {self.process.returncode}:\n" +
                                     pathlib.Path(self.log_path).read_text()[-2000:])
                if time.monotonic() - began > 120:
                    raise SystemExit("the server does not answer after 120 s")
                time.sleep(0.001)

    def end(self, how=signal.SIGTERM):
        if self.process is None:
            return
        if self.process.poll() is not None:
            raise SystemExit(f"the server ended by itself with {self.process.returncode}:\n" +
                             pathlib.Path(self.log_path).read_text()[-2000:])
        self.process.send_signal(how)
        try:
            self.process.wait(60)
        except subprocess.TimeoutExpired:
            say("STRANGE: the server did not end within 60 s of a signal; killed")
            self.process.kill()
            self.process.wait()
        self.process = None

    def request(self, port, method, path, body=None, timeout=600):
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=timeout)
        headers = {} if body is None else {"content-type": "application/json"}
        connection.request(method, path, body, headers)
        answer = connection.getresponse()
        text = answer.read().decode()
        connection.close()
        if answer.status >= 300:
            raise http.client.HTTPException(f"{method} {path}: {answer.status} {text}")
        return text

    def post(self, path, body=None, timeout=600):
        return self.request(self.port, "POST", path, body, timeout)

    def get(self, path):
        return self.request(self.port, "GET", path)

    def admin(self, path):
        return self.request(self.admin_port, "GET", path)

    def register(self, uri, patience):
        """Registers an endpoint that is about to listen."""
        until = time.monotonic() + patience
        while True:
            try:
                return self.request(self.admin_port, "POST", "/deployments",
                                    json.dumps({"uri": uri}))
            except http.client.HTTPException:
                if time.monotonic() > until:
                    raise
                time.sleep(0.05)

    def metric(self, name):
        return int(float(re.search(rf"^{name} (\S+)$", self.admin("/metrics"), re.M).group(1)))

    def proc(self, name):
        return pathlib.Path(f"/proc/{self.process.pid}/{name}").read_text()

    def cpu_us(self):
        return process_cpu_us(self.process.pid)

    def written_bytes(self):
        """See disk_bytes; not a number where that is not told."""
        written = disk_bytes(pathlib.Path(self.data).parent)
        return float("nan") if written is None else written

    def rss_bytes(self):
        return int(re.search(r"^VmRSS:\s+(\d+) kB", self.proc("status"), re.M).group(1)) * 1024

    def switches(self):
        """Context switches so far, by (name, id) of the thread."""
        found = {}
        for task in pathlib.Path(f"/proc/{self.process.pid}/task").iterdir():
            try:
                status = (task / "status").read_text()
            except FileNotFoundError:
                continue
            name = re.search(r"^Name:\s+(.*)$", status, re.M).group(1)
            count = sum(int(n) for n in re.findall(r"ctxt_switches:\s+(\d+)", status))
            found[name, task.name] = count
        return found

    def waits_in_rocksdb(self, thread):
        """Whether what the thread waits for is a variable of RocksDB's library. RocksDB gives the
        thread of its timer no name of its own."""
        words = self.proc(f"task/{thread}/syscall").split()
        if len(words) < 2 or not words[1].startswith("0x"):
            return False
        address, library, end = int(words[1], 16), "", 0
        for line in self.proc("maps").splitlines():
            fields = line.split(maxsplit=5)
            low, high = (int(part, 16) for part in fields[0].split("-"))
            if len(fields) > 5:
                library = fields[5]
            elif low != end:  # Zeroed data of a library follows it without a name.
                library = ""
            end = high
            if low <= address < high:
                return "librocksdb" in library
        return False

    def wait_until_nothing_is_active(self, seconds):
        end = time.monotonic() + seconds
        while self.metric("holdfast_actors_active_invocations") > 0:
            if time.monotonic() > end:
                return False
            time.sleep(0.05)
        return True

    def settle_memory(self):
        """Gives the allocator time and reason to hand memory back."""
        for _ in range(12):
            time.sleep(1)
            self.post("/Bench/empty")
