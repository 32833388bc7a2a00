"""Plays one response case: what the client sees of it, and who gets what stands behind it."""

import dataclasses
import random
import re

import cases
import stage as stages
import strict
from requests_runner import lower

NEXT = b"GET /next HTTP/1.1\r\nHost: x\r\n\r\n"
FRESH = b"GET /fresh HTTP/1.1\r\nHost: x\r\n\r\n"
# The proxy writes these itself, or they are of one hop only.
OWN = {
    "content-length", "transfer-encoding", "connection", "keep-alive", "proxy-connection",
    "upgrade", "via", "date",
}  # fmt: skip


@dataclasses.dataclass
class Seen:
    answer: object = None  # (interim, response) of the case
    cut: bool = False  # the connection ended in the middle of it
    wrong: str = ""  # whatever must not happen, however the case was meant
    next: str = ""  # what is wrong with the answers that follow
    late: bool = False  # nothing came before the endpoint closed


def ways(case, seed):
    """Name, pieces of the response, and whether the next request stands behind this one."""
    yield "in one piece", [case.data], False
    yield "in one piece, the next request waiting", [case.data], True
    if len(case.data) <= 600:
        yield "byte by byte", [bytes([byte]) for byte in case.data], False
    head = case.data.find(b"\r\n\r\n") + 4
    if 4 <= head < len(case.data):
        yield "head first", [case.data[:head], case.data[head:]], False
    if len(case.data) > 1:
        place = random.Random(f"{seed} {case.name}").randrange(1, min(len(case.data), 2000))
        yield f"cut at {place}", [case.data[:place], case.data[place:]], True


def request(case):
    fields = b"".join(field + b"\r\n" for field in (b"Host: x", *case.asks))
    return f"{case.method} {case.path} HTTP/1.1\r\n".encode() + fields + b"\r\n"


class Play:
    def __init__(self, stage, port, case, pieces, pipelined, patience):
        self.stage, self.port, self.case, self.patience = stage, port, case, patience
        self.pieces, self.pipelined = pieces, pipelined
        self.seen = Seen()
        self.asked = []

    def run(self):
        self.stage.settle()
        self.stage.forget()
        self.stage.script = lambda peer, message: self.asked.append(peer)
        self.client = stages.Client(self.stage, self.port)
        try:
            self.client.send(request(self.case) + (NEXT if self.pipelined else b""))
            self.stage.until(lambda: self.asked or self.client.ended, self.patience)
            if self.asked:
                self.reply(self.asked[0])
                self.read(self.asked[0])
            else:
                self.seen.wrong = "the request does not arrive"
        except strict.Broken as error:
            self.seen.wrong = f"the client cannot read what it gets: {error}"
        finally:
            self.client.close()
            self.stage.script = None
            for peer in self.asked:
                if self.case.spoils:
                    peer.close()  # or whoever wrongly uses it would wait for ever
        return self.seen

    def reply(self, peer):
        peer.spent = self.case.spoils
        peer.buffer = b""
        for number, piece in enumerate(self.pieces):
            if number:
                self.stage.pause(0.00002 if len(self.pieces) > 2 else 0.005)
            if peer.ended or not peer.send(piece):
                break
        if self.case.closes:
            peer.close()

    def answered(self):
        found = self.client.responses(self.case.method)
        self.seen.answer = found[0] if found else None
        return self.seen.answer is not None or self.client.ended

    def read(self, peer):
        if not self.stage.until(self.answered, self.patience):
            self.seen.late = True
            peer.close()
            self.stage.until(self.answered, self.patience)
        self.seen.cut = self.seen.answer is None and self.client.ended
        spoilt = self.case.spoils and not self.case.closes
        if spoilt and not self.stage.until(lambda: peer.ended, self.patience):
            self.seen.next = "the endpoint's connection stays open"
        if self.seen.answer is None:
            if not self.seen.cut:
                self.seen.wrong = "no answer, and no end"
            return self.ask_afresh()
        if self.seen.answer[1].status != 101:
            self.ask_next()
        self.ask_afresh()
        if self.case.spoils and peer.buffer:
            self.seen.next = f"the endpoint's connection is used again: {peer.buffer[:80]!r}"

    def own(self, target, response):
        arrived = [message for message in self.stage.arrived if message.target == target]
        return len(arrived) == 1 and response.body == arrived[0].answer

    def ask_next(self):
        """On the same connection, if it is still there."""
        if not self.pipelined and not self.client.ended:
            self.client.send(NEXT)
        found = []

        def answered():
            found[:] = self.client.responses(self.case.method, "GET")
            return len(found) == 2 or self.client.ended

        if not self.stage.until(answered, self.patience):
            self.seen.next = "the next request has no answer"
        elif len(found) == 2 and not self.own("/next", found[1][1]):
            self.seen.next = f"the next request gets {found[1][1].start} {found[1][1].body!r}"
        elif self.client.left:
            self.seen.next = f"the client gets more than its answers: {self.client.left[:200]!r}"

    def ask_afresh(self):
        fresh = stages.Client(self.stage, self.port)
        fresh.send(FRESH)
        found = []

        def answered():
            found[:] = fresh.responses("GET")
            return found or fresh.ended

        self.stage.until(answered, self.patience)
        fresh.close()
        if not found or not self.own("/fresh", found[0][1]):
            self.seen.next = f"a fresh request gets {found[0][1].body if found else None!r}"


