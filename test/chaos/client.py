"""Clients of a chaos run, a process: client.py PORT SEED FLOWS UNTIL LOG.

Each flow asks for one thing after the other until the monotonic clock says UNTIL, and LOG gets a
line of JSON for every request: what was asked, when, and what became of it.
"""

import asyncio
import dataclasses
import json
import random
import sys
import time

import content
import streams

PAUSE = 0.06  # seconds between requests of a flow, on average
PATIENCE = 40.0
FRESH = 0.2  # of the requests come on a connection of their own
KINDS = {"get": 46, "head": 8, "put": 14, "put-large": 2, "post": 16, "pipelined": 14}


@dataclasses.dataclass
class Record:
    """One request. Outcomes: right; wrong (bytes of something else); cut (it began, and broke off
    visibly); error (an answer of another status); lost (no byte of an answer); hung; behind
    (pipelined behind one of these)."""

    kind: str
    ident: str
    begin: float
    end: float = 0.0
    outcome: str = "right"
    status: int = 0
    tries: int = 0
    detail: str = ""


class Flow:
    def __init__(self, port, name, log):
        self.port, self.name, self.log = port, name, log
        self.rng = random.Random(name)
        self.asked = 0
        self.connection = None

    async def run(self, until):
        while time.monotonic() < until:
            kind = self.rng.choices(list(KINDS), KINDS.values())[0]
            if self.rng.random() < FRESH:
                self.disconnect()
            if kind == "pipelined":
                await self.pipeline(self.rng.randint(2, 4))
            else:
                await self.ask([self.make(kind)])
            await asyncio.sleep(self.rng.expovariate(1 / PAUSE))
        self.disconnect()

    async def pipeline(self, count):
        await self.ask([self.make("get", "pipelined") for _ in range(count)])

    def disconnect(self):
        if self.connection is not None:
            self.connection[1].close()
        self.connection = None

    def make(self, kind, told=None):
        """A request as (record, method, bytes, expected body)."""
        self.asked += 1
        rng = self.rng
        ident = f"{self.name}.{self.asked}"
        method = kind.partition("-")[0].upper()
        framing = "&framing=chunked" if rng.random() < 0.4 else ""
        record = Record(told or kind, ident, 0.0)
        if method in ("GET", "HEAD"):
            size = content.size_of_answer(rng)
            head = f"{method} /chaos/{ident}?size={size}{framing} HTTP/1.1\r\nHost: chaos\r\n\r\n"
            return record, method, head.encode(), content.body(ident, size)
        least, most = 0, content.REPLAYABLE
        if kind == "put-large":
            least, most = 2 * most, content.LARGEST
        data = content.body(ident, rng.randint(least, most))
        chunks = rng.random() < 0.3
        length = "Transfer-Encoding: chunked" if chunks else f"Content-Length: {len(data)}"
        head = (
            f"{method} /chaos/{ident}?{framing[1:]} HTTP/1.1\r\nHost: chaos\r\n"
            f"X-Size: {len(data)}\r\n{length}\r\n\r\n"
        )
        sent = content.chunked(data, rng) if chunks else data
        return record, method, head.encode() + sent, content.receipt(data)

    async def connect(self):
        if self.connection is None:
            self.connection = await streams.connect(self.port)
        return self.connection

    async def ask(self, requests):
        """All in one piece; the answers one after the other."""
        begin = time.monotonic()
        over = ""  # the outcome of what cannot be answered any more
        try:
            reader, writer = await self.connect()
            writer.write(b"".join(sent for _, _, sent, _ in requests))
        except OSError:
            over = "lost"
        for record, method, _, expected in requests:
            record.begin = begin
            if over:
                record.outcome = over
            elif await self.judge(record, method, expected, reader):
                over = "behind"
            record.end = time.monotonic()
            self.log.write(json.dumps(dataclasses.asdict(record)) + "\n")
        if over:
            self.disconnect()

    async def judge(self, record, method, expected, reader):
        """Reads one answer and says in `record` what it was; true if no other can follow."""
        try:
            return await asyncio.wait_for(self.read(record, method, expected, reader), PATIENCE)
        except asyncio.TimeoutError:
            record.outcome = "hung"
        except streams.Malformed as error:
            record.outcome, record.detail = "wrong", str(error)
        except (OSError, asyncio.IncompleteReadError) as error:
            begun = record.status or getattr(error, "partial", b"")
            record.outcome = "cut" if begun else "lost"
            record.detail = repr(error)[:200]
        return True

    async def read(self, record, method, expected, reader):
        head = await streams.read_head(reader)
        if head is None:
            raise ConnectionResetError("closed without an answer")
        record.status = int(head.start.split(" ")[1])
        record.tries = int(head.get("x-tries", "0"))
        data = b"" if method == "HEAD" else await streams.read_body(reader, head)
        if record.status != 200:
            record.outcome = "error"
            record.detail = head.get("proxy-status", f"of endpoint {head.get('x-endpoint')}")
        if wrong := self.wrong(record, method, head, data, expected):
            record.outcome, record.detail = "wrong", wrong
        return head.get("connection") == "close"

    def wrong(self, record, method, head, data, expected):
        """What a complete answer has that it must not have."""
        answers = head.get("x-id", record.ident if record.status != 200 else "nothing")
        if answers != record.ident:
            return f"the answer to {answers}"
        if record.status != 200:
            return ""
        if method == "HEAD":
            length = int(head.get("content-length", len(expected)))
            return "" if length == len(expected) else f"a length of {length}"
        if data == expected:
            return ""
        at = next((i for i, (a, b) in enumerate(zip(data, expected)) if a != b), len(data))
        return f"{len(data)} bytes for {len(expected)}, other ones from {at} on"


async def run(port, seed, flows, until, log):
    with open(log, "w") as file:
        names = [f"{seed}-{i}" for i in range(int(flows))]
        await asyncio.gather(*(Flow(int(port), n, file).run(float(until)) for n in names))


if __name__ == "__main__":
    asyncio.run(run(*sys.argv[1:]))
