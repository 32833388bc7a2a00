"""The flight recorder: what failed stands in /v1/failures, and nothing that did not.

That every reason gets there is held by answers.py, which looks after each answer of uvoy's own.
"""

import json
import pathlib
import threading
import time
import unittest

import harness
import wire
from harness import Uvoy, config, eventually, free_port, run_once
from origin import Origin, answer

NO_CHECK = {"health_check": {"type": "none"}}
ONCE = {"retry": {"attempts": 0}}


class Failures(unittest.TestCase):
    def start(self, *endpoints, **settings):
        return self.enterContext(Uvoy(config(*endpoints, **settings)))

    def failures(self, uvoy, query=""):
        return uvoy.json("/v1/failures" + query)["failures"]

    def newest(self, uvoy, reason):
        """Who has his answer is a little ahead of who writes down that it failed."""
        return eventually(lambda: self.failures(uvoy, f"?reason={reason}&limit=1"), reason)[0]

    def test_when_all_is_well_there_is_nothing(self):
        endpoint = self.enterContext(Origin())
        uvoy = self.start(endpoint, routes=[
            {"match": {"path": "/here"}, "respond": {"status": 503, "body": "on purpose"}},
            {"cluster": "app"},
        ])
        for path in ("/", "/here", "/there") * 5:
            uvoy.ask(path)
        with uvoy.connect() as client:
            for _ in range(5):
                client.send(wire.head("GET", "/"))
                self.assertEqual(client.response().status, 200)
        self.assertEqual(
            uvoy.json("/v1/failures"),
            {"failures": [], "matching": 0, "counts": {"failed": {}, "retried": {}}},
        )
        self.assertEqual(run_once("ctl", "failures", "--config", uvoy.process.args[2]).out,
                         "no failures\n")

    def test_it_says_all_that_is_known_without_any_log(self):
        dead = f"127.0.0.1:{free_port()}"
        uvoy = self.start(dead, cluster=NO_CHECK, routes=[
            {"name": "shop", "cluster": "app", **ONCE}
        ])
        fields = [("X-Request-Id", "find-me")]
        got = uvoy.ask("/caf%C3%A9?secret=1", method="DELETE", fields=fields, host="shop.example")
        self.assertEqual(got.status, 503)
        told = self.newest(uvoy, "connect_refused")
        self.assertLess(told.pop("duration_seconds"), harness.PATIENCE)
        self.assertRegex(told.pop("time"), r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$")
        self.assertIn(told.pop("worker"), (0, 1))
        self.assertEqual(told, {
            "outcome": "failed", "reason": "connect_refused", "phase": "connecting",
            "side": "upstream", "status": 503, "listener": "web", "route": "shop",
            "cluster": "app", "endpoint": dead, "attempts": 1, "wait_seconds": None,
            "connect_seconds": None, "first_byte_seconds": None, "method": "DELETE",
            "host": "shop.example", "path": "/caf%C3%A9", "client": "127.0.0.1",
            "request_id": "find-me", "more": 0,
        })
        self.assertNotIn("secret", json.dumps(uvoy.json("/v1/failures")))

    def test_a_try_whose_failure_no_client_saw_is_there_too(self):
        alive = self.enterContext(Origin())
        dead = f"127.0.0.1:{free_port()}"
        uvoy = self.start(alive, dead, cluster={**NO_CHECK, "outlier_detection": None})
        eventually(lambda: uvoy.ask(f"/{time.monotonic()}").status == 200 and self.failures(uvoy))
        told = self.newest(uvoy, "connect_refused")
        self.assertEqual((told["outcome"], told["status"], told["endpoint"]),
                         ("retried", None, dead))
        counts = uvoy.json("/v1/failures")["counts"]
        self.assertEqual(counts["failed"], {})
        self.assertGreater(counts["retried"]["connect_refused"], 0)

    def test_an_answer_of_the_endpoint_that_says_that_it_failed(self):
        def trouble(_, request, peer):
            peer.send(answer(status="500 Oh" if request.target == "/500" else "503 No"))

        uvoy = self.start(self.enterContext(Origin(trouble)), cluster=NO_CHECK, routes=[
            {"match": {"path": "/again"}, "cluster": "app",
             "retry": {"attempts": 1, "on": ["5xx"]}},
            {"cluster": "app"},
        ])
        self.assertEqual(uvoy.ask("/500").status, 500)
        told = self.newest(uvoy, "error_status")
        self.assertEqual((told["outcome"], told["status"], told["side"], told["phase"]),
                         ("failed", 500, "upstream", "response_head"))
        self.assertGreater(told["first_byte_seconds"], 0)
        self.assertEqual(uvoy.ask("/again").status, 503)
        eventually(lambda: len(self.failures(uvoy)) == 3)
        tries = [(f["outcome"], f["status"]) for f in self.failures(uvoy)[:2]]
        self.assertEqual(sorted(tries), [("failed", 503), ("retried", 503)])

    def test_a_client_that_goes_and_an_answer_that_is_cut(self):
        over = threading.Event()
        self.addCleanup(over.set)

        def cut(_, request, peer):
            if request.target == "/cut":
                peer.send("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf")
                peer.close()
            over.wait(harness.PATIENCE)

        endpoint = self.enterContext(Origin(cut))
        uvoy = self.start(endpoint, cluster=NO_CHECK)
        with self.assertRaises((wire.Truncated, ConnectionError)):
            uvoy.ask("/cut")
        told = self.newest(uvoy, "reset_in_body")
        self.assertEqual((told["phase"], told["status"]), ("response_body", 200))
        with uvoy.connect() as client:
            client.send(wire.head("GET", "/wait"))
            eventually(lambda: any(r.target == "/wait" for r in endpoint.requests))
            client.reset()
        told = self.newest(uvoy, "client_closed")
        self.assertEqual((told["side"], told["status"], told["path"]),
                         ("downstream", 499, "/wait"))

    def test_a_flood_of_rejections_hides_nothing_and_stays_small(self):
        uvoy = self.start(
            f"127.0.0.1:{free_port()}", cluster=NO_CHECK, workers=1,
            rate_limits={"one": {"rate": "1/h", "burst": 1, "key": []}},
            routes=[
                {"match": {"path": "/broken"}, "cluster": "app", **ONCE},
                {"match": {"path": "/limited"}, "respond": {"body": ""}, "rate_limits": ["one"]},
            ],
        )
        self.assertEqual(uvoy.ask("/broken").status, 503)
        flood = 3000
        with uvoy.connect() as client:
            for _ in range(flood // 100):
                client.send(wire.head("GET", "/limited") * 100)
                for _ in range(100):
                    client.response()
        told = uvoy.json("/v1/failures?limit=10000")
        self.assertEqual(told["counts"]["failed"],
                         {"connect_refused": 1, "rate_limited": flood - 1})
        self.assertLessEqual(len(told["failures"]), 256)
        limited = [f for f in told["failures"] if f["reason"] == "rate_limited"]
        self.assertEqual(sum(1 + f["more"] for f in limited), flood - 1)
        self.assertGreaterEqual(len(limited), 16)
        times = [f["time"] for f in told["failures"]]
        self.assertEqual(times, sorted(times, reverse=True))
        self.assertEqual(len(self.failures(uvoy, "?reason=connect_refused")), 1)

    def test_a_reload_keeps_them_also_those_of_what_is_gone(self):
        uvoy = self.start(f"127.0.0.1:{free_port()}", cluster=NO_CHECK)
        self.assertEqual(uvoy.ask("/before").status, 503)
        before = self.newest(uvoy, "connect_refused")
        file = pathlib.Path(uvoy.process.args[2])
        settings = json.loads(file.read_text())
        settings["clusters"] = {"new": {"endpoints": [f"127.0.0.1:{free_port()}"], **NO_CHECK}}
        file.write_text(json.dumps(settings))
        done = run_once("ctl", "reload", "--config", file)
        self.assertEqual(done.returncode, 0, done.err)
        eventually(lambda: uvoy.json("/v1/status")["config"]["generations"] == 1)
        self.assertIn(before, self.failures(uvoy, "?cluster=app"))
        self.assertEqual(uvoy.ask("/after").status, 503)
        eventually(lambda: self.failures(uvoy, "?cluster=new"), "those of the new cluster")
        self.assertIn(before, self.failures(uvoy))

    def test_ctl_shows_a_table_in_which_no_client_can_write(self):
        uvoy = self.start(f"127.0.0.1:{free_port()}", cluster=NO_CHECK, routes=[
            {"cluster": "app", **ONCE}
        ])
        with uvoy.connect() as client:
            client.send(b"GET /\xc2\x9b31m\xe2\x80\xae HTTP/1.1\r\nHost: test\r\n\r\n")
            status = client.response().status
        self.assertEqual(uvoy.ask("/plain").status, 503)
        file = uvoy.process.args[2]

        def table():
            done = run_once("ctl", "failures", "--config", file)
            self.assertEqual(done.returncode, 0, done.err)
            return done.out.splitlines()

        heading, *rows = eventually(lambda: len(table()) == 3 and table())
        self.assertTrue(heading.startswith("TIME"), heading)
        # Two workers may have had them within one millisecond.
        [plain] = [row for row in rows if "GET test/plain" in row]
        [other] = [row for row in rows if row != plain]
        self.assertIn("connect_refused", plain)
        self.assertIn("connect_refused" if status == 503 else "bad_request", other)
        self.assertTrue(all(line.isascii() and line.isprintable() for line in rows), rows)
        told = run_once("ctl", "failures", "--json", "--limit", "1", "--reason",
                        "connect_refused", "--cluster", "app", "--config", file)
        self.assertEqual(len(json.loads(told.out)["failures"]), 1)
        refused = run_once("ctl", "failures", "--reason", "bad_luck", "--config", file)
        self.assertEqual((refused.returncode, refused.out), (1, ""))
        words = run_once("complete", "--", "ctl", "failures", "--reason", "connect_").out.split()
        self.assertEqual(words, ["connect_refused", "connect_timeout", "connect_failed"])

    def test_whoever_asks_without_end_while_much_fails_disturbs_nobody(self):
        uvoy = self.start(f"127.0.0.1:{free_port()}", cluster=NO_CHECK, routes=[
            {"cluster": "app", **ONCE}
        ])
        stop = threading.Event()
        asked = []

        def ask():
            while not stop.is_set():
                got = uvoy.admin("/v1/failures?limit=10000")
                asked.append(got.status)
                if got.status == 200:
                    told = json.loads(got.body)["failures"]
                    assert all(f["path"].startswith("/f") for f in told), told

        reader = threading.Thread(target=ask)
        reader.start()
        try:
            for i in range(300):
                self.assertEqual(uvoy.ask(f"/f{i}").status, 503)
        finally:
            stop.set()
            reader.join()
        self.assertIn(200, asked)
        self.assertLessEqual(set(asked), {200, 503})
        eventually(lambda: uvoy.json("/v1/failures").get("counts", {}).get("failed")
                   == {"connect_refused": 300})


if __name__ == "__main__":
    harness.main()
