"""Out of descriptors: newcomers wait, nobody else notices, and nothing spins.

For the release build: UBSan opens a pipe to find out whether memory can be read.
"""

import contextlib
import os
import resource
import threading
import time
import unittest

import harness
import origin
import wire
from harness import Uvoy, config, eventually, settled
from origin import Origin

NO_CHECK = {"health_check": {"type": "none"}}
WARNING = "cannot accept on"
TICK = b"tick\n"
# Seconds of CPU in two seconds of exhaustion, while two exchanges tick.
CPU = 0.3


def cpu_seconds(pid):
    with open(f"/proc/{pid}/stat") as stat:
        fields = stat.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@contextlib.contextmanager
def exhausted(uvoy):
    """Nothing more can be opened within this."""
    pid = uvoy.process.pid
    # Whoever asked whether uvoy is up may still be leaving.
    used = {int(fd) for fd in settled(lambda: sorted(os.listdir(f"/proc/{pid}/fd")))}
    first_free = next(fd for fd in range(len(used) + 1) if fd not in used)
    before = resource.prlimit(pid, resource.RLIMIT_NOFILE)
    resource.prlimit(pid, resource.RLIMIT_NOFILE, (first_free, before[1]))
    try:
        yield
    finally:
        if uvoy.process.poll() is None:
            resource.prlimit(pid, resource.RLIMIT_NOFILE, before)


class Descriptors(unittest.TestCase):
    def setUp(self):
        self.over = threading.Event()
        self.addCleanup(self.over.set)

    def start(self, handler=origin.echo, cluster=None, **top):
        self.origin = self.enterContext(Origin(handler))
        cluster = NO_CHECK if cluster is None else cluster
        return self.enterContext(Uvoy(config(self.origin, cluster=cluster, **top)))

    def client(self, uvoy, path=None, status=200):
        """One that has got an answer, so that it has its descriptor."""
        client = self.enterContext(uvoy.connect())
        if path:
            client.send(wire.head("GET", path))
            self.assertEqual(client.response().status, status)
        return client

    def warnings(self, uvoy):
        return uvoy.log().count(WARNING)

    def stream(self, which, request, peer):
        """Down: ticks until it is over. Up: counts the ticks."""
        if request.target == "/down":
            peer.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
            while not self.over.wait(0.05):
                peer.send(b"5\r\n" + TICK + b"\r\n")
            peer.send("0\r\n\r\n")
        elif request.target == "/up":
            body = peer.read_body(request).body
            peer.send(origin.answer(str(body.count(TICK)).encode()))
        else:
            origin.echo(which, request, peer)

    def test_clients_wait_exchanges_go_on_and_nothing_spins(self):
        uvoy = self.start(self.stream)
        down, up = self.client(uvoy), self.client(uvoy)
        down.send(wire.head("GET", "/down"))
        self.assertEqual(down.response_head().status, 200)
        up.send(wire.head("PUT", "/up", [("Transfer-Encoding", "chunked")]))
        eventually(lambda: len(self.origin.requests) == 2)
        sent, received = 0, b""
        with exhausted(uvoy):
            waiting = [self.enterContext(uvoy.connect()) for _ in range(20)]
            for client in waiting:
                client.send(wire.head("GET", "/late"))
            eventually(lambda: self.warnings(uvoy))
            started, cpu = time.monotonic(), cpu_seconds(uvoy.process.pid)
            while time.monotonic() < started + 2:
                up.send(b"5\r\n" + TICK + b"\r\n")
                sent += 1
                received += down.chunk()
            self.assertLess(cpu_seconds(uvoy.process.pid) - cpu, CPU)
            time.sleep(1.5)
            # It was so for 3.5 s, and both workers have a socket.
            self.assertIn(self.warnings(uvoy), range(2, 6), uvoy.log())
            self.assertNotIn("/late", [request.target for request in self.origin.requests])
        self.assertEqual([client.response().status for client in waiting], [200] * 20)
        self.assertGreater(len(received), 10 * len(TICK))
        self.over.set()
        received += down.chunks()[0]
        self.assertEqual(received, TICK * (len(received) // len(TICK)))
        up.send("0\r\n\r\n")
        self.assertEqual(up.response().body, str(sent).encode())

    def test_who_leaves_makes_room_for_who_waits(self):
        uvoy = self.start()
        leaving = [self.client(uvoy, "/early") for _ in range(10)]
        with exhausted(uvoy):
            waiting = [self.enterContext(uvoy.connect()) for _ in range(3)]
            for client in waiting:
                client.send(wire.head("GET", "/late"))
            eventually(lambda: self.warnings(uvoy))
            for client in leaving:
                client.close()
            self.assertEqual([client.response().status for client in waiting], [200] * 3)

    def test_no_descriptor_for_an_endpoint_is_a_503_until_there_is_one(self):
        local = {"match": {"path": "/local"}, "respond": {"status": 200}}
        uvoy = self.start(routes=[local, {"cluster": "app"}])
        client = self.client(uvoy, "/local")
        with exhausted(uvoy):
            for _ in range(3):
                client.send(wire.head("GET", "/"))
                response = client.response()
                self.assertEqual(response.status, 503)
                self.assertIn('details="overload"', response.get("proxy-status"))
        client.send(wire.head("GET", "/"))
        self.assertEqual(client.response().status, 200)
        answered = uvoy.metric("uvoy_responses_by_uvoy_total", 'reason="overload"')
        self.assertEqual(answered, 3)
        self.assertGreaterEqual(
            uvoy.metric("uvoy_upstream_connects_total", 'result="failed"'), 3
        )

    def test_an_endpoint_is_not_to_blame(self):
        uvoy = self.start(cluster={"health_check": {"interval": "100ms", "path": "/"}})
        local = self.client(uvoy, "/")
        with exhausted(uvoy):
            for _ in range(8):
                local.send(wire.head("GET", "/"))
                local.response()
                time.sleep(0.1)
        told = uvoy.endpoints()[self.origin.address]
        self.assertEqual((told["state"], told["ejections"]), ("healthy", 0), told)


if __name__ == "__main__":
    harness.main()
