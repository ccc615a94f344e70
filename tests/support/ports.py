"""Ports for processes of tests, on 127.0.0.1."""

import random
import socket

# Below the range that outgoing connections take: a port stays ours between two starts of a process, and a
# client whose server is down does not connect to itself. Not from a seed: two tests may run at once.
_left = iter(random.SystemRandom().sample(range(20000, 32000), 12000))


def is_taken(port):
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
            return False
        except OSError:
            return True


def unused_port():
    """One that nobody listens on, and that this process was not given before: it may be used much later."""
    for port in _left:  # Threads may ask: one next() is atomic.
        if not is_taken(port):
            return port
    raise AssertionError("no port is free")
