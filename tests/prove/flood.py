"""More requests than a server can answer, from one thread: requests rendered beforehand, sockets that never
block, and a count of everything that was asked and told. In a process of its own (`in_process`), so that who
measures beside it is not held up by it.
"""

import collections
import errno
import multiprocessing
import select
import socket
import time
import traceback

ACCEPTED, REFUSED = (200, 202), (429, 503)
OPEN_MAX = {"send": 400, "call": 1600}  # Connections; what finds none free is not sent, and counted.
PATIENCE_SECONDS = 1                    # At a fixed rate; who has waited for so long goes away.
LAST_ANSWERS_SECONDS = 3                # For sends only; a call may wait behind all the others.


def request(path, body=b""):
    return (f"POST {path} HTTP/1.1\r\nhost: overload\r\ncontent-type: application/json\r\n"
            f"content-length: {len(body)}\r\n\r\n").encode() + body


class Connection:
    """At most one request is under way on it."""

    __slots__ = ("socket", "kind", "unsent", "answer", "is_busy", "number")

    def __init__(self, kind):
        self.socket, self.kind = socket.socket(), kind
        self.socket.setblocking(False)
        self.unsent, self.answer, self.is_busy, self.number = b"", b"", False, 0


class Flood:
    """`requests` are those of each kind, "send" and "call"; they are asked in turn."""

    def __init__(self, port, requests):
        self.address, self.requests = ("127.0.0.1", port), requests
        self.poll = select.epoll()
        self.open, self.free = {}, {"send": [], "call": []}
        self.opened, self.asked = collections.Counter(), collections.Counter()
        self.counts = collections.Counter()
        self.problems = collections.Counter()
        self.waiting = collections.deque()  # (since when, connection, its how many-th request)
        self.asks_again = False  # Whether each answer is followed by the next request at once.

    def closed(self, connections, seconds):
        """So many callers, each of which waits for its answer before it asks again."""
        self.asks_again = True
        for _ in range(connections):
            self.ask("call")
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            self.wait(0.05)
        return self.told()

    def at_rate(self, kinds, rate, seconds, slow_clients):
        """So many a second, whatever is answered; the kinds in the order that is given, and again."""
        slow = SlowClients(self.address, slow_clients)
        begin, offered = time.monotonic(), 0
        while (passed := time.monotonic() - begin) < seconds:
            due = int(passed * rate)
            for number in range(offered, due):
                self.ask(kinds[number % len(kinds)])
            offered = due
            slow.go_on()
            self.wait(0.002)
            self.lose_patience(time.monotonic() - PATIENCE_SECONDS)
        self.counts["offered"] = offered
        self.counts["slow clients"] = slow_clients
        until = time.monotonic() + LAST_ANSWERS_SECONDS
        while time.monotonic() < until and self.count_busy("send"):
            self.wait(0.02)
        return self.told()

    def lose_patience(self, before):
        """Whoever has waited since before then closes the connection; sends do not wait for that long."""
        while self.waiting and self.waiting[0][0] < before:
            _, connection, number = self.waiting.popleft()
            if connection.is_busy and connection.number == number:
                self.counts["call given up"] += 1
                self.close(connection)

    def told(self):
        for kind in OPEN_MAX:
            self.counts[f"{kind} unanswered"] += self.count_busy(kind)
        return dict(self.counts), dict(self.problems)

    def count_busy(self, kind):
        return sum(one.is_busy and one.kind == kind for one in self.open.values())

    def ask(self, kind):
        if self.free[kind]:
            connection = self.free[kind].pop()
        elif self.opened[kind] < OPEN_MAX[kind]:
            connection = self.connect(kind)
        else:
            self.counts[f"{kind} not sent"] += 1
            return
        choice = self.requests[kind]
        connection.unsent = choice[self.asked[kind] % len(choice)]
        connection.answer, connection.is_busy = b"", True
        self.asked[kind] += 1
        self.counts[f"{kind} sent"] += 1
        if kind == "call":
            connection.number += 1
            self.waiting.append((time.monotonic(), connection, connection.number))
        self.push(connection)

    def connect(self, kind):
        connection = Connection(kind)
        self.opened[kind] += 1
        self.open[connection.socket.fileno()] = connection
        connection.socket.connect_ex(self.address)  # An error shows when it is written to.
        self.poll.register(connection.socket, select.EPOLLIN)
        return connection

    def push(self, connection):
        try:
            connection.unsent = connection.unsent[connection.socket.send(connection.unsent):]
        except OSError as error:
            if error.errno not in (errno.EAGAIN, errno.ENOTCONN, errno.EINPROGRESS):
                self.lose(connection, error)
                return
        events = select.EPOLLIN | (select.EPOLLOUT if connection.unsent else 0)
        self.poll.modify(connection.socket, events)

    def wait(self, seconds):
        for number, events in self.poll.poll(seconds):
            connection = self.open.get(number)
            if connection is None:
                continue
            if events & (select.EPOLLIN | select.EPOLLHUP | select.EPOLLERR):
                self.read(connection)
            elif connection.unsent:
                self.push(connection)

    def read(self, connection):
        try:
            data = connection.socket.recv(65536)
        except BlockingIOError:
            return
        except OSError as error:
            self.lose(connection, error)
            return
        if not data:
            self.lose(connection, "closed")
            return
        connection.answer += data
        head, end, body = connection.answer.partition(b"\r\n\r\n")
        if not end:
            return
        head = head.lower()
        _, named, length = head.partition(b"content-length:")
        if not named:
            self.lose(connection, "answered without a length")
        elif len(body) >= int(length.split(b"\r\n", 1)[0]):
            self.note(connection, int(head[9:12]), head)

    def note(self, connection, status, head):
        self.counts[f"{connection.kind} answered {status}"] += 1
        if status not in ACCEPTED + REFUSED:
            self.problems[f"answer: a {connection.kind} was answered {status}"] += 1
        if status in REFUSED and b"\r\nretry-after:" not in head:
            self.problems[f"answer: {status} without Retry-After"] += 1
        connection.is_busy = False
        if b"\r\nconnection: close" in head:
            self.close(connection)
        else:
            self.free[connection.kind].append(connection)
        if self.asks_again:
            self.ask(connection.kind)

    def lose(self, connection, why):
        """Unused, the server may close it; what was under way on it has no answer, and none will come."""
        if connection.is_busy:
            self.counts[f"{connection.kind} lost"] += 1
            self.problems[f"answer: the connection of a {connection.kind} ended before it: {why}"] += 1
        elif connection in self.free[connection.kind]:
            self.free[connection.kind].remove(connection)
        self.close(connection)

    def close(self, connection):
        del self.open[connection.socket.fileno()]
        self.opened[connection.kind] -= 1
        connection.socket.close()
        connection.is_busy = False


