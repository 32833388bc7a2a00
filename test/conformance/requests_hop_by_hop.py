"""What is of one hop, who may say where a request comes from, and what a client may expect."""

from cases import END, HOST, TE, forward, get, message, post, refuse, sized

HOP = "RFC 9110 7.6.1"
ABUSE = "hop-by-hop abuse, Davison 2019"
UPGRADE = "RFC 9110 7.8"
H2C = "h2c smuggling, Miller 2020"
WEBSOCKET = "websocket smuggling, 0ang3el 2019"
EXPECT = "RFC 9110 10.1.1"
DESYNC = "HTTP/1.1 must die, Kettle 2025"
FROM = "RFC 7239 8.1"
KEY = b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="


def drop(name, source, field, *more, **told):
    """The field of this line does not arrive; what else there is does."""
    return forward(name, source, get(field, *more), lacks=(field.split(b":")[0].decode(),), **told)


def kept(name):
    """Connection cannot take this away."""
    value = {"Date": "Mon, 23 Nov 2026 15:00:00 GMT"}.get(name, "1")
    lines = [f"Connection: {name}".encode(), f"{name}: {value}".encode()]
    return forward(f"Connection takes no {name} away", ABUSE, get(*lines), has={name: value},
                   ours=True)  # fmt: skip


def socket(*fields, path=b"/", method=b"GET", version=b"1.1", body=b""):
    return message(b"%s %s HTTP/%s" % (method, path, version), HOST, *fields, body=body)


