"""Defects that a reading as an attacker found. Each is mended; here is what would bring it back."""

import json
import socket
import threading
import time
import unittest

import harness
import origin
import wire
from harness import Uvoy, config, eventually, stopped
from origin import Origin

NO_CHECK = {"health_check": {"type": "none"}}
# For things that take no time unless they never happen by themselves.
SOON = 15
UPGRADE = [("Connection", "Upgrade"), ("Upgrade", "websocket")]
SWITCHED = "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"


class Regression(unittest.TestCase):
    def start(self, handler=origin.echo, cluster=None, **settings):
        self.origin = self.enterContext(Origin(handler))
        more = {"cluster": {**NO_CHECK, **(cluster or {})}, "workers": 1, **settings}
        return self.enterContext(Uvoy(config(self.origin, **more)))

    def connect(self, uvoy):
        return self.enterContext(uvoy.connect())


class Tunnels(Regression):
    def setUp(self):
        self.over = threading.Event()
        self.received = None

    def read_to_the_end(self, peer, pace=0.0):
        """Keeps the bytes, or what went wrong."""
        peer.keeps = False
        received = bytearray(peer.buffer)
        try:
            while data := peer.sock.recv(16384):
                received += data
                time.sleep(pace)
            self.received = bytes(received)
        except OSError as error:
            self.received = error
        finally:
            self.over.set()

    def expect(self, data):
        self.assertTrue(self.over.wait(harness.PATIENCE), "the endpoint sees no end")
        self.assertIsInstance(self.received, bytes, self.received)
        self.assertEqual(len(self.received), len(data))
        self.assertTrue(self.received == data, "other bytes than those sent")

    def test_bytes_of_a_client_arrive_after_the_end_of_the_endpoint(self):
        def handler(_, request, peer):
            peer.send(SWITCHED)
            peer.shut()
            self.client_over.wait(harness.PATIENCE)
            time.sleep(0.3)
            self.read_to_the_end(peer)

        self.client_over = threading.Event()
        data = bytes(range(250)) * 4000
        uvoy = self.start(handler)
        client = self.connect(uvoy)
        client.send(wire.head("GET", "/", UPGRADE))
        self.assertEqual(client.response().status, 101)
        self.assertTrue(client.at_end())
        client.send(data)
        client.shut()
        self.client_over.set()
        self.expect(data)

    def test_bytes_of_a_client_that_ended_first_wait_for_a_slow_endpoint(self):
        def handler(_, request, peer):
            peer.send(SWITCHED)
            self.client_over.wait(harness.PATIENCE)
            time.sleep(0.2)
            peer.shut()
            time.sleep(0.2)
            self.read_to_the_end(peer, pace=0.02)

        self.client_over = threading.Event()
        data = bytes(range(250)) * 1200
        uvoy = self.start(handler)
        client = self.connect(uvoy)
        client.send(wire.head("GET", "/", UPGRADE))
        self.assertEqual(client.response().status, 101)
        client.send(data)
        client.shut()
        self.client_over.set()
        self.assertTrue(client.at_end())
        self.expect(data)

    def test_a_client_that_ended_before_the_switch_ends_the_tunnel(self):
        def handler(_, request, peer):
            time.sleep(0.3)  # so that the end of the client is there before the 101
            peer.send(SWITCHED)
            self.read_to_the_end(peer)

        uvoy = self.start(handler, routes=[{"cluster": "app", "idle_timeout": "0s"}])
        client = self.connect(uvoy)
        client.send(wire.head("GET", "/", UPGRADE))
        client.shut()
        self.assertEqual(client.response().status, 101)
        self.assertTrue(client.at_end())
        self.expect(b"")
        eventually(lambda: uvoy.metric("active_connections") == 0)