class SlowClients:
    """Each sends the head of a request, one byte a second; where the server ends that, it begins again."""

    HEAD = request("/Quick/run")[:-2] + b"x-slow: " + b"x" * 1000

    def __init__(self, address, count):
        self.address = address
        self.sockets = [None] * count
        self.sent = [0] * count
        self.next, self.begin = 0, time.monotonic()

    def go_on(self):
        """Lets those send that are due: one after the other, all of them once a second."""
        due = int((time.monotonic() - self.begin) * len(self.sockets))
        while self.next < due:
            self.send_byte(self.next % len(self.sockets))
            self.next += 1

    def send_byte(self, number):
        try:
            if self.sockets[number] is None:
                self.sockets[number] = socket.create_connection(self.address, 1)
                self.sent[number] = 0
            at = self.sent[number] % len(self.HEAD)
            self.sockets[number].send(self.HEAD[at:at + 1])
            self.sent[number] += 1
        except OSError:
            if self.sockets[number] is not None:
                self.sockets[number].close()
            self.sockets[number] = None


def in_process(work):
    """Starts work() in a process of its own; call what this returns to wait for what work() returned."""
    ours, theirs = multiprocessing.Pipe(duplex=False)

    def run():
        try:
            theirs.send(work())
        except Exception:  # pylint: disable=broad-except
            traceback.print_exc()

    child = multiprocessing.get_context("fork").Process(target=run, daemon=True)
    child.start()
    theirs.close()

    def result():
        told = ours.recv()  # EOFError: it has failed, and said why.
        child.join()
        return told

    return result
