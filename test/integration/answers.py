"""The form of every answer that uvoy makes by itself, and how a test provokes one."""

import dataclasses
import json
import unittest

from harness import Uvoy, config, eventually

PHRASES = {
    400: "Bad Request", 404: "Not Found", 408: "Request Timeout", 413: "Content Too Large",
    414: "URI Too Long", 417: "Expectation Failed", 429: "Too Many Requests",
    431: "Request Header Fields Too Large", 501: "Not Implemented", 502: "Bad Gateway",
    503: "Service Unavailable", 504: "Gateway Timeout", 505: "HTTP Version Not Supported",
}
BAD = "http_request_error"
FULL = "connection_limit_reached"


@dataclasses.dataclass
class Case:
    status: int
    reason: str
    error: str  # of RFC 9209 section 2.3
    request: bytes
    keeps: bool = False  # the connection serves the next request
    before: bytes = b""  # a request on the same connection, answered with 200
    held: str = ""  # a path that another connection asks for, without getting an answer


def get(path="/ok", *lines, method="GET", version="1.1"):
    lines = [f"{method} {path} HTTP/{version}", "Host: test", *lines]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


def post(path="/ok", *lines, body=b""):
    return get(path, *lines, method="POST") + body


def chunked(path, body):
    return post(path, "Transfer-Encoding: chunked", body=body)


def kept(status, reason, error, request, **more):
    return Case(status, reason, error, request, keeps=True, **more)


class Answers(unittest.TestCase):
    def judge(self, response, case, method="GET"):
        """The form that all answers have."""
        body = f"{case.status} {PHRASES[case.status]}: {case.reason}\n".encode()
        self.assertEqual(response.start, f"HTTP/1.1 {case.status} {PHRASES[case.status]}")
        self.assertEqual(response.body, b"" if method == "HEAD" else body)
        told = {name: response.all(name) for name in (
            "proxy-status", "content-length", "content-type", "connection", "transfer-encoding",
        )}
        self.assertEqual(told, {
            "proxy-status": [f'uvoy; error={case.error}; details="{case.reason}"'],
            "content-length": [str(len(body))],
            "content-type": ["text/plain; charset=utf-8"],
            "connection": [] if case.keeps else ["close"],
            "transfer-encoding": [],
        })
        self.assertRegex(response.get("date"), r"^[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} .* GMT$")

    def check(self, uvoy, case, method="GET"):
        counted = uvoy.metric("uvoy_responses_by_uvoy_total", f'reason="{case.reason}"')
        logged = len(self.lines(uvoy, case.reason))
        with uvoy.connect() as client:
            if case.before:
                client.send(case.before)
                self.assertEqual(client.response().status, 200)
            client.send(case.request)
            self.judge(client.response(method), case, method)
            if case.keeps:
                client.send(get())
                self.assertEqual(client.response().status, 200)
            else:
                self.assertTrue(client.at_end())
        self.assertEqual(
            uvoy.metric("uvoy_responses_by_uvoy_total", f'reason="{case.reason}"'), counted + 1
        )
        eventually(lambda: len(self.lines(uvoy, case.reason)) > logged, "a line in the log")
        self.assertEqual(self.lines(uvoy, case.reason)[-1]["status"], case.status)
        told = uvoy.json(f"/v1/failures?reason={case.reason}")
        self.assertEqual(told["counts"]["failed"][case.reason], counted + 1)
        self.assertIn(case.status, [failure["status"] for failure in told["failures"]])

    def lines(self, uvoy, reason):
        """The access log's lines of this reason."""
        lines = [json.loads(line) for line in uvoy.stdout().split("\n")[:-1]]
        return [line for line in lines if line["reason"] == reason]

    def start(self, *endpoints, **settings):
        more = {"workers": 1, "access_log": {"path": "stdout"}, **settings}
        return self.enterContext(Uvoy(config(*endpoints, **more)))
