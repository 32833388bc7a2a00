"""Every answer of uvoy itself: its form, its reason, and what becomes of the connection."""

import dataclasses
import re
import threading
import unittest

import harness
import origin
from answers import BAD, FULL, Answers, Case, chunked, get, kept, post
from harness import eventually
from origin import Origin

NO_CHECK = {"health_check": {"type": "none"}}

# What cannot be understood, or does not come: the connection ends.
REFUSED = {
    "a line without a colon": Case(400, "bad_request", BAD, get("/ok", "no colon")),
    "no Host": Case(400, "bad_request", BAD, b"GET /ok HTTP/1.1\r\n\r\n"),
    "junk": Case(400, "bad_request", BAD, b"\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03"),
    "two framings": Case(
        400, "bad_request", BAD, chunked("/ok", b"").replace(b"Tr", b"Content-Length: 1\r\nTr", 1)
    ),
    "a chunk without a size": Case(400, "bad_request", BAD, chunked("/ok", b"zz\r\n")),
    "a head without an end": Case(408, "client_timeout", BAD, get()[:-2]),
    "a body without an end": Case(
        408, "client_timeout", BAD, post("/ok", "Content-Length: 9", body=b"half")
    ),
    "a long target": Case(414, "target_too_long", BAD, get("/" + "x" * 1100)),
    "an unknown expectation": Case(417, "bad_request", BAD, get("/ok", "Expect: wonders")),
    "a long head": Case(431, "headers_too_large", BAD, get("/ok", "A: " + "x" * 4100)),
    "many headers": Case(431, "headers_too_large", BAD, get("/ok", *["A: b"] * 40)),
    "long trailers": Case(
        431, "headers_too_large", BAD, chunked("/ok", b"0\r\nA: " + b"x" * 9000 + b"\r\n\r\n")
    ),
    "an unknown coding": Case(
        501, "bad_request", BAD, post("/ok", "Transfer-Encoding: gzip, chunked")
    ),
    "CONNECT": Case(
        501, "bad_request", BAD, b"CONNECT test:443 HTTP/1.1\r\nHost: test:443\r\n\r\n"
    ),
    "the next version": Case(505, "bad_request", BAD, get(version="2.0")),
}

# A whole request was read, so the connection can go on.
ANSWERED = {
    "no route": kept(404, "no_route", "destination_not_found", get("/lost")),
    "a rate limit": kept(
        429, "rate_limited", "http_request_denied", get("/limited"), before=get("/limited")
    ),
    "reset before an answer": kept(
        502, "reset_before_headers", "connection_terminated", get("/reset")
    ),
    "half a head": kept(502, "reset_in_headers", "http_response_incomplete", get("/partial")),
    "a malformed head": kept(502, "bad_response", "http_protocol_error", get("/bad")),
    "an endless head": kept(
        502, "response_too_large", "http_response_header_section_size", get("/big")
    ),
    "too many headers": kept(
        502, "response_too_large", "http_response_header_section_size", get("/many")
    ),
    "a reused connection that is over": kept(
        502, "stale_connection", "connection_terminated",
        post("/stale", "Content-Length: 1", body=b"x"), before=get("/stale"),
    ),
    "nobody listens": kept(503, "connect_refused", "connection_refused", get("/refused")),
    "all endpoints are sick": kept(
        503, "no_healthy_endpoint", "destination_unavailable", get("/sick")
    ),
    "too many requests at the endpoint": kept(
        503, "overflow_requests", FULL, get("/single"), held="/single"
    ),
    "no place to wait": kept(503, "overflow_pending", FULL, get("/unqueued"), held="/unqueued"),
    "too long a wait": kept(503, "overflow_pending", FULL, get("/queued"), held="/queued"),
    "nobody accepts": kept(504, "connect_timeout", "connection_timeout", get("/deaf")),
    "no answer in time": kept(504, "route_timeout", "http_response_timeout", get("/slow")),
    "no answer in the time of a try": kept(
        504, "first_byte_timeout", "http_response_timeout", get("/late")
    ),
    "no room for a retry": kept(
        503, "retry_budget_spent", "connection_limit_reached", get("/spent")
    ),
    "nothing for too long": kept(504, "idle_timeout", "connection_read_timeout", get("/idle")),
}


