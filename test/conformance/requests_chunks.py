"""Chunks, their extensions and trailers (RFC 9112 section 7.1)."""

from cases import END, TE, chunked, forward, post, refuse

SIZE = "RFC 9112 7.1"
EXTENSION = "RFC 9112 7.1.1"
TRAILER = "RFC 9112 7.1.2"
FORBIDDEN = "RFC 9110 6.5.1"
ENDS = "RFC 9112 2.2"
FUNKY = "Funky chunks, Jeppe 2025"
HIDDEN = b"GET /hidden HTTP/1.1\r\nHost: x\r\n\r\n"
HELLO = b"5\r\nhello\r\n"


def first(line, data=b"hello"):
    """One chunk whose size line is this, its CRLF excepted."""
    return chunked(line + b"\r\n" + data + b"\r\n" + END)


def good(name, source, body, data=b"hello", **more):
    return forward(name, source, chunked(body), body=data, **more)


def trailed(name, *lines):
    """Trailers that arrive."""
    section = b"".join(line + b"\r\n" for line in lines)
    fields = (line.decode("latin-1").split(":", 1) for line in lines)
    return good(name, TRAILER, HELLO + b"0\r\n" + section + b"\r\n",
                trailers=tuple((name, value.strip(" \t")) for name, value in fields))  # fmt: skip


def trailer(line, more=b""):
    return chunked(HELLO + b"0\r\n" + line + b"\r\n" + more + b"\r\n")


def forbidden(name, line):
    return refuse(f"a trailer may not hold {name}", FORBIDDEN, trailer(line), ours=True)


