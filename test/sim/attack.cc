#include "attack.h"

#include <vector>

namespace uvoy::sim {

namespace {

using std::string_literals::operator""s;

/// A request whose field lines are `fields`.
std::string with(std::string_view fields) {
    return "POST /refused HTTP/1.1\r\nHost: sim.example\r\n" + std::string{fields} + "\r\n\r\n";
}

/// A request whose start line is `line`.
std::string line(std::string_view line) {
    return std::string{line} + "\r\nHost: sim.example\r\nX-Mark: refused\r\n\r\n";
}

std::string host(std::string_view lines) {
    return "GET /refused HTTP/1.1\r\n" + std::string{lines} + "\r\n\r\n";
}

/// A good head, and a chunked body that is not.
std::string body(std::string_view chunks) {
    return "POST /broken HTTP/1.1\r\nHost: sim.example\r\nTransfer-Encoding: chunked\r\n\r\n" +
           std::string{chunks};
}

std::string trailer(std::string_view lines) {
    return body("4\r\nbody\r\n0\r\n" + std::string{lines} + "\r\n\r\n");
}

std::string many_fields(int count) {
    std::string lines = "X-0: refused";
    for (int i = 1; i < count; ++i) lines += "\r\nX-" + std::to_string(i) + ": refused";
    return with(lines);
}

void add_lines(std::vector<Attack> &out) {
    const auto bad = [&out](std::string_view name, std::string bytes, int status = 400) {
        out.push_back({name, std::move(bytes), status});
    };
    bad("no version", line("GET /refused"));
    bad("two blanks before the target", line("GET  /refused HTTP/1.1"));
    bad("two blanks behind the target", line("GET /refused  HTTP/1.1"));
    bad("a blank at the end", line("GET /refused HTTP/1.1 "));
    bad("a tab for a blank", line("GET\t/refused HTTP/1.1"));
    bad("a blank before the method", line(" GET /refused HTTP/1.1"));
    bad("no token for a method", line("G(T /refused HTTP/1.1"));
    bad("no target", line("GET HTTP/1.1"));
    bad("a version in lower case", line("GET /refused http/1.1"));
    bad("a version of two digits", line("GET /refused HTTP/1.10"));
    bad("a version with a word behind it", line("GET /refused HTTP/1.1 x"));
    bad("another protocol", line("GET /refused RTSP/1.0"));
    bad("HTTP/2.0", line("GET /refused HTTP/2.0"), 505);
    bad("HTTP/1.2", line("GET /refused HTTP/1.2"), 505);
    bad("the preface of HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505);
    bad("a bare LF behind the start line", "GET /refused HTTP/1.1\nHost: sim.example\r\n\r\n");
    bad("a bare CR in the start line", line("GET /refused\rx HTTP/1.1"));
    bad("a blank line before it", " \r\n" + line("GET /refused HTTP/1.1"));
    bad("a fragment", line("GET /refused#x HTTP/1.1"));
    bad("a NUL in the target", line("GET /refused\0x HTTP/1.1"s));
    bad("a DEL in the target", line("GET /refused\x7f HTTP/1.1"));
    bad("a byte that is not ASCII in the target", line("GET /refused\xc3\xa4 HTTP/1.1"));
    bad("a target without slash", line("GET refused HTTP/1.1"));
    bad("an asterisk that is not for OPTIONS", line("GET * HTTP/1.1"));
    bad("a scheme that is not HTTP", line("GET ftp://sim.example/refused HTTP/1.1"));
    bad("a host in the target that is not in Host", line("GET http://b.example/refused HTTP/1.1"));
    bad("a name of a user in the target", line("GET http://a@sim.example/refused HTTP/1.1"));
    bad("CONNECT to a path", line("CONNECT /refused HTTP/1.1"));
    bad("a target without end", "GET /refused" + std::string(17'000, 'x'), 414);
    bad("a target too long", line("GET /refused" + std::string(16'400, 'x') + " HTTP/1.1"), 414);
}

void add_fields(std::vector<Attack> &out) {
    const auto bad = [&out](std::string_view name, std::string bytes, int status = 400) {
        out.push_back({name, std::move(bytes), status});
    };
    bad("a bare LF behind a field", with("X-A: 1\nX-B: 2"));
    bad("three empty lines before it", "\r\n\r\n\r\n" + line("GET /refused HTTP/1.1"));
    bad("a bare LF for the empty line", "GET /refused HTTP/1.1\r\nHost: sim.example\r\n\n");
    bad("a bare CR in a value", with("X-A: 1\rX-B: 2"));
    bad("a CR behind a value", with("X-A: 1\r"));
    bad("a NUL in a value", with("X-A: 1\0"s));
    bad("a NUL in a name", with("X\0A: 1"s));
    bad("a control byte in a value", with("X-A: \x01"));
    bad("a folded value", with("X-A: 1\r\n 2"));
    bad("a folded value behind a tab", with("X-A: 1\r\n\t2"));
    bad("a blank before the first field", host(" Host: sim.example"));
    bad("a blank before the colon", with("Content-Length : 5"));
    bad("a tab before the colon", with("Transfer-Encoding\t: chunked"));
    bad("no colon", with("Content-Length 5"));
    bad("no name", with(": 5"));
    bad("a name that is no token", with("X(A): 5"));
    bad("a name that is not ASCII", with("X\xc3\xa4: 5"));
    bad("a head too large", with("X-A: " + std::string(33'000, 'x')), 431);
    bad("a field without end", "GET /refused HTTP/1.1\r\nX: " + std::string(33'000, 'x'), 431);
    bad("too many fields", many_fields(128), 431);
    bad("no Host", host("X-A: 1"));
    bad("two Hosts", host("Host: sim.example\r\nHost: sim.example"));
    bad("two Hosts, one other", host("Host: sim.example\r\nHost: b.example"));
    bad("an empty Host", host("Host:"));
    bad("a Host with a path", host("Host: sim.example/x"));
    bad("a Host with a user", host("Host: a@sim.example"));
    bad("a Host with two ports", host("Host: sim.example:80:81"));
    bad("a Host with a port too large", host("Host: sim.example:65536"));
    bad("a list of Hosts", host("Host: sim.example, b.example"));
    bad("a Host with an open bracket", host("Host: [::1"));
}

void add_framing(std::vector<Attack> &out) {
    const auto bad = [&out](std::string_view name, std::string_view fields, int status = 400) {
        out.push_back({name, with(fields), status});
    };
    bad("both framings", "Content-Length: 5\r\nTransfer-Encoding: chunked");
    bad("both framings, the other way round", "Transfer-Encoding: chunked\r\nContent-Length: 0");
    bad("two lengths", "Content-Length: 5\r\nContent-Length: 6");
    bad("the same length twice", "Content-Length: 5\r\nContent-Length: 5");
    bad("a list of lengths", "Content-Length: 5, 5");
    bad("a length with a plus", "Content-Length: +5");
    bad("a length below zero", "Content-Length: -5");
    bad("a length with a blank in it", "Content-Length: 5 5");
    bad("a length in hexadecimal", "Content-Length: 0x5");
    bad("a length with a point", "Content-Length: 5.0");
    bad("an empty length", "Content-Length:");
    bad("a length above 63 bits", "Content-Length: 9223372036854775808");
    bad("a length above 64 bits", "Content-Length: 18446744073709551621");
    bad("a coding that is not chunked", "Transfer-Encoding: identity");
    bad("chunked that is not last", "Transfer-Encoding: chunked, gzip");
    bad("chunked twice", "Transfer-Encoding: chunked, chunked");
    bad("chunked in two lines", "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked");
    bad("a coding in two lines", "Transfer-Encoding: gzip\r\nTransfer-Encoding: chunked");
    bad("an empty coding", "Transfer-Encoding:");
    bad("chunked with a parameter", "Transfer-Encoding: chunked;q=1");
    bad("chunked in quotes", "Transfer-Encoding: \"chunked\"");
    bad("chunked behind a control byte",
        "Transfer-Encoding: \x0b"
        "chunked");
    bad("chunked with a letter before it", "Transfer-Encoding: xchunked");
    bad("an unknown coding before chunked", "Transfer-Encoding: gzip, chunked", 501);
    out.push_back({"a coding in HTTP/1.0",
                   "POST /refused HTTP/1.0\r\nHost: sim.example\r\nConnection: keep-alive\r\n"
                   "Transfer-Encoding: chunked\r\n\r\n",
                   400});
}

void add_bodies(std::vector<Attack> &out) {
    const auto bad = [&out](std::string_view name, std::string bytes, int status = 400) {
        out.push_back({name, std::move(bytes), status, true});
    };
    bad("no size of a chunk", body("\r\nbody"));
    bad("a size that is no number", body("4\r\nbody\r\nzz\r\n"));
    bad("a size below zero", body("-4\r\nbody\r\n"));
    bad("a size with a plus", body("+4\r\nbody\r\n"));
    bad("a size with 0x", body("0x4\r\nbody\r\n"));
    bad("a size with an underscore", body("1_0\r\nbody\r\n"));
    bad("a blank before a size", body(" 4\r\nbody\r\n"));
    bad("a blank behind a size", body("4 \r\nbody\r\n"));
    bad("a size above 63 bits", body("8000000000000000\r\nbody\r\n"));
    bad("a size of 17 digits", body("00000000000000004\r\nbody\r\n"));
    bad("a size that wraps around", body("10000000000000004\r\nbody\r\n"));
    bad("a bare LF behind a size", body("4\nbody\r\n"));
    bad("a bare CR behind a size", body("4\rbody\r\n"));
    bad("a bare LF behind the last size", body("4\r\nbody\r\n0\n\r\n"));
    bad("a bare LF in an extension", body("4;a\nbody\r\n"));
    bad("a NUL in an extension", body("4;a=\0\r\nbody\r\n"s));
    bad("extensions without end", body("4;" + std::string(5'000, 'x') + "\r\nbody\r\n"));
    bad("no CRLF behind a chunk", body("4\r\nbody0\r\n\r\n"));
    bad("a bare LF behind a chunk", body("4\r\nbody\n0\r\n\r\n"));
    bad("a bare CR behind a chunk", body("4\r\nbody\r0\r\n\r\n"));
    bad("another byte for the CR behind a chunk", body("4\r\nbodyx\n0\r\n\r\n"));
    bad("a chunk longer than its size", body("4\r\nbodybody\r\n0\r\n\r\n"));
    bad("a trailer without colon", trailer("X-A 1"));
    bad("a trailer with a blank before the colon", trailer("X-A : 1"));
    bad("a folded trailer", trailer("X-A: 1\r\n 2"));
    bad("a bare LF behind a trailer", trailer("X-A: 1\nX-B: 2"));
    bad("a NUL in a trailer", trailer("X-A: \0"s));
    bad("trailers too large", trailer("X-A: " + std::string(9'000, 'x')), 431);
}

/// What was never HTTP.
void add_junk(std::vector<Attack> &out) {
    const auto bad = [&out](std::string_view name, std::string bytes) {
        out.push_back({name, std::move(bytes), 400});
    };
    bad("a greeting of TLS", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\n\r\n\r\n"s);
    bad("a greeting of SSH", "SSH-2.0-OpenSSH_9.2\r\n");
    bad("the header of the PROXY protocol", "PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\n");
    bad("a response", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    bad("zeros", std::string(40, '\0') + "\n");
}

}  // namespace

std::span<const Attack> attacks() {
    static const std::vector<Attack> all = [] {
        std::vector<Attack> made;
        add_lines(made);
        add_fields(made);
        add_framing(made);
        add_bodies(made);
        add_junk(made);
        return made;
    }();
    return all;
}

}  // namespace uvoy::sim
