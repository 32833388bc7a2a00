"""Above limits.memory new work is refused, and what is under way does not notice."""

import threading

import harness
import wire
from answers import Answers, Case, get
from harness import Uvoy, config, eventually, settled
from origin import Origin

NO_CHECK = {"health_check": {"type": "none"}}
MIB = 1024 * 1024
ROOM = 24 * MIB
AT_ONCE = 8
# A head that does not end, kept until it does.
HEAD = get("/", "A: " + "x" * 100_000)[:-2]
OVERLOAD = Case(503, "overload", "proxy_internal_response", get())


class Memory(Answers):
    def setUp(self):
        self.over = threading.Event()
        self.addCleanup(self.over.set)
        self.origin = self.enterContext(Origin(self.tick))
        with Uvoy(config(self.origin, workers=1)) as idle:
            base = idle.memory()
        self.uvoy = self.start(
            self.origin,
            cluster=NO_CHECK,
            listener={"limits": {"header_bytes": "1MiB"}, "timeouts": {"headers": "600s"}},
            limits={"memory": f"{base + ROOM}B"},
        )

    def tick(self, _, request, peer):
        peer.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        while request.target == "/long" and not self.over.wait(0.05):
            peer.send("4\r\ntick\r\n")
        peer.send("0\r\n\r\n")

    def fill(self):
        """Clients that make uvoy keep more than it may have.

        They come in small numbers: of those that are turned away only so many are told why.
        """
        clients = []

        def some_more():
            more = [self.enterContext(self.uvoy.connect(keeps=False)) for _ in range(AT_ONCE)]
            for client in more:
                client.send(HEAD)
            clients.extend(more)
            return "new work is refused" in self.uvoy.log()

        eventually(some_more)
        # Of those that came too late some are still to be answered.
        settled(lambda: self.uvoy.metric("uvoy_responses_by_uvoy_total", 'reason="overload"'))
        return clients

    def test_new_work_is_refused_and_old_work_goes_on(self):
        long, kept = (self.enterContext(self.uvoy.connect()) for _ in range(2))
        long.send(get("/long"))
        self.assertEqual(long.response_head().status, 200)
        kept.send(get())
        self.assertEqual(kept.response().status, 200)
        clients = self.fill()
        self.check(self.uvoy, OVERLOAD)
        kept.send(get())
        self.judge(kept.response(), OVERLOAD)
        self.assertTrue(kept.at_end())
        first = b"".join(long.chunk() for _ in range(10))
        self.over.set()
        rest, _ = long.chunks()
        self.assertEqual(first + rest, b"tick" * ((len(first) + len(rest)) // 4))
        self.assertEqual(self.uvoy.admin("/healthz").status, 200)
        for client in clients:
            client.reset()
        if not harness.SANITIZED:  # there, freed memory stays resident
            eventually(lambda: "new work is taken again" in self.uvoy.log())
            self.assertEqual(self.uvoy.ask().status, 200)

    def test_what_began_before_is_finished_when_its_head_is_whole(self):
        clients = self.fill()
        clients[0].send("\r\n")
        self.judge(clients[0].response(), OVERLOAD)
        self.assertTrue(clients[0].at_end())


if __name__ == "__main__":
    harness.main()
