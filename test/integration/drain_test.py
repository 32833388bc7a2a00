"""The end: what is in flight is answered, nothing new is taken, and the log tells it."""

import signal
import threading
import time
import unittest

import harness
import wire
from harness import Uvoy, config, eventually
from origin import Origin, slow


class Survival(unittest.TestCase):
    """Twenty slow requests are in flight when the signal comes."""

    def setUp(self):
        self.origin = self.enterContext(Origin(slow(3)))
        self.uvoy = Uvoy(config(self.origin, cluster={"health_check": {"type": "none"}}))
        self.enterContext(self.uvoy)
        self.clients = [self.enterContext(self.uvoy.connect()) for _ in range(20)]
        for number, client in enumerate(self.clients):
            client.send(wire.head("GET", f"/{number}"))
        eventually(lambda: len(self.origin.requests) == 20, "20 requests are in flight")

    def is_served(self):
        try:
            return self.uvoy.ask("/late").status == 200
        except (OSError, wire.Truncated, IndexError):
            return False

    def is_refused(self):
        try:
            self.uvoy.connect().close()
            return False
        except ConnectionResetError:  # it came between the last accept and the close
            return False
        except ConnectionRefusedError:
            return True

    def survive(self, number):
        self.uvoy.signal(number)
        eventually(lambda: "graceful shutdown" in self.uvoy.log())
        # The workers hear of it a moment later than the log does.
        eventually(self.is_refused, "new connections are refused")
        self.assertFalse(self.is_served())
        answers = [client.response() for client in self.clients]
        self.assertEqual([answer.status for answer in answers], [200] * 20)
        self.assertEqual({answer.get("connection") for answer in answers}, {"close"})
        self.assertTrue(all(client.at_end() for client in self.clients))
        self.assertEqual(self.uvoy.wait(), 0)
        log = self.uvoy.log()
        self.assertGreaterEqual(log.count("graceful shutdown, 20 requests in flight"), 2, log)
        self.assertIn("graceful shutdown: all requests answered after ", log)

    def test_sigint_loses_none_of_them(self):
        self.survive(signal.SIGINT)

    def test_sigterm_loses_none_of_them(self):
        self.survive(signal.SIGTERM)


class Ends(unittest.TestCase):
    def start(self, handler, **top):
        self.origin = self.enterContext(Origin(handler))
        settings = config(self.origin, cluster={"health_check": {"type": "none"}}, **top)
        return self.enterContext(Uvoy(settings))

    def in_flight(self, uvoy, path="/"):
        client = self.enterContext(uvoy.connect())
        before = len(self.origin.requests)
        client.send(wire.head("GET", path))
        eventually(lambda: len(self.origin.requests) > before)
        return client

    def test_a_second_signal_ends_at_once(self):
        uvoy = self.start(slow(50))
        self.in_flight(uvoy)
        uvoy.exit_code = 1
        uvoy.signal()
        eventually(lambda: "graceful shutdown, 1 requests" in uvoy.log())
        started = time.monotonic()
        uvoy.signal()
        self.assertEqual(uvoy.wait(), 1)
        self.assertLess(time.monotonic() - started, 20)
        self.assertIn("second signal, 1 requests cut off", uvoy.log())

    def test_drain_timeout_is_the_end_of_patience(self):
        uvoy = self.start(slow(50), shutdown={"drain_timeout": "1500ms"})
        client = self.in_flight(uvoy)
        uvoy.exit_code = 1
        uvoy.signal()
        self.assertEqual(uvoy.wait(), 1)
        self.assertIn("drain_timeout of 1.5s passed, 1 requests cut off", uvoy.log())
        with self.assertRaises((wire.Truncated, OSError)):
            client.response()

    def test_without_requests_the_end_is_quick_and_idle_clients_are_closed(self):
        uvoy = self.start(slow(0))
        client = self.enterContext(uvoy.connect())
        client.send(wire.head("GET", "/"))
        client.response()
        eventually(lambda: uvoy.metric("active_connections") == 0)
        started = time.monotonic()
        uvoy.signal()
        self.assertEqual(uvoy.wait(), 0)
        self.assertLess(time.monotonic() - started, 20)
        self.assertTrue(client.at_end())
        self.assertIn("graceful shutdown, 0 requests in flight", uvoy.log())

    def test_while_it_drains_it_is_alive_and_not_ready(self):
        go = threading.Event()

        def handler(_, request, peer):
            go.wait(harness.PATIENCE)
            peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")

        uvoy = self.start(handler)
        client = self.in_flight(uvoy)
        uvoy.signal()
        got = eventually(lambda: (r := uvoy.admin("/readyz")).status == 503 and r)
        self.assertEqual(got.body, b"draining\n")
        self.assertEqual(uvoy.admin("/healthz").status, 200)
        self.assertEqual(uvoy.json("/v1/status")["requests_in_flight"], 1)
        self.assertEqual(uvoy.metric("uvoy_draining"), 1)
        go.set()
        self.assertEqual(client.response().status, 200)
        self.assertEqual(uvoy.wait(), 0)

    def test_a_body_that_is_on_its_way_goes_on(self):
        go = threading.Event()

        def handler(_, request, peer):
            peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\nhalf")
            go.wait(harness.PATIENCE)
            peer.send(b"rest")

        uvoy = self.start(handler)
        client = self.in_flight(uvoy)
        self.assertEqual(client.response_head().status, 200)
        uvoy.signal()
        eventually(lambda: "graceful shutdown" in uvoy.log())
        go.set()
        self.assertEqual(client.exact(8), b"halfrest")
        self.assertEqual(uvoy.wait(), 0)

    def test_sighup_and_sigusr1_end_nothing(self):
        uvoy = self.start(slow(0))
        for number in (signal.SIGUSR1, signal.SIGHUP):
            uvoy.signal(number)
        eventually(lambda: "nothing has changed" in uvoy.log())
        self.assertEqual(uvoy.ask().status, 200)


if __name__ == "__main__":
    harness.main()
