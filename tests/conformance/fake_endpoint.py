"""An endpoint that says whatever it is told to, on threads of the test itself; here over HTTP/1.1, by hand,
in request/response mode. A path .../invoke/Fake/NAME gets the bad answer NAME of bad_answers.py, twice for
each invocation; from then on a good one, once the test allows it. A path /manifest/NAME/discover gets the
manifest NAME."""

import collections
import json
import re
import socket
import struct
import threading

import bad_answers
import frames

MANIFEST_TYPE = "application/vnd.restate.endpointmanifest.v3+json"
BAD_ATTEMPTS = 2


class Request:
    def __init__(self, method, path, headers, body):
        self.method, self.path, self.headers, self.body = method, path, headers, body

    @property
    def content_type(self):
        return self.headers.get("content-type", "")

    @property
    def version(self):
        found = re.search(r"invocation\.v(\d+)$", self.content_type)
        return int(found.group(1)) if found else 0


class Connection:
    """What a bad answer writes to."""

    def __init__(self, peer):
        self.peer = peer
        self.file = peer.makefile("rb")

    def head(self, request, length=900):
        self.data(f"HTTP/1.1 200 OK\r\ncontent-type: {request.content_type}\r\n"
                  f"content-length: {length}\r\n\r\n".encode())

    def data(self, data):
        self.peer.sendall(data)

    def respond(self, request, body, status="200 OK", content_type=None, headers=()):
        """A whole response. Without a content type it is that of the request."""
        lines = [f"HTTP/1.1 {status}", f"content-length: {len(body)}",
                 f"content-type: {content_type or request.content_type}", *headers]
        self.data("\r\n".join(lines).encode() + b"\r\n\r\n" + body)

    def reset(self):
        """Ends the connection by a TCP reset."""
        self.peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.file.close()
        self.peer.close()
        raise ConnectionAbortedError

    def wait_for_the_end(self):
        """Until the other side closes, or the test ends."""
        self.peer.settimeout(120)
        try:
            while self.file.read(1):
                pass
        except OSError:
            pass

    def read_request(self):
        """None at the end of the connection."""
        line = self.file.readline().split()
        if len(line) < 3:
            return None
        headers = {}
        while (header := self.file.readline().strip()):
            name, _, value = header.partition(b":")
            headers[name.decode().lower()] = value.strip().decode()
        if headers.get("transfer-encoding", "") == "chunked":
            body = b""
            while (size := int(self.file.readline().split(b";")[0], 16)):
                body += self.file.read(size)
                self.file.readline()
            self.file.readline()
        else:
            body = self.file.read(int(headers.get("content-length", 0)))
        return Request(line[0].decode(), line[1].decode(), headers, body)


class FakeEndpoint:
    service = "Fake"
    mode = "REQUEST_RESPONSE"
    not_for_it = bad_answers.HTTP2_ONLY

    def __init__(self):
        self.changed = threading.Condition()
        self.attempts = collections.defaultdict(list)  # Invocation -> what the server sent each time.
        self.healed = set()  # Invocations that get a good answer now.
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=256)
        self.uri = f"http://127.0.0.1:{self.listener.getsockname()[1]}"
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            peer, _ = self.listener.accept()
            threading.Thread(target=self.serve, args=(peer,), daemon=True).start()

    def serve(self, peer):
        connection = Connection(peer)
        try:
            with peer:
                while (request := connection.read_request()) is not None:
                    self.answer(connection, request)
        except (OSError, ValueError):
            pass  # The server closed, or the answer was to break the connection.

    def answer(self, connection, request):
        name = request.path.split("/")[-1]
        if request.path.endswith("/discover"):
            manifest = request.path.split("/")[-2]
            bad_answers.MANIFESTS.get(manifest, self.good_manifest)(connection, request)
        elif self.attempt(request) <= BAD_ATTEMPTS and name in bad_answers.ANSWERS:
            bad_answers.ANSWERS[name](connection, request)
        else:
            if name in bad_answers.ANSWERS:
                self.wait_until_healed(invocation_of(request))
            connection.respond(request, frames.GOOD)

    def attempt(self, request):
        with self.changed:
            attempts = self.attempts[invocation_of(request)]
            attempts.append(request.body)
            self.changed.notify_all()
            return len(attempts)

    def wait_until_healed(self, invocation):
        with self.changed:
            self.changed.wait_for(lambda: invocation in self.healed, timeout=120)

    def wait_for_attempts(self, invocation, count, seconds=30):
        with self.changed:
            if not self.changed.wait_for(lambda: len(self.attempts[invocation]) >= count, seconds):
                raise AssertionError(f"{len(self.attempts[invocation])} attempts after {seconds} s, "
                                     f"not {count}")

    def heal(self, invocation):
        with self.changed:
            self.healed.add(invocation)
            self.changed.notify_all()

    def good_manifest(self, connection, request):
        """What a good endpoint would say of itself: a handler for each bad answer, and a good one."""
        handlers = [{"name": name} for name in [*self.names(), "good"]]
        service = {"name": self.service, "ty": "SERVICE", "handlers": handlers,
                   "retryPolicyInitialInterval": 50, "retryPolicyMaxInterval": 200,
                   "inactivityTimeout": 500, "abortTimeout": 500}
        connection.respond(request, json.dumps({
            "protocolMode": self.mode, "minProtocolVersion": 5, "maxProtocolVersion": 7,
            "services": [service]}).encode(), content_type=MANIFEST_TYPE)

    def names(self):
        """The bad answers this endpoint can give."""
        return [name for name in bad_answers.ANSWERS if name not in self.not_for_it]


def invocation_of(request):
    return request.headers.get("x-restate-invocation-id", "")
