"""One endpoint of a chaos run, a process: endpoint.py NAME PORT LOG.

It answers GET and HEAD by what the id says, PUT and POST by a receipt. Orders come as lines of
JSON on stdin: {"fault": null or a name, "amount": 0..1}. LOG gets a line for every request with a
body as soon as its head is here (`seen`), and another one when it has come whole (`whole`), or
not as it was sent (`wrong`). So what a killed process has done is known.
"""

import asyncio
import dataclasses
import json
import os
import random
import sys
import urllib.parse

import content
import streams

# Of the requests during a fault that strikes single requests.
STRUCK = 0.6
BACKLOG = 512
DROPS = 8


@dataclasses.dataclass
class Request:
    """What the target says: /chaos/ID?size=N&framing=chunked."""

    head: streams.Head
    method: str
    ident: str
    query: dict

    @classmethod
    def parse(cls, head):
        method, target, _ = head.start.split(" ")
        url = urllib.parse.urlsplit(target)
        return cls(head, method, url.path.rpartition("/")[2], urllib.parse.parse_qs(url.query))

    @property
    def has_body(self):
        return self.method in ("PUT", "POST")

    def answer(self, data, endpoint, rng, status="200 OK"):
        """Head and body, apart."""
        chunks = "framing" in self.query
        framing = "Transfer-Encoding: chunked" if chunks else f"Content-Length: {len(data)}"
        head = (
            f"HTTP/1.1 {status}\r\nX-Id: {self.ident}\r\nX-Endpoint: {endpoint}\r\n"
            f"X-Tries: {self.head.get('x-uvoy-attempt', '1')}\r\n{framing}\r\n\r\n"
        ).encode()
        if self.method == "HEAD":
            return head, b""
        return head, content.chunked(data, rng) if chunks else data


class Endpoint:
    def __init__(self, name, port, log):
        self.name, self.port = name, port
        self.log = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
        self.rng = random.Random()
        self.fault, self.amount = None, 0.0
        self.listening = None
        self.writers = set()

    def note(self, what, ident):
        """Unbuffered: a SIGKILL does not take it back."""
        os.write(self.log, f"{what} {ident}\n".encode())

    async def open(self):
        self.listening = await asyncio.start_server(
            self.serve, "127.0.0.1", self.port, limit=streams.LIMIT, backlog=BACKLOG
        )

    async def order(self, fault, amount):
        refused = self.fault == "refuse"
        self.fault, self.amount = fault, amount
        if fault == "refuse":
            self.listening.close()
            for writer in [w for w in self.writers if self.rng.random() < amount]:
                writer.close()
        elif refused:
            await self.open()

    async def serve(self, reader, writer):
        self.writers.add(writer)
        try:
            while (head := await streams.read_head(reader)) is not None:
                if not await self.handle(Request.parse(head), reader, writer):
                    break
        except (OSError, asyncio.IncompleteReadError):
            pass  # The proxy left: its client did, or the try was given up.
        except streams.Malformed as error:
            self.note("wrong", f"- {error}")
        finally:
            self.writers.discard(writer)
            writer.close()

    async def handle(self, request, reader, writer):
        """False if the connection is over."""
        if request.ident == "healthz":
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
            return True
        fault = self.fault if self.rng.random() < STRUCK else None
        data = await self.read(request, reader)
        if fault == "reset":
            streams.reset(writer)
            return False
        if fault == "unavailable":
            head, body = request.answer(b"not now\n", self.name, self.rng, "503 Burst")
        else:
            head, body = request.answer(data, self.name, self.rng)
        if fault in ("half", "cut"):
            return await self.break_off(fault, head, body, writer)
        if fault == "drip":
            return await self.drip(head + body, writer)
        if fault == "slow":
            await asyncio.sleep(self.amount)
        writer.write(head + body)
        await writer.drain()
        return True

    async def read(self, request, reader):
        """Takes the request's body, and gives that of the answer."""
        if not request.has_body:
            return content.body(request.ident, int(request.query["size"][0]))
        self.note("seen", request.ident)
        data = await streams.read_body(reader, request.head)
        sent = content.body(request.ident, int(request.head.get("x-size")))
        self.note("whole" if data == sent else "wrong", request.ident)
        return content.receipt(data)

    async def break_off(self, fault, head, body, writer):
        """A part of the head, or the head and a part of the body, then an end or a reset."""
        if fault == "half":
            writer.write(head[: int(len(head) * self.amount)])
        else:
            writer.write(head + body[: int(len(body) * self.amount)])
        await writer.drain()
        if self.rng.random() < 0.5:
            await asyncio.sleep(0.02)  # So that what was written arrives before the reset.
            streams.reset(writer)
        return False

    async def drip(self, whole, writer):
        step = len(whole) // DROPS + 1
        for at in range(0, len(whole), step):
            writer.write(whole[at : at + step])
            await writer.drain()
            await asyncio.sleep(self.amount / DROPS)
        return True


async def run(name, port, log):
    endpoint = Endpoint(name, int(port), log)
    await endpoint.open()
    endpoint.note("ready", "-")
    reader = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), sys.stdin
    )
    while line := await reader.readline():
        told = json.loads(line)
        await endpoint.order(told["fault"], told["amount"])


if __name__ == "__main__":
    asyncio.run(run(*sys.argv[1:]))
