"""Plays one request case: what the client and the origin see, and what is wrong with that."""

import dataclasses
import random
import re

import cases
import stage as stages
import strict

MARKER = b"GET /marker HTTP/1.1\r\nHost: marker\r\n\r\n"
# The proxy writes these itself, or they are of one hop only.
OWN = {
    "host", "content-length", "transfer-encoding", "connection", "keep-alive", "proxy-connection",
    "te", "upgrade", "http2-settings", "via", "forwarded", "x-forwarded-for", "x-forwarded-host",
    "x-forwarded-proto", "x-real-ip", "x-request-id", "proxy-authorization", "expect",
    "max-forwards", "traceparent", "tracestate",
}  # fmt: skip


@dataclasses.dataclass
class Seen:
    responses: list  # of the client: [(interim, response)]
    left: bytes  # that the client got behind them
    ended: bool  # the client's connection
    broken_answer: str  # what the client got is no response
    arrived: list
    broken: list
    received: int  # bytes that came to the origin
    marked: bool  # a second request stood behind the case


def ways(case, seed):
    """Name and pieces: whole, byte by byte if that is quick, cut in two at a few places."""
    yield "in one piece", [case.data]
    if len(case.data) <= 600:
        yield "byte by byte", [bytes([byte]) for byte in case.data]
    places = [at + more for at, byte in enumerate(case.data[:2000]) for more in (0, 1)
              if byte in b"\r\n: ;" and 0 < at + more < len(case.data)]  # fmt: skip
    chooser = random.Random(f"{seed} {case.name}")
    for place in sorted(chooser.sample(places, min(2, len(places)))):
        yield f"cut at {place}", [case.data[:place], case.data[place:]]


def play(stage, port, case, pieces, patience, marked=True):
    """The marker follows in the same piece as the end of the case."""
    stage.settle()
    stage.forget()
    client = stages.Client(stage, port)
    pieces = [*pieces[:-1], pieces[-1] + (MARKER if marked else b"")]
    gap = 0.00002 if len(pieces) > 2 else 0.002
    for number, piece in enumerate(pieces):
        if number:
            stage.pause(gap)
        if client.ended or not client.send(piece):
            break
    word = case.data.lstrip(b"\r\n").split(b" ")[0].decode("latin-1")
    first = getattr(case.expect, "method", word)
    seen = Seen([], b"", False, "", stage.arrived, stage.broken, 0, marked)

    def answered():
        try:
            seen.responses = client.responses(first, *["GET"] * marked)
        except strict.Broken as error:
            seen.broken_answer = str(error)
            return True
        waits = isinstance(case.expect, cases.Refused) or getattr(case.expect, "closes", False)
        return client.ended or (not waits and len(seen.responses) == 1 + marked)

    stage.until(answered, patience)
    seen.left, seen.ended = client.left, client.ended
    stage.settle()
    seen.received = stage.received
    client.close()
    return seen


def problem_of(case, seen, whole):
    """What uvoy did wrong, or None."""
    if seen.broken:
        return f"the origin cannot read what arrived: {seen.broken[0]}"
    if seen.broken_answer:
        return f"the client cannot read its answer: {seen.broken_answer}"
    if seen.left:
        return f"the client gets more than its answers: {seen.left[:200]!r}"
    if not seen.responses:
        return "no answer" + (", and the connection ends" if seen.ended else "")
    if isinstance(case.expect, cases.Refused):
        return refused_wrong(case, seen, whole)
    if isinstance(case.expect, cases.Answered):
        return answered_wrong(case.expect, seen)
    return forwarded_wrong(case, seen)


def refused_wrong(case, seen, whole):
    response = seen.responses[0][1]
    if seen.arrived:
        return f"it is forwarded: {seen.arrived[0].start!r}, {len(seen.arrived)} requests in all"
    if response.status not in case.expect.statuses:
        return f"{response.status}, not {case.expect.statuses}"
    if not (response.get("proxy-status") or "").startswith("uvoy; error="):
        return f"Proxy-Status {response.get('proxy-status')!r}"
    if response.get("connection") != "close" or not seen.ended:
        return "the connection does not end"
    if len(seen.responses) > 1:
        return f"two answers, the second {seen.responses[1][1].start!r}"
    if whole and seen.received and not case.large:
        return f"{seen.received} bytes of it reach the origin"
    return None


