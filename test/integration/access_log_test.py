"""One request, one line, whatever a client sends."""

import json
import os
import pathlib
import signal
import tempfile
import unittest

import harness
import origin
import wire
from harness import Uvoy, config, eventually
from origin import Origin

FIELDS = (
    "time request_id trace_id listener client protocol method host path status reason route "
    "cluster backend attempts received sent duration wait connect first_byte user_agent referer"
).split()


TRACE = "0af7651916cd43dd8448eb211c80319c"


class Logged(unittest.TestCase):
    def setUp(self):
        self.origin = self.enterContext(Origin())

    def folder(self):
        return pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))


class AccessLog(Logged):

    def start(self, path="stdout", **top):
        # One worker: lines of several come in any order.
        settings = config(self.origin, access_log={"path": path}, workers=1, **top)
        return self.enterContext(Uvoy(settings))

    def lines(self, uvoy, count):
        """The lines, when there are as many as expected."""
        eventually(lambda: uvoy.stdout().count("\n") >= count, f"{count} lines")
        found = uvoy.stdout().split("\n")[:-1]
        self.assertEqual(len(found), count)
        return [json.loads(line) for line in found]

    def test_a_line_has_all_fields_in_their_order(self):
        uvoy = self.start()
        fields = [("User-Agent", "me"), ("Referer", "you")]
        uvoy.ask("/path?query", host="example.com", fields=fields)
        (line,) = self.lines(uvoy, 1)
        self.assertEqual(list(line), FIELDS)
        expected = {
            "listener": "web", "protocol": "HTTP/1.1", "method": "GET", "host": "example.com",
            "path": "/path", "status": 200, "route": "default", "cluster": "app",
            "backend": self.origin.address, "attempts": 1, "user_agent": "me", "referer": "you",
        }
        self.assertEqual({key: line[key] for key in expected}, expected)
        self.assertRegex(line["time"], r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$")
        self.assertTrue(line["client"].startswith("127.0.0.1"))
        for name in ("duration", "connect", "first_byte"):
            self.assertGreater(line[name], 0, name)

    def test_the_id_in_the_log_is_the_one_that_the_endpoint_got(self):
        uvoy = self.start()
        uvoy.ask()
        (line,) = self.lines(uvoy, 1)
        self.assertEqual(self.origin.requests[0].get("x-request-id"), line["request_id"])

    def test_after_sigusr1_lines_go_to_the_file_that_has_the_name(self):
        folder = self.folder()
        path, old = folder / "access.log", folder / "access.log.1"
        uvoy = self.start(path=str(path))
        uvoy.ask("/one")
        eventually(lambda: path.read_text().count("\n") == 1, "the first line")
        path.rename(old)
        uvoy.process.send_signal(signal.SIGUSR1)
        eventually(path.exists, "a new file")
        uvoy.ask("/two")
        eventually(lambda: path.read_text().count("\n") == 1, "the second line")
        self.assertEqual(json.loads(old.read_text())["path"], "/one")
        self.assertEqual(json.loads(path.read_text())["path"], "/two")

    def test_bytes_are_those_of_the_bodies_or_more(self):
        self.origin.handler = lambda _, request, peer: (
            peer.read_body(request), peer.send(origin.answer(bytes(5000)))
        )
        uvoy = self.start()
        uvoy.ask(method="POST", body=bytes(3000))
        uvoy.ask(method="POST", body=bytes(3700))
        first, second = self.lines(uvoy, 2)
        self.assertEqual(second["received"] - first["received"], 700)
        self.assertIn(first["received"] - 3000, range(0, 300))
        self.assertIn(first["sent"] - 5000, range(0, 300))

    def test_an_answer_of_uvoy_has_its_reason(self):
        self.origin.kill()
        uvoy = self.start()
        uvoy.ask()
        with uvoy.connect() as client:
            client.send(b"nonsense\r\n\r\n")
            client.response()
        refused, bad = self.lines(uvoy, 2)
        self.assertEqual((refused["status"], refused["reason"]), (503, "connect_refused"))
        self.assertEqual((bad["status"], bad["reason"]), (400, "bad_request"))

    def test_no_client_can_forge_a_line(self):
        uvoy = self.start()
        evil = [
            '"}', '\\', '\\"', '{"status":200}', "\x80\xff\xc0\xaf", "\xe2\x80\xa8", "\t",
            "%0a%0d", "a" * 4000, "\xf0\x9f\x92\xa9", '","status":1,"x":"',
        ]
        for agent in evil:
            uvoy.ask("/%22%5C?%0A", fields=[("User-Agent", "<" + agent + ">"), ("Referer", agent)])
        lines = self.lines(uvoy, len(evil))
        for line, agent in zip(lines, evil):
            self.assertEqual((list(line), line["status"]), (FIELDS, 200))
        self.assertEqual(lines[3]["user_agent"], '<{"status":200}>')
        self.assertEqual(lines[9]["user_agent"], "<\U0001f4a9>")
        self.assertTrue(lines[8]["user_agent"].startswith("<aaaa"))

    def test_secrets_never_appear(self):
        uvoy = self.start()
        fields = [("Authorization", "Basic hunter2"), ("Cookie", "id=hunter2")]
        uvoy.ask("/?token=hunter2", fields=fields)
        self.lines(uvoy, 1)
        self.assertNotIn("hunter2", uvoy.stdout())

    def test_a_route_may_be_left_out(self):
        uvoy = self.start(routes=[
            {"match": {"path": "/quiet"}, "cluster": "app", "access_log": False},
            {"cluster": "app"},
        ])
        uvoy.ask("/quiet")
        uvoy.ask("/loud")
        (line,) = self.lines(uvoy, 1)
        self.assertEqual(line["path"], "/loud")

    def test_a_file_is_appended_to_and_all_lines_are_there_at_the_end(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "access.log")
            for round_number in (1, 2):
                with Uvoy(config(self.origin, access_log={"path": path})) as uvoy:
                    with uvoy.connect() as client:
                        for i in range(300):
                            client.send(wire.head("GET", f"/{i}"))
                            client.response()
                with open(path) as file:
                    paths = [json.loads(line)["path"] for line in file]
                self.assertEqual(paths, [f"/{i}" for i in range(300)] * round_number)
            self.assertEqual(os.stat(path).st_mode & 0o007, 0)

    def test_a_reader_that_stands_still_holds_up_no_request(self):
        read_end, write_end = os.pipe()
        self.addCleanup(os.close, read_end)
        uvoy = Uvoy(config(self.origin, access_log={"path": f"/proc/self/fd/{write_end}"}),
                    pass_fds=[write_end])
        with uvoy:
            os.close(write_end)
            with uvoy.connect() as client:
                for i in range(3000):
                    client.send(wire.head("GET", "/", [("User-Agent", "a" * 200)]))
                    self.assertEqual(client.response().status, 200)
            eventually(lambda: uvoy.metric("uvoy_log_dropped_total") > 0)
            self.assertIn("its reader is too slow", uvoy.log())


class Formats(Logged):
    def test_each_log_has_its_format_and_its_choice(self):
        folder = self.folder()
        logs = {
            "json": {},
            "combined": {"format": "combined"},
            "own": {"format": "%{status} %{path} \"%{query}\" %{backend} 100%%"},
            "errors": {"format": "%{status} %{reason}", "only": "errors"},
            "some": {"format": "%{status}", "sample": "0%"},
        }
        uvoy = self.enterContext(Uvoy(config(
            self.origin, workers=1, cluster={"health_check": {"type": "none"}},
            access_log=[{"path": str(folder / name), **log} for name, log in logs.items()],
        )))
        agent = [("User-Agent", 'a"b\xe9'), ("Referer", "http://x/")]
        uvoy.ask("/one?q=1", fields=agent)
        with uvoy.connect() as client:
            client.send(b"nonsense\r\n\r\n")
            client.response()
        self.origin.kill()
        uvoy.ask("/two")
        counts = {"json": 3, "combined": 3, "own": 3, "errors": 1, "some": 1}

        def text(name):
            return (folder / name).read_text()

        for name, count in counts.items():
            eventually(lambda: text(name).count("\n") >= count, name)  # noqa: B023
            self.assertEqual(text(name).count("\n"), count, name)
        lines = text("combined").splitlines()
        self.assertRegex(
            lines[0],
            r'^127\.0\.0\.1 - - \[\d\d/[A-Z][a-z]{2}/\d{4}:\d\d:\d\d:\d\d \+0000\] '
            r'"GET /one\?q=1 HTTP/1\.1" 200 \d+ "http://x/" "a\\x22b\\xE9"$',
        )
        self.assertIn('] "-" 400 ', lines[1])
        own = text("own").splitlines()
        self.assertEqual(own[0], f'200 /one "q=1" {self.origin.address} 100%')
        self.assertEqual(own[1], '400 - "-" - 100%')
        self.assertEqual(text("errors"), "503 connect_refused\n")
        self.assertEqual(text("some"), "503\n")

    def test_bytes_of_a_body_are_counted_without_its_head(self):
        path = self.folder() / "log"
        uvoy = self.enterContext(Uvoy(config(
            self.origin, workers=1,
            access_log={"path": str(path), "format": "%{method} %{status} %{body_sent}"},
            routes=[{"match": {"path": "/own"}, "respond": {"body": "12345"}}, {"cluster": "app"}],
        )))
        self.origin.handler = lambda _, request, peer: peer.send(
            b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" + origin.answer(bytes(5000))
        )
        uvoy.ask("/")
        uvoy.ask("/own")
        uvoy.ask("/own", method="HEAD")
        expected = "GET 200 5000\nGET 200 5\nHEAD 200 0\n"
        eventually(lambda: path.read_text() == expected, "three lines")

    def test_a_sample_is_a_share_of_the_lines(self):
        path = self.folder() / "log"
        settings = config(
            self.origin, access_log={"path": str(path), "format": "%{path}", "sample": "25%"},
        )
        with Uvoy(settings) as uvoy, uvoy.connect() as client:
            for i in range(1000):
                client.send(wire.head("GET", f"/{i}"))
                client.response()
        self.assertIn(path.read_text().count("\n"), range(180, 321))


class Traces(Logged):
    def setUp(self):
        super().setUp()
        settings = config(self.origin, access_log={"path": "stdout"}, workers=1)
        self.uvoy = self.enterContext(Uvoy(settings))

    def traced(self, *fields):
        """What the endpoint gets, and the id in the log."""
        before = self.uvoy.stdout().count("\n")
        self.uvoy.ask(fields=fields)
        eventually(lambda: self.uvoy.stdout().count("\n") > before, "a line")
        line = json.loads(self.uvoy.stdout().splitlines()[-1])
        got = self.origin.requests[-1]
        return got.all("traceparent"), got.all("tracestate"), line["trace_id"]

    def test_a_trace_goes_on_as_it_came(self):
        for trace in (f"00-{TRACE}-b7ad6b7169203331-00", f"cc-{TRACE}-b7ad6b7169203331-01-more"):
            told = self.traced(
                ("Traceparent", trace), ("tracestate", "a=1"), ("tracestate", "b=2"),
                ("Connection", "traceparent, tracestate"),
            )
            self.assertEqual(told, ([trace], ["a=1", "b=2"], TRACE))

    def test_a_trace_begins_where_none_can_go_on(self):
        good = f"00-{TRACE}-b7ad6b7169203331-01"
        seen = set()
        for fields in (
            [], [good[:-1]], [good, good], [good.upper()], [good.replace(TRACE, "0" * 32)],
            [good + "-more"], [""], ["a" * 8000],
        ):
            told = [("traceparent", value) for value in fields]
            parents, states, trace = self.traced(*told, ("tracestate", "a=1"))
            self.assertEqual((len(parents), states), (1, []), fields)
            self.assertRegex(parents[0], "^00-[0-9a-f]{32}-[0-9a-f]{16}-01$")
            self.assertEqual(parents[0][3:35], trace)
            seen.add(trace)
        self.assertEqual(len(seen - {TRACE, "0" * 32}), 8)

    def test_a_retry_is_the_same_trace(self):
        self.origin.handler = lambda _, request, peer: (
            peer.send(origin.answer(status="503 Service Unavailable"))
        )
        other = self.enterContext(Origin(self.origin.handler))
        settings = config(self.origin, other, access_log={"path": "stdout"}, routes=[
            {"cluster": "app", "retry": {"attempts": 1, "on": [503]}},
        ])
        uvoy = self.enterContext(Uvoy(settings))
        uvoy.ask()
        (first,), (second,) = self.origin.requests, other.requests
        self.assertEqual(first.all("traceparent"), second.all("traceparent"))
        self.assertEqual(len(first.all("traceparent")), 1)


if __name__ == "__main__":
    harness.main()
