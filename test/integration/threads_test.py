"""Four workers under mixed load while the ring is republished all the time (for TSan)."""

import random
import threading
import time
import unittest

import harness
import wire
from harness import Uvoy, config
from origin import Origin, answer

SECONDS = 8


class Flapping(Origin):
    """Its health changes with every check; it serves all the same."""

    def serve(self, peer):
        self.health_status = ("200 OK", "503 No")[self.health_checks % 2]
        super().serve(peer)


def serve(_, request, peer):
    peer.read_body(request)
    if request.target == "/rude":
        peer.reset()
    elif request.target == "/chunks":
        peer.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        for _ in range(8):
            peer.send(b"1000\r\n" + bytes(4096) + b"\r\n")
        peer.send("0\r\n\r\n")
    else:
        peer.send(answer(bytes(len(request.body) + 10)))


def one_visit(uvoy, dice):
    """A connection with some requests on it, sometimes given up in the middle."""
    with uvoy.connect() as client:
        for _ in range(dice.randrange(1, 6)):
            path = dice.choice(["/limited", "/chunks", "/rude", *(f"/{i}" for i in range(20))])
            body = bytes(dice.choice([0, 10, 100000]))
            client.send(wire.head("PUT", path, [("Content-Length", len(body))]) + body)
            if dice.random() < 0.05:
                client.reset()
                return
            response = client.response()
            assert response.status in (200, 429, 502, 503, 504), response
            if response.get("connection") == "close":
                return


class Threads(unittest.TestCase):
    def load(self, uvoy, seed, until, done):
        dice = random.Random(seed)
        while not until.is_set():
            try:
                one_visit(uvoy, dice)
                done.append(None)
            except (ConnectionError, wire.Truncated) as error:
                done.append(error)

    def test_nothing_races_while_the_ring_is_republished(self):
        origins = [self.enterContext(Origin(serve, name)) for name in "ab"]
        origins += [self.enterContext(Flapping(serve, name)) for name in "cdef"]
        check = {
            "path": "/healthz", "interval": "5ms", "status": "200", "timeout": "2s",
            "healthy_after": 1, "unhealthy_after": 1,
        }
        settings = config(
            *origins,
            workers=4,
            cluster={
                "health_check": check,
                # Who flaps is not to stay out.
                "outlier_detection": {"eject": "1ms", "max_eject": "5ms"},
            },
            rate_limits={"some": {"rate": "50/s", "key": ["client_ip"]}},
            routes=[
                {"match": {"path": "/limited"}, "cluster": "app", "rate_limits": ["some"]},
                {"cluster": "app"},
            ],
            access_log={"path": "stdout"},
        )
        uvoy = self.enterContext(Uvoy(settings))
        until, done = threading.Event(), []
        threads = [
            # Daemons, so that what fails here is seen at once.
            threading.Thread(target=self.load, args=[uvoy, seed, until, done], daemon=True)
            for seed in range(6)
        ]
        for thread in threads:
            thread.start()
        deadline = time.monotonic() + SECONDS
        while time.monotonic() < deadline:
            uvoy.metrics()
            uvoy.json("/v1/clusters")
            time.sleep(0.1)
        published = uvoy.metric("uvoy_ring_publishes_total")
        until.set()
        for thread in threads:
            thread.join()
        print(f"{published:.0f} rings in {SECONDS} s, {len(done)} visits, {failed(done)} failed")
        # uvoy publishes at most 100 times a second; a slow machine checks less often.
        self.assertGreater(published, 5 * SECONDS)
        self.assertGreater(len(done), 50)
        # Only a response that was cut by its endpoint may end a visit.
        self.assertLess(failed(done), len(done) / 10)


def failed(done):
    return sum(error is not None for error in done)


if __name__ == "__main__":
    harness.main()
