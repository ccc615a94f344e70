"""The world outside of the handlers, which the driver of the tests keeps: a ledger of effects, and gates
that a handler waits at until the driver opens them."""

import asyncio
import json
import os
import urllib.parse
import urllib.request

DRIVER = os.environ["CONFORMANCE_DRIVER"]
TAG = os.environ["CONFORMANCE_TAG"]


def named(name):
    """Every name ends in the tag of this endpoint, so that many endpoints share one server."""
    return f"{name}_{TAG}"


def _asked(method, kind, name, body=None):
    url = f"{DRIVER}/{kind}/{urllib.parse.quote(name, safe='')}"
    request = urllib.request.Request(url, method=method, data=json.dumps(body).encode() if
                                     method == "POST" else None)
    with urllib.request.urlopen(request, timeout=300) as response:
        return json.loads(response.read())


async def effect(token, value=None):
    """Writes one effect into the ledger; returns how many there are of this token, this one included."""
    return (await asyncio.to_thread(_asked, "POST", "effect", token, value))["count"]


async def passed(gate):
    """Returns when the driver has opened the gate."""
    await asyncio.to_thread(_asked, "GET", "gate", gate)