# Provoked one by one, below, in memory_test and in descriptors_test.
OTHERS = {
    (413, "body_too_large"), (502, "loop_detected"), (503, "overflow_connections"),
    (503, "overload"), (503, "connect_failed"),
}


class Manual(unittest.TestCase):
    def test_the_manual_lists_these_answers_and_no_other(self):
        told = set()
        for line in (harness.ROOT / "README.md").read_text().splitlines():
            if row := re.fullmatch(r"\| ([45]\d\d) \| ([^|]+) \| [^|]+ \| [^|]+ \|", line):
                told |= {(int(row[1]), reason) for reason in re.findall(r"`(\w+)`", row[2])}
        cases = [*REFUSED.values(), *ANSWERED.values()]
        self.assertEqual(told, OTHERS | {(case.status, case.reason) for case in cases})


class Refusals(Answers):
    def setUp(self):
        endpoint = self.enterContext(Origin())
        self.uvoy = self.start(
            endpoint,
            cluster=NO_CHECK,
            listener={
                "timeouts": {"headers": "400ms", "body": "400ms"},
                "limits": {"header_bytes": "4KiB", "headers": 32, "target_bytes": "1KiB"},
            },
        )

    def test_what_cannot_be_understood_is_refused_and_ends_the_connection(self):
        for what, case in REFUSED.items():
            with self.subTest(what):
                self.check(self.uvoy, case)

    def test_a_refused_head_request_gets_no_body(self):
        for what, case in REFUSED.items():
            if case.request.startswith(b"GET "):
                with self.subTest(what):
                    request = b"HEAD" + case.request[3:]
                    self.check(self.uvoy, dataclasses.replace(case, request=request), "HEAD")


