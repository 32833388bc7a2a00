"""Nothing malformed passes: neither to an endpoint nor to a client."""

import socket
import unittest

import harness
import origin
import wire
from harness import Uvoy, config, eventually
from origin import Origin

HOST = b"Host: x\r\n"


def get(*lines):
    return b"GET / HTTP/1.1\r\n" + HOST + b"".join(line + b"\r\n" for line in lines) + b"\r\n"


def post(*lines, body=b""):
    return b"POST" + get(*lines)[3:] + body


# Name: bytes, status.  None: the head is good, and what follows must not look complete.
REQUESTS = {
    "a bare LF": (b"GET / HTTP/1.1\nHost: x\n\n", 400),
    "a bare LF after a field": (b"GET / HTTP/1.1\r\nHost: x\nA: b\r\n\r\n", 400),
    "a bare LF as the last line": (b"GET / HTTP/1.1\r\nHost: x\r\n\n", 400),
    "a bare CR in a value": (get(b"A: b\rc"), 400),
    "a bare CR in the target": (b"GET /\r HTTP/1.1\r\nHost: x\r\n\r\n", 400),
    "length and chunks": (post(b"Content-Length: 5", b"Transfer-Encoding: chunked"), 400),
    "chunks and length": (post(b"Transfer-Encoding: chunked", b"Content-Length: 0"), 400),
    "two lengths": (post(b"Content-Length: 5", b"Content-Length: 6", body=b"hello"), 400),
    "the same length twice": (post(b"Content-Length: 5", b"Content-Length: 5"), 400),
    "a list of lengths": (post(b"Content-Length: 5, 5"), 400),
    "a negative length": (post(b"Content-Length: -1"), 400),
    "a length with a sign": (post(b"Content-Length: +5"), 400),
    "a hexadecimal length": (post(b"Content-Length: 0x5"), 400),
    "an empty length": (post(b"Content-Length:"), 400),
    "a huge length": (post(b"Content-Length: 99999999999999999999"), 400),
    "a folded field": (get(b"A: b", b" c"), 400),
    "a folded field by a tab": (get(b"A: b", b"\tc"), 400),
    "a blank before the first field": (b"GET / HTTP/1.1\r\n Host: x\r\n\r\n", 400),
    "a blank before a colon": (get(b"A : b"), 400),
    "a tab before a colon": (get(b"Content-Length\t: 5"), 400),
    "a field without a colon": (get(b"Foo"), 400),
    "a field without a name": (get(b": b"), 400),
    "a name with brackets": (get(b"A(b): c"), 400),
    "a name beyond ASCII": (get(b"\xc3\xa4: c"), 400),
    "NUL in a value": (get(b"A: b\0c"), 400),
    "NUL in a name": (get(b"A\0: b"), 400),
    "NUL in the target": (b"GET /\0 HTTP/1.1\r\nHost: x\r\n\r\n", 400),
    "DEL in a value": (get(b"A: b\x7fc"), 400),
    "HTTP/2.0": (b"GET / HTTP/2.0\r\nHost: x\r\n\r\n", 505),
    "HTTP/0.9": (b"GET /\r\n\r\n", 400),
    "HTTP/1.2": (b"GET / HTTP/1.2\r\nHost: x\r\n\r\n", 505),
    "http in small letters": (b"GET / http/1.1\r\nHost: x\r\n\r\n", 400),
    "HTTP/1.10": (b"GET / HTTP/1.10\r\nHost: x\r\n\r\n", 400),
    "two blanks": (b"GET  / HTTP/1.1\r\nHost: x\r\n\r\n", 400),
    "a blank at the end of the line": (b"GET / HTTP/1.1 \r\nHost: x\r\n\r\n", 400),
    "a tab for a blank": (b"GET\t/ HTTP/1.1\r\nHost: x\r\n\r\n", 400),
    "a method that is no token": (b"G@T / HTTP/1.1\r\nHost: x\r\n\r\n", 400),
    "a target beyond ASCII": (b"GET /\xff HTTP/1.1\r\nHost: x\r\n\r\n", 400),
    "a fragment": (b"GET /a#b HTTP/1.1\r\nHost: x\r\n\r\n", 400),
    "a relative target": (b"GET a HTTP/1.1\r\nHost: x\r\n\r\n", 400),
    "no Host": (b"GET / HTTP/1.1\r\nA: b\r\n\r\n", 400),
    "two Hosts": (b"GET / HTTP/1.1\r\nHost: x\r\nHost: x\r\n\r\n", 400),
    "a Host with a path": (b"GET / HTTP/1.1\r\nHost: x/y\r\n\r\n", 400),
    "a Host with a blank": (b"GET / HTTP/1.1\r\nHost: x y\r\n\r\n", 400),
    "a Host with a user": (b"GET / HTTP/1.1\r\nHost: a@b\r\n\r\n", 400),
    "a target of another host": (b"GET http://a/ HTTP/1.1\r\nHost: b\r\n\r\n", 400),
    "CONNECT": (b"CONNECT a:80 HTTP/1.1\r\nHost: a:80\r\n\r\n", 501),
    "an unknown coding": (post(b"Transfer-Encoding: gzip, chunked"), 501),
    "chunked not at the end": (post(b"Transfer-Encoding: chunked, gzip"), 400),
    "chunked twice": (post(b"Transfer-Encoding: chunked", b"Transfer-Encoding: chunked"), 400),
    "identity": (post(b"Transfer-Encoding: identity"), 400),
    "a disguised chunked": (post(b"Transfer-Encoding: xchunked"), 400),
    "a coding behind a vertical tab": (post(b"Transfer-Encoding: \x0bchunked"), 400),
    "chunks in HTTP/1.0": (
        b"POST / HTTP/1.0\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
    "too many fields": (get(*(b"A%d: b" % i for i in range(129))), 431),
    "too long a head": (get(b"A: " + b"b" * 40000), 431),
    "too long a target": (b"GET /" + b"a" * 17000 + b" HTTP/1.1\r\nHost: x\r\n\r\n", 414),
    "TLS": (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(99) + b"\r\n\r\n", 400),
    "the preface of HTTP/2": (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505),
    "nonsense": (b"\xff\xfe\xfd\r\n\r\n", 400),
}

CHUNKS = {
    "no size": b"\r\nhello\r\n0\r\n\r\n",
    "a size that is no number": b"xyz\r\nhello\r\n0\r\n\r\n",
    "a size with 0x": b"0x5\r\nhello\r\n0\r\n\r\n",
    "a negative size": b"-5\r\nhello\r\n0\r\n\r\n",
    "a size with a blank before it": b" 5\r\nhello\r\n0\r\n\r\n",
    "a huge size": b"fffffffffffffffff\r\nhello\r\n0\r\n\r\n",
    "a bare LF after the size": b"5\nhello\r\n0\r\n\r\n",
    "a bare LF after the data": b"5\r\nhello\n0\r\n\r\n",
    "more data than its size": b"5\r\nhelloo\r\n0\r\n\r\n",
    "a bare CR in an extension": b"5;a\rb\r\nhello\r\n0\r\n\r\n",
    "a bare LF in an extension": b"5;a\nb\r\nhello\r\n0\r\n\r\n",
    "a malformed trailer": b"5\r\nhello\r\n0\r\nA b\r\n\r\n",
}

RESPONSES = {
    "nonsense": b"what?\r\n\r\n",
    "nothing": b"",
    "half a head": b"HTTP/1.1 200 OK\r\nContent-",
    "a bare LF": b"HTTP/1.1 200 OK\nContent-Length: 0\n\n",
    "HTTP/2.0": b"HTTP/2.0 200 OK\r\nContent-Length: 0\r\n\r\n",
    "no status": b"HTTP/1.1 OK\r\nContent-Length: 0\r\n\r\n",
    "a status of two digits": b"HTTP/1.1 20 OK\r\nContent-Length: 0\r\n\r\n",
    "a status above 599": b"HTTP/1.1 999 OK\r\nContent-Length: 0\r\n\r\n",
    "two lengths": b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
    "length and chunks":
        b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "a bad length": b"HTTP/1.1 200 OK\r\nContent-Length: 1x\r\n\r\na",
    "an unknown coding": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
    "a folded field": b"HTTP/1.1 200 OK\r\nA: b\r\n c\r\nContent-Length: 0\r\n\r\n",
    "a blank before a colon": b"HTTP/1.1 200 OK\r\nA : b\r\nContent-Length: 0\r\n\r\n",
    "NUL in a value": b"HTTP/1.1 200 OK\r\nA: \0\r\nContent-Length: 0\r\n\r\n",
    "204 with a body": b"HTTP/1.1 204 No Content\r\nContent-Length: 3\r\n\r\nabc",
    "101 that nobody asked for": b"HTTP/1.1 101 Switching\r\nUpgrade: x\r\n\r\n",
    "a head without an end": b"HTTP/1.1 200 OK\r\n" + b"A: " + b"b" * 200000,
    "too many fields": b"HTTP/1.1 200 OK\r\n" + b"A: b\r\n" * 5000 + b"\r\n",
}

# The head is good and has gone to the client: only the end can tell that something is missing.
CUT = {
    "too short a body": b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello",
    "chunks without an end": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n",
    "half a chunk": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nhello",
    "a bad chunk": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\nx\r\n\r\n",
}


class Malformed(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.origin = cls.enterClassContext(Origin())
        # No checks: then every byte that comes to the endpoint is of a request.
        settings = config(cls.origin, cluster={"health_check": {"type": "none"}})
        cls.uvoy = cls.enterClassContext(Uvoy(settings))

    def setUp(self):
        self.origin.handler = origin.echo
        self.origin.forget()

    def exchange(self, data):
        """The first answer, and the proof that the connection ends after it."""
        with self.uvoy.connect() as client:
            client.send(data)
            client.shut()
            response = client.response()
            self.assertTrue(client.at_end(), "the connection ends")
        return response

    def test_a_malformed_request_never_reaches_an_endpoint(self):
        for what, (data, status) in REQUESTS.items():
            with self.subTest(what):
                response = self.exchange(data)
                self.assertEqual(response.status, status)
                self.assertIn("uvoy; error=", response.get("proxy-status"))
                self.assertEqual(self.origin.received(), b"")

    def test_what_follows_a_malformed_request_is_not_served(self):
        smuggled = b"GET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n"
        for what, (data, status) in REQUESTS.items():
            with self.subTest(what):
                self.assertEqual(self.exchange(data + smuggled).status, status)
                self.assertNotIn(b"smuggled", self.origin.received())

    def test_malformed_requests_one_byte_at_a_time(self):
        for what in ("two lengths", "a bare LF", "NUL in a value", "a folded field"):
            data, status = REQUESTS[what]
            with self.subTest(what), self.uvoy.connect() as client:
                client.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                try:
                    for byte in data:
                        client.send(bytes([byte]))
                except ConnectionError:
                    pass  # it was answered early
                self.assertEqual(client.response().status, status)
                self.assertEqual(self.origin.received(), b"")

    def test_malformed_chunks_never_look_like_a_complete_request(self):
        complete = []

        def handler(which, request, peer):
            peer.read_body(request)
            complete.append(request.target)
            peer.send(origin.answer())

        self.origin.handler = handler
        for what, chunks in CHUNKS.items():
            with self.subTest(what):
                # What comes before the mistake may be sent on.
                response = self.exchange(post(b"Transfer-Encoding: chunked", body=chunks))
                self.assertEqual(response.status, 400)
        self.assertEqual(self.uvoy.ask("/good").status, 200)
        self.assertEqual(complete, ["/good"])

    def test_a_malformed_response_becomes_502(self):
        for what, data in RESPONSES.items():
            with self.subTest(what):
                self.origin.handler = origin.says(data)
                response = self.uvoy.ask()
                self.assertEqual(response.status, 502)
                self.assertIn("uvoy; error=", response.get("proxy-status"))

    def test_a_response_that_breaks_off_aborts_the_client(self):
        for what, data in CUT.items():
            with self.subTest(what):
                self.origin.handler = origin.says(data)
                with self.assertRaises((wire.Truncated, ConnectionError)):
                    self.uvoy.ask()

    def test_what_follows_a_response_is_never_the_answer_to_the_next_request(self):
        def handler(_, request, peer):
            peer.send(origin.answer(request.target.encode()) + origin.answer(b"poison"))

        self.origin.handler = handler
        with self.uvoy.connect() as client:
            for path in ("/1", "/2", "/3"):
                client.send(wire.head("GET", path))
                self.assertEqual(client.response().body, path.encode())

    def test_a_request_that_breaks_off_is_not_completed(self):
        with self.uvoy.connect() as client:
            client.send(post(b"Content-Length: 10", body=b"half"))
            eventually(lambda: self.origin.received().endswith(b"half"))
            client.reset()
            eventually(lambda: all(p.sock.fileno() == -1 for p in self.origin.peers if p.received))
        self.assertTrue(self.origin.received().endswith(b"half"))

    def test_good_requests_are_still_served(self):
        self.assertEqual(self.uvoy.ask().status, 200)


if __name__ == "__main__":
    harness.main()
