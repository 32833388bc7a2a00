"""The main job: requests in, routed, answers out, over HTTP/1.1 and 1.0."""

import json
import unittest

import harness
import origin
import wire
from harness import Uvoy, config
from origin import Origin


class MainJob(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.origins = [cls.enterClassContext(Origin(name=name)) for name in "abc"]
        cls.uvoy = cls.enterClassContext(Uvoy(config(*cls.origins)))

    def told(self, *arguments, **options):
        response = self.uvoy.ask(*arguments, **options)
        self.assertEqual(response.status, 200)
        return wire.Message(**{"start": "", **pick(json.loads(response.body))})

    def test_a_request_arrives_with_what_a_proxy_adds(self):
        got = self.told("/some/path?q=1", host="example.com:80", fields=[("X-Own", "kept")])
        self.assertEqual(got.start, "GET /some/path?q=1 HTTP/1.1")
        self.assertEqual(got.all("host"), ["example.com:80"])
        self.assertEqual(got.all("x-own"), ["kept"])
        self.assertEqual(got.all("x-forwarded-for"), ["127.0.0.1"])
        self.assertEqual(got.all("x-forwarded-proto"), ["http"])
        self.assertEqual(got.all("x-forwarded-host"), ["example.com:80"])
        self.assertIn("1.1 uvoy", got.get("via"))
        self.assertRegex(got.get("x-request-id"), "^[0-9a-f]{32}$")

    def test_a_client_cannot_forge_where_it_comes_from(self):
        forged = [("X-Forwarded-For", "6.6.6.6"), ("X-Forwarded-Proto", "https")]
        got = self.told("/", fields=forged + [("Forwarded", "for=6.6.6.6")])
        self.assertEqual(got.all("x-forwarded-for"), ["127.0.0.1"])
        self.assertEqual(got.all("x-forwarded-proto"), ["http"])
        self.assertNotIn("6.6.6.6", str(got.fields))

    def test_a_harmless_request_id_is_kept_and_a_harmful_one_is_not(self):
        got = self.told(fields=[("X-Request-Id", "abc-1")])
        self.assertEqual(got.all("x-request-id"), ["abc-1"])
        got = self.told(fields=[("X-Request-Id", 'a"b')]).all("x-request-id")
        self.assertEqual(len(got), 1)
        self.assertNotIn('"', got[0])

    def test_hop_by_hop_fields_stay_on_their_hop(self):
        hop = [("Connection", "x-mine"), ("X-Mine", "1"), ("Keep-Alive", "9"), ("TE", "gzip")]
        names = {name.lower() for name, _ in self.told(fields=hop).fields}
        self.assertFalse(names & {"x-mine", "keep-alive", "te", "connection"}, names)

    def test_the_answer_says_via_and_has_a_date(self):
        response = self.uvoy.ask()
        self.assertIn("1.1 uvoy", response.get("via"))
        self.assertEqual(len(response.all("date")), 1)

    def test_a_connection_serves_many_requests(self):
        before = self.uvoy.metric("uvoy_connections_total", 'listener="web"')
        with self.uvoy.connect() as client:
            for i in range(10):
                client.send(wire.head("GET", "/same"))
                self.assertEqual(client.response().status, 200)
        self.assertEqual(self.uvoy.metric("uvoy_connections_total", 'listener="web"'), before + 1)

    def test_connections_to_an_endpoint_are_used_again(self):
        with self.uvoy.connect() as client:
            client.send(wire.head("GET", "/reused"))
            client.response()
            served = sum(len(o.peers) for o in self.origins)
            before = self.uvoy.metric("uvoy_upstream_reuses_total")
            for _ in range(9):
                client.send(wire.head("GET", "/reused"))
                client.response()
        self.assertEqual(self.uvoy.metric("uvoy_upstream_reuses_total"), before + 9)
        self.assertGreater(served, 0)

    def test_pipelined_requests_are_answered_in_order(self):
        with self.uvoy.connect() as client:
            client.send(b"".join(wire.head("GET", f"/{i}") for i in range(30)))
            got = [json.loads(client.response().body)["start"] for _ in range(30)]
        self.assertEqual(got, [f"GET /{i} HTTP/1.1" for i in range(30)])

    def test_pipelined_requests_with_bodies_are_told_apart(self):
        with self.uvoy.connect() as client:
            for i in range(5):
                client.send(wire.head("POST", f"/{i}", [("Content-Length", 5)]) + b"body%d" % i)
            got = [json.loads(client.response().body)["body"] for _ in range(5)]
        self.assertEqual(got, [f"body{i}" for i in range(5)])

    def test_http_1_0_gets_an_answer_and_then_the_end(self):
        with self.uvoy.connect() as client:
            client.send(b"GET /old HTTP/1.0\r\n\r\n")
            response = client.response()
            self.assertEqual(response.status, 200)
            self.assertTrue(client.at_end())
        self.assertIn("GET /old HTTP/1.1", json.loads(response.body)["start"])

    def test_http_1_0_may_keep_its_connection(self):
        with self.uvoy.connect() as client:
            for _ in range(2):
                client.send(b"GET / HTTP/1.0\r\nHost: x\r\nConnection: keep-alive\r\n\r\n")
                response = client.response()
                self.assertEqual(response.status, 200)
                self.assertEqual(response.get("connection").lower(), "keep-alive")

    def test_connection_close_is_obeyed(self):
        with self.uvoy.connect() as client:
            client.send(wire.head("GET", "/", [("Connection", "close")]))
            self.assertEqual(client.response().get("connection"), "close")
            self.assertTrue(client.at_end())

    def test_head_has_a_length_and_no_body(self):
        with self.uvoy.connect() as client:
            client.send(wire.head("HEAD", "/h") + wire.head("GET", "/g"))
            self.assertGreater(int(client.response("HEAD").get("content-length")), 0)
            self.assertEqual(json.loads(client.response().body)["start"], "GET /g HTTP/1.1")

    def test_a_request_in_chunks_arrives_whole_with_its_trailers(self):
        with self.uvoy.connect() as client:
            client.send(wire.head("POST", "/", [("Transfer-Encoding", "chunked")]))
            client.send(b"5;ext=1\r\nhello\r\n6\r\n world\r\n0\r\nX-Sum: 42\r\n\r\n")
            got = json.loads(client.response().body)
        self.assertEqual(got["body"], "hello world")
        self.assertEqual(got["trailers"], [["X-Sum", "42"]])

    def test_methods_that_uvoy_does_not_know_pass(self):
        self.assertEqual(self.told("/", method="BREW").start, "BREW / HTTP/1.1")

    def test_a_body_of_length_zero_stays_one(self):
        self.assertEqual(self.told("/", method="POST", body=b"").all("content-length"), ["0"])


def pick(told):
    return {key: told[key] for key in ("start", "fields", "trailers")}


class Responses(unittest.TestCase):
    """One endpoint whose answers the tests choose."""

    @classmethod
    def setUpClass(cls):
        cls.origin = cls.enterClassContext(Origin())
        cls.uvoy = cls.enterClassContext(Uvoy(config(cls.origin)))

    def answered_with(self, data, method="GET"):
        self.origin.handler = origin.says(data)
        return self.uvoy.ask(method=method)

    def test_a_response_in_chunks_arrives_whole_with_its_trailers(self):
        got = self.answered_with(
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
            b"3\r\nabc\r\n4\r\ndefg\r\n0\r\nX-Sum: 7\r\n\r\n"
        )
        self.assertEqual(got.body, b"abcdefg")
        self.assertEqual(got.trailers, [("X-Sum", "7")])

    def test_a_response_that_ends_with_the_connection_arrives_whole(self):
        got = self.answered_with(b"HTTP/1.1 200 OK\r\n\r\nuntil the end")
        self.assertEqual(got.body, b"until the end")
        self.assertEqual(got.get("transfer-encoding"), "chunked")

    def test_http_1_0_gets_no_chunks(self):
        self.origin.handler = origin.says(
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"
        )
        with self.uvoy.connect() as client:
            client.send(b"GET / HTTP/1.0\r\nHost: x\r\n\r\n")
            response = client.response()
        self.assertIsNone(response.get("transfer-encoding"))
        self.assertEqual(response.body, b"abc")

    def test_early_hints_arrive_before_the_answer(self):
        got = self.answered_with(
            b"HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\n"
            b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
        )
        self.assertEqual([hint.status for hint in got.interim], [103])
        self.assertEqual(got.interim[0].get("link"), "</a.css>")
        self.assertEqual(got.body, b"ok")

    def test_100_continue_lets_the_body_come(self):
        def handler(which, request, peer):
            peer.send(b"HTTP/1.1 100 Continue\r\n\r\n")
            origin.echo(which, request, peer)

        self.origin.handler = handler
        with self.uvoy.connect() as client:
            fields = [("Expect", "100-continue"), ("Content-Length", 4)]
            client.send(wire.head("POST", "/", fields))
            self.assertEqual(client.response_head().status, 100)
            client.send(b"data")
            self.assertEqual(json.loads(client.response().body)["body"], "data")

    def test_an_endpoint_may_refuse_a_body_it_was_asked_to_expect(self):
        def handler(_, request, peer):
            peer.send(origin.answer(b"no", "417 Expectation Failed"))
            peer.close()

        self.origin.handler = handler
        with self.uvoy.connect() as client:
            fields = [("Expect", "100-continue"), ("Content-Length", 4)]
            client.send(wire.head("POST", "/", fields))
            self.assertEqual(client.response().status, 417)

    def test_304_and_204_have_no_body(self):
        got = self.answered_with(b"HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n")
        self.assertEqual((got.status, got.get("content-length")), (304, "9"))
        self.assertEqual(self.answered_with(b"HTTP/1.1 204 No Content\r\n\r\n").status, 204)

    def test_an_upgraded_connection_is_a_tunnel_in_both_directions(self):
        def handler(_, request, peer):
            self.assertEqual(request.get("connection").lower(), "upgrade")
            peer.send(
                f"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\n"
                f"Upgrade: {request.get('upgrade')}\r\n\r\nwelcome"
            )
            while data := peer.sock.recv(65536):
                peer.send(data[::-1])
            peer.close()

        self.origin.handler = handler
        with self.uvoy.connect() as client:
            fields = [("Connection", "Upgrade"), ("Upgrade", "websocket")]
            client.send(wire.head("GET", "/", fields))
            self.assertEqual(client.response().status, 101)
            self.assertEqual(client.exact(7), b"welcome")
            for data in (b"\x00\xff\r\n\r\n!", b"ping" * 1000):
                client.send(data)
                got = client.exact(len(data))
                self.assertEqual(sorted(got), sorted(data))
            client.shut()
            self.assertTrue(client.at_end())

    def test_an_upgrade_that_is_not_allowed_is_a_plain_request(self):
        self.origin.handler = origin.echo
        fields = [("Connection", "Upgrade"), ("Upgrade", "h2c")]
        with self.uvoy.connect() as client:
            client.send(wire.head("GET", "/", fields))
            response = client.response()
        self.assertEqual(response.status, 200)
        self.assertNotIn("upgrade", response.body.decode().lower())

    def test_fields_of_a_response_keep_their_order_and_repetition(self):
        got = self.answered_with(
            b"HTTP/1.1 200 Fine\r\nSet-Cookie: a=1\r\nX-B: 2\r\nSet-Cookie: c=3\r\n"
            b"Content-Length: 0\r\n\r\n"
        )
        self.assertEqual(got.all("set-cookie"), ["a=1", "c=3"])
        self.assertEqual(got.start, "HTTP/1.1 200 Fine")


if __name__ == "__main__":
    harness.main()
