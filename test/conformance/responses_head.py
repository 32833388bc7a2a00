"""Status line and fields of responses (RFC 9112 sections 4 and 5)."""

from cases import HOST, bad, deliver, lines, message, reply, sized_reply

STATUS = "RFC 9112 4"
CODE = "RFC 9110 15"
VERSION = "RFC 9112 2.3"
ENDS = "RFC 9112 2.2"
FOLD = "RFC 9112 5.2"
NAME = "RFC 9110 5.1"
VALUE = "RFC 9110 5.5"
SPLIT = "response splitting, Klein 2004"
EMPTY = b"Content-Length: 0"


def line(start):
    """An empty response with this status line."""
    return message(start, EMPTY)


def raw(middle):
    return b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n" + middle + b"\r\nok"


def good(name, source, *fields, **more):
    return deliver(name, source, sized_reply(b"ok", *fields), body=b"ok", **more)


def code(status, phrase=b"A Phrase"):
    return deliver(f"status {status} arrives", CODE,
                   sized_reply(b"ok", status=b"%d %s" % (status, phrase)), status,
                   body=b"ok")  # fmt: skip


CASES = [
    # Status line.
    deliver("a phrase may be missing", STATUS, line(b"HTTP/1.1 200 ")),
    deliver("a phrase may be missing with its space", STATUS, line(b"HTTP/1.1 200"), ours=True),
    deliver("a phrase may be anything", STATUS, line(b"HTTP/1.1 200 It went (very) well: \"yes\"")),
    deliver("a phrase may hold tabs", STATUS, line(b"HTTP/1.1 200 All\tright")),
    deliver("a phrase may go beyond ASCII", STATUS, line(b"HTTP/1.1 200 \xc3\xa4h")),
    deliver("a phrase may look like another status", STATUS, line(b"HTTP/1.1 200 404 Not Found")),
    deliver("an unknown status of a class arrives", CODE, line(b"HTTP/1.1 299 Mine"), 299),
    deliver("the highest status arrives", CODE, line(b"HTTP/1.1 599 Mine"), 599),
    *(code(status) for status in (201, 203, 301, 307, 400, 401, 404, 413, 451, 500, 503)),
    deliver("HTTP/1.0 of an endpoint is HTTP/1.1 of ours", "RFC 9110 2.5",
            message(b"HTTP/1.0 200 OK", b"Content-Length: 2", body=b"ok"), body=b"ok"),
    deliver("HTTP/1.0 with keep-alive arrives", "RFC 9112 9.3",
            message(b"HTTP/1.0 200 OK", b"Connection: keep-alive", b"Content-Length: 2",
                    body=b"ok"), body=b"ok"),
    bad("a response that is no HTTP is bad", STATUS, b"what?\r\n\r\n"),
    bad("a status line of nothing is bad", STATUS, b"\r\n\r\n"),
    bad("an empty line before the status line is bad", STATUS, b"\r\n" + sized_reply(b"ok"),
        ours=True),
    bad("a byte before the status line is bad", STATUS, b"X" + sized_reply(b"ok")),
    bad("a blank before the status line is bad", STATUS, b" " + sized_reply(b"ok")),
    bad("a response of HTTP/0.9 is bad", STATUS, b"<html>hello</html>\r\n\r\n", closes=True),
    bad("a response without a status is bad", STATUS, line(b"HTTP/1.1 OK")),
    bad("a version alone is bad", STATUS, line(b"HTTP/1.1")),
    bad("HTTP/2.0 is bad", VERSION, line(b"HTTP/2.0 200 OK")),
    bad("HTTP/0.9 in a status line is bad", VERSION, line(b"HTTP/0.9 200 OK")),
    bad("http in small letters is bad", VERSION, line(b"http/1.1 200 OK")),
    bad("HTTP/1.10 of an endpoint is bad", VERSION, line(b"HTTP/1.10 200 OK")),
    bad("HTTP/1 of an endpoint is bad", VERSION, line(b"HTTP/1 200 OK")),
    bad("ICY is bad", VERSION, line(b"ICY 200 OK")),
    bad("HTTP/1.2 of an endpoint is bad", VERSION, line(b"HTTP/1.2 200 OK"), ours=True),
    bad("a status of two digits is bad", STATUS, line(b"HTTP/1.1 20 OK")),
    bad("a status of four digits is bad", STATUS, line(b"HTTP/1.1 2000 OK")),
    bad("a status of letters is bad", STATUS, line(b"HTTP/1.1 2xx OK")),
    bad("a negative status is bad", STATUS, line(b"HTTP/1.1 -20 OK")),
    bad("a status with a plus sign is bad", STATUS, line(b"HTTP/1.1 +20 OK")),
    bad("a status with a dot is bad", STATUS, line(b"HTTP/1.1 200.1 OK")),
    bad("a status below 100 is bad", CODE, line(b"HTTP/1.1 099 OK")),
    bad("a status of zeros is bad", CODE, line(b"HTTP/1.1 000 OK")),
    bad("a status above 599 is bad", CODE, line(b"HTTP/1.1 600 OK"), ours=True),
    bad("a status of 999 is bad", CODE, line(b"HTTP/1.1 999 OK"), ours=True),
    bad("two blanks before a status are bad", STATUS, line(b"HTTP/1.1  200 OK")),
    bad("a tab before a status is bad", STATUS, line(b"HTTP/1.1\t200 OK")),
    bad("a tab behind a status is bad", STATUS, line(b"HTTP/1.1 200\tOK")),
    bad("a phrase without its blank is bad", STATUS, line(b"HTTP/1.1 200OK")),
    bad("a NUL in a phrase is bad", STATUS, line(b"HTTP/1.1 200 O\0K")),
    bad("a bare CR in a phrase is bad", SPLIT, line(b"HTTP/1.1 200 OK\rSet-Cookie: a=b")),
    bad("a DEL in a phrase is bad", STATUS, line(b"HTTP/1.1 200 O\x7fK")),
    bad("an escape in a phrase is bad", STATUS, line(b"HTTP/1.1 200 \x1b[0m")),
    bad("a request in place of a response is bad", STATUS, message(b"GET / HTTP/1.1", HOST)),
    bad("the hello of TLS in place of a response is bad", "RFC 8446 4.1.3",
        b"\x16\x03\x03\x00\x7a\x02\x00\x00\x76\x03\x03" + bytes(range(60, 120))),
    bad("an alert of TLS in place of a response is bad", "RFC 8446 6",
        b"\x15\x03\x03\x00\x02\x02\x46", closes=True),
    bad("the settings of HTTP/2 in place of a response are bad", "RFC 9113 3.4",
        b"\0\0\0\x04\0\0\0\0\0" + bytes(60)),
    bad("a greeting of SMTP in place of a response is bad", STATUS, b"220 mail ESMTP\r\n"),
    bad("zeros in place of a response are bad", STATUS, bytes(64)),
    # Line ends.
    bad("a bare LF ends no status line", ENDS, b"HTTP/1.1 200 OK\nContent-Length: 0\r\n\r\n"),
    bad("bare LFs alone make no response", ENDS, b"HTTP/1.1 200 OK\nContent-Length: 0\n\n"),
    bad("a bare LF ends no field of a response", ENDS, raw(b"A: b\n")),
    bad("a bare LF ends no response head", ENDS,
        b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\n"),
    bad("a bare CR ends no status line", ENDS, b"HTTP/1.1 200 OK\rContent-Length: 0\r\n\r\n"),
    bad("a bare CR in a response field is bad", SPLIT, raw(b"A: b\rSet-Cookie: c=d\r\n")),
    bad("a bare LF in a response field is bad", SPLIT, raw(b"A: b\nSet-Cookie: c=d\r\n")),
    bad("CR CR LF ends no response field", ENDS, raw(b"A: b\r\r\n")),
    bad("a folded response field is bad", FOLD, raw(b"A: b\r\n c\r\n"), ours=True),
    bad("a response field folded by a tab is bad", FOLD, raw(b"A: b\r\n\tc\r\n"), ours=True),
    bad("a blank before the first response field is bad", ENDS,
        b"HTTP/1.1 200 OK\r\n A: b\r\nContent-Length: 0\r\n\r\n"),
    # Names and values.
    bad("a blank before a colon of a response is bad", "RFC 9112 5.1", raw(b"A : b\r\n"),
        ours=True),
    bad("a tab before a colon of a response is bad", "RFC 9112 5.1", raw(b"A\t: b\r\n"),
        ours=True),
    bad("a response field without a colon is bad", "RFC 9112 5", raw(b"Foo\r\n")),
    bad("a response field without a name is bad", "RFC 9112 5", raw(b": b\r\n")),
    bad("a name of a response in brackets is bad", NAME, raw(b"[A]: b\r\n")),
    bad("a name of a response beyond ASCII is bad", NAME, raw(b"\xc3\xa4: b\r\n")),
    bad("a name of a response with a blank is bad", NAME, raw(b"A B: c\r\n")),
    bad("a NUL in a response name is bad", NAME, raw(b"A\0: b\r\n")),
    bad("a NUL in a response value is bad", VALUE, raw(b"A: b\0\r\n")),
    bad("a DEL in a response value is bad", VALUE, raw(b"A: b\x7f\r\n")),
    bad("an escape in a response value is bad", VALUE, raw(b"A: \x1b[0m\r\n")),
    bad("a vertical tab in a response value is bad", VALUE, raw(b"A: b\x0bc\r\n")),
    bad("a head without an end is bad", "RFC 9110 5.4",
        b"HTTP/1.1 200 OK\r\nA: " + b"b" * 200000),
    bad("a thousand response fields are bad", "RFC 9110 5.4",
        reply(EMPTY, *(b"A%d: b" % i for i in range(5000)))),
    bad("half a head is bad", "RFC 9112 8", b"HTTP/1.1 200 OK\r\nContent-", closes=True),
    bad("a status line alone is bad", "RFC 9112 8", b"HTTP/1.1 200 OK\r\n", closes=True),
    bad("fields without their end are bad", "RFC 9112 8",
        lines(b"HTTP/1.1 200 OK", b"Content-Length: 0"), closes=True),
    bad("no byte at all is bad", "RFC 9112 8", b"", closes=True),
    good("an empty response value arrives", VALUE, b"A:"),
    good("blanks around a response value are no part of it", VALUE, b"A: \t b \t"),
    good("a response value beyond ASCII arrives", VALUE, b"A: \xc3\xa4\xff"),
    good("a name of every token byte arrives", "RFC 9110 5.6.2", b"!#$%&'*+-.^_`|~aZ09: b"),
    good("two Set-Cookie stay two and in order", "RFC 9110 5.3", b"Set-Cookie: a=b; Path=/",
         b"Set-Cookie: c=\"d,e\"", b"set-cookie: f"),
    good("two of a name around a third keep their order", "RFC 9110 5.3", b"A: 1", b"B: 2",
         b"A: 3"),
    good("an encoded CR LF in a response value is text", SPLIT, b"Location: /%0d%0aA:%20b"),
    good("two challenges arrive", "RFC 9110 11.6.1", b"WWW-Authenticate: Basic realm=\"a\"",
         b"WWW-Authenticate: Digest realm=\"b\", nonce=\"c\""),
    good("an underscore in a response name arrives", NAME, b"my_name: b"),
    good("a response value of 8000 bytes arrives", VALUE, b"A: " + b"b" * 8000),
    good("a hundred response fields arrive", VALUE, *(b"A%d: b" % i for i in range(100))),
    # One hop.
    good("Connection of an endpoint does not arrive", "RFC 9110 7.6.1",
         b"Connection: keep-alive", b"Keep-Alive: timeout=5", lacks=("Keep-Alive",)),
    good("a response field that Connection names does not arrive", "RFC 9110 7.6.1",
         b"Connection: X-Hop", b"X-Hop: 1", b"X-End: 2", lacks=("X-Hop",)),
    good("Connection of an endpoint takes no Set-Cookie away", "hop-by-hop abuse, Davison 2019",
         b"Connection: Set-Cookie", b"Set-Cookie: a=b", has={"Set-Cookie": "a=b"}, ours=True),
    good("Connection of an endpoint takes no Cache-Control away",
         "hop-by-hop abuse, Davison 2019", b"Connection: Cache-Control",
         b"Cache-Control: no-store", has={"Cache-Control": "no-store"}, ours=True),
    good("Connection of an endpoint takes no Content-Length away",
         "hop-by-hop abuse, Davison 2019", b"Connection: Content-Length"),
    good("Connection: close of an endpoint ends only its own connection", "RFC 9112 9.6",
         b"Connection: close", closes=True, spoils=True),
    good("Proxy-Connection of an endpoint does not arrive", "RFC 9112 C.2.2",
         b"Proxy-Connection: close", lacks=("Proxy-Connection",)),
    good("Upgrade offered in a response does not arrive", "RFC 9110 7.8",
         b"Upgrade: h2c", b"Connection: Upgrade", lacks=("Upgrade",)),
    good("Via of others is kept in a response", "RFC 9110 7.6.3", b"Via: 1.1 a"),
    good("Date of an endpoint is kept", "RFC 9110 6.6.1", b"Date: Mon, 23 Nov 2026 15:00:00 GMT",
         has={"Date": "Mon, 23 Nov 2026 15:00:00 GMT"}),
]  # fmt: skip
