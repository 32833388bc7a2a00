"""Ports for whom a test starts: nobody else comes to have one of them while the test runs."""

import contextlib
import pathlib
import random
import socket

LOWEST, HIGHEST = 10000, 60000
RANGE = pathlib.Path("/proc/sys/net/ipv4/ip_local_port_range")
# Sockets in the abstract namespace, whose names tell other tests which ports are taken. They end
# with this process, however it ends.
marks = {}


def candidates():
    """Those that the kernel does not give to outgoing connections, which would be in the way of
    whoever is to listen there; unless that leaves next to none."""
    first, last = map(int, RANGE.read_text().split())
    every = range(LOWEST, HIGHEST)
    return [port for port in every if not first <= port <= last] or list(every)


def mark(port):
    """False: another test has it, or this one."""
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    try:
        sock.bind(f"\0uvoy-test-port-{port}")
    except OSError:
        sock.close()
        return False
    marks[port] = sock
    return True


def is_free(port):
    with contextlib.suppress(OSError):
        for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
            with socket.socket(type=kind) as probe:
                probe.bind(("127.0.0.1", port))
        return True


def free_port():
    """Of TCP and of UDP, another one at each call."""
    generator = random.SystemRandom()
    every = candidates()
    while True:
        port = generator.choice(every)
        if port not in marks and is_free(port) and mark(port):
            return port
