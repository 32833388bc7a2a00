"""What stands behind a request is the next request, whatever the first one looked like."""

from cases import END, HOST, TE, chunked, forward, get, message, post, refuse, sized

PIPE = "RFC 9112 9.3.2"
BROWSER = "browser-powered desync, Kettle 2022"
PAUSE = "pause-based desync, Kettle 2022"
HIDDEN = b"GET /hidden HTTP/1.1\r\nHost: x\r\n\r\n"

CASES = [
    # CL.0 and 0.CL: a body counts where one expects none.
    forward("CL.0: the body of a path that takes none is no request", BROWSER,
            sized(HIDDEN, target=b"/favicon.ico"), body=HIDDEN),
    forward("CL.0: the body of a redirect is no request", BROWSER,
            sized(HIDDEN, target=b"/dir"), body=HIDDEN),
    forward("CL.0: the body of a GET is no request", BROWSER,
            get(b"Content-Length: %d" % len(HIDDEN), body=HIDDEN), body=HIDDEN),
    forward("CL.0: the body of a HEAD is no request", BROWSER,
            message(b"HEAD / HTTP/1.1", HOST, b"Content-Length: %d" % len(HIDDEN), body=HIDDEN),
            body=HIDDEN),
    forward("CL.0: the body of OPTIONS is no request", "CVE-2025-54142",
            message(b"OPTIONS / HTTP/1.1", HOST, b"Content-Length: %d" % len(HIDDEN),
                    body=HIDDEN), body=HIDDEN),
    forward("CL.0: the body of an unknown method is no request", BROWSER,
            message(b"FROB / HTTP/1.1", HOST, b"Content-Length: %d" % len(HIDDEN), body=HIDDEN),
            body=HIDDEN),
    forward("TE.0: the chunks of an OPTIONS are no request", "TE.0, Bugcrowd 2024",
            message(b"OPTIONS / HTTP/1.1", HOST, TE,
                    body=b"%x\r\n%s\r\n0\r\n\r\n" % (len(HIDDEN), HIDDEN)), body=HIDDEN),
    forward("H2.0: the body of a browser's form is no request", BROWSER,
            sized(HIDDEN, b"Content-Type: text/plain"), body=HIDDEN),
    forward("a body that ends in half a request is a body", PAUSE,
            sized(b"GET /hidden HTTP/1.1\r\nX: "), body=b"GET /hidden HTTP/1.1\r\nX: "),
    forward("a field may name a request", BROWSER, get(b"X: GET /hidden HTTP/1.1")),
    forward("a query may name a request", BROWSER,
            get(target=b"/?GET%20/hidden%20HTTP/1.1%0D%0A")),
    # Two requests as they should be, of every kind before the next.
    forward("HEAD is answered without a body, and the next with its own", "RFC 9110 9.3.2",
            message(b"HEAD /a HTTP/1.1", HOST)),
    forward("PUT and the next", PIPE,
            message(b"PUT /a HTTP/1.1", HOST, b"Content-Length: 3", body=b"abc"), body=b"abc"),
    forward("an empty chunked body of a path and the next", PIPE, chunked(END, target=b"/a")),
    forward("a chunked body with an extension and the next", PIPE,
            chunked(b"3;a=b\r\nabc\r\n0;c\r\n\r\n"), body=b"abc"),
    forward("a chunked DELETE and the next", PIPE,
            message(b"DELETE /a HTTP/1.1", HOST, TE, body=b"1\r\na\r\n" + END), body=b"a"),
    forward("a GET with an empty chunked body and the next", PIPE, get(TE, body=END)),
    # What must not pass for the next request.
    refuse("bytes behind a chunked body are no continuation of it", PIPE,
           b"\x00\x01" + chunked(END)),
    refuse("a body that GET did not announce is the next request, and none", "RFC 9112 6.3",
           b"{\"a\": 1}" + get()),
    refuse("a chunk without a coding is the next request, and none", "RFC 9112 6.3",
           END + get()),
    refuse("a length in the query announces nothing", "RFC 9112 6.3",
           b"GET /?Content-Length: 5 HTTP/1.1\r\nHost: x\r\n\r\n"),
    refuse("a field line behind an empty line is no request", "RFC 9112 2.1",
           b"\r\nTransfer-Encoding: chunked\r\n\r\n"),
    refuse("a request line inside the head is no field", "RFC 9112 5",
           message(b"GET / HTTP/1.1", HOST, b"GET /hidden HTTP/1.1", b"Host: y")),
    refuse("a request behind a folded length is none", "CVE-2022-35256",
           post(b"Content-Length:\r\n 5", body=HIDDEN)),
    refuse("a length that only a tolerant reader sees is refused", "CVE-2024-27982",
           b"POST / HTTP/1.1\r\n Content-Length: 5\r\nHost: x\r\n\r\nhello"),
    refuse("a field that a NUL cuts off is refused", "RFC 9110 5.5",
           post(b"Content-Length: 0\x005", body=b"hello")),
    refuse("a head that ends in LF LF behind CRLF lines is refused", "RFC 9112 2.2",
           b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 0\n\n" + HIDDEN),
    refuse("two framings in other letters are refused", "RFC 9112 6.3",
           post(b"CONTENT-LENGTH: 5", b"transfer-encoding: Chunked", body=END)),
]  # fmt: skip
