"""How much a client, a route and a cluster may have: what fits is served, one more is not."""

import contextlib
import threading
import time
import unittest

import harness
import origin
import wire
from answers import chunked, get, post
from harness import Uvoy, config, eventually, stopped
from origin import Origin

NO_CHECK = {"health_check": {"type": "none"}}


class Limits(unittest.TestCase):
    def start(self, handler=origin.echo, cluster=None, route=None, **settings):
        self.origin = self.enterContext(Origin(handler))
        # One worker: some limits are divided among them.
        more = {"workers": 1, "routes": [{"cluster": "app", **(route or {})}], **settings}
        cluster = {**NO_CHECK, **(cluster or {})}
        return self.enterContext(Uvoy(config(self.origin, cluster=cluster, **more)))

    def client(self, uvoy, request=b""):
        client = self.enterContext(uvoy.connect())
        client.send(request)
        return client

    def ask(self, uvoy, request):
        """Status and reason."""
        with uvoy.connect() as client:
            client.send(request)
            return self.told(client.response())

    def told(self, response):
        details = (response.get("proxy-status") or "").partition("details=")[2]
        return response.status, details.strip('"')

    def answered(self, uvoy, reason):
        """How many answers of uvoy itself."""
        return uvoy.metric("uvoy_responses_by_uvoy_total", f'reason="{reason}"')

    def expect_answered(self, uvoy, reason, count):
        eventually(lambda: self.answered(uvoy, reason) >= count)
        self.assertEqual(self.answered(uvoy, reason), count)


class OfAHead(Limits):
    def setUp(self):
        limits = {"header_bytes": "4KiB", "headers": 20, "target_bytes": "1KiB"}
        self.uvoy = self.start(listener={"limits": limits})

    def test_a_head_has_as_many_bytes_as_it_may_have(self):
        room = 4096 - len(get("/", "A: "))
        self.assertEqual(self.ask(self.uvoy, get("/", "A: " + "x" * room)), (200, ""))
        more = get("/", "A: " + "x" * (room + 1))
        self.assertEqual(self.ask(self.uvoy, more), (431, "headers_too_large"))
        self.expect_answered(self.uvoy, "headers_too_large", 1)

    def test_a_head_has_as_many_fields_as_it_may_have(self):
        self.assertEqual(self.ask(self.uvoy, get("/", *["A: b"] * 19)), (200, ""))
        self.assertEqual(self.ask(self.uvoy, get("/", *["A: b"] * 20)), (431, "headers_too_large"))

    def test_a_target_is_as_long_as_it_may_be(self):
        self.assertEqual(self.ask(self.uvoy, get("/" + "x" * 1023)), (200, ""))
        self.assertEqual(self.ask(self.uvoy, get("/" + "x" * 1024)), (414, "target_too_long"))
        self.expect_answered(self.uvoy, "target_too_long", 1)

    def test_a_head_without_end_is_not_waited_for(self):
        for start in (b"GET /", b"GET / HTTP/1.1\r\nA: ", b"GET / HTTP/1.1\r\nHost: x\r\n"):
            with self.subTest(start):
                status, _ = self.ask(self.uvoy, start + b"A:b\r\n" * 2000)
                self.assertIn(status, (400, 414, 431))