CASES = [
    # Connection.
    drop("Connection: keep-alive does not arrive", HOP, b"Connection: keep-alive"),
    drop("Keep-Alive does not arrive", HOP, b"Keep-Alive: timeout=5"),
    drop("Proxy-Connection does not arrive", "RFC 9112 C.2.2", b"Proxy-Connection: keep-alive"),
    drop("a Connection of nothing does not arrive", HOP, b"Connection:"),
    drop("a Connection of commas does not arrive", HOP, b"Connection: , ,,"),
    drop("a Connection of bytes that are no token does not arrive", HOP, b"Connection: \"a\" b"),
    forward("Connection: close ends the connection", "RFC 9112 9.6", get(b"Connection: close"),
            closes=True),
    forward("Connection: CLOSE ends the connection", "RFC 9112 9.6", get(b"Connection: CLOSE"),
            closes=True),
    forward("close in a list ends the connection", "RFC 9112 9.6",
            get(b"Connection: keep-alive, close"), closes=True),
    forward("close in a second field ends the connection", "RFC 9112 9.6",
            get(b"Connection: keep-alive", b"Connection: ,close,"), closes=True),
    forward("a request with a body may be the last", "RFC 9112 9.6",
            sized(b"a", b"Connection: close"), body=b"a", closes=True),
    forward("a field that Connection names does not arrive", HOP,
            get(b"Connection: X-Hop", b"X-Hop: 1", b"X-End: 2"), lacks=("X-Hop",)),
    forward("a field that Connection names in other letters does not arrive", HOP,
            get(b"Connection: x-HOP", b"X-Hop: 1"), lacks=("X-Hop",)),
    forward("each field of that name goes", HOP,
            get(b"X-Hop: 1", b"Connection: X-Hop", b"A: b", b"x-hop: 2"), lacks=("X-Hop",)),
    forward("several names go", HOP,
            get(b"Connection: X-A, keep-alive,X-B ,\tX-C", b"X-A: 1", b"X-B: 2", b"X-C: 3"),
            lacks=("X-A", "X-B", "X-C")),
    forward("names of a second Connection go", HOP,
            get(b"Connection: X-A", b"X-A: 1", b"X-B: 2", b"Connection: X-B"),
            lacks=("X-A", "X-B")),
    forward("a name that nobody sent is no harm", HOP, get(b"Connection: X-None", b"A: b")),
    forward("a name that is part of another is not the other", HOP,
            get(b"Connection: X-A", b"X-AB: 1", b"X: 2")),
    *(kept(name) for name in (
        "Authorization", "Cookie", "Cache-Control", "User-Agent", "Origin", "Date")),
    forward("Connection takes no Host away", ABUSE, get(b"Connection: Host")),
    forward("Connection takes no Content-Length away", ABUSE,
            sized(b"hello", b"Connection: Content-Length"), body=b"hello"),
    forward("Connection takes no Transfer-Encoding away", ABUSE,
            post(TE, b"Connection: Transfer-Encoding", body=b"1\r\na\r\n" + END), body=b"a"),
    forward("Connection takes no Content-Type away", ABUSE,
            sized(b"a", b"Connection: Content-Type", b"Content-Type: text/plain"), body=b"a",
            has={"Content-Type": "text/plain"}, ours=True),
    forward("Connection takes no X-Forwarded-For away", "CVE-2022-31813",
            get(b"Connection: close, X-Forwarded-For, X-Forwarded-Host"), closes=True, ours=True),
    forward("Connection takes no Via away", ABUSE, get(b"Connection: Via", b"Via: 1.1 a"),
            ours=True),
    forward("Connection takes no X-Request-Id away", ABUSE,
            get(b"Connection: X-Request-Id", b"X-Request-Id: abc"), has={"X-Request-Id": "abc"},
            ours=True),
    # Transfer codings and protocols of one hop.
    drop("TE does not arrive", "RFC 9110 10.1.4", b"TE: trailers, deflate;q=0.5",
         b"Connection: TE"),
    drop("Upgrade to what nobody allowed does not arrive", UPGRADE, b"Upgrade: foo/1",
         b"Connection: upgrade"),
    forward("Upgrade to h2c does not arrive", H2C,
            get(b"Connection: Upgrade, HTTP2-Settings", b"Upgrade: h2c",
                b"HTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA"),
            lacks=("Upgrade", "Connection", "HTTP2-Settings")),
    forward("Upgrade to h2c without its Connection does not arrive", H2C,
            get(b"Upgrade: h2c", b"HTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA"),
            lacks=("Upgrade", "Connection", "HTTP2-Settings"), ours=True),
    forward("Upgrade to h2c in a list does not arrive", H2C,
            socket(b"Connection: Upgrade", b"Upgrade: h2c, websocket", path=b"/ws"),
            has={"Upgrade": "websocket", "Connection": "Upgrade"}, ours=True),
    drop("Upgrade to TLS does not arrive", "RFC 2817 3.1", b"Upgrade: TLS/1.0",
         b"Connection: Upgrade"),
    drop("Upgrade to HTTP/2.0 does not arrive", H2C, b"Upgrade: HTTP/2.0",
         b"Connection: Upgrade"),
    forward("websocket does not arrive where the route has none", UPGRADE,
            socket(b"Connection: Upgrade", b"Upgrade: websocket", KEY,
                   b"Sec-WebSocket-Version: 13"), lacks=("Upgrade", "Connection"), ours=True),
    forward("a websocket that the endpoint refuses leaves HTTP as it was", WEBSOCKET,
            socket(b"Connection: Upgrade", b"Upgrade: websocket", KEY,
                   b"Sec-WebSocket-Version: 1337", path=b"/ws"),
            has={"Upgrade": "websocket", "Connection": "Upgrade"}, ours=True),
    forward("websocket without its Connection is no upgrade", UPGRADE,
            socket(b"Upgrade: websocket", KEY, path=b"/ws"), lacks=("Upgrade", "Connection"),
            ours=True),
    forward("websocket in HTTP/1.0 is no upgrade", UPGRADE,
            socket(b"Connection: Upgrade", b"Upgrade: websocket", path=b"/ws", version=b"1.0"),
            lacks=("Upgrade",), closes=True),
    forward("websocket with a body is no upgrade", WEBSOCKET,
            socket(b"Connection: Upgrade", b"Upgrade: websocket", b"Content-Length: 5",
                   path=b"/ws", method=b"POST", body=b"hello"), body=b"hello",
            lacks=("Upgrade",), ours=True),
    # Who asked.
    drop("X-Forwarded-For of a stranger is replaced", FROM, b"X-Forwarded-For: 1.2.3.4",
         has={"X-Forwarded-For": "127.0.0.1"}, ours=True),
    forward("two X-Forwarded-For of a stranger are replaced by one", FROM,
            get(b"X-Forwarded-For: 1.2.3.4", b"x-forwarded-for: 127.0.0.1"),
            has={"X-Forwarded-For": "127.0.0.1"}, ours=True),
    drop("X-Forwarded-Proto of a stranger is replaced", FROM, b"X-Forwarded-Proto: https",
         has={"X-Forwarded-Proto": "http"}, ours=True),
    drop("X-Forwarded-Host of a stranger is replaced", FROM, b"X-Forwarded-Host: evil",
         has={"X-Forwarded-Host": "x"}, ours=True),
    drop("X-Forwarded-Port of a stranger does not arrive", FROM, b"X-Forwarded-Port: 443",
         ours=True),
    drop("X-Forwarded-Prefix of a stranger does not arrive", FROM, b"X-Forwarded-Prefix: /a",
         ours=True),
    drop("X-Forwarded-Server of a stranger does not arrive", FROM, b"X-Forwarded-Server: a",
         ours=True),
    drop("X-Real-IP of a stranger does not arrive", FROM, b"X-Real-IP: 1.2.3.4", ours=True),
    drop("Forwarded of a stranger does not arrive", FROM, b"Forwarded: for=1.2.3.4;proto=https",
         ours=True),
    forward("a good X-Request-Id is kept", "request ids", get(b"X-Request-Id: a-b_c.1"),
            has={"X-Request-Id": "a-b_c.1"}, ours=True),
    forward("Via of others is kept, and ours stands behind it", "RFC 9110 7.6.3",
            get(b"Via: 1.0 fred, 1.1 p.example"), ours=True),
    forward("Via of a flood of others is kept", "RFC 9110 7.6.3",
            get(b"Via: " + b", ".join(b"1.1 p%d" % i for i in range(60))), ours=True),
    # Expect.
    forward("100-continue with a body arrives", EXPECT, sized(b"hello", b"Expect: 100-continue"),
            body=b"hello", has={"Expect": "100-continue"}, ours=True),
    forward("100-continue in other letters is the same", EXPECT,
            sized(b"hello", b"expect: 100-CONTINUE"), body=b"hello"),
    forward("100-continue with chunks arrives", EXPECT,
            post(TE, b"Expect: 100-continue", body=b"1\r\na\r\n" + END), body=b"a"),
    forward("100-continue without a body means nothing", EXPECT, get(b"Expect: 100-continue"),
            lacks=("Expect",), ours=True),
    forward("100-continue with a length of zero means nothing", EXPECT,
            post(b"Expect: 100-continue", b"Content-Length: 0"), lacks=("Expect",), ours=True),
    forward("100-continue in HTTP/1.0 means nothing", EXPECT,
            message(b"POST / HTTP/1.0", HOST, b"Expect: 100-continue", b"Content-Length: 1",
                    body=b"a"), body=b"a", lacks=("Expect",), closes=True),
    forward("an empty Expect means nothing", EXPECT, get(b"Expect:"), ours=True),
    refuse("an Expect that nobody knows is not met", EXPECT, sized(b"a", b"Expect: foo"), 417,
           ours=True),
    refuse("100-continue with a parameter is not met", EXPECT,
           sized(b"a", b"Expect: 100-continue;a=b"), 417, ours=True),
    refuse("a y before 100-continue is not met", DESYNC, sized(b"a", b"Expect: y 100-continue"),
           417, ours=True),
    refuse("200-ok is not met", EXPECT, sized(b"a", b"Expect: 200-ok"), 417, ours=True),
    refuse("an Expect folded over two lines is refused", "CVE-2025-32094",
           post(b"Expect: 100-\r\n continue", b"Content-Length: 1", body=b"a")),
    refuse("an Expect folded at its start is refused", "CVE-2025-32094",
           post(b"Expect:\r\n 100-continue", b"Content-Length: 1", body=b"a")),
    refuse("100-continue with a bare LF is refused", DESYNC,
           post(b"Expect: 100-continue\nA: b", b"Content-Length: 1", body=b"a")),
    refuse("100-continue beside both framings is refused", DESYNC,
           post(b"Expect: 100-continue", b"Content-Length: 5", TE, body=END)),
    forward("0.CL has no gap: a GET that expects sends its body", DESYNC,
            get(b"Expect: 100-continue", b"Content-Length: 5", body=b"hello"), body=b"hello"),
    # Cookies of proxies.
    drop("Proxy-Authorization is for this hop", "RFC 9110 11.7.2",
         b"Proxy-Authorization: Basic YTpi", ours=True),
]  # fmt: skip
