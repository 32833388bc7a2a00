"""A limit is one limit, however many workers and connections there are."""

import threading
import time
import unittest

import harness
import wire
from harness import Uvoy, config, eventually
from origin import Origin


class RateLimit(unittest.TestCase):
    def start(self, limit, workers=4, **route):
        self.origin = self.enterContext(Origin())
        settings = config(
            self.origin,
            workers=workers,
            rate_limits={"mine": limit},
            routes=[{"cluster": "app", "rate_limits": ["mine"], **route}],
        )
        return self.enterContext(Uvoy(settings))

    def test_four_workers_admit_what_one_would(self):
        uvoy = self.start({"rate": "100/s", "burst": 20, "key": ["client_ip"]})
        until, lock, statuses = threading.Event(), threading.Lock(), []

        def load():
            while not until.is_set():
                mine = []
                with uvoy.connect() as client:
                    for _ in range(20):
                        client.send(wire.head("GET", "/"))
                        mine.append(client.response().status)
                        time.sleep(0.003)
                with lock:
                    statuses.extend(mine)

        threads = [threading.Thread(target=load) for _ in range(8)]
        started = time.monotonic()
        for thread in threads:
            thread.start()
        time.sleep(3)
        until.set()
        for thread in threads:
            thread.join()
        # The first request came after `started`, the last before `now`: an upper bound for sure.
        seconds = time.monotonic() - started
        admitted = statuses.count(200)
        self.assertEqual(set(statuses), {200, 429})
        self.assertLessEqual(admitted, 20 + 100 * seconds + 1)
        # Tokens are lost only where nobody asks for 200 ms.
        self.assertGreaterEqual(admitted, 100 * seconds * 0.7)
        self.assertEqual(len(self.origin.requests), admitted)
        dropped = uvoy.metric("requests_dropped_total", 'limit="mine"')
        self.assertEqual(dropped, statuses.count(429))
        self.assertEqual(uvoy.metric("uvoy_ratelimit_admitted_total", 'limit="mine"'), admitted)

    def test_the_refusal_says_when_to_come_back(self):
        uvoy = self.start({"rate": "6/m", "burst": 3, "key": ["client_ip"]})
        self.assertEqual([uvoy.ask().status for _ in range(3)], [200] * 3)
        got = uvoy.ask()
        self.assertEqual(got.status, 429)
        self.assertIn(int(got.get("retry-after")), range(1, 11))
        self.assertEqual(got.get("ratelimit-policy"), '"mine";q=3;w=30')
        self.assertRegex(got.get("ratelimit"), '^"mine";r=0;t=[0-9]+$')
        self.assertIn("rate_limited", got.get("proxy-status"))
        self.assertEqual(uvoy.metric("requests_dropped_total", 'limit="mine"'), 1)
        self.assertEqual(len(self.origin.requests), 3)

    def test_a_token_comes_back_in_time(self):
        uvoy = self.start({"rate": "2/s", "burst": 1, "key": ["client_ip"]})
        self.assertEqual(uvoy.ask().status, 200)
        eventually(lambda: uvoy.ask().status == 200)

    def test_each_key_has_a_bucket_of_its_own(self):
        uvoy = self.start({"rate": "1/h", "burst": 2, "key": [{"header": "x-user"}]})
        for user in ("ann", "bob"):
            statuses = [uvoy.ask(fields=[("X-User", user)]).status for _ in range(3)]
            self.assertEqual(statuses, [200, 200, 429])

    def test_a_refused_request_does_not_end_the_connection(self):
        uvoy = self.start({"rate": "1/h", "burst": 1, "key": []})
        with uvoy.connect() as client:
            statuses = []
            for _ in range(3):
                client.send(wire.head("POST", "/", [("Content-Length", 4)]) + b"body")
                statuses.append(client.response().status)
        self.assertEqual(statuses, [200, 429, 429])

    def test_a_limit_of_the_listener_is_on_all_its_routes(self):
        settings = config(
            "127.0.0.1:1",
            listener={"rate_limits": ["mine"]},
            rate_limits={"mine": {"rate": "1/h", "burst": 1, "key": [], "status": 503}},
            routes=[{"match": {"path": p}, "respond": {"body": p}} for p in ("/a", "/b")],
        )
        uvoy = self.enterContext(Uvoy(settings))
        self.assertEqual([uvoy.ask("/a").status, uvoy.ask("/b").status], [200, 503])


if __name__ == "__main__":
    harness.main()