class OfAListener(Limits):
    def refused(self, uvoy):
        """Whether a new client gets the answer for too many."""
        try:
            return self.ask(uvoy, get()) == (503, "overflow_connections")
        except (ConnectionError, wire.Truncated):
            return False

    def served(self, uvoy):
        try:
            return self.ask(uvoy, get()) == (200, "")
        except (ConnectionError, wire.Truncated):
            return False

    def fill(self, uvoy, count):
        clients = [self.client(uvoy, get()) for _ in range(count)]
        self.assertEqual([client.response().status for client in clients], [200] * count)
        return clients

    def check_room(self, uvoy, count):
        clients = self.fill(uvoy, count)
        self.assertTrue(self.refused(uvoy))
        self.expect_answered(uvoy, "overflow_connections", 1)
        clients[0].send(get())
        self.assertEqual(clients[0].response().status, 200)
        clients[1].close()
        eventually(lambda: self.served(uvoy), "there is room again")

    def test_a_listener_has_as_many_connections_as_it_may_have(self):
        self.check_room(self.start(listener={"limits": {"connections": 3}}, workers=2), 3)

    def test_the_process_has_as_many_connections_as_it_may_have(self):
        self.check_room(self.start(limits={"connections": 5}, workers=2), 5)

    def test_a_client_has_as_many_connections_as_it_may_have(self):
        limits = {"connections_per_client": 3}
        self.check_room(self.start(listener={"limits": limits}, workers=2), 3)

    def test_who_goes_makes_room_for_who_comes_at_the_same_moment(self):
        limits = {
            "listener": {"listener": {"limits": {"connections": 1}}},
            "process": {"limits": {"connections": 1}},
            "client": {"listener": {"limits": {"connections_per_client": 1}}},
        }
        for whose, settings in limits.items():
            with self.subTest(whose):
                uvoy = self.start(**settings)
                (first,) = self.fill(uvoy, 1)
                # One poll brings both.
                with stopped(uvoy):
                    first.close()
                    second = self.client(uvoy, get())
                self.assertEqual(second.response().status, 200)
                self.assertTrue(self.refused(uvoy))

    def test_a_client_takes_nothing_of_what_another_may_have(self):
        uvoy = self.start(listener={"limits": {"connections_per_client": 2}})
        self.fill(uvoy, 2)
        self.assertTrue(self.refused(uvoy))
        for _ in range(2):
            other = self.enterContext(wire.connect(uvoy.port, source="127.0.0.2"))
            other.send(get())
            self.assertEqual(other.response().status, 200)

    def test_a_trusted_proxy_has_no_number_of_its_own(self):
        trusted = {"trusted_proxies": ["127.0.0.1"], "limits": {"connections_per_client": 1}}
        self.fill(self.start(listener=trusted), 10)

    def test_a_crowd_that_is_refused_takes_few_descriptors(self):
        uvoy = self.start(listener={"limits": {"connections": 1}})
        self.fill(uvoy, 1)
        before = uvoy.metric("process_open_fds")
        for _ in range(300):
            with contextlib.suppress(ConnectionError):  # of those that get no answer
                self.enterContext(uvoy.connect())
        eventually(lambda: uvoy.metric("uvoy_connections_rejected_total") == 300)
        self.assertLess(uvoy.metric("process_open_fds") - before, 64 + 16)

    def test_a_connection_has_as_many_requests_as_it_may_have(self):
        uvoy = self.start(listener={"limits": {"requests_per_connection": 2}})
        client = self.client(uvoy, get() * 3)
        self.assertIsNone(client.response().get("connection"))
        self.assertEqual(client.response().get("connection"), "close")
        self.assertTrue(client.at_end())
        self.assertEqual(len(self.origin.requests), 2)


class OfARoute(Limits):
    def test_a_body_is_as_long_as_it_may_be(self):
        uvoy = self.start(route={"max_body": "1KiB"})
        for request in (
            post("/", "Content-Length: 1024", body=bytes(1024)),
            chunked("/", b"400\r\n" + bytes(1024) + b"\r\n0\r\n\r\n"),
        ):
            self.assertEqual(self.ask(uvoy, request), (200, ""))
        self.assertEqual([len(r.body) for r in self.origin.requests], [1024, 1024])

    def test_nobody_is_asked_about_a_body_that_is_announced_too_long(self):
        uvoy = self.start(route={"max_body": "1KiB"})
        for more in ([], ["Expect: 100-continue"]):
            request = post("/", "Content-Length: 1025", *more)
            self.assertEqual(self.ask(uvoy, request), (413, "body_too_large"))
        self.assertEqual(self.origin.received(), b"")
        self.expect_answered(uvoy, "body_too_large", 2)

    def test_a_body_that_turns_out_too_long_never_looks_complete(self):
        complete = []

        def handler(_, request, peer):
            peer.read_body(request)
            complete.append(request.target)

        uvoy = self.start(handler, route={"max_body": "1KiB"})
        client = self.client(uvoy, chunked("/", b"400\r\n" + bytes(1024) + b"\r\n"))
        eventually(lambda: self.origin.requests)
        client.send(b"1\r\nx\r\n0\r\n\r\n")
        self.assertEqual(self.told(client.response()), (413, "body_too_large"))
        self.assertTrue(client.at_end())
        eventually(lambda: all(p.sock.fileno() == -1 for p in self.origin.peers))
        self.assertEqual(complete, [])

    def test_a_body_that_gets_too_long_after_the_answer_began_breaks_it_off(self):
        def handler(_, request, peer):
            peer.send("HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\nhalf")
            peer.read_body(request)
            peer.send("rest")

        uvoy = self.start(handler, route={"max_body": "1KiB"})
        client = self.client(uvoy, chunked("/", b""))
        self.assertEqual(client.response_head().status, 200)
        client.send(b"401\r\n" + bytes(1025) + b"\r\n0\r\n\r\n")
        with self.assertRaises((wire.Truncated, ConnectionError)):
            client.exact(8)

    def test_a_body_that_drips_is_over_with_the_timeout_of_its_route(self):
        uvoy = self.start(route={"timeout": "700ms"})
        client = self.client(uvoy, post("/", "Content-Length: 1000"))
        started, over = time.monotonic(), threading.Event()

        def drip():
            try:
                while not over.wait(0.05):
                    client.send(b"x")
            except OSError:
                pass

        thread = threading.Thread(target=drip)
        thread.start()
        try:
            self.assertEqual(self.told(client.response()), (408, "client_timeout"))
        finally:
            over.set()
            thread.join()
        self.assertGreaterEqual(time.monotonic() - started, 0.65)


