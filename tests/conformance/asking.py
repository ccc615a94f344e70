"""One HTTP request and its answer."""

import dataclasses
import http.client
import json

REQUEST_SECONDS = 60


@dataclasses.dataclass
class Answer:
    status: int
    headers: object
    body: bytes

    def json(self):
        return json.loads(self.body) if self.body else None

    def __str__(self):
        return f"{self.status} {self.body[:300]!r}"


def ask(port, method, path, body=None, headers=(), seconds=REQUEST_SECONDS):
    """The answer to a request on a connection of its own. `body` is bytes as they are, or a value that
    is sent as JSON. OSError when the connection fails or breaks."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=seconds)
    headers = dict(headers)
    if body is not None and not isinstance(body, bytes):
        body = json.dumps(body).encode()
        headers.setdefault("content-type", "application/json")
    try:
        connection.request(method, path, body, headers)
        response = connection.getresponse()
        return Answer(response.status, response.headers, response.read())
    except http.client.HTTPException as error:  # The connection broke in the middle.
        raise ConnectionResetError(repr(error)) from error
    finally:
        connection.close()