CASES = [
    # Sizes.
    good("one chunk is a body", SIZE, HELLO + END),
    good("several chunks are one body", SIZE, b"1\r\nh\r\n4\r\nello\r\n" + END),
    good("chunks of a byte each are one body", SIZE, b"1\r\na\r\n" * 30 + END, b"a" * 30),
    good("no chunk is an empty body", SIZE, END, b""),
    good("small letters in a size are digits", SIZE, b"a\r\n0123456789\r\n" + END, b"0123456789"),
    good("large letters in a size are digits", SIZE, b"A\r\n0123456789\r\n" + END, b"0123456789"),
    good("leading zeros of a size mean nothing", SIZE, b"005\r\nhello\r\n" + END),
    good("several zeros are the last chunk", SIZE, HELLO + b"000\r\n\r\n"),
    good("a size of sixteen digits with zeros is a size", SIZE,
         b"0000000000000005\r\nhello\r\n" + END),
    good("a chunk may hold CR and LF", SIZE, b"6\r\n\r\n0\r\n\r\r\n" + END, b"\r\n0\r\n\r"),
    good("a chunk may look like a request", SIZE,
         b"%x\r\n%s\r\n0\r\n\r\n" % (len(HIDDEN), HIDDEN), HIDDEN),
    good("a chunk may hold every byte", SIZE, b"100\r\n%s\r\n0\r\n\r\n" % bytes(range(256)),
         bytes(range(256))),
    good("a chunk of 70000 bytes is forwarded", SIZE,
         b"11170\r\n%s\r\n0\r\n\r\n" % (b"c" * 70000), b"c" * 70000, large=True),
    refuse("a chunk without a size is refused", SIZE, first(b"")),
    refuse("a size that is no number is refused", SIZE, first(b"xyz")),
    refuse("a size with 0x is refused", "CVE-2022-24801", first(b"0x5")),
    refuse("a size of x5 is refused", SIZE, first(b"x5")),
    refuse("a size with an h behind it is refused", SIZE, first(b"5h")),
    refuse("a negative size is refused", SIZE, first(b"-5")),
    refuse("a size of minus zero is refused", SIZE, chunked(b"-0\r\n\r\n")),
    refuse("a size with a plus sign is refused", SIZE, first(b"+5")),
    refuse("a size with an underscore is refused", SIZE, first(b"0_5")),
    refuse("a size with a dot is refused", SIZE, first(b"5.0")),
    refuse("a size with a comma is refused", SIZE, first(b"5,5")),
    refuse("a size with a blank before it is refused", SIZE, first(b" 5")),
    refuse("a size with a tab before it is refused", SIZE, first(b"\t5")),
    refuse("a size with a blank behind it is refused", SIZE, first(b"5 ")),
    refuse("a size with a tab behind it is refused", SIZE, first(b"5\t")),
    refuse("a size with a blank inside is refused", SIZE, first(b"0 5")),
    refuse("a size with a vertical tab behind it is refused", SIZE, first(b"5\x0b")),
    refuse("a size with a NUL behind it is refused", SIZE, first(b"5\0")),
    refuse("a size with a DEL behind it is refused", SIZE, first(b"5\x7f")),
    refuse("a size in digits beyond ASCII is refused", SIZE, first(b"\xef\xbc\x95")),
    refuse("a size in quotes is refused", SIZE, first(b"\"5\"")),
    refuse("a size of seventeen digits is refused", SIZE, first(b"00000000000000005"), ours=True),
    refuse("a size beyond 64 bits is refused", SIZE, first(b"10000000000000005"), 400, 413),
    refuse("a size of all ones is refused", SIZE, first(b"ffffffffffffffff"), 400, 413),
    refuse("a size that is negative in 64 bits is refused", SIZE, first(b"8000000000000005"), 400,
           413),
    refuse("a size that wraps in 32 bits is refused", SIZE,
           first(b"f" * 20 + b"5"), 400, 413),
    refuse("a size of a thousand zeros is refused", SIZE, first(b"0" * 1000 + b"5"), ours=True),
    # Line ends.
    refuse("a bare LF ends no size", "CVE-2025-58056", chunked(b"5\nhello\r\n" + END)),
    refuse("a bare CR ends no size", ENDS, chunked(b"5\rhello\r\n" + END)),
    refuse("CR CR LF ends no size", ENDS, chunked(b"5\r\r\nhello\r\n" + END)),
    refuse("LF CR ends no size", ENDS, chunked(b"5\n\rhello\r\n" + END)),
    refuse("a CR and another byte end no size", FUNKY, chunked(b"5\rXhello\r\n" + END)),
    refuse("a bare LF ends no data", "CVE-2025-22871", chunked(b"5\r\nhello\n" + END)),
    refuse("a bare CR ends no data", ENDS, chunked(b"5\r\nhello\r" + END)),
    refuse("CR CR LF ends no data", ENDS, chunked(b"5\r\nhello\r\r\n" + END)),
    refuse("two other bytes end no data", "CVE-2025-43859", chunked(b"5\r\nhelloXX" + END)),
    refuse("LF and another byte end no data", FUNKY, chunked(b"5\r\nhello\nX" + END)),
    refuse("CR and another byte end no data", FUNKY, chunked(b"5\r\nhello\rX" + END)),
    refuse("two LFs end no data", FUNKY, chunked(b"5\r\nhello\n\n" + END)),
    refuse("nothing ends no data", SIZE, chunked(b"5\r\nhello" + END)),
    refuse("an empty line between chunks is refused", SIZE,
           chunked(HELLO + b"\r\n" + END)),
    refuse("more data than its size is refused", SIZE, chunked(b"5\r\nhelloo\r\n" + END)),
    refuse("less data than its size is refused", SIZE, chunked(b"6\r\nhello\r\n" + END)),
    refuse("data that spills over hides no chunk", FUNKY,
           chunked(b"5\r\nhelloAA\r\n2d\r\n" + END + HIDDEN)),
    refuse("a bare LF ends no last chunk", ENDS, chunked(HELLO + b"0\n\r\n")),
    refuse("LF LF ends no body", ENDS, chunked(HELLO + b"0\n\n")),
    refuse("a bare LF is no end of the trailers", ENDS, chunked(HELLO + b"0\r\n\n")),
    refuse("a bare CR is no end of the trailers", ENDS, chunked(HELLO + b"0\r\n\r\r\n\r\n")),
    refuse("two other bytes are no end of the trailers", "CVE-2025-43859",
           chunked(HELLO + b"0\r\nXX")),
    refuse("a body that lacks its last line takes no request", SIZE, chunked(HELLO + b"0\r\n")),
    refuse("a body that lacks its last chunk takes no request", SIZE, chunked(HELLO)),
    refuse("a length in place of chunks is refused", SIZE, chunked(b"hello")),
    # Extensions.
    good("an extension is ignored", EXTENSION, b"5;a\r\nhello\r\n" + END),
    good("an extension with a value is ignored", EXTENSION, b"5;a=b\r\nhello\r\n" + END),
    good("an extension with a quoted value is ignored", EXTENSION,
         b"5;a=\"b c\"\r\nhello\r\n" + END),
    good("a quoted value may hold a semicolon", EXTENSION,
         b"5;a=\"b;c\"\r\nhello\r\n" + END),
    good("a quoted value may hold an escaped quote", "RFC 9110 5.6.4",
         b"5;a=\"\\\"\"\r\nhello\r\n" + END),
    good("a quoted value may be empty", EXTENSION, b"5;a=\"\"\r\nhello\r\n" + END),
    good("a quoted value may go beyond ASCII", "RFC 9110 5.6.4",
         b"5;a=\"\xc3\xa4\"\r\nhello\r\n" + END),
    good("several extensions are ignored", EXTENSION,
         b"5;a=b;c;d=\"e\"\r\nhello\r\n" + END),
    good("the last chunk may have an extension", EXTENSION, HELLO + b"0;a=b\r\n\r\n"),
    good("blanks behind a semicolon are ignored", EXTENSION, b"5; \ta=b\r\nhello\r\n" + END),
    good("blanks around an equals sign are ignored", EXTENSION,
         b"5;a = \tb\r\nhello\r\n" + END),
    good("an extension of every token byte is ignored", "RFC 9110 5.6.2",
         b"5;!#$%&'*+-.^_`|~aZ09=!#$\r\nhello\r\n" + END),
    good("extensions of 1000 bytes are ignored", EXTENSION,
         b"5;" + b"a" * 1000 + b"\r\nhello\r\n" + END),
    refuse("extensions without end are refused", "CVE-2023-39326",
           chunked((b"1;" + b"a" * 1000 + b"\r\na\r\n") * 10 + END), 400, 413, large=True),
    refuse("a bare LF ends no extension", "CVE-2025-55315", first(b"5;a\nb")),
    refuse("a bare LF behind a semicolon is refused", FUNKY, first(b"5;\nxx")),
    refuse("a bare LF ends no size line with an extension", FUNKY,
           chunked(b"5;a\nhello\r\n" + END)),
    refuse("a bare CR in an extension is refused", "CVE-2025-55315", first(b"5;a\rb")),
    refuse("a bare CR behind a semicolon is refused", FUNKY, first(b"5;\rxx")),
    refuse("TERM.EXT smuggles nothing", FUNKY,
           chunked(b"2;\nxx\r\n22\r\n0\r\n\r\n" + HIDDEN + END)),
    refuse("EXT.TERM smuggles nothing", FUNKY,
           chunked(b"2;\nxx\r\n0\r\n\r\n" + HIDDEN)),
    refuse("a line end in a quoted value is refused", FUNKY,
           chunked(b"5;a=\"\r\nhello\r\n0\r\n\r\n\"" + END)),
    refuse("a bare LF in a quoted value is refused", FUNKY, first(b"5;a=\"b\nc\"")),
    refuse("a bare CR in a quoted value is refused", FUNKY, first(b"5;a=\"b\rc\"")),
    refuse("an escaped CR in a quoted value is refused", FUNKY, first(b"5;a=\"\\\r\n\"")),
    refuse("a NUL in an extension is refused", EXTENSION, first(b"5;a\0b")),
    refuse("a NUL in a quoted value is refused", EXTENSION, first(b"5;a=\"\0\"")),
    refuse("a DEL in an extension is refused", EXTENSION, first(b"5;a\x7f")),
    refuse("bytes beyond ASCII in an extension are refused", EXTENSION, first(b"5;\xc3\xa4")),
    refuse("a semicolon without an extension is refused", EXTENSION, first(b"5;")),
    refuse("two semicolons in a row are refused", EXTENSION, first(b"5;;a")),
    refuse("a semicolon at the end of the extensions is refused", EXTENSION, first(b"5;a;")),
    refuse("an extension without a name is refused", EXTENSION, first(b"5;=b")),
    refuse("an extension with an empty value is refused", EXTENSION, first(b"5;a=")),
    refuse("an extension with two values is refused", EXTENSION, first(b"5;a=b=c")),
    refuse("a blank behind an extension is refused", EXTENSION, first(b"5;a ")),
    refuse("a blank between two words of an extension is refused", EXTENSION, first(b"5;a b")),
    refuse("a quote without an end is refused", EXTENSION, first(b"5;a=\"b")),
    refuse("bytes behind a quoted value are refused", EXTENSION, first(b"5;a=\"b\"c")),
    refuse("a quoted name is refused", EXTENSION, first(b"5;\"a\"")),
    refuse("a blank between size and semicolon is refused", EXTENSION, first(b"5 ;a"), ours=True),
    refuse("a comma for a semicolon is refused", EXTENSION, first(b"5,a")),
    refuse("an equals sign for a semicolon is refused", EXTENSION, first(b"5=a")),
    refuse("an extension without a size is refused", EXTENSION, first(b";a")),
    # Trailers.
    trailed("a trailer arrives", b"X-Sum: abc"),
    trailed("two trailers arrive in their order", b"X-B: 1", b"X-A: 2"),
    trailed("a trailer may be empty", b"X-Sum:"),
    trailed("blanks around a trailer's value are no part of it", b"X-Sum: \t a\t "),
    trailed("a digest may be a trailer", b"Content-Digest: sha-256=:AAAA:"),
    forward("a trailer that was announced arrives", TRAILER,
            post(TE, b"Trailer: X-Sum", body=HELLO + b"0\r\nX-Sum: a\r\n\r\n"), body=b"hello",
            trailers=(("X-Sum", "a"),)),
    forward("a trailer that was announced may be missing", "RFC 9110 6.6.2",
            post(TE, b"Trailer: X-Sum", body=HELLO + END), body=b"hello"),
    refuse("a trailer without a colon is refused", TRAILER, trailer(b"A b")),
    refuse("a trailer without a name is refused", TRAILER, trailer(b": b")),
    refuse("a trailer with a blank before its colon is refused", "RFC 9112 5.1",
           trailer(b"A : b")),
    refuse("a folded trailer is refused", "RFC 9112 5.2", trailer(b"A: b", b" c\r\n")),
    refuse("a trailer that starts with a blank is refused", "RFC 9112 5.2", trailer(b" A: b")),
    refuse("a bare LF ends no trailer", ENDS, trailer(b"A: b\nC: d")),
    refuse("a bare CR in a trailer is refused", ENDS, trailer(b"A: b\rc")),
    refuse("a NUL in a trailer is refused", "RFC 9110 5.5", trailer(b"A: \0")),
    refuse("a trailer with a name in brackets is refused", "RFC 9110 5.1", trailer(b"[A]: b")),
    refuse("a request in place of trailers is refused", "CVE-2023-45648",
           chunked(HELLO + b"0\r\n" + HIDDEN)),
    refuse("trailers of 20000 bytes are too many", "CVE-2023-46589",
           trailer(b"A: " + b"b" * 20000), 400, 413, 431, large=True),
    refuse("a thousand trailers are too many", "RFC 6585 5",
           chunked(HELLO + b"0\r\n" + b"Abcdefgh: ijk\r\n" * 1000 + b"\r\n"), 400, 413, 431,
           large=True),
    forbidden("Content-Length", b"Content-Length: 9"),
    forbidden("Transfer-Encoding", b"Transfer-Encoding: chunked"),
    forbidden("Host", b"Host: y"),
    forbidden("Connection", b"Connection: close"),
    forbidden("Upgrade", b"Upgrade: h2c"),
    forbidden("TE", b"TE: trailers"),
    forbidden("Trailer", b"Trailer: A"),
    forbidden("Expect", b"Expect: 100-continue"),
    forbidden("Max-Forwards", b"Max-Forwards: 1"),
    forbidden("Range", b"Range: bytes=0-"),
    forbidden("Cache-Control", b"Cache-Control: no-cache"),
    forbidden("Authorization", b"Authorization: Basic YTpi"),
    forbidden("Cookie", b"Cookie: a=b"),
    forbidden("Content-Type", b"Content-Type: text/html"),
    forbidden("Content-Encoding", b"Content-Encoding: gzip"),
    forbidden("X-Forwarded-For", b"X-Forwarded-For: 1.2.3.4"),
    forbidden("X-Request-Id", b"X-Request-Id: a"),
    forbidden("Forwarded in any letters", b"fORWARDED: for=1.2.3.4"),
]  # fmt: skip