class OfACluster(Limits):
    def setUp(self):
        self.go = threading.Event()
        self.addCleanup(self.go.set)

    def waits(self, _, request, peer):
        peer.read_body(request)
        self.go.wait(harness.PATIENCE)
        peer.send(origin.answer())

    def start_limited(self, **limits):
        return self.start(self.waits, cluster={"limits": limits})

    def hold(self, uvoy, count):
        """That many clients whose requests are at the endpoint."""
        clients = [self.client(uvoy, get()) for _ in range(count)]
        eventually(lambda: len(self.origin.requests) == count)
        return clients

    def overflows(self, uvoy, limit):
        return uvoy.metric("uvoy_overflows_total", f'limit="{limit}"')

    def test_an_endpoint_has_as_many_requests_as_it_may_have(self):
        uvoy = self.start_limited(requests=2)
        clients = self.hold(uvoy, 2)
        self.assertEqual(self.ask(uvoy, get()), (503, "overflow_requests"))
        self.assertEqual(self.overflows(uvoy, "requests"), 1)
        self.go.set()
        self.assertEqual([client.response().status for client in clients], [200, 200])
        self.assertEqual(self.ask(uvoy, get()), (200, ""))

    def test_an_endpoint_has_as_many_connections_as_it_may_have(self):
        uvoy = self.start_limited(connections=2, pending_timeout="30s")
        clients = self.hold(uvoy, 2) + [self.client(uvoy, get()) for _ in range(4)]
        eventually(lambda: self.overflows(uvoy, "connections") == 4)
        self.assertEqual(uvoy.metric("uvoy_upstream_pending"), 4)
        self.assertEqual(len(self.origin.peers), 2)
        self.go.set()
        self.assertEqual([client.response().status for client in clients], [200] * 6)
        self.assertEqual(len(self.origin.peers), 2)

    def test_as_many_requests_wait_as_may_wait(self):
        uvoy = self.start_limited(connections=1, pending=2, pending_timeout="30s")
        clients = self.hold(uvoy, 1) + [self.client(uvoy, get()) for _ in range(2)]
        eventually(lambda: uvoy.metric("uvoy_upstream_pending") == 2)
        self.assertEqual(self.ask(uvoy, get()), (503, "overflow_pending"))
        self.assertEqual(self.overflows(uvoy, "pending"), 1)
        self.go.set()
        self.assertEqual([client.response().status for client in clients], [200] * 3)

    def test_a_request_waits_as_long_as_it_may_wait(self):
        uvoy = self.start_limited(connections=1, pending_timeout="500ms")
        self.hold(uvoy, 1)
        started = time.monotonic()
        self.assertEqual(self.ask(uvoy, get()), (503, "overflow_pending"))
        self.assertGreaterEqual(time.monotonic() - started, 0.45)
        self.assertEqual(self.overflows(uvoy, "pending"), 1)

    def test_an_idle_connection_to_an_endpoint_is_closed_in_time(self):
        uvoy = self.start(cluster={"timeouts": {"idle": "1s"}})
        self.assertEqual(self.ask(uvoy, get()), (200, ""))
        started = time.monotonic()
        idle = 'state="idle"'
        eventually(lambda: uvoy.metric("uvoy_upstream_connections", idle) == 1)
        eventually(lambda: self.origin.peers[0].sock.fileno() == -1)
        self.assertTrue(0.9 <= time.monotonic() - started < 10)
        self.assertEqual(uvoy.metric("uvoy_upstream_connections", idle), 0)


if __name__ == "__main__":
    harness.main()
