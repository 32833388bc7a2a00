#include "bad_response.h"

#include <vector>

namespace uvoy::sim {

namespace {

using std::string_literals::operator""s;

/// A response with this status line; its body is there too.
std::string status(std::string_view line) {
    return std::string{line} + "\r\nX-Id: hostile\r\nContent-Length: 4\r\n\r\nevil";
}

/// A response with these field lines.
std::string with(std::string_view fields) {
    return "HTTP/1.1 200 OK\r\nX-Id: hostile\r\n" + std::string{fields} + "\r\n\r\n4\r\nevil\r\n";
}

/// A good head, and a chunked body that is not.
std::string body(std::string_view chunks) {
    return "HTTP/1.1 200 OK\r\nX-Id: hostile\r\nTransfer-Encoding: chunked\r\n\r\n" +
           std::string{chunks};
}

std::string trailer(std::string_view lines) {
    return body("4\r\nevil\r\n0\r\n" + std::string{lines} + "\r\n\r\n");
}

std::string many(std::string_view text, int count) {
    std::string out;
    for (int i = 0; i < count; ++i) out += text;
    return out;
}

const std::string whole = status("HTTP/1.1 200 OK");

void add_heads(std::vector<BadResponse> &out) {
    const auto bad = [&out](std::string_view name, std::string bytes,
                            Reason reason = Reason::bad_response) {
        out.push_back({.name = name, .bytes = std::move(bytes), .reason = reason});
    };
    bad("no status line", "X-Id: hostile\r\nContent-Length: 0\r\n\r\n");
    bad("HTTP/2.0", status("HTTP/2.0 200 OK"));
    bad("HTTP/1.2", status("HTTP/1.2 200 OK"));
    bad("HTTP/0.9", status("HTTP/0.9 200 OK"));
    bad("another protocol", status("ICY 200 OK"));
    bad("a protocol in lower case", status("http/1.1 200 OK"));
    bad("a status of two digits", status("HTTP/1.1 20 OK"));
    bad("a status of four digits", status("HTTP/1.1 2000 OK"));
    bad("a status below 100", status("HTTP/1.1 099 OK"));
    bad("a status above 599", status("HTTP/1.1 600 OK"));
    bad("a status with a plus", status("HTTP/1.1 +20 OK"));
    bad("no status", status("HTTP/1.1"));
    bad("two blanks before the status", status("HTTP/1.1  200 OK"));
    bad("a tab before the status", status("HTTP/1.1\t200 OK"));
    bad("a tab behind the status", status("HTTP/1.1 200\tOK"));
    bad("a NUL in the phrase", status("HTTP/1.1 200 O\0K"s));
    bad("a bare CR in the phrase", status("HTTP/1.1 200 O\rK"));
    bad("a blank before the status line", status(" HTTP/1.1 200 OK"));
    bad("a bare LF behind the status line", "HTTP/1.1 200 OK\nX-Id: hostile\r\n\r\n");
    bad("a bare LF behind a field", with("X-A: 1\nX-B: 2"));
    bad("a bare LF for the empty line", "HTTP/1.1 200 OK\r\nX-Id: hostile\r\n\nevil");
    bad("a bare CR in a value", with("X-A: 1\rX-B: 2"));
    bad("a NUL in a value", with("X-A: 1\0"s));
    bad("a folded value", with("X-A: 1\r\n 2"));
    bad("a blank before the colon", with("Content-Length : 4"));
    bad("a blank before the first field", "HTTP/1.1 200 OK\r\n X-Id: hostile\r\n\r\n");
    bad("no colon", with("Content-Length 4"));
    bad("no name", with(": 4"));
    bad("a name that is no token", with("X(A): 4"));
    bad("a head without end", "HTTP/1.1 200 OK\r\nX: " + std::string(70'000, 'x'),
        Reason::response_too_large);
    bad("too many fields", with(many("X-A: 1\r\n", 260) + "X-B: 2"), Reason::response_too_large);
    bad("a greeting of TLS", "\x16\x03\x03\x00\x31\x02\x00\x00\x2d\x03\x03\n"s);
    out.push_back({.name = "an end within the head",
                   .bytes = "HTTP/1.1 200 OK\r\nX-Id: hostile\r\n",
                   .reason = Reason::reset_in_headers,
                   .ends = true});
}

void add_framing(std::vector<BadResponse> &out) {
    const auto bad = [&out](std::string_view name, std::string bytes) {
        out.push_back({.name = name, .bytes = std::move(bytes)});
    };
    bad("both framings", with("Content-Length: 4\r\nTransfer-Encoding: chunked"));
    bad("two lengths", with("Content-Length: 4\r\nContent-Length: 5"));
    bad("the same length twice", with("Content-Length: 4\r\nContent-Length: 4"));
    bad("a list of lengths", with("Content-Length: 4, 4"));
    bad("a length with a plus", with("Content-Length: +4"));
    bad("a length below zero", with("Content-Length: -4"));
    bad("a length in hexadecimal", with("Content-Length: 0x4"));
    bad("a length above 63 bits", with("Content-Length: 9223372036854775808"));
    bad("an empty length", with("Content-Length:"));
    bad("an unknown coding", with("Transfer-Encoding: gzip"));
    bad("an unknown coding before chunked", with("Transfer-Encoding: gzip, chunked"));
    bad("chunked twice", with("Transfer-Encoding: chunked, chunked"));
    bad("chunked in two lines", with("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked"));
    bad("a coding in HTTP/1.0",
        "HTTP/1.0 200 OK\r\nX-Id: hostile\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n");
    bad("a 204 with a length", status("HTTP/1.1 204 No Content"));
    bad("a 204 with a coding",
        "HTTP/1.1 204 No Content\r\nX-Id: hostile\r\nTransfer-Encoding: chunked\r\n\r\n");
    bad("a 103 with a length", status("HTTP/1.1 103 Early Hints") + whole);
    bad("more interim responses than anybody needs",
        many("HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n", 33) + whole);
    bad("a 100 without end", many("HTTP/1.1 100 Continue\r\n\r\n", 500));
    bad("another protocol than asked for",
        "HTTP/1.1 101 Switching Protocols\r\nX-Id: hostile\r\nConnection: Upgrade\r\n"
        "Upgrade: h2c\r\n\r\n" +
            whole);
    bad("a switch of protocols without a name",
        "HTTP/1.1 101 Switching Protocols\r\nX-Id: hostile\r\n\r\n" + whole);
}

void add_bodies(std::vector<BadResponse> &out) {
    const auto bad = [&out](std::string_view name, std::string bytes, bool ends = false) {
        out.push_back({.name = name, .bytes = std::move(bytes), .in_body = true, .ends = ends});
    };
    bad("a size that is no number", body("4\r\nevil\r\nzz\r\n"));
    bad("no size", body("\r\nevil\r\n"));
    bad("a size below zero", body("-4\r\nevil\r\n"));
    bad("a size with 0x", body("0x4\r\nevil\r\n0\r\n\r\n"));
    bad("a blank behind a size", body("4 \r\nevil\r\n0\r\n\r\n"));
    bad("a size above 63 bits", body("8000000000000000\r\nevil\r\n"));
    bad("a size of 17 digits", body("00000000000000004\r\nevil\r\n0\r\n\r\n"));
    bad("a bare LF behind a size", body("4\nevil\r\n0\r\n\r\n"));
    bad("a bare LF in an extension", body("4;a\nevil\r\n0\r\n\r\n"));
    bad("extensions without end", body("4;" + std::string(5'000, 'x') + "\r\nevil\r\n"));
    bad("no CRLF behind a chunk", body("4\r\nevil0\r\n\r\n"));
    bad("a bare LF behind a chunk", body("4\r\nevil\n0\r\n\r\n"));
    bad("a chunk longer than its size", body("4\r\nevilevil\r\n0\r\n\r\n"));
    bad("a trailer without colon", trailer("X-A 1"));
    bad("a folded trailer", trailer("X-A: 1\r\n 2"));
    bad("a NUL in a trailer", trailer("X-A: \0"s));
    bad("trailers too large", trailer("X-A: " + std::string(9'000, 'x')));
    bad("an end within a chunk", body("5\r\nevil"), true);
    bad("an end behind a chunk", body("4\r\nevil\r\n"), true);
    bad("an end before the last empty line", body("4\r\nevil\r\n0\r\n"), true);
    bad("an end within a sized body",
        "HTTP/1.1 200 OK\r\nX-Id: hostile\r\nContent-Length: 5\r\n\r\nevil", true);
}

}  // namespace

std::span<const BadResponse> bad_responses() {
    static const std::vector<BadResponse> all = [] {
        std::vector<BadResponse> made;
        add_heads(made);
        add_framing(made);
        add_bodies(made);
        return made;
    }();
    return all;
}

}  // namespace uvoy::sim
