"""A client that does not wait for answers before it asks again: open_loop.py PORT RATE SECONDS.

Requests come at random times, RATE a second on average, and whoever gets no answer within
PATIENCE leaves. Prints JSON: for every request when it was due (seconds since the start, whose
monotonic time stands in `started`), how long it took and its status (0: none).
"""

import asyncio
import collections
import json
import random
import sys
import time

PATIENCE = 2.0


class Load:
    def __init__(self, port):
        self.port = port
        self.idle = collections.deque()
        self.results = []

    async def ask(self, number):
        if self.idle:
            reader, writer = self.idle.popleft()
        else:
            reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        kept = False
        try:
            writer.write(b"GET /%d HTTP/1.1\r\nHost: load\r\n\r\n" % number)
            head = (await reader.readuntil(b"\r\n\r\n")).lower()
            length = head.partition(b"content-length:")[2].partition(b"\r\n")[0]
            await reader.readexactly(int(length))
            kept = b"connection: close" not in head
            return int(head.split(b" ", 2)[1])
        finally:
            if kept:
                self.idle.append((reader, writer))
            else:
                writer.close()

    async def timed(self, number, due, start):
        loop = asyncio.get_running_loop()
        try:
            status = await asyncio.wait_for(self.ask(number), PATIENCE)
        except (OSError, EOFError, ValueError, asyncio.TimeoutError):
            status = 0
        self.results.append((round(due - start, 4), round(loop.time() - due, 4), status))

    async def run(self, rate, seconds):
        loop = asyncio.get_running_loop()
        rng = random.Random(11)
        start = due = loop.time() + 0.2
        started = time.monotonic() + start - loop.time()
        tasks = []
        while (due := due + rng.expovariate(rate)) < start + seconds:
            await asyncio.sleep(due - loop.time())
            tasks.append(asyncio.ensure_future(self.timed(len(tasks), due, start)))
        await asyncio.gather(*tasks)
        print(json.dumps({"started": started, "results": sorted(self.results)}))


if __name__ == "__main__":
    port, rate, seconds = map(float, sys.argv[1:])
    asyncio.run(Load(int(port)).run(rate, seconds))
