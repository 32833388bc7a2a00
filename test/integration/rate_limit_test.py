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

    def start_local(self, limits, listener=(), routes=None, workers=1):
        """Routes that answer themselves: path to the limits on it."""
        routes = {"/": list(limits)} if routes is None else routes
        settings = config(
            "127.0.0.1:1",
            workers=workers,
            cluster={"health_check": {"type": "none"}},
            listener={"rate_limits": list(listener)},
            rate_limits=limits,
            routes=[
                {
                    "match": {"path": {"prefix": path}},
                    "respond": {"body": path},
                    "rate_limits": names,
                }
                for path, names in routes.items()
            ],
        )
        return self.enterContext(Uvoy(settings))

    def counted(self, uvoy, limit):
        """Admitted, rejected, rejected but for a dry run."""
        label = f'limit="{limit}"'
        return tuple(
            int(uvoy.metric(name, label))
            for name in (
                "uvoy_ratelimit_admitted_total",
                "requests_dropped_total",
                "uvoy_ratelimit_dry_run_total",
            )
        )

    def test_a_request_that_one_of_its_limits_refuses_takes_nothing_of_the_others(self):
        limits = {
            "wide": {"rate": "1/h", "burst": 5, "key": []},
            "narrow": {"rate": "1/h", "burst": 2, "key": [{"header": "x-user"}]},
        }
        uvoy = self.start_local(limits, listener=["wide"], routes={"/": ["narrow"]})

        def ask(user):
            return uvoy.ask(fields=[("X-User", user)])

        self.assertEqual([ask("ann").status for _ in range(6)], [200] * 2 + [429] * 4)
        self.assertEqual(ask("ann").get("ratelimit-policy"), '"narrow";q=2;w=7200')
        self.assertEqual(self.counted(uvoy, "wide"), (2, 0, 0))
        self.assertEqual(self.counted(uvoy, "narrow"), (2, 5, 0))
        self.assertEqual([ask(user).status for user in ("bob", "bob", "eve")], [200] * 3)
        got = ask("fay")
        self.assertEqual(got.status, 429)
        self.assertEqual(got.get("ratelimit-policy"), '"wide";q=5;w=18000')
        self.assertEqual(self.counted(uvoy, "wide"), (5, 1, 0))
        self.assertEqual(self.counted(uvoy, "narrow"), (5, 5, 0))

    def test_of_several_limits_the_one_with_the_longest_wait_answers(self):
        limits = {
            "second": {"rate": "1/s", "burst": 1, "key": [], "status": 503},
            "hour": {"rate": "1/h", "burst": 1, "key": []},
        }
        uvoy = self.start_local(limits)
        self.assertEqual(uvoy.ask().status, 200)
        got = uvoy.ask()
        self.assertEqual(got.status, 429)
        self.assertGreater(int(got.get("retry-after")), 3000)
        self.assertEqual(got.get("ratelimit"), f'"hour";r=0;t={got.get("retry-after")}')
        self.assertEqual(self.counted(uvoy, "second"), (1, 0, 0))
        self.assertEqual(self.counted(uvoy, "hour"), (1, 1, 0))

    def test_a_limit_of_the_listener_and_of_the_route_counts_a_request_once(self):
        limits = {"mine": {"rate": "1/h", "burst": 2, "key": []}}
        uvoy = self.start_local(limits, listener=["mine"])
        self.assertEqual([uvoy.ask().status for _ in range(3)], [200, 200, 429])
        self.assertEqual(self.counted(uvoy, "mine"), (2, 1, 0))

    def test_a_dry_run_counts_and_rejects_nothing(self):
        limits = {
            "trial": {"rate": "1/h", "burst": 2, "key": ["client_ip"], "dry_run": True},
            "real": {"rate": "1/h", "burst": 5, "key": ["client_ip"]},
        }
        uvoy = self.start_local(limits, workers=4)
        statuses = [uvoy.ask().status for _ in range(8)]
        self.assertEqual(statuses, [200] * 5 + [429] * 3)
        self.assertEqual(self.counted(uvoy, "trial"), (2, 0, 3))
        self.assertEqual(self.counted(uvoy, "real"), (5, 3, 0))

    def test_every_part_of_a_key_makes_buckets_of_its_own(self):
        header, cookie = {"header": "x-user"}, {"cookie": "id"}

        def told(name, value):
            return {"fields": [(name, value)]}

        # Two requests that differ, and one that is the same but for what the key does not look at.
        cases = (
            ("path", ["path"], ("/a", {}), ("/b", {}), ("/a?x", {})),
            ("host", ["host"], ("/", {"host": "a"}), ("/", {"host": "b"}), ("/", {"host": "A"})),
            ("query", [{"query": "q"}], ("/?q=1", {}), ("/?q=2", {}), ("/?p=2&q=1", {})),
            (
                "header",
                [header],
                ("/", told("X-User", "ann")),
                ("/", told("X-User", "bob")),
                ("/x", told("x-user", "ann")),
            ),
            (
                "cookie",
                [cookie],
                ("/", told("Cookie", "id=1; a=b")),
                ("/", told("Cookie", "a=b; id=2")),
                ("/", told("Cookie", "a=c;id=1")),
            ),
            ("no cookie", [cookie], ("/", {}), ("/", told("Cookie", "id=")), ("/", {})),
            ("route", ["route"], ("/one/a", {}), ("/two/a", {}), ("/one/b", {})),
            (
                "several",
                ["path", header, cookie],
                ("/", told("X-User", "ann")),
                ("/", told("Cookie", "id=ann")),
                ("/?q", told("X-User", "ann")),
            ),
        )
        limits = {
            name.replace(" ", "_"): {"rate": "1/h", "burst": 1, "key": key}
            for name, key, *_ in cases
        }
        for name, _, *asked in cases:
            with self.subTest(name):
                mine = {name.replace(" ", "_"): limits[name.replace(" ", "_")]}
                routes = {path: list(mine) for path in ("/one", "/two", "/")}
                uvoy = self.start_local(mine, routes=routes)
                statuses = [uvoy.ask(path, **options).status for path, options in asked]
                self.assertEqual(statuses, [200, 200, 429])

    def test_clients_of_one_ipv6_network_share_a_bucket(self):
        limits = {"mine": {"rate": "1/h", "burst": 1, "key": ["client_ip"]}}
        settings = {"trusted_proxies": ["127.0.0.1"], "rate_limits": ["mine"]}
        uvoy = self.enterContext(
            Uvoy(
                config(
                    "127.0.0.1:1",
                    listener=settings,
                    rate_limits=limits,
                    routes=[{"respond": {}}],
                )
            )
        )
        asked = (
            ("2001:db8:0:1::1", 200),
            ("2001:db8:0:1:ffff::2", 429),
            ("2001:db8:0:2::1", 200),
            ("192.0.2.1", 200),
            ("192.0.2.2", 200),
            ("192.0.2.1", 429),
        )
        for client, status in asked:
            with self.subTest(client):
                got = uvoy.ask(fields=[("X-Forwarded-For", client)])
                self.assertEqual(got.status, status)

    def test_a_table_that_is_too_small_is_told(self):
        limits = {"mine": {"rate": "1/h", "burst": 2, "key": [{"header": "x-user"}]}}
        limits["mine"]["table"] = 1024
        uvoy = self.start_local(limits)
        evictions = "uvoy_ratelimit_live_evictions_total"
        self.assertEqual(uvoy.metrics()[evictions], 0)
        with uvoy.connect() as client:
            for first in range(0, 4000, 100):
                users = range(first, first + 100)
                fields = ([("X-User", user)] for user in users)
                client.send(b"".join(wire.head("GET", "/", each) for each in fields))
                self.assertEqual([client.response().status for _ in users], [200] * 100)
        # Each key holds a token for an hour: whoever found no free word took another's.
        self.assertGreaterEqual(uvoy.metrics()[evictions], 4000 - 1024)
        self.assertLess(uvoy.metrics()[evictions], 4000)

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
