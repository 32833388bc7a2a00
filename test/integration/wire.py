"""HTTP/1.1 over a plain socket, for both sides of a test: every byte is the test's own."""

import dataclasses
import socket

PATIENCE = 60


class Truncated(Exception):
    """The peer ended in the middle of a message."""


@dataclasses.dataclass
class Message:
    start: str
    fields: list
    body: bytes = b""
    trailers: list = dataclasses.field(default_factory=list)

    def all(self, name):
        return [value for field, value in self.fields if field.lower() == name.lower()]

    def get(self, name):
        values = self.all(name)
        return ", ".join(values) if values else None


class Request(Message):
    @property
    def method(self):
        return self.start.split(" ")[0]

    @property
    def target(self):
        return self.start.split(" ")[1]


class Response(Message):
    interim = ()

    @property
    def status(self):
        return int(self.start.split(" ")[1])


class Wire:
    """One connection. `received` keeps every byte that came."""

    def __init__(self, sock, keeps=True):
        self.sock = sock
        self.sock.settimeout(PATIENCE)
        self.buffer = b""
        self.received = bytearray()
        self.keeps = keeps

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def send(self, data):
        self.sock.sendall(data.encode("latin-1") if isinstance(data, str) else data)

    def fill(self):
        """More bytes into the buffer; False at the end."""
        data = self.sock.recv(65536)
        if self.keeps:
            self.received += data
        self.buffer += data
        return bool(data)

    def line(self):
        while b"\r\n" not in self.buffer:
            if not self.fill():
                raise Truncated(f"in a line: {self.buffer!r}")
        line, self.buffer = self.buffer.split(b"\r\n", 1)
        return line.decode("latin-1")

    def exact(self, size):
        while len(self.buffer) < size:
            if not self.fill():
                raise Truncated(f"{len(self.buffer)} of {size} bytes")
        data, self.buffer = self.buffer[:size], self.buffer[size:]
        return data

    def rest(self):
        while self.fill():
            pass
        data, self.buffer = self.buffer, b""
        return data

    def at_end(self):
        """Waits: True if the peer ended cleanly, False if it sent something."""
        return not self.buffer and not self.fill()

    def fields(self):
        found = []
        while line := self.line():
            name, value = line.split(":", 1)
            found.append((name, value.strip()))
        return found

    def chunk(self):
        """The next one; the last is empty, and what is left are the trailers."""
        size = int(self.line().split(";")[0], 16)
        data = self.exact(size)
        if size and self.line() != "":
            raise Truncated("a chunk is longer than it says")
        return data

    def chunks(self):
        body = b""
        while data := self.chunk():
            body += data
        return body, self.fields()

    def request(self):
        """The head of the next request, or None at a clean end."""
        if not self.buffer and not self.fill():
            return None
        return Request(self.line(), self.fields())

    def read_body(self, message, until_close=False):
        if (message.get("transfer-encoding") or "").lower() == "chunked":
            message.body, message.trailers = self.chunks()
        elif (length := message.get("content-length")) is not None:
            message.body = self.exact(int(length))
        elif until_close:
            message.body = self.rest()
        return message

    def response_head(self):
        return Response(self.line(), self.fields())

    def response(self, method="GET"):
        """The next final response, with the interim ones before it and its whole body."""
        interim = []
        while (head := self.response_head()).status < 200 and head.status != 101:
            interim.append(head)
        head.interim = interim
        if method != "HEAD" and head.status not in (101, 204, 304):
            self.read_body(head, until_close=True)
        return head

    def shut(self):
        """No more bytes from here."""
        self.sock.shutdown(socket.SHUT_WR)

    def reset(self):
        """Closes so that the peer gets a RST."""
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        self.sock.close()

    def close(self):
        self.sock.close()


def connect(port, source="", **options):
    """To the loopback, from its address `source`."""
    address = ("127.0.0.1", port)
    return Wire(socket.create_connection(address, PATIENCE, (source, 0)), **options)


def head(method, path, fields=(), host="test"):
    lines = [f"{method} {path} HTTP/1.1", f"Host: {host}", *(f"{k}: {v}" for k, v in fields)]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


def ask(port, path="/", method="GET", fields=(), body=None, host="test"):
    """One request on a connection of its own."""
    fields = list(fields) + [("Connection", "close")]
    if body is not None:
        fields.append(("Content-Length", len(body)))
    with connect(port) as wire:
        wire.send(head(method, path, fields, host) + (body or b""))
        return wire.response(method)
