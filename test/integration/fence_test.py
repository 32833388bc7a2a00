"""A route that refuses is a fence: no other spelling of host or path leads round it, and what gets
through has the path that was matched."""

import unittest

import harness
import wire
from harness import Uvoy, config
from origin import Origin

ROUTES = [
    {"match": {"host": "admin.example.com"}, "respond": {"status": 403}},
    {"match": {"path": {"prefix": "/admin"}}, "respond": {"status": 403}},
    {"cluster": "app"},
]
HOSTS = {
    "admin.example.com": 403,
    "ADMIN.example.com:80": 403,
    "admin.example.com.": 403,
    "admin.example.com.:8080": 403,
    "admin%2eexample.com": 400,
    "%61dmin.example.com": 400,
    ".": 400,
    "example.com.": 200,
}
PATHS = {
    "/admin": 403,
    "/%61dmin": 403,
    "/./admin": 403,
    "/x/../admin": 403,
    "/x/%2e%2e/admin": 403,
    "/x/..%2fadmin": 400,
    "/x%2f..%2f..%2fadmin": 400,
    "/x/..;/admin": 400,
    "/x/..%3b/admin": 400,
    "/x\\..\\admin": 400,
    "/admin%00": 400,
    "/%": 400,
    "http://other/x/../admin": 403,
    "/x/../b%2fc?/../admin": 200,
}


class Fence(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.origin = cls.enterClassContext(Origin())
        cls.uvoy = cls.enterClassContext(Uvoy(config(cls.origin, routes=ROUTES)))

    def test_a_host_has_one_spelling(self):
        for host, status in HOSTS.items():
            with self.subTest(host):
                self.assertEqual(self.uvoy.ask("/", host=host).status, status)
        self.assertIn(("Host", "example.com."), self.origin.requests[-1].fields)

    def test_a_path_has_one_spelling(self):
        for path, status in PATHS.items():
            with self.subTest(path):
                host = "other" if path.startswith("http") else "test"
                self.assertEqual(self.uvoy.ask(path, host=host).status, status)
        self.assertEqual(self.origin.requests[-1].target, "/b%2fc?/../admin")

    def test_encoded_slashes_and_double_ones_can_be_part_of_the_fence(self):
        rules = {"normalize": {"encoded_slashes": "decode", "merge_slashes": True}}
        settings = config(self.origin, listener=rules, routes=ROUTES)
        with Uvoy(settings) as uvoy:
            for path in ("/x/..%2fadmin", "//admin", "/%2fadmin", "/x%5c..%5cadmin"):
                with self.subTest(path):
                    self.assertEqual(uvoy.ask(path).status, 403)
            self.assertEqual(uvoy.ask("/a//b%2fc").status, 200)
        self.assertEqual(self.origin.requests[-1].target, "/a/b/c")


class Client(unittest.TestCase):
    def client_of(self, uvoy, *fields):
        """What the endpoint hears of where the request comes from."""
        uvoy.ask("/", fields=fields)
        return self.origin.requests[-1]

    def test_only_a_trusted_proxy_says_who_the_client_is(self):
        self.origin = self.enterContext(Origin())
        limit = {"one": {"rate": "1/h", "key": ["client_ip"]}}
        for trusted in (["127.0.0.0/8", "10.0.0.0/8"], ["10.0.0.0/8"]):
            settings = config(
                self.origin,
                listener={"trusted_proxies": trusted},
                routes=[{"cluster": "app", "rate_limits": ["one"]}],
                rate_limits=limit,
            )
            with self.subTest(trusted), Uvoy(settings) as uvoy:
                believed = len(trusted) == 2
                chain = [("X-Forwarded-For", "6.6.6.6, 203.0.113.9, 10.1.1.1"),
                         ("X-Forwarded-Proto", "https"), ("X-Real-IP", "6.6.6.6")]
                seen = self.client_of(uvoy, *chain)
                self.assertEqual(
                    seen.all("X-Forwarded-For"),
                    ["6.6.6.6, 203.0.113.9, 10.1.1.1, 127.0.0.1" if believed else "127.0.0.1"],
                )
                self.assertEqual(seen.all("X-Forwarded-Proto"), ["https" if believed else "http"])
                self.assertEqual(seen.all("X-Real-IP"), ["6.6.6.6"] if believed else [])
                # The limit counts the client, whatever it says of itself.
                other = [("X-Forwarded-For", "7.7.7.7, 203.0.113.9, 10.1.1.1")]
                self.assertEqual(uvoy.ask("/", fields=other).status, 429)
                third = [("Forwarded", '"x, for=203.0.113.10;proto=https')]
                self.assertEqual(uvoy.ask("/", fields=third).status, 200 if believed else 429)


if __name__ == "__main__":
    harness.main()
