"""Where the body of a response ends, and what stands behind it (RFC 9112 sections 6, 7 and 9)."""

from cases import END, TE, bad, chunked_reply, cut, deliver, message, reply, sized_reply

RULES = "RFC 9112 6.3"
LENGTH = "RFC 9110 8.6"
CODING = "RFC 9112 6.1"
CHUNK = "RFC 9112 7.1"
EXTENSION = "RFC 9112 7.1.1"
TRAILER = "RFC 9112 7.1.2"
SHORT = "RFC 9112 8"
ENDS = "RFC 9112 2.2"
HEAD = "RFC 9110 9.3.2"
INTERIM = "RFC 9110 15.2"
QUEUE = "response queue poisoning, Kettle 2021"
FUNKY = "Funky chunks, Jeppe 2025"
EMPTY = b"Content-Length: 0"
HELLO = b"5\r\nhello\r\n"
POISON = sized_reply(b"poison")


def length(*values, body=b"hello"):
    return reply(*(b"Content-Length:" + value for value in values), body=body)


def coding(*values, body=END):
    return reply(*(b"Transfer-Encoding:" + value for value in values), body=body)


def chunks(name, source, body, data=b"hello", **more):
    return deliver(name, source, chunked_reply(body), body=data, **more)


def broken(name, source, body):
    return cut(name, source, chunked_reply(HELLO + body))


def trailer(line):
    return HELLO + b"0\r\n" + line + b"\r\n\r\n"


def interim(*statuses):
    return b"".join(b"HTTP/1.1 %d Interim\r\n\r\n" % status for status in statuses)