def answered_wrong(expect, seen):
    response = seen.responses[0][1]
    if response.status != expect.status:
        return f"{response.status}, not {expect.status}"
    for name, value in expect.has.items():
        if response.get(name) != value:
            return f"{name}: {response.get(name)!r}, not {value!r}"
    if expect.body is not None and expect.body not in response.body:
        return f"the body {response.body!r} is without {expect.body!r}"
    return markers_wrong(seen, seen.arrived, seen.responses[1:])


def markers_wrong(seen, arrived, responses):
    """The request behind the case has an answer of its own."""
    if not seen.marked:
        return None
    if len(arrived) != 1 or arrived[0].target != "/marker":
        return f"of the next request this arrives: {[message.start for message in arrived]}"
    if not responses or responses[0][1].body != arrived[0].answer:
        return f"the next request has no answer of its own, but {responses}"
    return None


def forwarded_wrong(case, seen):
    expect, response = case.expect, seen.responses[0][1]
    if not seen.arrived:
        return f"{response.status} {response.get('proxy-status')}, and nothing arrives"
    message = seen.arrived[0]
    if wrong := changed(case, message) or ours_wrong(case, message):
        return wrong
    if response.status != 200:
        return f"{response.status}, not 200"
    if message.method != "HEAD" and response.body != message.answer:
        return f"the answer is of another request: {response.body!r}"
    if expect.closes:
        if not seen.ended:
            return "the connection does not end"
        if len(seen.responses) > 1 or len(seen.arrived) > 1:
            return "the next request is served though the connection was to end"
        return None
    return markers_wrong(seen, seen.arrived[1:], seen.responses[1:])


def own_fields(data):
    """The fields of the data that everybody has to pass on, as they stand there."""
    head = data.lstrip(b"\r\n").split(b"\r\n\r\n")[0].decode("latin-1")
    found = []
    for line in head.split("\r\n")[1:]:
        name, value = line.split(":", 1)
        found.append((name, value.strip(" \t")))
    return found


def changed(case, message):
    """What any proxy has to keep."""
    expect = case.expect
    got, wanted = (message.method, message.target), (expect.method, expect.target)
    if got != wanted:
        return f"{got} arrives, not {wanted}"
    if not message.start.endswith(b" HTTP/1.1"):
        return f"it arrives in the version of the client: {message.start!r}"
    if message.body != expect.body:
        return f"the body {message.body[:200]!r} arrives, not {expect.body[:200]!r}"
    if message.get("host") != expect.host:
        return f"Host {message.get('host')!r} arrives, not {expect.host!r}"
    if lower(message.trailers) != lower(expect.trailers):
        return f"the trailers {message.trailers} arrive, not {expect.trailers}"
    for name, value in expect.has.items():
        if message.get(name) != value:
            return f"{name}: {message.get(name)!r} arrives, not {value!r}"
    for name in expect.lacks:
        if name.lower() not in map(str.lower, expect.has) and message.all(name):
            return f"{name}: {message.get(name)!r} arrives"
    rest = lower(message.fields)
    for field in lower(end_to_end(case)):
        if field not in rest:
            return f"{field} does not arrive as it is"
        rest.remove(field)
    return None


def lower(fields):
    """Names are the same in any letters (RFC 9110 section 5.1)."""
    return [(name.lower(), value) for name, value in fields]


def end_to_end(case):
    without = OWN | {name.lower() for name in (*case.expect.lacks, *case.expect.has)}
    return [field for field in own_fields(case.data) if field[0].lower() not in without]


def ours_wrong(case, message):
    """What this proxy promises beyond that: the order stays, and who asked is told."""
    expect = case.expect
    without = OWN | {name.lower() for name in expect.has}
    arrived = [field for field in message.fields if field[0].lower() not in without]
    if arrived != end_to_end(case) or tuple(message.trailers) != expect.trailers:
        return f"the fields {arrived} arrive, not {end_to_end(case)}"
    told = {
        "via": r"(.*, )?1\.[01] uvoy(-[0-9a-f]{8})?",
        "x-forwarded-for": r"127\.0\.0\.1",
        "x-forwarded-proto": r"http",
        "x-forwarded-host": re.escape(expect.host),
        "x-request-id": r"[!-~]{1,128}",
        "traceparent": r"00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}",
    }
    for name, pattern in told.items():
        if name not in map(str.lower, expect.has) and (
            len(message.all(name)) < 1 or not re.fullmatch(pattern, message.get(name))
        ):
            return f"{name}: {message.get(name)!r} arrives"
    for name in ("connection", "keep-alive", "te", "upgrade", "forwarded", "x-real-ip"):
        if name not in map(str.lower, expect.has) and message.all(name):
            return f"{name}: {message.get(name)!r} arrives"
    return None
