"""What is tried again, and what never is."""

import json
import time
import unittest

import harness
import origin
import wire
from harness import Uvoy, config, eventually
from origin import Origin


def resets(_, request, peer):
    peer.read_body(request)
    peer.reset()


class Retry(unittest.TestCase):
    """Two endpoints in turn; `bad` breaks every connection after it has read the request."""

    def start(self, retry=None, handler=resets):
        self.good = self.enterContext(Origin(name="good"))
        self.bad = self.enterContext(Origin(handler, name="bad"))
        cluster = {
            "health_check": {"type": "none"},
            "outlier_detection": None,  # which would take the bad one out
            "load_balancing": {"policy": "round_robin"},
        }
        route = {"cluster": "app", **({"retry": retry} if retry else {})}
        return self.enterContext(
            Uvoy(config(self.good, self.bad, cluster=cluster, workers=1, routes=[route]))
        )

    def test_a_get_that_was_reset_goes_to_the_other_endpoint(self):
        uvoy = self.start()
        for _ in range(6):
            self.assertEqual(json.loads(uvoy.ask().body)["endpoint"], "good")
        self.assertGreaterEqual(len(self.bad.requests), 1)
        self.assertGreaterEqual(uvoy.metric("uvoy_upstream_retries_total"), 1)
        reason = 'reason="reset_before_headers"'
        failures = uvoy.metric("uvoy_upstream_failures_total", reason)
        self.assertEqual(failures, len(self.bad.requests))

    def test_a_post_that_may_have_been_processed_is_never_sent_twice(self):
        uvoy = self.start()
        statuses = [uvoy.ask(method="POST", body=b"once").status for _ in range(10)]
        self.assertEqual(set(statuses), {200, 502})
        sent = len(self.good.requests) + len(self.bad.requests)
        self.assertEqual(sent, len(statuses))

    def test_a_post_that_found_nobody_listening_goes_to_the_other_endpoint(self):
        uvoy = self.start()
        self.bad.kill()
        statuses = [uvoy.ask(method="POST", body=b"once").status for _ in range(10)]
        self.assertEqual(statuses, [200] * 10)

    def test_no_attempts_means_no_second_try(self):
        uvoy = self.start({"attempts": 0})
        self.assertEqual({uvoy.ask().status for _ in range(6)}, {200, 502})

    def test_only_the_reasons_of_the_route_are_tried_again(self):
        uvoy = self.start({"on": ["refused"]})
        self.assertIn(502, {uvoy.ask().status for _ in range(6)})
        self.bad.kill()
        self.assertEqual({uvoy.ask().status for _ in range(6)}, {200})

    def test_a_response_that_has_begun_is_never_tried_again(self):
        uvoy = self.start(handler=origin.says(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf"))
        broken = 0
        for _ in range(6):
            try:
                uvoy.ask()
            except (wire.Truncated, ConnectionError):
                broken += 1
        self.assertEqual(broken, len(self.bad.requests))
        self.assertGreater(broken, 0)

    def test_an_answer_of_an_endpoint_is_an_answer_even_if_it_is_a_500(self):
        uvoy = self.start(handler=origin.says(origin.answer(b"", "500 Mine")))
        self.assertEqual({uvoy.ask().status for _ in range(6)}, {200, 500})


    def test_a_503_is_tried_elsewhere_if_the_route_says_so_and_its_connection_stays(self):
        def busy(_, request, peer):
            peer.read_body(request)
            peer.send(origin.answer(b"busy", "503 Service Unavailable"))

        uvoy = self.start({"on": ["gateway_error"], "backoff": ["1ms", "1ms"]}, busy)
        for _ in range(10):
            response = uvoy.ask()
            self.assertEqual(json.loads(response.body)["endpoint"], "good")
        self.assertGreaterEqual(len(self.bad.requests), 3)
        self.assertEqual(len(self.bad.peers), 1)
        again = [r for r in self.good.requests if r.get("x-uvoy-attempt") is not None]
        self.assertEqual({r.get("x-uvoy-attempt") for r in again}, {"2"})
        self.assertEqual(len(again), len(self.bad.requests))
        self.assertEqual({uvoy.ask(method="POST", body=b"x").status for _ in range(4)}, {200, 503})

    def test_a_put_is_sent_again_with_its_body(self):
        uvoy = self.start()
        for size in [1, 1000, 60_000]:
            with self.subTest(size=size):
                body = bytes(i % 251 for i in range(size))
                for _ in range(4):
                    response = uvoy.ask(method="PUT", body=body)
                    self.assertEqual(response.status, 200)
        self.assertEqual({len(r.body) for r in self.good.requests}, {1, 1000, 60_000})

    def test_an_endpoint_that_is_silent_is_left_after_the_time_of_a_try(self):
        settings = {"on": ["timeout"], "per_try_timeout": "200ms", "backoff": ["1ms", "1ms"]}
        uvoy = self.start(settings, origin.slow(3))
        for _ in range(4):
            started = time.monotonic()
            self.assertEqual(json.loads(uvoy.ask().body)["endpoint"], "good")
            self.assertLess(time.monotonic() - started, 2)
        reason = 'reason="first_byte_timeout"'
        self.assertGreaterEqual(uvoy.metric("uvoy_upstream_failures_total", reason), 1)


class Ends(unittest.TestCase):
    """One side leaves in the middle."""

    def start(self, handler=origin.echo):
        self.origin = self.enterContext(Origin(handler))
        settings = config(self.origin, cluster={"health_check": {"type": "none"}}, workers=1)
        return self.enterContext(Uvoy(settings))

    def test_a_client_that_leaves_takes_its_upstream_request_with_it(self):
        left = []

        def handler(_, request, peer):
            try:
                left.append(peer.at_end())
            except ConnectionError:
                left.append(True)

        uvoy = self.start(handler)
        with uvoy.connect() as client:
            client.send(wire.head("GET", "/"))
            eventually(lambda: self.origin.requests)
            client.reset()
        eventually(lambda: left == [True], "the endpoint is told")
        eventually(lambda: uvoy.metric("active_connections") == 0)

    def test_a_client_that_has_nothing_more_to_say_still_gets_its_answer(self):
        uvoy = self.start(origin.slow(0.3))
        with uvoy.connect() as client:
            client.send(wire.head("GET", "/"))
            client.shut()
            self.assertEqual(client.response().status, 200)

    def test_an_answer_may_come_before_the_body_has(self):
        def handler(_, request, peer):
            peer.send(origin.answer(b"too much", "413 No", [("Connection", "close")]))
            peer.close()

        uvoy = self.start(handler)
        with uvoy.connect() as client:
            client.send(wire.head("POST", "/", [("Content-Length", 10_000_000)]) + bytes(1000))
            response = client.response()
            self.assertEqual((response.status, response.body), (413, b"too much"))
            self.assertTrue(client.at_end())


if __name__ == "__main__":
    harness.main()
