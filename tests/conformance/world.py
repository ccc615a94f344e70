"""What a case is given: one endpoint's services behind one server, and the world outside of both."""

import itertools
import time
import urllib.parse

from asking import ask
from processes import Restate

numbers = itertools.count(1)


def check(condition, what):
    if not condition:
        raise AssertionError(what)


def same(got, want, what="the answer"):
    if got != want:
        raise AssertionError(f"{what} is {got!r}, not {want!r}")


class World:
    """Names its services after the stand's tag, and its effects after itself: cases run side by side."""

    def __init__(self, stand):
        self.stand = stand
        self.server, self.driver = stand.server, stand.driver
        self.tag, self.mode = stand.tag, stand.mode
        self.token = f"{self.tag}-{next(numbers)}"

    def is_reference(self):
        return isinstance(self.server, Restate)

    # -- Calls. A path is Service/handler or Object/key/handler, without the tag.

    def name(self, service):
        return f"{service}_{self.tag}"

    def path(self, path):
        first, *rest = path.split("/")
        return "/" + "/".join([self.name(first), *(urllib.parse.quote(part, safe="?=&") for part in rest)])

    def ask(self, path, body=None, headers=(), method="POST"):
        """The answer to a call, whatever it is."""
        return ask(self.server.ingress, method, self.path(path), body, headers)

    def call(self, path, body=None, headers=()):
        """The value that a handler returned."""
        answer = self.ask(path, body, headers)
        same(answer.status, 200, f"{path}: {answer}")
        return answer.json()

    def send(self, path, body=None, delay=None, headers=()):
        """The id of what was sent."""
        answer = self.ask(f"{path}/send" + (f"?delay={delay}" if delay else ""), body, headers)
        same(answer.status, 202, f"{path}/send: {answer}")
        return answer.json()["invocationId"]

    def restate(self, method, path, body=None):
        """A request to the ingress's own paths."""
        return ask(self.server.ingress, method, f"/restate/{path}", body)

    def attach(self, invocation):
        """The answer of an invocation, once it has one."""
        return self.restate("GET", f"invocation/{invocation}/attach")

    def result(self, invocation):
        answer = self.attach(invocation)
        same(answer.status, 200, f"attach to {invocation}: {answer}")
        return answer.json()

    # -- The admin port.

    def admin(self, method, path, body=None):
        return ask(self.server.admin, method, path, body)

    def change(self, invocation, verb, *statuses):
        """PATCH /invocations/ID/verb."""
        answer = self.admin("PATCH", f"/invocations/{invocation}/{verb}")
        check(answer.status in (statuses or (200, 202)), f"{verb} {invocation}: {answer}")
        return answer

    def query(self, sql):
        """Rows. {Name} in the text is a service of this endpoint."""
        answer = ask(self.server.admin, "POST", "/query", {"query": sql},
                     {"accept": "application/json"})
        same(answer.status, 200, f"{sql}: {answer}")
        return answer.json()["rows"]

    def invocation(self, invocation):
        """Its row of sys_invocation; empty when there is none."""
        rows = self.query(f"select * from sys_invocation where id = '{invocation}'")
        return rows[0] if rows else {}

    def wait_for_status(self, invocation, *statuses):
        return self.until(f"{invocation} is {' or '.join(statuses)}",
                          lambda: self.row_if(invocation, statuses))

    def row_if(self, invocation, statuses):
        row = self.invocation(invocation)
        return row if row.get("status") in statuses else None

    def until(self, what, found, seconds=30):
        """What found() returns, once that is true."""
        deadline = time.monotonic() + seconds
        while True:
            value = found()
            if value:
                return value
            check(time.monotonic() < deadline, f"after {seconds} s it does not hold that {what}")
            time.sleep(0.05)

    # -- The ledger.

    def told(self, token=None, count=1):
        """The first thing a handler told the ledger."""
        return self.driver.wait(token or self.token, count)[0]

    def effects(self, token=None):
        return self.driver.effects(token or self.token)
