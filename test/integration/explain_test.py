"""What `uvoy explain` says of a request is what a running uvoy does with it."""

import json
import pathlib
import random
import tempfile
import unittest

import harness
import wire
from harness import Uvoy, config
from origin import Origin, answer

ENDPOINTS = 5


def tell_name(origin, request, peer):
    peer.send(answer(origin.name.encode()))


class Explain(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))
        self.origins = [
            self.enterContext(Origin(tell_name, name=f"e{i}")) for i in range(ENDPOINTS)
        ]

    def settings(self, policy="ring_hash", **more):
        settings = config(
            cluster={
                "load_balancing": {
                    "policy": policy,
                    "hash_key": ["path", "host", {"header": "x-user"}, {"query": "id"}],
                }
            },
            **more,
        )
        settings["clusters"]["app"]["endpoints"] = [
            {"name": o.name, "address": o.address, "weight": 1 + i}
            for i, o in enumerate(self.origins)
        ]
        return settings

    def explain(self, settings, *arguments, expect=0):
        path = self.folder / "uvoy.json"
        path.write_text(json.dumps(settings))
        done = harness.run_once("explain", path, *arguments)
        self.assertEqual(done.returncode, expect, done.err + done.out)
        return json.loads(done.out) if "--json" in arguments else done.out

    def test_the_endpoint_it_names_is_the_one_that_serves(self):
        numbers = random.Random(5)
        for policy in ("ring_hash", "maglev"):
            settings = self.settings(policy)
            uvoy = self.enterContext(Uvoy(settings))
            for _ in range(100):
                path = f"/shop/%41/../{numbers.randrange(10**6)}?a=1&id={numbers.randrange(9)}"
                host = f"h{numbers.randrange(3)}.example"
                user = str(numbers.randrange(100))
                with uvoy.connect() as client:
                    client.send(wire.head("GET", path, host=host, fields=[("X-User", user)]))
                    served = client.response().body.decode()
                told = self.explain(
                    settings, "GET", f"http://{host}{path}", "-H", f"X-User: {user}", "--json"
                )
                self.assertEqual(told["endpoint"], served, told)

    def test_without_a_ring_it_names_no_endpoint(self):
        for policy in ("least_request", "peak_ewma"):
            told = self.explain(self.settings(policy), "GET", "/a", "--json")
            self.assertEqual((told["policy"], told["endpoint"]), (policy, None))
            text = self.explain(self.settings(policy), "GET", "/a")
            self.assertIn(f", {policy}, ", text)
            self.assertIn("depends on the moment, not on the request", text)

    def test_an_endpoint_that_is_down_is_passed_over_for_the_next_choice(self):
        settings = self.settings()
        first = self.explain(settings, "GET", "/a", "--json")
        home, second = [choice["endpoint"] for choice in first["choices"]][:2]
        self.assertEqual(first["endpoint"], home)
        told = self.explain(settings, "GET", "/a", "--down", home, "--json")
        self.assertEqual(told["endpoint"], second)
        self.assertEqual(told["choices"][0], {"endpoint": home, "passed_over": "out"})
        self.explain(settings, "GET", "/a", "--down", "nobody", expect=64)

    def test_it_says_which_route_and_why_not_the_others(self):
        routes = [
            {"name": "robots", "match": {"path": "/robots.txt"}, "respond": {"status": 404}},
            {"name": "api", "match": {"host": "api.example"}, "cluster": "app"},
            {"name": "shop", "match": {"path": {"prefix": "/shop/"}}, "cluster": "app"},
        ]
        settings = self.settings(routes=routes)
        told = self.explain(settings, "GET", "http://example/x/../shop/1", "--json")
        self.assertEqual(told["route"], "shop")
        self.assertEqual(told["path"], "/shop/1")
        self.assertEqual(
            told["routes"],
            [
                {"name": "robots", "why_not": "another path"},
                {"name": "api", "why_not": "another host"},
            ],
        )
        told = self.explain(settings, "GET", "/robots.txt", "--json")
        self.assertEqual(told["answered"], {"status": 404})
        told = self.explain(settings, "GET", "/", "--json", expect=1)
        self.assertEqual(told["refused"], {"status": 404, "reason": "no_route"})
        told = self.explain(settings, "GET", "/%00", "--json", expect=1)
        self.assertEqual(told["refused"], {"status": 400, "reason": "bad_request"})

    def test_without_a_seed_it_says_that_the_ring_is_another(self):
        settings = self.settings()
        self.assertNotIn("hash_seed", self.explain(settings, "GET", "/"))
        del settings["hash_seed"]
        self.assertIn("hash_seed is not set", self.explain(settings, "GET", "/"))

    def test_a_bad_file_is_told_as_by_check(self):
        self.explain({"listeners": {}}, "GET", "/", expect=78)


if __name__ == "__main__":
    harness.main()