class Clients(Regression):
    def test_a_client_that_uploads_on_reads_the_whole_early_answer(self):
        stands_still = threading.Event()
        page = b"too large" * 1000

        def handler(_, request, peer):
            stands_still.wait(harness.PATIENCE)
            peer.send(origin.answer(page, status="413 Content Too Large"))
            time.sleep(harness.PATIENCE)  # and reads nothing of the body

        uvoy = self.start(handler)
        client = self.connect(uvoy)
        client.send(wire.head("POST", "/", [("Content-Length", 1_000_000_000)]))
        client.sock.settimeout(0.7)
        with self.assertRaises(TimeoutError):
            for _ in range(2000):
                client.sock.send(bytes(65536))
        client.sock.settimeout(harness.PATIENCE)
        stands_still.set()
        client.send(bytes(4_000_000))
        response = client.response()
        self.assertEqual((response.status, response.body), (413, page))

    def test_a_slow_but_steady_reader_gets_the_whole_body(self):
        size = 12_000_000  # more than all buffers on the way hold
        uvoy = self.start(
            lambda _, request, peer: peer.send(origin.answer(bytes(size))),
            listener={"timeouts": {"write": "1s"}},
            routes=[{"cluster": "app", "idle_timeout": "1s"}],
        )
        with socket.socket() as sock:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 16384)
            sock.settimeout(harness.PATIENCE)
            sock.connect(("127.0.0.1", uvoy.port))
            client = wire.Wire(sock, keeps=False)
            client.send(wire.head("GET", "/"))
            client.response_head()
            got = len(client.buffer)
            slow_until = time.monotonic() + 3.5
            while got < size:
                data = sock.recv(10_000)
                self.assertTrue(data, f"{size - got} bytes are missing")
                got += len(data)
                if time.monotonic() < slow_until:
                    time.sleep(0.05)
        self.assertEqual(got, size)

    def test_a_body_that_nobody_wants_and_that_never_comes_ends_the_connection(self):
        respond = {"status": 200, "body": "hi"}
        uvoy = self.start(
            listener={"timeouts": {"body": "1s"}},
            routes=[
                {"match": {"path": "/usual"}, "respond": respond},
                {"respond": respond, "timeout": "0s", "idle_timeout": "0s"},
            ],
        )
        clients = {path: self.connect(uvoy) for path in ("/usual", "/unlimited")}
        for path, client in clients.items():
            client.send(wire.head("POST", path, [("Content-Length", 10)]))
        for path, client in clients.items():
            with self.subTest(path):
                client.sock.settimeout(SOON)
                self.assertEqual(client.response().body, b"hi")
                self.assertTrue(client.at_end())
        eventually(lambda: uvoy.metric("active_connections") == 0)

    def test_an_empty_line_after_a_request_is_not_the_begin_of_the_next(self):
        uvoy = self.start(listener={"timeouts": {"headers": "300ms"}})
        client = self.connect(uvoy)
        client.send(wire.head("GET", "/") + b"\r\n")
        self.assertEqual(client.response().status, 200)
        for _ in range(2):
            time.sleep(0.5)
            client.send(b"\r\n")
            time.sleep(0.5)
            client.send(wire.head("GET", "/"))
            self.assertEqual(client.response().status, 200)

    def test_characters_that_a_terminal_obeys_are_escaped_in_the_access_log(self):
        uvoy = self.start(access_log={"path": "stdout"})
        raw = [character.encode() for character in ("\x9b", "\u2028", "\u202e")]
        agent = (b"A" + b"2J".join(raw) + b"Z").decode("latin-1")
        self.assertEqual(uvoy.ask(fields=[("User-Agent", agent)]).status, 200)
        eventually(lambda: uvoy.stdout().count("\n") == 1, "a line")
        written = uvoy.stdout_path.read_bytes()
        for character in raw:
            self.assertNotIn(character, written)
        self.assertRegex(json.loads(written)["user_agent"], "^A.+2J.+2J.+Z$")


class Endpoints(Regression):
    def test_a_refused_connection_does_not_fail_those_that_wait_for_another(self):
        free = threading.Event()

        def handler(which, request, peer):
            if request.target == "/busy":
                free.wait(harness.PATIENCE)
            origin.echo(which, request, peer)

        limits = {"connections": 2, "pending": 100, "pending_timeout": "60s"}
        uvoy = self.start(handler, cluster={"limits": limits})
        busy = self.connect(uvoy)
        busy.send(wire.head("GET", "/busy"))
        eventually(lambda: self.origin.requests)
        self.origin.listening.shutdown(socket.SHUT_RDWR)
        waiting = [self.connect(uvoy) for _ in range(6)]
        eventually(lambda: uvoy.metric("uvoy_connections_active") == 7)
        # They come in one turn of the loop: the first of them dials, the others find no room.
        with stopped(uvoy):
            for client in waiting:
                client.send(wire.head("GET", "/"))
        eventually(
            lambda: uvoy.metric("uvoy_upstream_connects_total", 'result="refused"') > 0,
            "a refused connection",
        )
        time.sleep(0.2)
        free.set()
        self.assertEqual(busy.response().status, 200)
        statuses = [client.response().status for client in waiting]
        # The one for whom it was dialled may learn of it.
        self.assertGreaterEqual(statuses.count(200), len(waiting) - 1, statuses)


class TinyChunks(Regression):
    BODY = b"abcdefghijklmnopqrstuvwxy" * 4000
    CHUNKED = [("Transfer-Encoding", "chunked")]

    def sent(self):
        return b"".join(b"1\r\n%c\r\n" % byte for byte in self.BODY) + b"0\r\n\r\n"

    def receive(self, peer):
        """The data of each chunk."""
        while not peer.buffer.endswith(b"\r\n0\r\n\r\n"):
            if not peer.fill():
                raise wire.Truncated("in the chunks")
        raw, peer.buffer, at, chunks = peer.buffer, b"", 0, []
        while True:
            end = raw.index(b"\r\n", at)
            size = int(raw[at:end], 16)
            if size == 0:
                return chunks
            chunks.append(raw[end + 2:end + 2 + size])
            at = end + 2 + size + 2

    def expect(self, chunks):
        self.assertTrue(b"".join(chunks) == self.BODY, "other bytes than those sent")
        self.assertLess(len(chunks), len(self.BODY) // 5)

    def test_of_a_request_arrive_whole_in_fewer_and_larger_ones(self):
        received = []

        def handler(_, request, peer):
            received.extend(self.receive(peer))
            peer.send(origin.answer(b"done"))

        client = self.connect(self.start(handler))
        client.send(wire.head("POST", "/", self.CHUNKED) + self.sent())
        self.assertEqual(client.response().body, b"done")
        self.expect(received)

    def test_of_a_response_arrive_whole_in_fewer_and_larger_ones(self):
        def handler(_, request, peer):
            peer.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + self.sent())

        client = self.connect(self.start(handler))
        client.send(wire.head("GET", "/"))
        self.assertEqual(client.response_head().get("transfer-encoding"), "chunked")
        self.expect(self.receive(client))


if __name__ == "__main__":
    harness.main()
