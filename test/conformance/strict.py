"""A reader of messages that takes nothing but the one unambiguous form. It shares no code with
anything under test, and knows no mercy: what a proxy sends has no excuse to be unusual."""

import dataclasses
import re

TOKEN = rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
PATH = rb"(?:[A-Za-z0-9._~!$&'()*+,;=:@/-]|%[0-9A-Fa-f]{2})*"
START = re.compile(rb"(%s) (/%s(?:\?[!-\"$-~]*)?|\*) HTTP/1\.1" % (TOKEN, PATH))
STATUS = re.compile(rb"HTTP/1\.1 ([1-5][0-9][0-9]) ([\t -~\x80-\xff]*)")
VALUE = rb"(?:[!-~\x80-\xff](?:[\t -~\x80-\xff]*[!-~\x80-\xff])?)?"
FIELD = re.compile(rb"(%s):[ \t]*(%s)[ \t]*" % (TOKEN, VALUE))
NAME = rb"(?:[A-Za-z0-9._~!$&'()*+,;=-]|%[0-9A-Fa-f]{2})+"
HOST = re.compile(rb"(?:\[[0-9a-fA-F:.]+\]|" + NAME + rb")(?::[0-9]*)?")
SIZE = re.compile(rb"0|[1-9][0-9]{0,17}")
CHUNK = re.compile(rb"[1-9a-fA-F][0-9a-fA-F]{0,14}|0")
# For peers that pass on a version, an absolute target, a length or a coding as it is: unusual, but
# nobody reads it in two ways.
relaxed = False
RELAXED_START = re.compile(
    rb"%s (?:(?i:https?)://[!-\"$-~]+|/%s(?:\?[!-\"$-~]*)?|\*) HTTP/1\.[01]" % (TOKEN, PATH)
)
RELAXED_STATUS = re.compile(STATUS.pattern.replace(rb"1\.1", rb"1\.[01]"))


class Broken(Exception):
    """This can never become a message that everybody reads alike."""


@dataclasses.dataclass
class Message:
    start: bytes
    fields: list
    body: bytes = b""
    trailers: tuple = ()
    until_close: bool = False
    answer: bytes = b""  # of the origin, to this request

    @property
    def method(self):
        return self.start.split(b" ")[0].decode()

    @property
    def target(self):
        return self.start.split(b" ")[1].decode()

    @property
    def status(self):
        return int(self.start.split(b" ")[1])

    def all(self, name):
        return [value for field, value in self.fields if field.lower() == name.lower()]

    def get(self, name):
        values = self.all(name)
        return ", ".join(values) if values else None


def fields_of(block):
    """Of lines without their last CRLF."""
    found = []
    for line in block.split(b"\r\n") if block else []:
        match = FIELD.fullmatch(line)
        if match is None:
            raise Broken(f"no field line: {line!r}")
        found.append(tuple(part.decode("latin-1") for part in match.groups()))
    return found


def head_of(data):
    """(start line, fields, bytes), or None if there is no end yet."""
    end = data.find(b"\r\n\r\n")
    seen = data if end < 0 else data[: end + 2]
    if re.search(rb"\r[^\n]|(?<!\r)\n|\0", seen) or seen.startswith(b"\r\n"):
        raise Broken(f"a bare CR or LF, a NUL or an empty line: {seen[:80]!r}")
    if end < 0:
        return None
    start, _, block = data[:end].partition(b"\r\n")
    return start, fields_of(block), end + 4


def only(message, name):
    values = message.all(name)
    if len(values) > 1:
        raise Broken(f"{name} stands there {len(values)} times")
    return values[0] if values else None


def chunks_of(data):
    """(body, trailers, bytes), or None if there is no end yet."""
    body, at = b"", 0
    while True:
        line_end = data.find(b"\r\n", at)
        line = data[at : line_end if line_end >= 0 else len(data)]
        if line_end < 0:
            if line and not re.fullmatch(rb"[0-9a-fA-F]+\r?", line):
                raise Broken(f"no chunk size: {line[:40]!r}")
            return None
        if not CHUNK.fullmatch(line):
            raise Broken(f"no chunk size: {line[:40]!r}")
        at = line_end + 2
        size = int(line, 16)
        if size == 0:
            break
        if len(data) < at + size + 2:
            return None
        body += data[at : at + size]
        if data[at + size : at + size + 2] != b"\r\n":
            raise Broken("a chunk does not end where it says")
        at += size + 2
    if data[at : at + 2] == b"\r\n":
        return body, (), at + 2
    end = data.find(b"\r\n\r\n", at)
    if end < 0:
        return None
    if re.search(rb"\r[^\n]|(?<!\r)\n|\0", data[at:end]):
        raise Broken("a bare CR or LF in a trailer section")
    return body, tuple(fields_of(data[at:end])), end + 4


def body_of(message, data, ended=False, may_close=False):
    """The bytes that the body takes, or None if it is not complete."""
    coding = only(message, "transfer-encoding")
    length = only(message, "content-length")
    if coding is not None and length is not None:
        raise Broken("Content-Length and Transfer-Encoding")
    if coding is not None:
        if (coding.lower() if relaxed else coding) != "chunked":
            raise Broken(f"Transfer-Encoding {coding!r}")
        read = chunks_of(data)
        if read is None:
            return None
        message.body, message.trailers, size = read
        return size
    if length is not None:
        digits = length.lstrip("0") or "0" if relaxed else length
        if not SIZE.fullmatch(digits.encode("latin-1")):
            raise Broken(f"Content-Length {length!r}")
        message.body = data[: int(length)]
        return int(length) if len(data) >= int(length) else None
    if not may_close:
        return 0
    message.body, message.until_close = data, True
    return len(data) if ended else None


def read_request(data):
    """(message, bytes), or None if there is more to come."""
    head = head_of(data)
    if head is None:
        return None
    start, fields, size = head
    if not (RELAXED_START if relaxed else START).fullmatch(start):
        raise Broken(f"no request line: {start!r}")
    message = Message(start, fields)
    host = only(message, "host")
    if host is None or not HOST.fullmatch(host.encode("latin-1")):
        raise Broken(f"Host {host!r}")
    taken = body_of(message, data[size:])
    return None if taken is None else (message, size + taken)


def read_response(data, method, ended):
    """(message, bytes), or None if there is more to come. Interim responses are messages too."""
    head = head_of(data)
    if head is None:
        return None
    start, fields, size = head
    if not (RELAXED_STATUS if relaxed else STATUS).fullmatch(start):
        raise Broken(f"no status line: {start!r}")
    message = Message(start, fields)
    if message.status < 200 or message.status == 204:
        if message.all("content-length") or message.all("transfer-encoding"):
            raise Broken(f"{message.status} with a framing")
        return message, size
    if method == "HEAD" or message.status == 304:
        only(message, "content-length")
        if message.all("transfer-encoding") and message.all("content-length"):
            raise Broken("Content-Length and Transfer-Encoding")
        return message, size
    taken = body_of(message, data[size:], ended, may_close=True)
    return None if taken is None else (message, size + taken)
