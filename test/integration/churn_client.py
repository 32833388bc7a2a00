"""A connection for each request, run as a program: churn_client.py PORT CLIENTS.

Asks until its standard input ends, then prints JSON: how many were `right`, how many `refused` a
connection, and what `failed`.
"""

import asyncio
import collections
import json
import sys

REQUEST = b"GET /new HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n"
PATIENCE = 30


class Clients:
    def __init__(self, port):
        self.port = port
        self.right = self.refused = 0
        self.failed = collections.Counter()
        self.over = False

    async def ask(self):
        """What failed, or nothing."""
        step = "connect"
        try:
            reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
            try:
                step = "write"
                writer.write(REQUEST)
                step = "read"
                answer = await reader.read()
            finally:
                writer.close()
        except OSError as error:
            if step == "connect" and isinstance(error, ConnectionRefusedError):
                raise
            return f"{step}: {error!r}"
        return None if answer.startswith(b"HTTP/1.1 200 ") else f"answer: {answer[:80]!r}"

    async def client(self):
        while not self.over:
            try:
                why = await asyncio.wait_for(self.ask(), PATIENCE)
            except asyncio.TimeoutError:
                why = "no answer"
            except ConnectionRefusedError:
                self.refused += 1
                await asyncio.sleep(0.01)
                continue
            self.right += why is None
            if why:
                self.failed[why] += 1

    async def run(self, count):
        asking = asyncio.gather(*(self.client() for _ in range(count)))
        await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
        self.over = True
        await asking
        told = {"right": self.right, "refused": self.refused, "failed": self.failed}
        print(json.dumps(told))


if __name__ == "__main__":
    port, count = map(int, sys.argv[1:])
    asyncio.run(Clients(port).run(count))
