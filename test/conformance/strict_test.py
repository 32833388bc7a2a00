"""The origin of these tests must not be tolerant itself."""

import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "integration"))

import harness
import strict

AMBIGUOUS = {
    "a bare LF": b"GET / HTTP/1.1\nHost: x\r\n\r\n",
    "a bare CR": b"GET / HTTP/1.1\r\nHost: x\r\nA: b\rc\r\n\r\n",
    "a NUL": b"GET / HTTP/1.1\r\nHost: x\r\nA: \0\r\n\r\n",
    "an empty line": b"\r\nGET / HTTP/1.1\r\nHost: x\r\n\r\n",
    "a relative target": b"GET a HTTP/1.1\r\nHost: x\r\n\r\n",
    "an absolute target": b"GET http://x/ HTTP/1.1\r\nHost: x\r\n\r\n",
    "HTTP/1.0": b"GET / HTTP/1.0\r\nHost: x\r\n\r\n",
    "no Host": b"GET / HTTP/1.1\r\n\r\n",
    "two Hosts": b"GET / HTTP/1.1\r\nHost: x\r\nHost: x\r\n\r\n",
    "a blank before a colon": b"GET / HTTP/1.1\r\nHost: x\r\nA : b\r\n\r\n",
    "a folded field": b"GET / HTTP/1.1\r\nHost: x\r\nA: b\r\n c\r\n\r\n",
    "two lengths": b"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\nContent-Length: 0\r\n\r\n",
    "a leading zero": b"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 01\r\n\r\na",
    "both framings":
        b"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n"
        b"0\r\n\r\n",
    "a coding in large letters":
        b"GET / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: Chunked\r\n\r\n0\r\n\r\n",
}  # fmt: skip
CHUNKS = {
    "an extension": b"1;a\r\na\r\n0\r\n\r\n",
    "a leading zero": b"01\r\na\r\n0\r\n\r\n",
    "too much data": b"1\r\nab\r\n0\r\n\r\n",
    "a bare LF behind a size": b"1\na\r\n0\r\n\r\n",
    "a bare LF in a trailer": b"0\r\nA: b\nC: d\r\n\r\n",
    "a trailer without a colon": b"0\r\nA\r\n\r\n",
}
CHUNKED = b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"


class Strict(unittest.TestCase):
    def test_what_can_be_read_in_two_ways_is_not_read(self):
        for what, data in AMBIGUOUS.items():
            with self.subTest(what), self.assertRaises(strict.Broken):
                strict.read_request(data)

    def test_chunks_that_can_be_read_in_two_ways_are_not_read(self):
        for what, data in CHUNKS.items():
            with self.subTest(what), self.assertRaises(strict.Broken):
                strict.read_request(CHUNKED + data)

    def test_one_message_is_read_to_its_last_byte_and_not_further(self):
        data = CHUNKED + b"2\r\nab\r\na\r\n0123456789\r\n0\r\nA: b\r\n\r\n"
        message, size = strict.read_request(data + b"GET")
        self.assertEqual(size, len(data))
        self.assertEqual(message.body, b"ab0123456789")
        self.assertEqual(message.trailers, (("A", "b"),))
        for end in range(len(data)):
            self.assertIsNone(strict.read_request(data[:end]))


if __name__ == "__main__":
    harness.main()