def play(stage, port, case, pieces, pipelined, patience):
    return Play(stage, port, case, pieces, pipelined, patience).run()


def problem_of(case, seen, whole):
    """What uvoy did wrong, or None."""
    if seen.wrong or seen.next:
        return seen.wrong or seen.next
    if seen.late:
        return "nothing comes before the endpoint closes"
    if isinstance(case.expect, cases.Delivered):
        return changed(case, seen) or ours_wrong(case, seen.answer[1])
    if seen.cut:
        if isinstance(case.expect, cases.Cut) and not (whole and case.expect.at_once):
            return None
        return "the connection ends without an answer"
    response = seen.answer[1]
    if response.status != 502:
        return f"{response.start}, not 502: {response.body[:200]!r}"
    if not (response.get("proxy-status") or "").startswith("uvoy; error="):
        return f"Proxy-Status {response.get('proxy-status')!r}"
    return None


def own_fields(data):
    """Of the final response in these bytes."""
    while True:
        head, _, rest = data.partition(b"\r\n\r\n")
        if not re.match(rb"HTTP/1\.1 1\d\d", head) or not rest:
            break
        data = rest
    parts = [line.split(":", 1) for line in head.decode("latin-1").split("\r\n")[1:]]
    return [(name, value.strip(" \t")) for name, value in parts]


def end_to_end(case):
    without = OWN | {name.lower() for name in (*case.expect.lacks, *case.expect.has)}
    return [field for field in own_fields(case.data) if field[0].lower() not in without]


def changed(case, seen):
    """What any proxy has to keep."""
    expect = case.expect
    if seen.cut:
        return "the connection ends without an answer"
    interim, response = seen.answer
    if response.status != expect.status:
        return f"{response.start}, not {expect.status}"
    if not response.start.startswith(b"HTTP/1.1 "):
        return f"the version is the endpoint's: {response.start!r}"
    if response.body != expect.body:
        return f"the body {response.body[:200]!r}, not {expect.body[:200]!r}"
    statuses = tuple(message.status for message in interim)
    if statuses != expect.interim:
        return f"{statuses} before it, not {expect.interim}"
    if lower(response.trailers) != lower(expect.trailers):
        return f"the trailers {response.trailers}, not {expect.trailers}"
    for name, value in expect.has.items():
        if response.get(name) != value:
            return f"{name}: {response.get(name)!r}, not {value!r}"
    for name in expect.lacks:
        if response.all(name):
            return f"{name}: {response.get(name)!r} arrives"
    rest = lower(response.fields)
    for field in lower(end_to_end(case)):
        if field not in rest:
            return f"{field} does not arrive as it is"
        rest.remove(field)
    return None


def ours_wrong(case, response):
    """What this proxy promises beyond that."""
    without = OWN | {name.lower() for name in case.expect.has}
    arrived = [field for field in response.fields if field[0].lower() not in without]
    if arrived != end_to_end(case) or tuple(response.trailers) != case.expect.trailers:
        return f"the fields {arrived} arrive, not {end_to_end(case)}"
    if not re.fullmatch(r"(.*, )?1\.[01] uvoy(-[0-9a-f]{8})?", response.get("via") or ""):
        return f"Via: {response.get('via')!r}"
    if not response.get("date"):
        return "no Date"
    return None
