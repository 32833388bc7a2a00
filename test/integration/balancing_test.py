"""Which route takes a request, and which endpoint gets it."""

import collections
import json
import threading
import unittest

import harness
import wire
from harness import Uvoy, config, eventually
from origin import Origin, answer, echo, says, slow


def who(uvoy, path="/", **options):
    response = uvoy.ask(path, **options)
    assert response.status == 200, response
    return json.loads(response.body)["endpoint"]


def who_all(uvoy, paths):
    """The endpoint of each path, over one connection."""
    found = {}
    with uvoy.connect() as client:
        for path in paths:
            client.send(wire.head("GET", path))
            found[path] = json.loads(client.response().body)["endpoint"]
    return found


class Routes(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.origins = {n: cls.enterClassContext(Origin(name=n)) for n in ("api", "site", "host")}
        check = {"health_check": {"type": "none"}}
        settings = config("127.0.0.1:1", routes=[
            {"match": {"path": "/hello"}, "respond": {
                "status": 418, "body": "short\n", "headers": {"x-pot": "tea"}}},
            {"match": {"host": "api.example.com", "path": {"prefix": "/v1/"}}, "cluster": "api"},
            {"match": {"host": "*.example.com"}, "cluster": "host"},
            {"match": {"path": {"prefix": "/site"}}, "cluster": "site"},
        ])
        settings["clusters"] = {
            name: {"endpoints": [o.address], **check} for name, o in cls.origins.items()
        }
        cls.uvoy = cls.enterClassContext(Uvoy(settings))

    def test_respond_answers_without_an_endpoint(self):
        got = self.uvoy.ask("/hello")
        self.assertEqual((got.status, got.body, got.get("x-pot")), (418, b"short\n", "tea"))
        with self.uvoy.connect() as client:
            client.send(wire.head("HEAD", "/hello"))
            self.assertEqual(client.response("HEAD").get("content-length"), "6")

    def test_an_exact_path_is_not_a_prefix(self):
        self.assertEqual(self.uvoy.ask("/hello/you").status, 404)
        self.assertEqual(self.uvoy.ask("/hell").status, 404)

    def test_the_query_is_no_part_of_the_path(self):
        self.assertEqual(self.uvoy.ask("/hello?x=/v1/").status, 418)

    def test_the_first_match_wins(self):
        self.assertEqual(who(self.uvoy, "/v1/x", host="api.example.com"), "api")
        self.assertEqual(who(self.uvoy, "/v2/x", host="api.example.com"), "host")

    def test_hosts_match_without_regard_to_case_and_port(self):
        self.assertEqual(who(self.uvoy, "/v1/x", host="API.example.COM:8080"), "api")

    def test_a_host_suffix_takes_subdomains_only(self):
        self.assertEqual(who(self.uvoy, "/", host="a.b.example.com"), "host")
        self.assertEqual(self.uvoy.ask("/", host="example.com").status, 404)
        self.assertEqual(self.uvoy.ask("/", host="badexample.com").status, 404)

    def test_a_prefix_takes_what_begins_with_it(self):
        self.assertEqual(who(self.uvoy, "/site/deep?q"), "site")

    def test_without_a_route_the_answer_says_so(self):
        got = self.uvoy.ask("/nowhere")
        self.assertEqual(got.status, 404)
        self.assertIn("no_route", got.get("proxy-status"))

    def test_a_target_in_absolute_form_is_routed_by_its_host(self):
        target = "http://api.example.com/v1/x?y"
        got = json.loads(self.uvoy.ask(target, host="api.example.com").body)
        self.assertEqual((got["endpoint"], got["start"]), ("api", "GET /v1/x?y HTTP/1.1"))


class Policies(unittest.TestCase):
    def setUp(self):
        self.origins = [self.enterContext(Origin(name=name)) for name in "abcd"]

    def start(self, policy, cluster=None, **more):
        cluster = {"load_balancing": {"policy": policy, **more}, **(cluster or {})}
        return self.enterContext(Uvoy(config(*self.origins, cluster=cluster)))

    def spread(self, uvoy, count=200):
        with uvoy.connect() as client:
            found = collections.Counter()
            for _ in range(count):
                client.send(wire.head("GET", "/one"))
                found[json.loads(client.response().body)["endpoint"]] += 1
        return found

    def test_round_robin_gives_everyone_the_same(self):
        found = self.spread(self.start("round_robin"))
        self.assertEqual(found, {name: 50 for name in "abcd"})

    def test_random_gives_everyone_some(self):
        found = self.spread(self.start("random"), 400)
        self.assertEqual(sorted(found), list("abcd"))
        self.assertGreater(min(found.values()), 50)

    def test_least_request_keeps_away_from_who_is_busy(self):
        gates = {o: threading.Event() for o in self.origins}

        def held(which, request, peer):
            gates[which].wait(harness.PATIENCE)
            echo(which, request, peer)

        for origin in self.origins:
            origin.handler = held
        busy, *others = self.origins
        uvoy = self.start("least_request")
        for _ in range(40):
            self.enterContext(uvoy.connect()).send(wire.head("GET", "/"))
        eventually(lambda: sum(len(o.requests) for o in self.origins) == 40)
        before = len(busy.requests)
        self.assertGreaterEqual(before, 5, "held by all, and so spread over all")
        for origin in others:
            gates[origin].set()
        eventually(lambda: uvoy.metric("uvoy_upstream_requests_active") == before)
        found = self.spread(uvoy, 60)
        gates[busy].set()
        self.assertEqual(len(busy.requests), before)
        self.assertEqual(found.total(), 60)

    def test_peak_ewma_keeps_away_from_who_is_slow_and_from_who_fails_fast(self):
        broken = says(answer(status="503 Service Unavailable"))
        for handler in (slow(0.2), broken):
            self.origins[2].handler = handler
            more = {"outlier_detection": None, "health_check": {"type": "none"}}
            uvoy = self.start("peak_ewma", cluster=more)
            before = len(self.origins[2].requests)
            with uvoy.connect() as client:
                for _ in range(200):
                    client.send(wire.head("GET", "/"))
                    client.response()
            # With a fair share it were 50; after the first it costs too much for seconds.
            self.assertLess(len(self.origins[2].requests) - before, 15)
            for origin in (self.origins[0], self.origins[1], self.origins[3]):
                self.assertGreater(len(origin.requests), 0)

    def test_the_same_path_goes_to_the_same_endpoint(self):
        uvoy = self.start("ring_hash")
        paths = [f"/{i}" for i in range(100)]
        first = who_all(uvoy, paths)
        self.assertEqual(who_all(uvoy, reversed(paths)), first)
        self.assertEqual(sorted(set(first.values())), list("abcd"))
        self.assertEqual(who(uvoy, "/7?query=1"), first["/7"])

    def test_keys_can_be_of_a_header_or_of_the_query(self):
        uvoy = self.start("ring_hash", hash_key=[{"header": "X-User"}, {"query": "q"}])
        users = {u: who(uvoy, "/x?q=1", fields=[("X-User", u)]) for u in map(str, range(40))}
        self.assertEqual(sorted(set(users.values())), list("abcd"))
        for user, endpoint in users.items():
            self.assertEqual(who(uvoy, "/other?q=1", fields=[("x-user", user)]), endpoint)
        queries = {who(uvoy, f"/x?q={i}", fields=[("X-User", "1")]) for i in range(40)}
        self.assertGreater(len(queries), 1)

    def test_keys_of_a_dead_endpoint_move_and_come_home_and_others_stay(self):
        uvoy = self.start("ring_hash", slow_start="0s")
        paths = [f"/{i}" for i in range(200)]
        before = who_all(uvoy, paths)
        dead = self.origins[1]
        dead.kill()
        uvoy.wait_for(dead, "unhealthy")
        during = eventually(lambda: who_all(uvoy, paths), "answers")
        self.assertNotIn("b", during.values())
        for path in paths:
            if before[path] != "b":
                self.assertEqual(during[path], before[path])
        dead.start()
        uvoy.wait_for(dead, "healthy")
        self.assertEqual(eventually(lambda: who_all(uvoy, paths)), before)

    def test_a_client_without_the_cookie_of_the_key_gets_one_and_stays_where_it_was(self):
        key = [{"cookie": "sid", "ttl": "1h"}]
        uvoy = self.start("ring_hash", hash_key=key)
        values = set()
        for i in range(20):
            first = uvoy.ask(f"/{i}")
            cookie = first.get("set-cookie")
            self.assertRegex(
                cookie, "^sid=[0-9a-f]{16}; Path=/; HttpOnly; SameSite=Lax; Max-Age=3600$"
            )
            value = cookie.split(";")[0]
            values.add(value)
            endpoint = json.loads(first.body)["endpoint"]
            for j in range(3):
                again = uvoy.ask(f"/{i}/{j}", fields=[("Cookie", f"a=b; {value}")])
                self.assertEqual(json.loads(again.body)["endpoint"], endpoint)
                self.assertIsNone(again.get("set-cookie"))
        self.assertEqual(len(values), 20)

    def test_a_cookie_may_end_with_the_session_or_be_the_business_of_others(self):
        uvoy = self.start("ring_hash", hash_key=[{"cookie": "sid", "ttl": "0s"}])
        self.assertNotIn("Max-Age", uvoy.ask().get("set-cookie"))
        uvoy = self.start("ring_hash", hash_key=[{"cookie": "sid"}])
        self.assertIsNone(uvoy.ask().get("set-cookie"))

    def test_two_processes_with_one_seed_agree(self):
        one, two = self.start("ring_hash"), self.start("ring_hash")
        paths = [f"/{i}" for i in range(60)]
        self.assertEqual(who_all(one, paths), who_all(two, paths))


if __name__ == "__main__":
    harness.main()
