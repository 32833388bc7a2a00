"""A steady client, run as a program: load.py PORT RATE SECONDS.

Open loop: request i is due at i / RATE, and its time counts from then, whatever became of those
before it. Every fifth has a connection of its own. Prints JSON: `times` (seconds), `failures`.
"""

import asyncio
import json
import sys

KEPT = 16
REQUEST = b"GET /small HTTP/1.1\r\nHost: test\r\n%s\r\n"
PATIENCE = 20


async def answer(reader):
    head = await reader.readuntil(b"\r\n\r\n")
    lines = head.lower().split(b"\r\n")
    length = next(line for line in lines if line.startswith(b"content-length:"))
    await reader.readexactly(int(length.split(b":")[1]))
    if not head.startswith(b"HTTP/1.1 200 "):
        raise ValueError(head.decode())


class Load:
    def __init__(self, port):
        self.port = port
        self.times, self.failures = [], []
        self.idle = asyncio.Queue()

    async def connect(self):
        return await asyncio.open_connection("127.0.0.1", self.port)

    async def request(self, number):
        if number % 5 == 0:
            reader, writer = await self.connect()
            writer.write(REQUEST % b"Connection: close\r\n")
            await answer(reader)
            writer.close()
            return
        reader, writer = await self.idle.get()
        try:
            writer.write(REQUEST % b"")
            await answer(reader)
        finally:
            self.idle.put_nowait((reader, writer))

    async def timed(self, number, due):
        loop = asyncio.get_running_loop()
        await asyncio.sleep(due - loop.time())
        try:
            await asyncio.wait_for(self.request(number), PATIENCE)
            self.times.append(loop.time() - due)
        except (OSError, EOFError, ValueError, asyncio.TimeoutError) as error:
            self.failures.append(repr(error))

    async def run(self, rate, seconds):
        for _ in range(KEPT):
            self.idle.put_nowait(await self.connect())
        start = asyncio.get_running_loop().time() + 0.1
        count = int(rate * seconds)
        await asyncio.gather(*(self.timed(i, start + i / rate) for i in range(count)))
        print(json.dumps({"times": self.times, "failures": self.failures}))


if __name__ == "__main__":
    port, rate, seconds = map(float, sys.argv[1:])
    asyncio.run(Load(int(port)).run(rate, seconds))
