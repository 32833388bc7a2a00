"""The admin address: small answers for people, scripts and Prometheus."""

import contextlib
import json
import os
import pathlib
import threading
import unittest

import harness
import wire
from harness import Uvoy, config, eventually
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

    def test_every_reader_answers_head_and_refuses_parameters_it_does_not_know(self):
        lines = self.ask("/").body.decode().splitlines()
        for path in [line.split()[0] for line in lines if line.startswith("/v1/")]:
            self.assertEqual(self.ask(path, method="HEAD").body, b"", path)
            self.assertEqual(self.ask(path, method="HEAD").status, 200, path)
            got = self.ask(path + "?colour=red")
            self.assertEqual((got.status, got.get("content-type")),
                             (400, "application/problem+json"), path)
            for method in ("POST", "PUT", "DELETE", "PATCH"):
                self.assertEqual(self.ask(path, method=method, body=b"").status, 405, path)

    def test_every_error_is_a_problem(self):
        def send(data):
            with wire.connect(self.uvoy.admin_port) as client:
                client.send(data)
                return client.response()

        head = "GET {} HTTP/1.1\r\nHost: localhost\r\n{}\r\n"
        change = "Content-Type: application/json\r\nX-Uvoy-Admin: 1\r\n"
        post = head.replace("GET", "POST")
        for status, data in (
            (400, "nonsense\r\n\r\n"),
            (400, head.format("/v1/status", "Host: again\r\n")),
            (400, head.format("/v1/failures?limit=-1", "")),
            (400, head.format("/v1/failures?limit=" + "9" * 5000, "")),
            (400, post.format("/v1/drain", change + "Content-Length: 1\r\n") + "x"),
            (400, post.format("/v1/reload?x=1", change + "Content-Length: 3\r\n") + "[1]"),
            (403, head.format("/v1/status", "Origin: http://evil.example\r\n")),
            (403, head.format("/v1/status", "Origin: null\r\n")),
            (404, head.format("/v2", "")),
            (405, post.format("/v1/config", "Content-Length: 0\r\n")),
            (413, post.format("/v1/drain", change + "Content-Length: 70000\r\n")),
            (414, head.format("/" + "x" * 20000, "")),
            (415, post.format("/v1/drain", "Content-Length: 0\r\n")),
            (431, head.format("/v1/status", "A: " + "x" * 40000 + "\r\n")),
        ):
            with self.subTest(data[:60]):
                got = send(data)
                self.assertEqual((got.status, got.get("content-type")),
                                 (status, "application/problem+json"))
                told = json.loads(got.body)
                self.assertEqual((told["status"], told["type"]), (status, "about:blank"))
                self.assertTrue(told["title"] and told["detail"])
        self.assertEqual(self.uvoy.json("/v1/status")["state"], "serving")

    def test_the_configuration_is_told_as_it_is_written_without_its_secret(self):
        got = self.uvoy.admin("/v1/config").body
        self.assertNotIn(b"integration", got)  # the seed
        told = json.loads(got)
        written = json.loads(pathlib.Path(self.uvoy.process.args[2]).read_text())
        self.assertEqual(told["config"], {**written, "hash_seed": "(secret)"})
        self.assertEqual(told["hash"], self.uvoy.json("/v1/status")["config"]["hash"])

    def test_references_are_told_as_references(self):
        settings = config(self.origin)
        settings["clusters"]["app"]["load_balancing"] = {"policy": "${ENV:UVOY_TEST_POLICY}"}
        environment = {**os.environ, "UVOY_TEST_POLICY": "round_robin"}
        with Uvoy(settings, env=environment) as uvoy:
            got = uvoy.admin("/v1/config").body.decode()
            self.assertIn('"${ENV:UVOY_TEST_POLICY}"', got)
            self.assertNotIn("round_robin", got)
            self.assertEqual(uvoy.json("/v1/clusters")["clusters"][0]["policy"], "round_robin")

    def test_what_each_object_says(self):
        self.assertEqual(self.uvoy.ask("/a").status, 200)
        (route,) = self.uvoy.json("/v1/routes")["routes"]
        self.assertEqual((route["name"], route["cluster"]), ("default", "app"))
        eventually(lambda: self.uvoy.json("/v1/routes")["routes"][0]["requests"]["2xx"] > 0)
        (listener,) = self.uvoy.json("/v1/listeners")["listeners"]
        self.assertEqual((listener["name"], listener["limits"]["headers"]), ("web", 128))
        self.assertEqual(self.uvoy.json("/v1/limits"), {"limits": []})
        workers = self.uvoy.json("/v1/workers")["workers"]
        self.assertEqual([worker["worker"] for worker in workers], [0, 1, 2])
        self.assertGreater(sum(worker["received_bytes"] for worker in workers), 0)

    def test_one_client_cannot_take_all_connections(self):
        with contextlib.ExitStack() as stack:
            clients = []
            for _ in range(160):
                client = stack.enter_context(wire.connect(self.uvoy.admin_port))
                client.send(wire.head("GET", "/healthz", host="localhost"))
                clients.append(client.response().status)
            self.assertEqual((clients.count(200), clients.count(503)), (128, 32))
        eventually(lambda: self.ask("/healthz").status == 200)

    def test_endpoints_are_checked_while_many_ask_without_end(self):
        stop = threading.Event()
        statuses = set()

        def hammer(path):
            with wire.connect(self.uvoy.admin_port, keeps=False) as client:
                while not stop.is_set():
                    client.send(wire.head("GET", path, host="localhost") * 20)
                    for _ in range(20):
                        statuses.add(client.response().status)

        def endpoint():
            (cluster,) = eventually(lambda: self.uvoy.json("/v1/clusters").get("clusters"))
            return cluster["endpoints"][0]

        before = endpoint()
        checks = len(self.origin.peers)
        threads = [threading.Thread(target=hammer, args=[path])
                   for path in ("/metrics", "/v1/clusters", "/v1/config", "/v1/failures") * 2]
        for thread in threads:
            thread.start()
        try:
            eventually(lambda: len(self.origin.peers) > checks + 5, "checks go on")
            for _ in range(20):
                self.assertEqual(self.ask("/healthz").status, 200)
        finally:
            stop.set()
            for thread in threads:
                thread.join()
        self.assertLessEqual(statuses, {200, 503})
        after = endpoint()
        self.assertEqual((after["state"], after["checks_failed"]),
                         ("healthy", before["checks_failed"]))

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
