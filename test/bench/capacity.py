"""An endpoint of known capacity, a process: capacity.py PORT SLOTS SERVICE [--blind].

SLOTS requests are served at a time, each for SERVICE seconds on average; others wait in their
order. Whose connection ends while it waits is not served, unless --blind. A number on stdin sets
the slots; at its end the counts go to stdout as JSON.
"""

import asyncio
import collections
import json
import random
import sys

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nok\n"


class Capacity:
    def __init__(self, slots, service, blind):
        self.slots, self.service, self.blind = slots, service, blind
        self.rng = random.Random(7)
        self.busy = 0
        self.waiting = collections.deque()
        self.counts = {"came": 0, "served": 0, "wasted": 0, "longest_queue": 0}

    def come(self, peer):
        self.counts["came"] += 1
        self.waiting.append(peer)
        self.go_on()
        self.counts["longest_queue"] = max(self.counts["longest_queue"], len(self.waiting))

    def go_on(self):
        loop = asyncio.get_running_loop()
        while self.busy < self.slots and self.waiting:
            peer = self.waiting.popleft()
            if peer.gone and not self.blind:
                continue
            self.busy += 1
            loop.call_later(self.service * self.rng.uniform(0.5, 1.5), self.serve, peer)

    def serve(self, peer):
        self.busy -= 1
        self.counts["wasted" if peer.gone else "served"] += 1
        peer.answer()
        self.go_on()


class Peer(asyncio.Protocol):
    def __init__(self, capacity):
        self.capacity = capacity
        self.buffer = b""
        self.gone = False

    def connection_made(self, transport):
        self.transport = transport

    def data_received(self, data):
        self.buffer += data
        while b"\r\n\r\n" in self.buffer:
            head, self.buffer = self.buffer.split(b"\r\n\r\n", 1)
            if head.startswith(b"GET /healthz "):
                self.answer()
            else:
                self.capacity.come(self)

    def connection_lost(self, _):
        self.gone = True

    def answer(self):
        if not self.gone:
            self.transport.write(ANSWER)


async def run(port, slots, service, blind=""):
    capacity = Capacity(int(slots), float(service), blind == "--blind")
    loop = asyncio.get_running_loop()
    await loop.create_server(lambda: Peer(capacity), "127.0.0.1", int(port), backlog=1024)
    reader = asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    while line := await reader.readline():
        capacity.slots = int(line)
        capacity.go_on()
    print(json.dumps(capacity.counts))


if __name__ == "__main__":
    asyncio.run(run(*sys.argv[1:]))
