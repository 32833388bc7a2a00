"""Whoever gets a connection to an endpoint gets its own answer: nothing that came before its
request passes for it, and nothing that came in time is lost."""

import contextlib
import socket
import threading
import time
import unittest

import harness
import origin
import wire
from harness import Uvoy, config, stopped
from origin import Origin

NO_CHECK = {"health_check": {"type": "none"}}
READ_BUFFER = 65536


class HandOver(unittest.TestCase):
    def start(self, handler, cluster=None, **top):
        """An endpoint and a uvoy of one worker before it."""
        self.origin = self.enterContext(Origin(handler))
        settings = config(self.origin, cluster={**NO_CHECK, **(cluster or {})}, workers=1, **top)
        self.uvoy = self.enterContext(Uvoy(settings))

    def connect(self):
        return self.enterContext(self.uvoy.connect())

    def test_an_answer_that_came_before_its_request_is_not_its_answer(self):
        self.start(lambda _, request, peer: peer.send(
            origin.answer(peer.read_body(request).target.encode())
        ))
        for body in (b"", b"body") * 15:
            with self.subTest(body=body), self.uvoy.connect() as client:
                client.send(wire.head("GET", "/first"))
                self.assertEqual(client.response().body, b"/first")
                with stopped(self.uvoy):
                    fields = [("Content-Length", len(body))] if body else []
                    client.send(wire.head("POST" if body else "GET", "/next", fields) + body)
                    for peer in self.origin.peers:
                        with contextlib.suppress(OSError):
                            peer.send(origin.answer(b"poison"))
                self.assertEqual(client.response().body, b"/next")

    def test_who_waits_for_a_connection_does_not_get_what_is_left_on_it(self):
        """The answer fills the read buffer, so that what stands behind it is not read with it."""
        go = threading.Semaphore(0)

        def handler(_, request, peer):
            if request.target == "/victim":
                peer.send(origin.answer(b"/victim"))
                return
            go.acquire()
            head = "HTTP/1.1 200 OK\r\nContent-Length: %07d\r\n\r\n"
            size = READ_BUFFER - len(head % 0)
            peer.send((head % size).encode() + b"a" * size + origin.answer(b"poison"))

        self.start(handler, {"limits": {"connections": 1}})
        for _ in range(5):
            with self.uvoy.connect() as first, self.uvoy.connect() as victim:
                first.send(wire.head("GET", "/first"))
                time.sleep(0.05)
                victim.send(wire.head("GET", "/victim"))
                time.sleep(0.05)
                with stopped(self.uvoy):
                    go.release()
                    time.sleep(0.2)
                self.assertEqual(len(first.response().body) > 60000, True)
                self.assertEqual(victim.response().body, b"/victim")

    def test_who_waits_is_not_sent_to_a_connection_that_has_ended(self):
        go = threading.Semaphore(0)

        def handler(_, request, peer):
            peer.read_body(request)
            if request.target == "/first":
                go.acquire()
            peer.send(origin.answer(b"ok"))
            peer.shut()
            raise OSError

        self.start(handler, {"limits": {"connections": 1}})
        for _ in range(4):
            with self.uvoy.connect() as first, self.uvoy.connect() as second:
                first.send(wire.head("GET", "/first"))
                time.sleep(0.05)
                second.send(wire.head("POST", "/second", [("Content-Length", 2)]) + b"hi")
                time.sleep(0.05)
                with stopped(self.uvoy):
                    go.release()
                    time.sleep(0.2)
                self.assertEqual(first.response().status, 200)
                self.assertEqual(second.response().status, 200)

    def test_a_connection_that_nobody_wants_any_more_goes_to_who_waits(self):
        go = threading.Event()

        def handler(peer_origin, request, peer):
            if request.target == "/slow":
                go.wait()
            origin.echo(peer_origin, request, peer)

        self.start(handler, {"limits": {"connections": 1, "pending_timeout": "20s"}})
        first, second = self.connect(), self.connect()
        first.send(wire.head("GET", "/slow") + wire.head("GET", "/behind"))
        time.sleep(0.1)
        with stopped(self.uvoy):
            go.set()
            time.sleep(0.1)
            second.send(wire.head("GET", "/second"))
            time.sleep(0.05)
            first.reset()
            time.sleep(0.05)
        started = time.monotonic()
        self.assertEqual(second.response().status, 200)
        self.assertLess(time.monotonic() - started, 10)

    def test_a_tunnel_keeps_the_last_bytes_of_an_endpoint_that_resets_behind_them(self):
        size = 1_500_000

        def handler(_, request, peer):
            peer.send(
                "HTTP/1.1 101 Switching\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"
            )
            peer.exact(4)
            peer.send(b"z" * size)
            peer.shut()
            time.sleep(0.2)
            raise OSError

        self.start(handler)
        client = self.connect()
        client.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
        client.send(wire.head("GET", "/", [("Connection", "Upgrade"), ("Upgrade", "websocket")]))
        self.assertEqual(client.response_head().status, 101)
        client.send(b"ping")
        time.sleep(0.5)
        client.send(b"more")
        time.sleep(0.2)
        client.send(b"more")
        self.assertEqual(len(client.rest()), size)


if __name__ == "__main__":
    harness.main()
