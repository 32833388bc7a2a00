"""What the tables are made of: cases, what is expected of them, and words to write messages."""

import dataclasses


@dataclasses.dataclass(frozen=True)
class Refused:
    """Answered by the proxy itself, with one of these, and nothing more on this connection."""

    statuses: tuple


@dataclasses.dataclass(frozen=True)
class Answered:
    """Answered by the proxy itself, for a reason that ends nothing."""

    status: int
    has: dict
    body: object = None  # what it contains


@dataclasses.dataclass(frozen=True)
class Forwarded:
    """Arrives as exactly this message. Of its own fields all arrive but those of `lacks`."""

    method: str
    target: str
    body: bytes
    host: str
    has: dict
    lacks: tuple
    trailers: tuple
    closes: bool  # the client's connection ends with the answer


@dataclasses.dataclass(frozen=True)
class Request:
    name: str
    source: str
    data: bytes
    expect: object
    ours: bool = False  # a choice of ours: no peer is measured by it
    large: bool = False  # more than one read


@dataclasses.dataclass(frozen=True)
class BadGateway:
    """502, however the bytes arrive."""


@dataclasses.dataclass(frozen=True)
class Cut:
    """The client sees that the message is broken, or 502 if the head had not left yet."""

    at_once: bool  # malformed in one piece with its head: then it is 502


@dataclasses.dataclass(frozen=True)
class Delivered:
    """Of its own fields all arrive but those of `lacks`."""

    status: int
    body: bytes
    has: dict
    lacks: tuple
    interim: tuple
    trailers: tuple


@dataclasses.dataclass(frozen=True)
class Response:
    name: str
    source: str
    data: bytes
    expect: object
    method: str = "GET"
    asks: tuple = ()  # fields of the request
    path: str = "/case"
    closes: bool = False  # the endpoint closes behind it
    spoils: bool = False  # the endpoint's connection must never be used again
    ours: bool = False


def refuse(name, source, data, *statuses, ours=False, large=False):
    return Request(name, source, data, Refused(statuses or (400,)), ours, large)


def answer(name, source, data, status, body=None, **has):
    fields = {key.replace("_", "-"): value for key, value in has.items()}
    return Request(name, source, data, Answered(status, fields, body), ours=True)


def forward(name, source, data, target=None, **more):
    """Method and target are those of the data, unless told otherwise."""
    first = data.lstrip(b"\r\n").split(b"\r\n")[0].decode("latin-1").split(" ")
    ours, large = more.pop("ours", False), more.pop("large", False)
    values = {
        "method": first[0],
        "target": first[1] if target is None else target,
        "body": b"",
        "host": "x",
        "has": {},
        "lacks": (),
        "trailers": (),
        "closes": False,
        **more,
    }
    return Request(name, source, data, Forwarded(**values), ours, large)


def bad(name, source, data, **more):
    return Response(name, source, data, BadGateway(), spoils=True, **more)


def cut(name, source, data, at_once=True, **more):
    return Response(name, source, data, Cut(at_once), spoils=True, **more)


def deliver(name, source, data, status=200, **more):
    own = ("body", "has", "lacks", "interim", "trailers")
    values = {"body": b"", "has": {}, "lacks": (), "interim": (), "trailers": ()}
    values |= {key: more.pop(key) for key in own if key in more}
    return Response(name, source, data, Delivered(status, **values), **more)


HOST = b"Host: x"


def lines(*parts):
    return b"".join(part + b"\r\n" for part in parts)


def message(start, *fields, body=b""):
    return lines(start, *fields, b"") + body


def get(*fields, target=b"/", body=b""):
    return message(b"GET " + target + b" HTTP/1.1", HOST, *fields, body=body)


def post(*fields, target=b"/", body=b""):
    return message(b"POST " + target + b" HTTP/1.1", HOST, *fields, body=body)


def sized(body, *fields, target=b"/"):
    return post(b"Content-Length: %d" % len(body), *fields, target=target, body=body)


TE = b"Transfer-Encoding: chunked"
END = b"0\r\n\r\n"


def chunked(body, *fields, target=b"/"):
    """`body` has its chunks already."""
    return post(TE, *fields, target=target, body=body)


def reply(*fields, status=b"200 OK", body=b""):
    return message(b"HTTP/1.1 " + status, *fields, body=body)


def sized_reply(body, *fields, status=b"200 OK"):
    return reply(b"Content-Length: %d" % len(body), *fields, status=status, body=body)


def chunked_reply(body, *fields):
    return reply(TE, *fields, body=body)
