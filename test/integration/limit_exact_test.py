"""A limit admits what it says, to one percent, however many connections and workers share it."""

import json
import re
import selectors
import socket
import subprocess
import time
import unittest

import harness
import wire
from harness import Uvoy, config

WORKERS = 4
COUNT = "test/bench/count.lua"  # makes wrk tell its sums as JSON
REQUEST = wire.head("GET", "/")


class Client:
    """A connection that always has one request under way."""

    def __init__(self, port):
        self.sock = socket.create_connection(("127.0.0.1", port), harness.PATIENCE)
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.received = b""

    def status(self):
        """Of the answer, when all of it is there."""
        self.received += self.sock.recv(65536)
        head, found, body = self.received.partition(b"\r\n\r\n")
        if not found:
            return None
        length = int(re.search(rb"Content-Length: (\d+)", head)[1])
        if len(body) < length:
            return None
        assert len(body) == length, self.received
        self.received = b""
        return int(head[9:12])


class Load:
    """As many requests as a few connections can bring, and when they came."""

    def __init__(self, port, connections, seconds):
        self.statuses = {}
        selector = selectors.DefaultSelector()
        clients = [Client(port) for _ in range(connections)]
        self.first_sent = time.monotonic()
        for client in clients:
            selector.register(client.sock, selectors.EVENT_READ, client)
            client.sock.sendall(REQUEST)
        self.first_answered = None
        under_way = connections
        while under_way:
            events = selector.select(harness.PATIENCE)
            assert events, "no answer"
            for key, _ in events:
                if (status := key.data.status()) is None:
                    continue
                now = time.monotonic()
                self.first_answered = self.first_answered or now
                self.statuses[status] = self.statuses.get(status, 0) + 1
                if now < self.first_sent + seconds:
                    self.last_sent = now
                    key.fileobj.sendall(REQUEST)
                else:
                    under_way -= 1
        self.last_answered = time.monotonic()
        for client in clients:
            client.sock.close()
        selector.close()


class LimitExact(unittest.TestCase):
    def uvoy(self, **limit):
        return Uvoy(
            config(
                "127.0.0.1:1",
                workers=WORKERS,
                cluster={"health_check": {"type": "none"}},
                rate_limits={"mine": {"key": ["client_ip"], **limit}},
                routes=[{"respond": {"status": 200}, "rate_limits": ["mine"]}],
            )
        )

    def counted(self, uvoy):
        """Admitted and rejected."""
        return (
            int(uvoy.metric("uvoy_ratelimit_admitted_total", 'limit="mine"')),
            int(uvoy.metric("requests_dropped_total", 'limit="mine"')),
        )

    def check(self, admitted, rate, burst, shortest, longest):
        """Admissions in a time that lies between these two, from a full bucket on."""
        print(
            f"admitted {admitted}, due {burst + rate * shortest:.0f}..{burst + rate * longest:.0f}"
        )
        self.assertLessEqual(admitted, 1.01 * (burst + rate * longest))
        self.assertGreaterEqual(admitted, 0.99 * (burst + rate * shortest))

    def test_a_small_limit_is_one_limit_for_any_number_of_connections(self):
        for connections in (1, 6, 32):
            with self.subTest(connections=connections), self.uvoy(rate="100/s", burst=20) as uvoy:
                load = Load(uvoy.port, connections, seconds=6)
                self.assertEqual(set(load.statuses), {200, 429})
                admitted, rejected = load.statuses[200], load.statuses[429]
                self.assertGreater(admitted + rejected, 3 * 100 * 6)
                self.assertEqual(self.counted(uvoy), (admitted, rejected))
                # A token that comes back while nobody asks is not lost before the bucket is full:
                # both ends of the time are known to the length of one exchange.
                self.check(
                    admitted,
                    rate=100,
                    burst=20,
                    shortest=load.last_sent - load.first_answered,
                    longest=load.last_answered - load.first_sent,
                )

    def test_a_generous_limit_is_exact_though_workers_lease_its_tokens(self):
        connections, rate = 32, 20_000
        uvoy = self.enterContext(self.uvoy(rate=f"{rate}/s"))
        samples = []
        started = time.monotonic()
        with subprocess.Popen(
            ["wrk", "-t1", f"-c{connections}", "-d8s", "-s", str(harness.ROOT / COUNT)]
            + [f"http://127.0.0.1:{uvoy.port}/"],
            stdout=subprocess.PIPE,
            text=True,
        ) as wrk:
            while wrk.poll() is None:
                before = time.monotonic()
                samples.append((before, self.counted(uvoy)[0], time.monotonic()))
                time.sleep(0.2)
            told = json.loads(wrk.stdout.read().splitlines()[-1])
        longest = time.monotonic() - started
        admitted, rejected = self.counted(uvoy)
        # What was under way when wrk ended has been counted here only.
        self.assertEqual(told["errors"], 0)
        self.assertLessEqual(abs(rejected - told["not_2xx"]), connections)
        self.assertLessEqual(abs(admitted + rejected - told["requests"]), connections)
        self.assertGreater(rejected, 0.05 * admitted, "too little load to show anything")
        self.check(admitted, rate, burst=rate, shortest=told["seconds"], longest=longest)
        # And without the burst, which is over when the first request has been rejected.
        first, last = samples[len(samples) // 2], samples[-2]
        self.check(
            last[1] - first[1],
            rate,
            burst=0,
            shortest=last[0] - first[2],
            longest=last[2] - first[0],
        )


if __name__ == "__main__":
    harness.main()
