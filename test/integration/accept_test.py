"""New connections are shared out over the workers, and none is lost on its way to another one."""

import signal
import statistics
import unittest

import harness
import wire
from harness import Uvoy, config, eventually
from origin import Origin, answer

WORKERS = 8
EACH = 10
ROUNDS = 8


def respond(_, request, peer):
    peer.read_body(request)
    peer.send(answer(request.target.encode()))


class Accept(unittest.TestCase):
    def setUp(self):
        origin = self.enterContext(Origin(respond))
        settings = config(origin, workers=WORKERS, cluster={"health_check": {"type": "none"}})
        self.uvoy = self.enterContext(Uvoy(settings))

    def shares(self):
        metrics = self.uvoy.metrics()
        return [metrics[f'uvoy_worker_connections{{worker="{i}"}}'] for i in range(WORKERS)]

    def test_no_worker_has_much_more_than_its_share(self):
        busiest = []
        for _ in range(ROUNDS):
            clients = [self.uvoy.connect() for _ in range(WORKERS * EACH)]
            eventually(lambda: sum(self.shares()) == WORKERS * EACH, "all are accepted")
            busiest.append(max(self.shares()) / EACH)
            for number, client in enumerate(clients):
                client.send(wire.head("GET", f"/{number}"))
            for number, client in enumerate(clients):
                self.assertEqual(client.response().body, f"/{number}".encode())
                client.close()
            eventually(lambda: sum(self.shares()) == 0, "all are gone")
        print(f"the busiest of {WORKERS} workers: {statistics.mean(busiest):.2f} times its share")
        self.assertLess(statistics.mean(busiest), 1.2)
        given = self.uvoy.metric("uvoy_accept_handoffs_total")
        self.assertGreater(given, ROUNDS * WORKERS * EACH * 0.1)
        self.assertLess(given, ROUNDS * WORKERS * EACH * 0.6)

    def test_who_came_before_the_end_is_served(self):
        """Whoever is connected when uvoy ends asks then, and is answered, wherever it waits: with
        its worker, on its way to another one, or in the kernel's queue."""
        clients = [self.enterContext(self.uvoy.connect()) for _ in range(WORKERS * EACH)]
        self.uvoy.signal(signal.SIGTERM)
        for number, client in enumerate(clients):
            client.send(wire.head("GET", f"/{number}"))
        for number, client in enumerate(clients):
            self.assertEqual(client.response().body, f"/{number}".encode())
        self.assertEqual(self.uvoy.wait(), 0)
        self.assertGreater(self.uvoy.log().count("all requests answered"), 0)


if __name__ == "__main__":
    harness.main()