CASES = [
    # Content-Length.
    deliver("a body of its length arrives", RULES, sized_reply(b"hello"), body=b"hello"),
    deliver("a length of zero is an empty body", RULES, sized_reply(b"")),
    deliver("leading zeros of a response's length mean nothing", LENGTH, length(b" 0005"),
            body=b"hello"),
    deliver("blanks around a response's length mean nothing", "RFC 9112 5", length(b"\t 5 \t"),
            body=b"hello"),
    deliver("a body may look like a response", RULES, sized_reply(POISON), body=POISON),
    deliver("a body may hold every byte", RULES, sized_reply(bytes(range(256))),
            body=bytes(range(256))),
    deliver("a body of 300000 bytes arrives", RULES, sized_reply(b"b" * 300000),
            body=b"b" * 300000),
    bad("two different response lengths are bad", RULES, length(b" 5", b" 6")),
    bad("the same response length twice is bad", RULES, length(b" 5", b" 5"), ours=True),
    bad("a list of the same response length is bad", RULES, length(b" 5, 5"), ours=True),
    bad("a list of different response lengths is bad", RULES, length(b" 5, 6")),
    bad("a response length with a sign is bad", LENGTH, length(b" +5")),
    bad("a negative response length is bad", LENGTH, length(b" -1")),
    bad("a hexadecimal response length is bad", LENGTH, length(b" 0x5")),
    bad("a response length with a letter is bad", LENGTH, length(b" 5x")),
    bad("a response length with a blank inside is bad", LENGTH, length(b" 1 0")),
    bad("a response length with a fraction is bad", LENGTH, length(b" 5.0")),
    bad("an empty response length is bad", LENGTH, length(b"")),
    bad("a response length beyond 64 bits is bad", LENGTH, length(b" 18446744073709551621")),
    bad("a response length behind a vertical tab is bad", LENGTH, length(b" \x0b5")),
    bad("a response length in quotes is bad", LENGTH, length(b" \"5\"")),
    bad("a folded response length is bad", "RFC 9112 5.2", length(b"\r\n 5")),
    cut("too short a body is cut", SHORT, length(b" 10"), at_once=False, closes=True),
    cut("a length without a body is cut", SHORT, length(b" 10", body=b""), at_once=False,
        closes=True),
    # Transfer-Encoding.
    chunks("a chunked response arrives", RULES, HELLO + END),
    deliver("a coding of a response may be in any letters", CODING,
            coding(b" ChunkeD", body=HELLO + END), body=b"hello"),
    deliver("blanks around a coding of a response mean nothing", "RFC 9112 5",
            coding(b"\t chunked \t", body=HELLO + END), body=b"hello"),
    bad("a response with both framings is bad", RULES,
        reply(b"Content-Length: 5", TE, body=HELLO + END), ours=True),
    bad("a response with both in the other order is bad", RULES,
        reply(TE, b"Content-Length: 3", body=END), ours=True),
    bad("an unknown coding of a response is bad", CODING, coding(b" gzip, chunked"), ours=True),
    bad("gzip alone as coding of a response is bad", CODING, coding(b" gzip", body=b"x"),
        closes=True, ours=True),
    bad("chunked before another coding is bad", CODING, coding(b" chunked, gzip"), ours=True),
    bad("chunked twice in a response is bad", CODING, coding(b" chunked", b" chunked")),
    bad("chunked twice in a list of a response is bad", CODING, coding(b" chunked, chunked")),
    bad("identity as coding of a response is bad", CODING, coding(b" identity", body=b"x"),
        closes=True, ours=True),
    bad("an empty coding of a response is bad", CODING, coding(b"", body=b"x"), closes=True,
        ours=True),
    bad("xchunked in a response is bad", CODING, coding(b" xchunked"), ours=True),
    bad("chunked with a parameter in a response is bad", CHUNK, coding(b" chunked;a=b"),
        ours=True),
    bad("chunked behind a vertical tab in a response is bad", CODING, coding(b" \x0bchunked")),
    bad("chunks of HTTP/1.0 are bad", CODING, message(b"HTTP/1.0 200 OK", TE, body=HELLO + END),
        closes=True, ours=True),
    # Until the connection ends.
    deliver("a body without a framing ends with its connection", RULES, reply(body=b"hello"),
            body=b"hello", closes=True, spoils=True),
    deliver("an empty body may end with its connection", RULES, reply(), closes=True,
            spoils=True),
    deliver("a body of HTTP/1.0 ends with its connection", RULES,
            message(b"HTTP/1.0 200 OK", body=b"hello"), body=b"hello", closes=True, spoils=True),
    deliver("keep-alive makes no end of a body", RULES,
            reply(b"Connection: keep-alive", body=b"hello" + POISON), body=b"hello" + POISON,
            closes=True, spoils=True),
    deliver("a body that ends with its connection may be large", RULES,
            reply(body=b"c" * 200000), body=b"c" * 200000, closes=True, spoils=True),
    # Chunks.
    chunks("no chunk is an empty response", CHUNK, END, b""),
    chunks("several chunks are one response", CHUNK, b"2\r\nhe\r\n3\r\nllo\r\n" + END),
    chunks("large letters in a response's size are digits", CHUNK,
           b"A\r\n0123456789\r\n" + END, b"0123456789"),
    chunks("leading zeros of a response's size mean nothing", CHUNK,
           b"0005\r\nhello\r\n00\r\n\r\n"),
    chunks("an extension of a response is ignored", EXTENSION, b"5;a=b\r\nhello\r\n0;c\r\n\r\n"),
    chunks("a quoted extension of a response is ignored", EXTENSION,
           b"5;a=\"b; c\\\"\"\r\nhello\r\n" + END),
    chunks("a response chunk may look like a response", CHUNK,
           b"%x\r\n%s\r\n0\r\n\r\n" % (len(POISON), POISON), POISON),
    chunks("a trailer of a response arrives", TRAILER, trailer(b"X-Sum: abc"),
           trailers=(("X-Sum", "abc"),)),
    chunks("two trailers of a response arrive", TRAILER, trailer(b"B: 1\r\nA: 2"),
           trailers=(("B", "1"), ("A", "2"))),
    broken("a response chunk without a size is cut", CHUNK, b"\r\nx\r\n" + END),
    broken("a response size that is no number is cut", CHUNK, b"xyz\r\nx\r\n" + END),
    broken("a response size with 0x is cut", CHUNK, b"0x1\r\nx\r\n" + END),
    broken("a negative response size is cut", CHUNK, b"-1\r\nx\r\n" + END),
    broken("a response size with a plus sign is cut", CHUNK, b"+1\r\nx\r\n" + END),
    broken("a response size beyond 64 bits is cut", CHUNK, b"10000000000000001\r\nx\r\n" + END),
    broken("a response size of all ones is cut", CHUNK, b"ffffffffffffffff\r\nx\r\n" + END),
    broken("a response size with a blank before it is cut", CHUNK, b" 1\r\nx\r\n" + END),
    broken("a response size with a blank behind it is cut", CHUNK, b"1 \r\nx\r\n" + END),
    broken("a bare LF behind a response size is cut", ENDS, b"1\nx\r\n" + END),
    broken("a bare CR behind a response size is cut", ENDS, b"1\rx\r\n" + END),
    broken("a bare LF behind response data is cut", ENDS, b"1\r\nx\n" + END),
    broken("two other bytes behind response data are cut", "CVE-2025-43859", b"1\r\nxyz" + END),
    broken("more response data than its size is cut", CHUNK, b"1\r\nxy\r\n" + END),
    broken("a bare LF in an extension of a response is cut", FUNKY, b"1;a\nb\r\nx\r\n" + END),
    broken("a bare CR in an extension of a response is cut", FUNKY, b"1;a\rb\r\nx\r\n" + END),
    broken("a NUL in an extension of a response is cut", EXTENSION, b"1;\0\r\nx\r\n" + END),
    broken("a quote without an end in a response is cut", EXTENSION, b"1;a=\"\r\nx\r\n" + END),
    broken("an extension of a response without a name is cut", EXTENSION, b"1;\r\nx\r\n" + END),
    broken("a bare LF behind the last chunk of a response is cut", ENDS, b"0\n\r\n"),
    broken("a bare LF as the last line of a response is cut", ENDS, b"0\r\n\n"),
    broken("a response trailer without a colon is cut", TRAILER, b"0\r\nA b\r\n\r\n"),
    broken("a response trailer with a blank before its colon is cut", TRAILER,
           b"0\r\nA : b\r\n\r\n"),
    broken("a folded response trailer is cut", "RFC 9112 5.2", b"0\r\nA: b\r\n c\r\n\r\n"),
    broken("a NUL in a response trailer is cut", "RFC 9110 5.5", b"0\r\nA: \0\r\n\r\n"),
    broken("a bare LF in a response trailer is cut", ENDS, b"0\r\nA: b\nC: d\r\n\r\n"),
    broken("Content-Length as response trailer is cut", "RFC 9110 6.5.1",
           b"0\r\nContent-Length: 9\r\n\r\n"),
    broken("Transfer-Encoding as response trailer is cut", "RFC 9110 6.5.1",
           b"0\r\nTransfer-Encoding: chunked\r\n\r\n"),
    broken("Set-Cookie as response trailer is cut", "RFC 9110 6.5.1",
           b"0\r\nSet-Cookie: a=b\r\n\r\n"),
    broken("Content-Type as response trailer is cut", "RFC 9110 6.5.1",
           b"0\r\nContent-Type: text/html\r\n\r\n"),
    broken("a response in place of trailers is cut", QUEUE, b"0\r\n" + POISON),
    cut("response trailers of 20000 bytes are cut", "RFC 9110 6.5",
        chunked_reply(HELLO + b"0\r\nA: " + b"b" * 20000 + b"\r\n\r\n"), at_once=False),
    cut("extensions of a response without end are cut", "CVE-2023-39326",
        chunked_reply((b"1;" + b"a" * 1000 + b"\r\na\r\n") * 10 + END), at_once=False),
    cut("chunks without an end are cut", SHORT, chunked_reply(HELLO), at_once=False, closes=True),
    cut("half a chunk is cut", SHORT, chunked_reply(b"9\r\nhello"), at_once=False, closes=True),
    cut("a last chunk without its empty line is cut", SHORT, chunked_reply(HELLO + b"0\r\n"),
        at_once=False, closes=True),
    cut("half a size is cut", SHORT, chunked_reply(HELLO + b"1"), at_once=False, closes=True),
    # HEAD, 204, 304.
    deliver("a HEAD is answered by its head", HEAD, reply(b"Content-Length: 5"), method="HEAD",
            has={"Content-Length": "5"}),
    deliver("a HEAD of chunks has none", HEAD, reply(TE), method="HEAD"),
    deliver("a HEAD without a framing has no body", HEAD, reply(), method="HEAD"),
    deliver("a HEAD of a huge length has no body", HEAD,
            reply(b"Content-Length: 9000000000000000"), method="HEAD",
            has={"Content-Length": "9000000000000000"}),
    deliver("a body behind a HEAD is nobody's", QUEUE, length(b" 5"), method="HEAD",
            spoils=True),
    deliver("chunks behind a HEAD are nobody's", QUEUE, chunked_reply(HELLO + END),
            method="HEAD", spoils=True),
    deliver("a response behind a HEAD is nobody's", QUEUE, reply(EMPTY)
            + POISON, method="HEAD", spoils=True),
    deliver("204 has no body", RULES, reply(status=b"204 No Content"), 204),
    deliver("bytes behind 204 are nobody's", QUEUE, reply(status=b"204 No Content", body=POISON),
            204, spoils=True),
    bad("204 with a length is bad", LENGTH, length(b" 5").replace(b"200 OK", b"204 No"),
        ours=True),
    bad("204 with chunks is bad", CODING, chunked_reply(HELLO + END).replace(b"200", b"204"),
        ours=True),
    deliver("304 has no body", RULES, reply(b"ETag: \"a\"", status=b"304 Not Modified"), 304),
    deliver("304 may tell a length", LENGTH,
            reply(b"Content-Length: 5", status=b"304 Not Modified"), 304),
    deliver("a body behind 304 is nobody's", QUEUE,
            sized_reply(b"hello", status=b"304 Not Modified"), 304, spoils=True),
    deliver("205 without a body arrives", "RFC 9110 15.3.6",
            reply(EMPTY, status=b"205 Reset Content"), 205),
    # What stands behind a response.
    deliver("a second response is nobody's", QUEUE, sized_reply(b"ok") + POISON, body=b"ok",
            spoils=True),
    deliver("a second response behind chunks is nobody's", QUEUE,
            chunked_reply(HELLO + END) + POISON, body=b"hello", spoils=True),
    deliver("a second response behind an empty one is nobody's", QUEUE,
            sized_reply(b"") + POISON, spoils=True),
    deliver("a byte behind a response is nobody's", QUEUE, sized_reply(b"ok") + b"x", body=b"ok",
            spoils=True),
    deliver("an empty line behind a response is nobody's", QUEUE, sized_reply(b"ok") + b"\r\n",
            body=b"ok", spoils=True),
    deliver("half a response behind a response is nobody's", QUEUE,
            sized_reply(b"ok") + POISON[:20], body=b"ok", spoils=True),
    deliver("an interim response behind a response is nobody's", INTERIM,
            sized_reply(b"ok") + interim(100), body=b"ok", spoils=True),
    deliver("more than its length is nobody's", QUEUE, length(b" 2", body=b"okPOISON"),
            body=b"ok", spoils=True),
    # Interim responses.
    deliver("100 before a response is passed on", INTERIM, interim(100) + sized_reply(b"ok"),
            body=b"ok", interim=(100,)),
    deliver("103 with its links is passed on", "RFC 8297 2",
            b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" + sized_reply(b"ok"), body=b"ok",
            interim=(103,)),
    deliver("102 and 103 are passed on in order", INTERIM,
            interim(102, 103) + sized_reply(b"ok"), body=b"ok", interim=(102, 103)),
    deliver("an interim response that nobody knows is passed on", INTERIM,
            interim(199) + sized_reply(b"ok"), body=b"ok", interim=(199,)),
    deliver("an interim response before 404 is passed on", INTERIM,
            interim(103) + sized_reply(b"no", status=b"404 Not Found"), 404, body=b"no",
            interim=(103,)),
    deliver("an interim response before a HEAD's is passed on", INTERIM,
            interim(103) + reply(b"Content-Length: 5"), method="HEAD", interim=(103,)),
    bad("100 with a length is bad", INTERIM, b"HTTP/1.1 100 C\r\nContent-Length: 5\r\n\r\nhello"
        + POISON, ours=True),
    bad("103 with chunks is bad", INTERIM,
        b"HTTP/1.1 103 E\r\nTransfer-Encoding: chunked\r\n\r\n" + POISON, ours=True),
    bad("101 that nobody asked for is bad", "RFC 9110 15.2.2",
        b"HTTP/1.1 101 Switching\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n"),
    bad("101 for a websocket that the route does not allow is bad", "RFC 9110 15.2.2",
        b"HTTP/1.1 101 Switching\r\nUpgrade: websocket\r\nConnection: upgrade\r\n\r\n",
        asks=(b"Upgrade: websocket", b"Connection: Upgrade"), ours=True),
    bad("101 to h2c is bad", "h2c smuggling, Miller 2020",
        b"HTTP/1.1 101 Switching\r\nUpgrade: h2c\r\nConnection: Upgrade\r\n\r\n",
        asks=(b"Upgrade: h2c", b"Connection: Upgrade, HTTP2-Settings", b"HTTP2-Settings: AA")),
    bad("101 to another protocol than was asked for is bad", "RFC 9110 7.8",
        b"HTTP/1.1 101 Switching\r\nUpgrade: h2c\r\nConnection: Upgrade\r\n\r\n", path="/ws/case",
        asks=(b"Upgrade: websocket", b"Connection: Upgrade"), ours=True),
    bad("101 that does not say to what is bad", "RFC 9110 15.2.2",
        b"HTTP/1.1 101 Switching\r\n\r\n", path="/ws/case",
        asks=(b"Upgrade: websocket", b"Connection: Upgrade"), ours=True),
]  # fmt: skip
