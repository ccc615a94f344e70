"""The world outside of the handlers: a ledger of the effects they had, and gates they wait at. The
handlers reach it over HTTP; it outlives every server and every endpoint of a test."""

import collections
import http.server
import json
import threading
import time
import urllib.parse


class Driver:
    """Thread-safe. Ends with the process."""

    def __init__(self):
        self.changed = threading.Condition()
        self.effects_of = collections.defaultdict(list)
        self.open_gates = set()
        driver = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                value = json.loads(self.rfile.read(int(self.headers.get("content-length", 0))) or "null")
                self.answer({"count": driver.record(self.name("/effect/"), value)})

            def do_GET(self):
                driver.pass_gate(self.name("/gate/"))
                self.answer({})

            def name(self, prefix):
                return urllib.parse.unquote(self.path.removeprefix(prefix))

            def answer(self, value):
                body = json.dumps(value).encode()
                self.send_response(200)
                self.send_header("content-type", "application/json")
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        class Server(http.server.ThreadingHTTPServer):
            request_queue_size = 256
            daemon_threads = True

            def handle_error(self, *_):
                pass  # A killed endpoint leaves broken connections behind.

        self.server = Server(("127.0.0.1", 0), Handler)
        self.address = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def record(self, token, value):
        with self.changed:
            self.effects_of[token].append(value)
            self.changed.notify_all()
            return len(self.effects_of[token])

    def pass_gate(self, gate):
        with self.changed:
            self.changed.wait_for(lambda: gate in self.open_gates, timeout=300)

    def open(self, gate):
        with self.changed:
            self.open_gates.add(gate)
            self.changed.notify_all()

    def effects(self, token):
        with self.changed:
            return list(self.effects_of[token])

    def wait(self, token, count=1, seconds=30):
        """The effects of the token, once there are so many; AssertionError when it takes longer."""
        end = time.monotonic() + seconds
        with self.changed:
            while len(self.effects_of[token]) < count:
                if not self.changed.wait(end - time.monotonic()):
                    raise AssertionError(f"{token}: {len(self.effects_of[token])} effects after "
                                         f"{seconds} s, not {count}")
            return list(self.effects_of[token])
