"""HTTP/1.1 over asyncio streams, read strictly, for both sides of a chaos run."""

import asyncio
import dataclasses
import socket
import struct

# Of one line or head; bodies have none.
LIMIT = 64 * 1024


class Malformed(Exception):
    """Bytes that are no HTTP/1.1."""


@dataclasses.dataclass
class Head:
    start: str
    fields: dict

    def get(self, name, default=None):
        return self.fields.get(name, default)


async def read_head(reader):
    """The next head, or None at an end before its first byte."""
    try:
        text = await reader.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError as error:
        if error.partial:
            raise
        return None
    start, *lines = text[:-4].decode("latin-1").split("\r\n")
    fields = {}
    for line in lines:
        name, colon, value = line.partition(":")
        if not colon or name.lower() in fields:
            raise Malformed(f"field {line!r}")
        fields[name.lower()] = value.strip()
    return Head(start, fields)


async def read_chunks(reader):
    data = bytearray()
    while True:
        line = await reader.readuntil(b"\r\n")
        size = int(line, 16)
        if size == 0:
            break
        data += await reader.readexactly(size)
        if await reader.readexactly(2) != b"\r\n":
            raise Malformed("a chunk is longer than it says")
    if await reader.readexactly(2) != b"\r\n":
        raise Malformed("trailers that nobody sent")
    return bytes(data)


async def read_body(reader, head):
    """The whole body; what is cut raises."""
    if head.get("transfer-encoding") == "chunked":
        return await read_chunks(reader)
    if (length := head.get("content-length")) is not None:
        return await reader.readexactly(int(length))
    if head.start.startswith("HTTP/1.1 "):
        raise Malformed("an answer without a framing")
    return b""


class Reader(asyncio.StreamReader):
    """Gives what came before a reset, as the kernel does."""

    def set_exception(self, exception):
        self.feed_eof()


async def connect(port):
    """(reader, writer) to the loopback."""
    loop = asyncio.get_running_loop()
    reader = Reader(limit=LIMIT, loop=loop)
    protocol = asyncio.StreamReaderProtocol(reader, loop=loop)
    transport, _ = await loop.create_connection(lambda: protocol, "127.0.0.1", port)
    return reader, asyncio.StreamWriter(transport, protocol, reader, loop)


def reset(writer):
    """Ends the connection by a RST, even if all was read."""
    sock = writer.get_extra_info("socket")
    if sock is not None:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()
