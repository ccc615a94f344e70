"""The endpoint that says whatever it is told to, over HTTP/2 with both directions open. It needs the package
h2, which the Python SDK's endpoint brings along."""

import socket
import struct
import threading

import bad_answers
import frames
from fake_endpoint import FakeEndpoint, Request

import h2.config
import h2.connection
import h2.events
import h2.exceptions

HALF_CLOSE_SECONDS = 20


class Stream:
    """What a bad answer writes to: one request of a connection."""

    def __init__(self, link, number, headers):
        self.link, self.number, self.headers = link, number, headers
        self.received = b""
        self.request_ended = False
        self.started = False

    def head(self, request, length=None, status="200", content_type=None, headers=()):
        fields = [(":status", status), ("content-type", content_type or request.content_type)]
        fields += [tuple(header.split(": ", 1)) for header in headers]
        if length is not None:
            fields.append(("content-length", str(length)))
        with self.link.changed:
            self.link.state.send_headers(self.number, fields)
            self.link.flush()

    def data(self, data):
        """Waits for the other side's window; ConnectionError when the stream is gone."""
        while data:
            with self.link.changed:
                size = 0
                while size == 0:
                    self.check()
                    size = min(len(data), self.link.state.local_flow_control_window(self.number),
                               self.link.state.max_outbound_frame_size)
                    if size == 0 and not self.link.changed.wait(30):
                        raise ConnectionError("the window stays closed")
                self.link.state.send_data(self.number, data[:size])
                self.link.flush()
            data = data[size:]

    def end(self):
        with self.link.changed:
            self.check()
            self.link.state.end_stream(self.number)
            self.link.flush()

    def trailers(self, fields):
        with self.link.changed:
            self.check()
            self.link.state.send_headers(self.number, fields, end_stream=True)
            self.link.flush()

    def respond(self, request, body, status="200 OK", content_type=None, headers=()):
        """A whole response. It ends when the request has ended, as the SDKs do it."""
        self.head(request, status=status.split()[0], content_type=content_type, headers=headers)
        self.data(body)
        self.wait_for(lambda: self.request_ended, HALF_CLOSE_SECONDS)
        self.check()
        if not self.request_ended:
            self.link.endpoint.not_half_closed.append(request.path)
        self.end()

    def reset(self):
        with self.link.changed:
            self.check()
            self.link.state.reset_stream(self.number, error_code=2)
            self.link.flush()

    def go_away(self):
        with self.link.changed:
            self.link.state.close_connection()
            self.link.flush()

    def close(self):
        self.link.peer.shutdown(socket.SHUT_RDWR)

    def wait_for_the_end(self):
        self.wait_for(lambda: self.request_ended, 120)

    def wait_for_frames(self, more):
        """Until the server has sent so many frames after those it began with."""
        count = self.frames_at_start + more
        self.wait_for(lambda: whole_frames(self.received) >= count, 30)

    def wait_for(self, condition, seconds):
        with self.link.changed:
            return self.link.changed.wait_for(
                lambda: condition() or self.number in self.link.gone or self.link.closed, seconds
            ) and condition()

    def check(self):
        if self.number in self.link.gone or self.link.closed:
            raise ConnectionError("the stream is gone")


class Link:
    """One connection. The lock of `changed` guards all of it."""

    def __init__(self, endpoint, peer):
        self.endpoint, self.peer = endpoint, peer
        self.changed = threading.Condition()
        self.state = h2.connection.H2Connection(h2.config.H2Configuration(client_side=False))
        self.streams, self.gone, self.closed = {}, set(), False

    def flush(self):
        self.peer.sendall(self.state.data_to_send())

    def run(self):
        try:
            with self.changed:
                self.state.initiate_connection()
                self.flush()
            while (data := self.peer.recv(1 << 16)):
                with self.changed:
                    for event in self.state.receive_data(data):
                        self.take(event)
                    self.flush()
                    self.changed.notify_all()
        except (OSError, h2.exceptions.ProtocolError):
            pass
        with self.changed:
            self.closed = True
            self.changed.notify_all()

    def take(self, event):
        stream = self.streams.get(getattr(event, "stream_id", None))
        if isinstance(event, h2.events.RequestReceived):
            headers = {text(name): text(value) for name, value in event.headers}
            stream = self.streams[event.stream_id] = Stream(self, event.stream_id, headers)
        elif isinstance(event, h2.events.DataReceived):
            stream.received += event.data
            self.state.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
        elif isinstance(event, h2.events.StreamEnded):
            stream.request_ended = True
        elif isinstance(event, h2.events.StreamReset):
            self.gone.add(event.stream_id)
        if stream and not stream.started and ready(stream):
            stream.started = True
            threading.Thread(target=self.answer, args=(stream,), daemon=True).start()

    def answer(self, stream):
        request = Request(stream.headers[":method"], stream.headers[":path"], stream.headers,
                          stream.received)
        try:
            self.endpoint.answer(stream, request)
        except (OSError, h2.exceptions.ProtocolError):
            pass  # The server ended the stream, or the answer did.


def text(value):
    return value.decode() if isinstance(value, bytes) else value


def whole_frames(data):
    count, at = 0, 0
    while at + 8 <= len(data):
        at += 8 + struct.unpack_from(">HHI", data, at)[2]
        count += at <= len(data)
    return count


def ready(stream):
    """Whether all is there that the server says before it waits: Start, and the journal so far."""
    if stream.headers[":method"] == "GET":
        return stream.request_ended
    if whole_frames(stream.received) == 0:
        return False
    stream.frames_at_start = 1 + frames.known_entries(stream.received)
    return whole_frames(stream.received) >= stream.frames_at_start


class FakeHttp2Endpoint(FakeEndpoint):
    service = "FakeHttp2"
    mode = "BIDI_STREAM"
    not_for_it = bad_answers.HTTP1_ONLY

    def __init__(self):
        self.not_half_closed = []  # Paths of requests that stayed open after a terminal frame.
        super().__init__()

    def serve(self, peer):
        with peer:
            Link(self, peer).run()
