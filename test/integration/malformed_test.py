"""What breaks off or stands behind a message is nobody's. The many malformed messages stand in
test/conformance."""

import unittest

import harness
import origin
import wire
from harness import Uvoy, config, eventually
from origin import Origin


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
            client.send(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nhalf")
            eventually(lambda: self.origin.received().endswith(b"half"))
            client.reset()
            eventually(lambda: all(p.sock.fileno() == -1 for p in self.origin.peers if p.received))
        self.assertTrue(self.origin.received().endswith(b"half"))

    def test_good_requests_are_still_served(self):
        self.assertEqual(self.uvoy.ask().status, 200)


if __name__ == "__main__":
    harness.main()
