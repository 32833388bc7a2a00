#include "http/start_line.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "text.h"

namespace uvoy::http {

namespace {

using namespace std::string_view_literals;

constexpr auto malformed = HeadError::malformed;
constexpr auto version = HeadError::unsupported_version;
constexpr HeadLimits limits{.header_bytes = 1000, .headers = 10, .target_bytes = 20};

}  // namespace

TEST_CASE("a request line is method, target and version, with one space between") {
    struct Row {
        std::string_view line;
        std::optional<HeadError> error;
        std::string_view why = "";
    };
    const std::vector<Row> rows{
        {"GET / HTTP/1.1", {}},
        {"GET / HTTP/1.0", {}},
        {"OPTIONS * HTTP/1.1", {}},
        {"CONNECT a:443 HTTP/1.1", {}},
        {"GET http://a/ HTTP/1.1", {}},
        {"M-SEARCH /~!$%7c|{} HTTP/1.1", {}, "any token; browsers send | and braces"},
        {"GET 12345678901234567890 HTTP/1.1", {}, "just the limit"},
        {"GET 123456789012345678901 HTTP/1.1", HeadError::target_too_long},
        {"", malformed},
        {"GET", malformed},
        {"GET ", malformed},
        {"GET /", malformed, "HTTP/0.9"},
        {"GET / ", malformed},
        {"GET HTTP/1.1", malformed},
        {" GET / HTTP/1.1", malformed, "9112 3"},
        {"GET  / HTTP/1.1", malformed},
        {"GET /  HTTP/1.1", malformed},
        {"GET / HTTP/1.1 ", malformed},
        {"GET\t/ HTTP/1.1", malformed, "9112 3: leniency is optional"},
        {"GET /\tHTTP/1.1", malformed},
        {"GET / HTTP/1.1\r", malformed, "bare CR, 9112 2.2"},
        {"GET /\r HTTP/1.1", malformed},
        {"GET /a b HTTP/1.1", malformed, "9112 3.2"},
        {"GET /#a HTTP/1.1", malformed, "no fragment in a target, 9112 3.2.1"},
        {"GET /\x01 HTTP/1.1", malformed},
        {"GET /\x7f HTTP/1.1", malformed},
        {"GET /\x80 HTTP/1.1", malformed},
        {"GET /\xc3\xa4 HTTP/1.1", malformed},
        {"GET /\0 HTTP/1.1"sv, malformed},
        {"G\0T / HTTP/1.1"sv, malformed},
        {"G(T / HTTP/1.1", malformed, "9110 9.1: a method is a token"},
        {"G\xc4T / HTTP/1.1", malformed},
        {"GET: / HTTP/1.1", malformed},
        {"GET / http/1.1", malformed, "9112 2.3: case-sensitive"},
        {"GET / HTTP/1.", malformed},
        {"GET / HTTP/11", malformed},
        {"GET / HTTP/1.10", malformed},
        {"GET / HTTP/01.1", malformed},
        {"GET / HTTP/1,1", malformed},
        {"GET / HTTP/a.1", malformed},
        {"GET / HTTPS/1.1", malformed},
        {"GET / HTTP/1.2", version},
        {"GET / HTTP/1.9", version},
        {"GET / HTTP/0.9", version},
        {"PRI * HTTP/2.0", version, "the preface of HTTP/2"},
        {"GET / HTTP/3.0", version},
    };
    for (const Row &row : rows) {
        const std::string line = readable(row.line);
        CAPTURE(line);
        CAPTURE(row.why);
        RequestHead head;
        CHECK(error_of(parse_request_line(row.line, limits, head)) == row.error);
    }
}

TEST_CASE("a request line is taken apart") {
    RequestHead head;
    REQUIRE(parse_request_line("POST /a?b HTTP/1.0", limits, head).has_value());
    CHECK(head.method == Method::post);
    CHECK(head.method_text == "POST");
    CHECK(head.target == "/a?b");
    CHECK(head.version == Version::http10);
}

TEST_CASE("a method is known by its exact name") {
    for (std::size_t i = 0; i < method_count; ++i) {
        const auto method = static_cast<Method>(i);
        RequestHead head;
        const std::string line = std::string{name(method)} + " / HTTP/1.1";
        REQUIRE(parse_request_line(line, limits, head).has_value());
        CHECK(head.method == method);
        CHECK(head.version == Version::http11);
    }
    for (const std::string_view line : {"get / HTTP/1.1", "GETS / HTTP/1.1", "GE / HTTP/1.1"}) {
        RequestHead head;
        REQUIRE(parse_request_line(line, limits, head).has_value());
        CHECK(head.method == Method::other);
        CHECK(head.method_text == line.substr(0, line.find(' ')));
    }
}

TEST_CASE("a status line is version, status and perhaps a reason") {
    struct Row {
        std::string_view line;
        std::optional<HeadError> error;
        int status = 0;
        std::string_view reason = "";
    };
    const std::vector<Row> rows{
        {"HTTP/1.1 200 OK", {}, 200, "OK"},
        {"HTTP/1.0 404 Not Found", {}, 404, "Not Found"},
        {"HTTP/1.1 200 ", {}, 200, ""},
        {"HTTP/1.1 200", {}, 200, ""},
        {"HTTP/1.1 100 Continue", {}, 100, "Continue"},
        {"HTTP/1.1 599 ?", {}, 599, "?"},
        {"HTTP/1.1 200  two\tand \xe4", {}, 200, " two\tand \xe4"},  // obs-text, RFC 9112 4
        {"", malformed},
        {"HTTP/1.1", malformed},
        {"HTTP/1.1 ", malformed},
        {"HTTP/1.1 20", malformed},
        {"HTTP/1.1 20 OK", malformed},
        {"HTTP/1.1 2000 OK", malformed},
        {"HTTP/1.1  200 OK", malformed},
        {"HTTP/1.1\t200 OK", malformed},
        {"HTTP/1.1 200\tOK", malformed},
        {"HTTP/1.1 200OK", malformed},
        {"HTTP/1.1 +20 OK", malformed},
        {"HTTP/1.1 2x0 OK", malformed},
        {"HTTP/1.1 099 OK", malformed},
        {"HTTP/1.1 000 OK", malformed},
        {"HTTP/1.1 600 OK", malformed},
        {"HTTP/1.1 999 OK", malformed},
        {"HTTP/1.1 200 O\rK", malformed},
        {"HTTP/1.1 200 O\0K"sv, malformed},
        {"HTTP/1.1 200 O\x7fK", malformed},
        {"http/1.1 200 OK", malformed},
        {"ICY 200 OK", malformed},
        {"HTTP/1.2 200 OK", version},
        {"HTTP/2.0 200 OK", version},
        {"HTTP/2 200 OK", malformed},
    };
    for (const Row &row : rows) {
        const std::string line = readable(row.line);
        CAPTURE(line);
        ResponseHead head;
        CHECK(error_of(parse_status_line(row.line, head)) == row.error);
        if (row.error) continue;
        CHECK(head.status == row.status);
        CHECK(head.reason_phrase == row.reason);
        CHECK((head.version == Version::http10) == row.line.starts_with("HTTP/1.0"));
    }
}

TEST_CASE("what can never become a start line is told by its beginning") {
    for (const std::string_view good :
         {"G", "GET", "GET ", "GET /", "GET /a ", "GET /a H", "GET /a HTTP/", "GET /a HTTP/1.1\r",
          "x!-y", "\r", "GET /a HTTP/1.1\r\nHost: \x01"}) {
        CAPTURE(good);
        CHECK(may_become_request_line(good));
    }
    for (const std::string_view bad :
         {"\x16\x03\x01", "\x80", "G\x01", " ", "GET  ", "GET \x7f", "GET /a  ", "GET /a HTTQ",
          "GET /a\r", "\r\r", "<html>", "@"}) {
        CAPTURE(bad);
        CHECK_FALSE(may_become_request_line(bad));
    }
    for (const std::string_view good : {"H", "HTTP/", "HTTP/1.1 200", "HTTP/1.1 200 \x80"})
        CHECK(may_become_status_line(good));
    for (const std::string_view bad : {"h", "\r", "HTTP1", "SSH-2.0", "ICY 200", "\x15\x03"})
        CHECK_FALSE(may_become_status_line(bad));
}

}  // namespace uvoy::http
