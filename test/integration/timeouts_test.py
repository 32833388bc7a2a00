"""Whoever is slow gets a defined answer, or the end."""

import socket
import threading
import time
import unittest

import harness
import origin
import wire
from harness import Uvoy, config, eventually
from origin import Origin

NO_CHECK = {"health_check": {"type": "none"}}


class SlowClients(unittest.TestCase):
    def start(self, **timeouts):
        self.origin = self.enterContext(Origin())
        settings = config(self.origin, cluster=NO_CHECK, listener={"timeouts": timeouts})
        return self.enterContext(Uvoy(settings))

    def test_a_head_that_does_not_end_gets_408(self):
        uvoy = self.start(headers="300ms")
        with uvoy.connect() as client:
            client.send(b"GET / HTTP/1.1\r\nHost: x\r\n")
            response = client.response()
            self.assertEqual(response.status, 408)
            self.assertIn("client_timeout", response.get("proxy-status"))
            self.assertTrue(client.at_end())
        self.assertEqual(self.origin.received(), b"")

    def test_a_head_that_drips_gets_408(self):
        uvoy = self.start(headers="500ms")
        with uvoy.connect() as client:
            started = time.monotonic()

            def drip():
                try:
                    while time.monotonic() < started + harness.PATIENCE:
                        client.send(b"A")
                        time.sleep(0.05)
                except OSError:
                    pass

            client.send(b"GET / HTTP/1.1\r\nHost: x\r\n")
            thread = threading.Thread(target=drip)
            thread.start()
            self.assertEqual(client.response().status, 408)
            client.sock.shutdown(socket.SHUT_RDWR)
            thread.join()

    def test_a_body_that_stands_still_gets_408(self):
        uvoy = self.start(body="300ms")
        with uvoy.connect() as client:
            client.send(wire.head("POST", "/", [("Content-Length", 10)]) + b"half")
            self.assertEqual(client.response().status, 408)
            self.assertTrue(client.at_end())

    def test_an_idle_connection_is_closed_without_a_word(self):
        uvoy = self.start(keepalive="300ms")
        with uvoy.connect() as fresh, uvoy.connect() as used:
            used.send(wire.head("GET", "/"))
            self.assertEqual(used.response().status, 200)
            self.assertTrue(fresh.at_end())
            self.assertTrue(used.at_end())

    def test_a_client_that_does_not_read_is_ended(self):
        uvoy = self.start(write="500ms")
        self.origin.handler = lambda _, request, peer: peer.send(origin.answer(bytes(50_000_000)))
        with uvoy.connect() as client:
            client.send(wire.head("GET", "/"))
            eventually(lambda: uvoy.metric("active_connections") == 1)
            eventually(lambda: uvoy.metric("active_connections") == 0)
            with self.assertRaises((wire.Truncated, ConnectionError)):
                client.response()


class SlowEndpoints(unittest.TestCase):
    def start(self, handler, cluster=None, **route):
        self.origin = self.enterContext(Origin(handler))
        settings = config(
            self.origin, cluster={**NO_CHECK, **(cluster or {})},
            routes=[{"cluster": "app", **route}],
        )
        return self.enterContext(Uvoy(settings))

    def test_an_endpoint_that_does_not_answer_in_time_is_a_504(self):
        uvoy = self.start(origin.slow(harness.PATIENCE), timeout="300ms")
        response = uvoy.ask()
        self.assertEqual(response.status, 504)
        self.assertIn("route_timeout", response.get("proxy-status"))
        self.assertEqual(len(self.origin.requests), 1)

    def test_a_connection_that_does_not_come_about_is_a_504(self):
        deaf = self.enterContext(origin.Deaf())
        cluster = {**NO_CHECK, "timeouts": {"connect": "300ms"}}
        uvoy = self.enterContext(Uvoy(config(deaf, cluster=cluster)))
        response = uvoy.ask()
        self.assertEqual(response.status, 504)
        self.assertIn("connect_timeout", response.get("proxy-status"))

    def test_a_body_that_stands_still_aborts_the_client(self):
        def handler(_, request, peer):
            peer.send("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf")
            peer.at_end()

        uvoy = self.start(handler, idle_timeout="300ms")
        with self.assertRaises((wire.Truncated, ConnectionError)):
            uvoy.ask()
        self.assertEqual(uvoy.metric("uvoy_upstream_failures_total", 'reason="idle_timeout"'), 1)

    def test_a_stream_without_end_is_not_cut_while_bytes_flow(self):
        def handler(_, request, peer):
            peer.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n")
            for _ in range(10):
                time.sleep(0.1)
                peer.send("x")

        uvoy = self.start(handler, idle_timeout="10s", timeout="0s")
        self.assertEqual(uvoy.ask().body, b"x" * 10)

    def test_too_many_pending_requests_are_told_so(self):
        limits = {"connections": 1, "pending": 1, "pending_timeout": "500ms"}
        uvoy = self.start(origin.slow(3), cluster={"limits": limits})
        clients = [self.enterContext(uvoy.connect()) for _ in range(12)]
        for client in clients:
            client.send(wire.head("GET", "/"))
        statuses = sorted(client.response().status for client in clients)
        self.assertEqual(set(statuses), {200, 503})
        self.assertLessEqual(statuses.count(200), 4)

    def test_the_unlucky_request_on_a_connection_that_just_closed_is_tried_again(self):
        def once(_, request, peer):
            peer.read_body(request)
            peer.send(origin.answer(b"ok"))
            time.sleep(0.02)
            peer.close()  # without having said so

        uvoy = self.start(once)
        with uvoy.connect() as client:
            for _ in range(30):
                client.send(wire.head("GET", "/"))
                self.assertEqual(client.response().body, b"ok")
                time.sleep(0.0195)


if __name__ == "__main__":
    harness.main()
