"""Where cases run: an endpoint in one mode, registered with a server."""

import dataclasses

from asking import ask
from processes import ENDPOINTS
from world import check

# How the endpoint talks, and the highest version its manifest tells (its own when empty).
MODES = {
    "bidi": ("bidi", ""),
    "bidi-v5": ("bidi", 5),
    "bidi-v6": ("bidi", 6),
    "request-response": ("request_response", ""),
    "suspending": ("bidi", ""),  # The server is told to wait for nothing: inactivity timeout 0.
}
MODES_OF = {"typescript": tuple(MODES), "python": ("bidi", "request-response", "suspending"),
            "cpp": tuple(MODES)}


@dataclasses.dataclass
class Stand:
    server: object
    driver: object
    sdk: str
    mode: str
    endpoint: object = None
    neighbours: frozenset = frozenset()  # Tags of all endpoints of this server.

    @property
    def tag(self):
        return f"{self.sdk}_{self.mode}".replace("-", "_")

    def start(self):
        """Starts the endpoint and registers it."""
        protocol_mode, protocol = MODES[self.mode]
        self.endpoint = ENDPOINTS[self.sdk](self.server.folder, self.driver, self.tag, protocol_mode,
                                            protocol).start().wait_until_ready()
        answer = register(self.server, self.endpoint)
        check(answer.status == 201, f"register: {answer}")
        if self.mode == "suspending":
            for service in answer.json()["services"]:
                answer = ask(self.server.admin, "PATCH", f"/services/{service['name']}",
                             {"inactivity_timeout": "0s"})
                check(answer.status == 200, f"inactivity timeout 0: {answer}")
        return self


def register(server, endpoint, **options):
    if endpoint.mode == "request_response":
        options["use_http_11"] = True
    return ask(server.admin, "POST", "/deployments", {"uri": endpoint.uri, **options})
