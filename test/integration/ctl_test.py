"""`uvoy ctl` and the part of the admin API that changes something."""

import json
import pathlib
import time
import unittest

import harness
import wire
from harness import Uvoy, config, eventually, free_port, run_once
from origin import Origin, answer

CHANGE = [("Content-Type", "application/json"), ("X-Uvoy-Admin", "1")]


class Ctl(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.origin = cls.enterClassContext(Origin())
        cls.uvoy = cls.enterClassContext(Uvoy(config(cls.origin)))
        cls.file = cls.uvoy.process.args[2]

    def ctl(self, *arguments, code=0):
        done = run_once("ctl", *arguments)
        self.assertEqual(done.returncode, code, done.out + done.err)
        return done

    def post(self, path, body=b"", fields=CHANGE, **options):
        return wire.ask(
            self.uvoy.admin_port, path, "POST", fields, body, host="127.0.0.1", **options
        )

    def test_it_finds_the_admin_address_in_the_file_or_is_told(self):
        self.assertIn("listener", self.ctl("status", "--config", self.file).out.lower())
        told = f"127.0.0.1:{self.uvoy.admin_port}"
        status = json.loads(self.ctl("--admin", told, "--json", "status").out)
        self.assertEqual(status["pid"], self.uvoy.process.pid)

    def test_it_finds_it_although_the_rest_of_the_file_is_wrong(self):
        broken = pathlib.Path(self.uvoy.folder.name) / "broken.json"
        broken.write_text(json.dumps({"admin": self.uvoy.settings["admin"], "liseners": {}}))
        self.assertIn("serving", self.ctl("status", "--config", broken).out)

    def test_clusters_is_a_table_of_endpoints(self):
        heading, endpoint = self.ctl("clusters", "--config", self.file).out.splitlines()
        self.assertTrue(heading.startswith("CLUSTER  ENDPOINT"), heading)
        self.assertEqual(endpoint.split()[:5],
                         ["app", self.origin.address, self.origin.address, "1", "healthy"])
        self.assertIn("100.0%", endpoint)

    def test_a_shell_completes_the_names_of_clusters_and_endpoints(self):
        asked = ("complete", "--", "ctl", "--config", self.file, "endpoint")
        self.assertEqual(run_once(*asked, "a").out, "app\n")
        self.assertEqual(run_once(*asked, "app", "127").out, f"{self.origin.address}\n")
        self.assertEqual(run_once(*asked, "no-cluster", "").out, "")
        nobody = ("complete", "--", "ctl", "--admin", f"127.0.0.1:{free_port()}", "endpoint", "")
        self.assertEqual(run_once(*nobody).out, "")

    def test_drain_takes_it_out_of_the_rotation_and_undrain_back(self):
        with self.uvoy.connect() as idle:
            idle.send(wire.head("GET", "/"))
            self.assertIsNone(idle.response().get("connection"))
            self.assertIn("draining", self.ctl("drain", "--config", self.file).out)
            self.assertEqual(self.uvoy.admin("/readyz").status, 503)
            self.assertEqual(self.uvoy.metric("uvoy_draining"), 1)
            self.assertTrue(idle.at_end())
        # Who comes nevertheless is served.
        with self.uvoy.connect() as late:
            late.send(wire.head("GET", "/"))
            answer = late.response()
            self.assertEqual((answer.status, answer.get("connection")), (200, "close"))
        self.assertIn("serving", self.ctl("undrain", "--config", self.file).out)
        self.assertEqual(self.uvoy.admin("/readyz").status, 200)

        def persists():
            with self.uvoy.connect() as client:
                client.send(wire.head("GET", "/"))
                return client.response().get("connection") is None

        eventually(persists, "connections are kept again")

    def test_log_level(self):
        self.assertEqual(self.ctl("log-level", "debug", "--config", self.file).out,
                         "log level: debug\n")
        self.assertEqual(self.uvoy.json("/v1/status")["log_level"], "debug")
        refused = self.ctl("log-level", "loud", "--config", self.file, code=1)
        self.assertIn("debug, info, warning or error", refused.err)
        self.ctl("log-level", "info", "--config", self.file)

    def test_an_endpoint_is_taken_out_weighed_and_taken_back(self):
        origins = [self.enterContext(Origin()) for _ in range(2)]
        cluster = {"load_balancing": {"slow_start": "0s"}}
        with Uvoy(config(*origins, cluster=cluster)) as uvoy:
            file = uvoy.process.args[-1]

            def change(*arguments, code=0):
                return self.ctl(
                    "endpoint", "app", origins[0].address, *arguments, "--config", file, code=code
                )

            def share():
                before = len(origins[0].requests)
                for i in range(100):
                    self.assertEqual(uvoy.ask(f"/{i}").status, 200)
                return len(origins[0].requests) - before

            self.assertIn("maintenance", change("--state", "maintenance").out)
            eventually(lambda: share() == 0, "it gets no request")
            told = uvoy.endpoints()[origins[0].address]
            self.assertEqual((told["duty"], told["ring_share"]), ("maintenance", 0))
            checks = told["checks_passed"]
            change("--state", "ready", "--weight", "9")
            eventually(lambda: 75 <= share() <= 99, "it gets nine of ten")
            self.assertEqual(uvoy.endpoints()[origins[0].address]["weight"], 9)
            eventually(lambda: uvoy.endpoints()[origins[0].address]["checks_passed"] > checks)
            change("--weight", "1001", code=1)
            change("--state", "away", code=1)
            change(code=1)
            self.ctl("endpoint", "app", "nobody", "--state", "drain", "--config", file, code=1)

    def test_explain_names_who_serves_now(self):
        def tell_name(which, request, peer):
            peer.read_body(request)
            peer.send(answer(which.name.encode()))

        origins = [self.enterContext(Origin(tell_name, name=f"e{i}")) for i in range(3)]
        settings = config(cluster={
            "endpoints": [{"name": o.name, "address": o.address} for o in origins],
            "load_balancing": {"slow_start": "0s", "hash_key": ["path", {"header": "x-user"}]},
        }, rate_limits={"one": {"rate": "1/h", "burst": 30}},
           routes=[{"match": {"path": {"prefix": "/a"}}, "cluster": "app", "rate_limits": ["one"]}])
        settings["hash_seed"] = ""  # that of the process is known to nobody else
        with Uvoy(settings) as uvoy:
            file = uvoy.process.args[-1]

            def explain(path, *arguments, code=0):
                url = f"http://localhost:{uvoy.port}{path}"
                return self.ctl("explain", "GET", url, *arguments, "--config", file, code=code).out

            def named(path):
                return json.loads(explain(path, "-H", "X-User: u", "--json"))["endpoint"]

            for i in range(10):
                got = uvoy.ask(f"/a{i}", fields=[("X-User", "u")])
                self.assertEqual(got.body.decode(), named(f"/a{i}"))
            first = named("/a")
            self.ctl("endpoint", "app", first, "--state", "drain", "--config", file)
            second = eventually(lambda: named("/a") != first and named("/a"))
            got = uvoy.ask("/a", fields=[("X-User", "u")])
            self.assertEqual(got.body.decode(), second)
            told = explain("/a", "-H", "x-user: u")
            self.assertIn(f"{second}: serves", told)
            self.assertNotIn(f"{first}:", told)  # it has no place on the ring
            self.assertIn("refused   404 no_route", explain("/b", code=1))
            self.assertIn("no colon", self.ctl("explain", "GET", "/a", "-H", "nonsense",
                                               "--config", file, code=2).err)
            # None of the questions was counted, or took a token.
            counted = uvoy.metric("uvoy_requests_total")
            explain("/a")
            self.assertEqual(uvoy.metric("uvoy_requests_total"), counted)
            self.assertEqual(uvoy.metric("uvoy_ratelimit_admitted_total"), 11)
            self.assertEqual(uvoy.json("/v1/failures")["failures"], [])

    def test_explain_is_asked_for_as_a_change_is(self):
        question = json.dumps({"url": "/a"}).encode()
        self.assertEqual(self.post("/v1/explain", question).status, 200)
        self.assertEqual(self.uvoy.admin("/v1/explain").status, 405)
        self.assertEqual(self.post("/v1/explain", question, fields=[]).status, 415)
        self.assertEqual(self.post("/v1/explain", question, fields=CHANGE[:1]).status, 403)
        self.assertEqual(self.post("/v1/explain", b'{"url": "/a", "x": 1}').status, 400)
        self.assertEqual(self.post("/v1/explain", b"{" + b" " * (1 << 18)).status, 413)

    def test_exit_codes(self):
        nowhere = f"127.0.0.1:{free_port()}"
        self.assertIn("no answer from", self.ctl("status", "--admin", nowhere, code=3).err)
        self.ctl("status", "--config", "/nowhere/uvoy.json", code=3)
        self.ctl("status", "--admin", "nonsense", code=2)
        self.ctl("levitate", code=2)
        self.ctl(code=2)

    def test_a_body_may_come_in_pieces_and_must_be_small(self):
        for field, pieces in (
            (("Content-Length", "20"), [b'{"level": ', b'"warning', b'"}']),
            (("Transfer-Encoding", "chunked"),
             [b'a\r\n{"level": \r\n', b'a\r\n"warning"}\r\n', b"0\r\n\r\n"]),
        ):
            with wire.connect(self.uvoy.admin_port) as client:
                client.send(wire.head("POST", "/v1/log-level", [*CHANGE, field], "127.0.0.1"))
                for piece in pieces:
                    time.sleep(0.01)
                    client.send(piece)
                self.assertEqual(json.loads(client.response().body), {"log_level": "warning"})
        self.ctl("log-level", "info", "--config", self.file)
        for path, size in (("/v1/drain", 64 << 10), ("/v1/diff", 16 << 20)):
            with wire.connect(self.uvoy.admin_port) as client:
                fields = [*CHANGE, ("Content-Length", str(size + 1))]
                client.send(wire.head("POST", path, fields, "127.0.0.1"))
                self.assertEqual(client.response().status, 413, path)

    def test_who_waits_for_continue_gets_it(self):
        with wire.connect(self.uvoy.admin_port) as client:
            fields = [*CHANGE, ("Content-Length", "2"), ("Expect", "100-continue")]
            client.send(wire.head("POST", "/v1/undrain", fields, "127.0.0.1"))
            self.assertEqual(client.response_head().status, 100)
            client.send(b"{}")
            self.assertEqual(client.response().status, 200)

    def test_nothing_changes_without_what_a_page_cannot_send(self):
        self.assertEqual(self.uvoy.admin("/v1/drain").status, 405)
        self.assertEqual(self.post("/v1/drain", fields=[]).status, 415)
        self.assertEqual(self.post("/v1/drain", fields=CHANGE[:1]).status, 403)
        evil = [*CHANGE, ("Origin", "http://evil.example")]
        refused = self.post("/v1/drain", fields=evil)
        self.assertEqual((refused.status, refused.get("content-type")),
                         (403, "application/problem+json"))
        self.assertEqual(self.uvoy.json("/v1/status")["state"], "serving")


if __name__ == "__main__":
    harness.main()
