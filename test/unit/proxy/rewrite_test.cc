#include "proxy/rewrite.h"

#include <doctest/doctest.h>

#include <string>

namespace uvoy::proxy {

namespace {

http::RequestHead request(const std::string &bytes) {
    http::RequestHead head;
    REQUIRE(http::parse_request(bytes, {}, head).has_value());
    return head;
}

RequestRewrite usual_rewrite() {
    return {.path = "/p",
            .query = "",
            .host = "h",
            .via = "uvoy",
            .peer = "192.0.2.1",
            .forwarded_proto = "http",
            .forwarded_host = "h",
            .request_id = "id"};
}

std::string forwarded(const std::string &bytes, const RequestRewrite &rewrite) {
    TextBuffer out;
    append_request_head(out, request(bytes), rewrite);
    return std::string{out.view()};
}

std::string forwarded(const std::string &bytes, http::Framing framing = {},
                      std::string_view upgrade = {}) {
    RequestRewrite rewrite = usual_rewrite();
    rewrite.framing = framing;
    rewrite.upgrade = upgrade;
    return forwarded(bytes, rewrite);
}

constexpr std::string_view ours =
    "Via: 1.1 uvoy\r\nX-Forwarded-For: 192.0.2.1\r\nX-Forwarded-Proto: http\r\n"
    "X-Forwarded-Host: h\r\nX-Request-Id: id\r\n";

std::string returned(const std::string &bytes, const ResponseRewrite &rewrite) {
    http::ResponseHead head;
    REQUIRE(http::parse_response(bytes, {}, head).has_value());
    TextBuffer out;
    append_response_head(out, head, rewrite);
    return std::string{out.view()};
}

}  // namespace

TEST_CASE("hop-by-hop fields and what Connection names stay behind, the rest goes on in order") {
    CHECK(forwarded("GET /p HTTP/1.1\r\nHost: x\r\nB: 1\r\nConnection: close, x-HOP\r\nX-Hop: 2\r\n"
                    "Keep-Alive: 5\r\nTE: trailers\r\nProxy-Connection: x\r\nUpgrade: h2c\r\n"
                    "HTTP2-Settings: x\r\nA: 3\r\n\r\n") ==
          "GET /p HTTP/1.1\r\nHost: h\r\nB: 1\r\nA: 3\r\n" + std::string{ours} + "\r\n");
}

TEST_CASE("nobody nominates away what framing, routing or security rest on") {
    const std::string out = forwarded(
        "POST /p HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nAuthorization: a\r\n"
        "Connection: host, content-length, x-forwarded-for, authorization, sec-a\r\n"
        "Sec-A: 1\r\n\r\n",
        {.kind = http::Framing::Kind::sized, .length = 3});
    CHECK(out.find("\r\nHost: h\r\n") != std::string::npos);
    CHECK(out.find("\r\nContent-Length: 3\r\n") != std::string::npos);
    CHECK(out.find("\r\nX-Forwarded-For: 192.0.2.1\r\n") != std::string::npos);
    CHECK(out.find("\r\nAuthorization: a\r\n") != std::string::npos);
    CHECK(out.find("\r\nSec-A: 1\r\n") != std::string::npos);
}

TEST_CASE("what a client claims about proxies before us is replaced") {
    const std::string out = forwarded(
        "GET /p HTTP/1.1\r\nHost: x\r\nX-Forwarded-For: 6.6.6.6\r\nForwarded: for=6.6.6.6\r\n"
        "X-Forwarded-Proto: https\r\nX-Forwarded-Host: evil\r\nX-Request-Id: theirs\r\n\r\n");
    CHECK(out == "GET /p HTTP/1.1\r\nHost: h\r\n" + std::string{ours} + "\r\n");
}

TEST_CASE("the client's word on where it comes from is dropped however it is spelled") {
    CHECK(forwarded("GET /p HTTP/1.1\r\nHost: x\r\nX-Forwarded-Port: 1\r\nX-Real-IP: 6.6.6.6\r\n"
                    "X_Forwarded_For: 6.6.6.6\r\nContent_Length: 5\r\nX-Own_Name: 1\r\n\r\n") ==
          "GET /p HTTP/1.1\r\nHost: h\r\nX-Own_Name: 1\r\n" + std::string{ours} + "\r\n");
}

TEST_CASE("the word of a trusted proxy goes on, and the chain grows by it") {
    RequestRewrite rewrite = usual_rewrite();
    rewrite.trusts_peer = true;
    rewrite.chain = "203.0.113.9, 10.0.0.1";
    rewrite.forwarded_proto = "https";
    rewrite.forwarded_host = "a";
    CHECK(forwarded("GET /p HTTP/1.1\r\nHost: x\r\nX-Forwarded-Port: 1\r\n"
                    "X-Forwarded-For: raw\r\nForwarded: for=raw\r\nX-Forwarded_Port: 2\r\n\r\n",
                    rewrite) ==
          "GET /p HTTP/1.1\r\nHost: h\r\nX-Forwarded-Port: 1\r\nVia: 1.1 uvoy\r\n"
          "X-Forwarded-For: 203.0.113.9, 10.0.0.1, 192.0.2.1\r\nX-Forwarded-Proto: https\r\n"
          "X-Forwarded-Host: a\r\nX-Request-Id: id\r\n\r\n");
}

TEST_CASE("a trace goes on as it is told, and where one begins nothing else is told of one") {
    const std::string bytes =
        "GET /p HTTP/1.1\r\nHost: x\r\nTraceParent: theirs\r\nA: 1\r\ntracestate: a=1\r\n"
        "TRACESTATE: b=2\r\nConnection: traceparent, tracestate\r\n\r\n";
    RequestRewrite rewrite = usual_rewrite();
    CHECK(forwarded(bytes, rewrite) ==
          "GET /p HTTP/1.1\r\nHost: h\r\nTraceParent: theirs\r\nA: 1\r\ntracestate: a=1\r\n"
          "TRACESTATE: b=2\r\n" +
              std::string{ours} + "\r\n");
    rewrite.traceparent = "ours";
    CHECK(forwarded(bytes, rewrite) == "GET /p HTTP/1.1\r\nHost: h\r\nA: 1\r\n" +
                                           std::string{ours} + "traceparent: ours\r\n\r\n");
}

TEST_CASE("expectations and Max-Forwards are written anew") {
    RequestRewrite rewrite = usual_rewrite();
    const std::string bytes =
        "OPTIONS /p HTTP/1.1\r\nHost: x\r\nExpect: 100-CONTINUE\r\nMax-Forwards: 7\r\n\r\n";
    CHECK(forwarded(bytes, rewrite).find("Expect") == std::string::npos);
    CHECK(forwarded(bytes, rewrite).find("Max-Forwards: 7\r\n") != std::string::npos);
    rewrite.course = {.expects_continue = true, .max_forwards = 7};
    const std::string out = forwarded(bytes, rewrite);
    CHECK(out.find("\r\nExpect: 100-continue\r\n") != std::string::npos);
    CHECK(out.find("\r\nMax-Forwards: 6\r\n") != std::string::npos);
    CHECK(out.find("CONTINUE") == std::string::npos);
    CHECK(out.find("Max-Forwards: 7") == std::string::npos);
}

TEST_CASE("more nominations than anybody needs take all unknown fields away") {
    std::string connection = "Connection: a0";
    for (int i = 1; i < 40; ++i) connection += ",a" + std::to_string(i);
    const std::string out = forwarded("GET /p HTTP/1.1\r\nHost: x\r\n" + connection +
                                      "\r\nX-Any: 1\r\nA39: 2\r\nCookie: c\r\n\r\n");
    CHECK(out.find("X-Any") == std::string::npos);
    CHECK(out.find("A39") == std::string::npos);
    CHECK(out.find("Cookie: c") != std::string::npos);
}

TEST_CASE("an upgrade is asked for only when told so") {
    const std::string out =
        forwarded("GET /p HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n",
                  {}, "websocket");
    CHECK(out.ends_with("Connection: Upgrade\r\nUpgrade: websocket\r\n\r\n"));
}

TEST_CASE("a response keeps the length that says what a body would have had") {
    CHECK(
        returned("HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\nConnection: x\r\nX: 1\r\n\r\n",
                 {.date = "D", .via = "uvoy"}) ==
        "HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\nDate: D\r\nVia: 1.1 uvoy\r\n\r\n");
    CHECK(returned("HTTP/1.0 200 OK\r\nContent-Length: 5\r\nDate: E\r\n\r\n",
                   {.framing = {.kind = http::Framing::Kind::sized, .length = 5},
                    .persistence = Persistence::close,
                    .date = "D",
                    .via = "uvoy"}) ==
          "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nDate: E\r\nVia: 1.0 uvoy\r\n"
          "Connection: close\r\n\r\n");
}

TEST_CASE("what frames the body for us frames it for the client") {
    const auto sized = [](std::uint64_t length) {
        return ResponseRewrite{.framing = {.kind = http::Framing::Kind::sized, .length = length},
                               .via = "uvoy"};
    };
    CHECK(
        returned("HTTP/1.1 200 OK\r\nA: 1\r\ncontent-length:  0070 \r\nB: 2\r\n\r\n", sized(70)) ==
        "HTTP/1.1 200 OK\r\nA: 1\r\ncontent-length: 70\r\nB: 2\r\nVia: 1.1 uvoy\r\n\r\n");
    CHECK(returned("HTTP/1.1 200 OK\r\nContent-Length: 70\r\nConnection: Content-Length\r\n\r\n",
                   sized(70)) == "HTTP/1.1 200 OK\r\nContent-Length: 70\r\nVia: 1.1 uvoy\r\n\r\n");
    CHECK(returned("HTTP/1.1 200 OK\r\nA: 1\r\n\r\n", sized(5)) ==
          "HTTP/1.1 200 OK\r\nA: 1\r\nContent-Length: 5\r\nVia: 1.1 uvoy\r\n\r\n");
    CHECK(returned("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n",
                   {.framing = {.kind = http::Framing::Kind::chunked}, .via = "uvoy"}) ==
          "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nVia: 1.1 uvoy\r\n\r\n");
}

TEST_CASE("the status line is ours, the reason phrase theirs") {
    const std::string rest = "Via: 1.1 uvoy\r\n\r\n";
    CHECK(returned("HTTP/1.1 404 Not  here\r\n\r\n", {.via = "uvoy"}) ==
          "HTTP/1.1 404 Not  here\r\n" + rest);
    CHECK(returned("HTTP/1.1 204\r\n\r\n", {.via = "uvoy"}) == "HTTP/1.1 204 \r\n" + rest);
    CHECK(returned("HTTP/1.1 204 \r\n\r\n", {.via = "uvoy"}) == "HTTP/1.1 204 \r\n" + rest);
    CHECK(returned("HTTP/1.0 200 \tx\r\nA: 1\r\n\r\n", {.via = "uvoy"}) ==
          "HTTP/1.1 200 \tx\r\nA: 1\r\nVia: 1.0 uvoy\r\n\r\n");
}

TEST_CASE("a length that is only told is told without leading zeros") {
    const std::string zeros(60, '0');
    CHECK(returned("HTTP/1.1 304 Not Modified\r\nContent-Length: " + zeros + "\r\n\r\n",
                   {.via = "uvoy"}) ==
          "HTTP/1.1 304 Not Modified\r\nContent-Length: 0\r\nVia: 1.1 uvoy\r\n\r\n");
    CHECK(returned("HTTP/1.1 304 Not Modified\r\nContent-Length: " + zeros + "70\r\n\r\n",
                   {.via = "uvoy"}) ==
          "HTTP/1.1 304 Not Modified\r\nContent-Length: 70\r\nVia: 1.1 uvoy\r\n\r\n");
}

}  // namespace uvoy::proxy
