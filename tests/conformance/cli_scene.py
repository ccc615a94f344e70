"""What the operator of cli_test.py finds: a server, endpoints, and an invocation in every status, each of
which stays as it is until somebody acts."""

import packages
from cli_tool import Tool
from processes import Holdfast, TypeScript
from stand import Stand, register
from world import World, same

PLUGIN = "examples/orders_plugin.so"


class Operated(TypeScript):
    program = "operated.mjs"


class WithPlugin(Holdfast):
    """Runs a service in its own process, Orders. REQUIRES: plugin().exists()."""

    @staticmethod
    def plugin():
        return packages.build() / PLUGIN

    def command(self):
        return [*super().command(), "--load", self.plugin()]


class Scene(World):
    """Has the server to itself, so that services need no tag. `tool` is the command line tool."""

    def __init__(self, server, driver):
        self.shop = Operated(server.folder, driver, "shop", "bidi")
        super().__init__(Stand(server, driver, "typescript", "bidi", self.shop))
        self.processes = [server, self.shop]
        self.tool = Tool(server, server.folder / "home")

    def name(self, service):
        return service

    def register_shop(self):
        answer = register(self.server, self.shop.start().wait_until_ready())
        same(answer.status, 201, f"register: {answer}")
        self.deployment = answer.json()["id"]
        return self

    def make(self):
        """The invocations, each known by its id; and two endpoints of Extra that nobody has registered."""
        self.start_invocations()
        self.extra, self.new_extra = self.another("extra"), self.another("extra", revision="2")
        for one in (self.napping, self.waiting, self.calling, self.order):
            self.wait_for_status(one, "suspended")
        self.wait_for_status(self.broken, "backing-off")
        for one in (self.queued, self.called):
            self.wait_for_status(one, "pending")
        return self

    def start_invocations(self):
        self.done = self.ask("Greeter/greet", "Ada", {"idempotency-key": "k1"}).headers["x-restate-id"]
        self.failed = self.ask("Greeter/fail", headers={"idempotency-key": "k2"}).headers["x-restate-id"]
        for key in ("ada", "bob"):
            self.call(f"Cart/{key}/add", 5)
        self.napping = self.send("Greeter/nap")
        self.waiting = self.send("Greeter/wait", self.token)
        self.broken = self.send("Greeter/flaky", "broken")
        self.holding = self.at_gate("Cart/eve/hold", "eve")
        self.queued = self.send("Cart/eve/add", 1)
        self.calling = self.send("Greeter/call", "eve")
        self.called = self.until("the call is there", self.called_one)
        self.busy = self.at_gate("Greeter/busy", "busy")
        self.later = self.send("Greeter/greet", "Later", delay="1h")
        self.order = self.send("Order/o1/run")

    def called_one(self):
        rows = self.query(f"select id from sys_invocation where invoked_by_id = '{self.calling}'")
        return rows[0]["id"] if rows else None

    def at_gate(self, path, gate):
        """In the middle of a step, at the gate of this name."""
        invocation = self.send(path, {"token": gate, "gate": gate})
        self.told(gate)
        return invocation

    def another(self, tag, **options):
        endpoint = Operated(self.server.folder, self.driver, tag, "bidi", only="Extra", **options)
        self.processes.append(endpoint)
        return endpoint.start().wait_until_ready()

    def stop(self):
        for process in reversed(self.processes):  # A server waits for those who are busy.
            process.stop()