class Failures(Answers):
    def setUp(self):
        self.over = threading.Event()
        self.endpoint = self.enterContext(Origin(self.serve))
        self.addCleanup(self.over.set)
        self.sick = self.enterContext(Origin(name="sick"))
        self.sick.health_status = "500 Sick"
        self.deaf = self.enterContext(origin.Deaf())
        self.dead = self.enterContext(Origin(name="dead"))
        self.dead.kill()
        self.uvoy = self.start(self.endpoint, **self.settings())
        eventually(lambda: self.uvoy.endpoints("sick")[self.sick.address]["state"] != "healthy")

    def settings(self):
        def cluster(endpoint, **more):
            return {"endpoints": [endpoint.address], **NO_CHECK, **more}

        queue = {"connections": 1, "pending": 1, "pending_timeout": "300ms"}
        sick = {"interval": "100ms", "timeout": "5s", "path": "/", "unhealthy_after": 1}
        own = ["reset", "refused", "sick", "single", "unqueued", "queued", "deaf"]
        others = {
            "/slow": {"timeout": "300ms"},
            "/idle": {"timeout": "0s", "idle_timeout": "300ms"},
            "/late": {"retry": {"attempts": 0, "per_try_timeout": "300ms"}},
            "/spent": {"cluster": "spent", "retry": {"attempts": 1}},
            "/limited": {"rate_limits": ["one"]},
            **{path: {} for path in ("/ok", "/partial", "/bad", "/big", "/many", "/stale")},
        }
        once = {"retry": {"attempts": 0}}
        return {
            "clusters": {
                "app": NO_CHECK,
                "reset": cluster(self.endpoint),  # with no connection that could be stale
                "refused": cluster(self.dead),
                "sick": cluster(
                    self.sick, health_check=sick, load_balancing={"panic_threshold": "100%"}
                ),
                "single": cluster(self.endpoint, limits={"requests": 1}),
                "unqueued": cluster(self.endpoint, limits={**queue, "pending": 0}),
                "queued": cluster(self.endpoint, limits=queue),
                "spent": cluster(
                    self.dead,
                    retry_budget={"ratio": "0%", "min": 0},
                    limits={"pending_timeout": "300ms"},
                ),
                "deaf": cluster(self.deaf, timeouts={"connect": "300ms"}),
            },
            "rate_limits": {"one": {"rate": "1/m", "burst": 1, "key": ["client_ip"]}},
            "routes": [
                {"match": {"path": f"/{name}"}, "cluster": name, **once} for name in own
            ] + [
                {"match": {"path": path}, "cluster": "app", **once, **more}
                for path, more in others.items()
            ],
        }

    def serve(self, which, request, peer):
        peer.read_body(request)
        again, peer.served = getattr(peer, "served", None), request.target
        if request.target == "/reset" or (again == request.target == "/stale"):
            peer.reset()
        elif request.target == "/partial":
            peer.send("HTTP/1.1 200 OK\r\nContent-")
            peer.close()
        elif request.target == "/bad":
            peer.send("HTTP/1.1 200 OK\r\nno colon\r\n\r\n")
        elif request.target == "/big":
            peer.send("HTTP/1.1 200 OK\r\nA: " + "x" * 70_000)
        elif request.target == "/many":
            peer.send("HTTP/1.1 200 OK\r\n" + "A: b\r\n" * 257 + "\r\n")
        elif request.target in ("/slow", "/late", "/idle", "/single", "/unqueued", "/queued"):
            self.over.wait(harness.PATIENCE)
        else:
            peer.send(origin.answer())

    def check_while_held(self, case, method="GET"):
        if not case.held:
            self.check(self.uvoy, case, method)
            return
        self.endpoint.forget()
        with self.uvoy.connect() as holder:
            holder.send(get(case.held))
            eventually(lambda: self.endpoint.requests)
            self.check(self.uvoy, case, method)
            holder.reset()
        eventually(lambda: self.uvoy.metric("active_connections") == 0)

    def test_what_fails_is_told_and_the_connection_goes_on(self):
        for what, case in ANSWERED.items():
            with self.subTest(what):
                self.check_while_held(case)

    def test_head_gets_no_body_and_the_connection_goes_on(self):
        for what, case in ANSWERED.items():
            if case.request.startswith(b"GET ") and not case.before:
                with self.subTest(what):
                    request = b"HEAD" + case.request[3:]
                    self.check_while_held(dataclasses.replace(case, request=request), "HEAD")

    def test_an_old_client_gets_the_same_answer_and_the_end(self):
        for path, reason, error in (
            ("/lost", "no_route", "destination_not_found"),
            ("/bad", "bad_response", "http_protocol_error"),
        ):
            case = Case(404 if path == "/lost" else 502, reason, error, get(path, version="1.0"))
            with self.subTest(path):
                self.check(self.uvoy, case)

    def test_a_request_that_came_back_is_a_loop(self):
        self.assertEqual(self.uvoy.ask("/ok").status, 200)
        via = self.endpoint.requests[-1].get("via")
        request = get("/ok", f"Via: {via}")
        case = Case(502, "loop_detected", "proxy_loop_detected", request)
        self.check(self.uvoy, case)


class TooMuch(Answers):
    def test_a_body_that_is_too_large(self):
        endpoint = self.enterContext(Origin())
        uvoy = self.start(endpoint, routes=[{"cluster": "app", "max_body": "1KiB"}])
        for what, keeps, request in (
            # So little is read and thrown away.
            ("a little", True, post("/ok", "Content-Length: 1025", body=bytes(1025))),
            ("a lot", False, post("/ok", "Content-Length: 1000000", body=bytes(1000))),
            ("in chunks", False, chunked("/ok", b"401\r\n" + bytes(1025) + b"\r\n0\r\n\r\n")),
        ):
            with self.subTest(what):
                self.check(uvoy, Case(413, "body_too_large", BAD, request, keeps=keeps))

    def test_a_client_with_too_many_connections(self):
        endpoint = self.enterContext(Origin())
        uvoy = self.start(endpoint, listener={"limits": {"connections_per_client": 1}})
        with uvoy.connect() as first:
            first.send(get())
            self.assertEqual(first.response().status, 200)
            self.check(uvoy, Case(503, "overflow_connections", FULL, get()))


if __name__ == "__main__":
    harness.main()
