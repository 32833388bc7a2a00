"""The admin address: small answers for people, scripts and Prometheus."""

import json
import unittest

import harness
import wire
from harness import Uvoy, config
from origin import Origin


class Admin(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.origin = cls.enterClassContext(Origin())
        cls.uvoy = cls.enterClassContext(Uvoy(config(cls.origin, workers=3)))

    def ask(self, path, **options):
        options.setdefault("host", "localhost")
        return wire.ask(self.uvoy.admin_port, path, **options)

    def test_it_is_alive_and_ready(self):
        self.assertEqual((self.ask("/healthz").status, self.ask("/healthz").body), (200, b"ok\n"))
        self.assertEqual(self.ask("/readyz").body, b"ready\n")

    def test_the_root_lists_what_there_is_and_all_of_it_is_there(self):
        lines = self.ask("/").body.decode().splitlines()
        listed = [line.split()[0] for line in lines if line.startswith("/")]
        self.assertIn("/v1/clusters", listed)
        for path in listed:
            self.assertEqual(self.ask(path).status, 200, path)

    def test_status_tells_the_process(self):
        got = self.ask("/v1/status")
        self.assertEqual(got.get("content-type"), "application/json")
        status = json.loads(got.body)
        self.assertEqual(status["pid"], self.uvoy.process.pid)
        self.assertEqual((status["state"], status["draining"]), ("serving", False))
        self.assertEqual(status["workers"], 3)
        self.assertEqual(status["config"]["path"], str(self.uvoy.process.args[2]))
        self.assertRegex(status["started"], r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$")
        (listener,) = status["listeners"]
        self.assertEqual(listener["addresses"], [f"127.0.0.1:{self.uvoy.port}"])
        self.assertEqual(listener["name"], "web")

    def test_clusters_tell_endpoints_and_why(self):
        (cluster,) = json.loads(self.ask("/v1/clusters").body)["clusters"]
        (endpoint,) = cluster.pop("endpoints")
        self.assertEqual(
            cluster,
            {"name": "app", "policy": "ring_hash", "health_check": "tcp", "panic": False,
             "healthy": 1, "requests_pending": 0, "duration_buckets": []},
        )
        self.assertEqual(endpoint["address"], self.origin.address)
        self.assertEqual((endpoint["state"], endpoint["ring_share"]), ("healthy", 1.0))

    def test_two_answers_of_clusters_tell_rate_and_latency(self):
        def told():
            clusters = json.loads(self.ask("/v1/clusters").body)
            (cluster,) = clusters["clusters"]
            (listener,) = json.loads(self.ask("/v1/status").body)["listeners"]
            (endpoint,) = cluster["endpoints"]
            return (
                clusters["uptime_seconds"],
                sum(cluster["duration_buckets"]),
                sum(endpoint["first_byte_buckets"]),
                listener["requests"].get("2xx", 0),
            )

        before, *counts = told()
        for _ in range(5):
            self.assertEqual(self.uvoy.ask().status, 200)
        harness.eventually(lambda: told()[1:] == tuple(count + 5 for count in counts))
        self.assertGreater(told()[0], before)
        bounds = json.loads(self.ask("/v1/clusters").body)["bucket_bounds_seconds"]
        self.assertEqual((bounds[0], bounds[-1], len(bounds)), (0.0005, 30, 15))

    def test_metrics_have_the_type_that_prometheus_asks_for(self):
        got = self.ask("/metrics")
        self.assertTrue(got.get("content-type").startswith("text/plain; version=0.0.4"))
        self.assertIn(b"# HELP requests_total ", got.body)
        for name in ("uvoy_build_info", "uvoy_workers", "process_start_time_seconds"):
            self.assertGreater(self.uvoy.metric(name), 0, name)

    def test_no_client_can_make_a_label(self):
        for method, path, host in (("BREW", "/x1", "evil1"), ("GET", "/x2", "evil2")):
            self.uvoy.ask(path, method=method, host=host)
        text = self.ask("/metrics").body.decode()
        for word in ("BREW", "/x1", "/x2", "evil"):
            self.assertNotIn(word, text)

    def test_what_is_not_there_is_404_and_what_is_not_allowed_is_405(self):
        self.assertEqual(self.ask("/nothing").status, 404)
        self.assertEqual(self.ask("/v1/status/").status, 404)
        got = self.ask("/v1/status", method="POST", body=b"x")
        self.assertEqual((got.status, got.get("allow")), (405, "GET, HEAD"))
        self.assertEqual(json.loads(got.body)["status"], 405)

    def test_a_page_that_rebinds_its_name_gets_nothing(self):
        for host in ("evil.example", "localhost.evil.example", "1.2.3.4.evil"):
            self.assertEqual(self.ask("/v1/status", host=host).status, 403, host)
        for host in ("localhost", "127.0.0.1:9901", "[::1]:9901", "LOCALHOST:1"):
            self.assertEqual(self.ask("/v1/status", host=host).status, 200, host)

    def test_the_admin_connection_is_kept_alive(self):
        with wire.connect(self.uvoy.admin_port) as client:
            for path in ("/metrics", "/v1/clusters") * 3:
                client.send(wire.head("GET", path, host="localhost"))
                self.assertEqual(client.response().status, 200)

    def test_the_proxy_does_not_serve_the_admin(self):
        self.assertEqual(self.uvoy.ask("/v1/status").body[:12], b'{"endpoint":')


class WithoutAdmin(unittest.TestCase):
    def test_null_turns_it_off(self):
        with Origin() as origin:
            settings = config(origin)
            taken = settings["admin"]["address"]
            settings["admin"] = None
            uvoy = Uvoy(settings)
            uvoy.is_ready = lambda: "listener web" in uvoy.log()
            with uvoy:
                self.assertEqual(uvoy.ask().status, 200)
                with self.assertRaises(ConnectionRefusedError):
                    wire.ask(int(taken.rsplit(":")[-1]))


if __name__ == "__main__":
    harness.main()
