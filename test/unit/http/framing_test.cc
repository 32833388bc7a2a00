#include "http/framing.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "text.h"

namespace uvoy::http {

namespace {

using Kind = Framing::Kind;
using Pairs = std::initializer_list<std::pair<std::string_view, std::string_view>>;

constexpr auto bad_length = FramingError::bad_content_length;
constexpr auto bad_coding = FramingError::bad_transfer_encoding;
constexpr auto unknown = FramingError::unknown_coding;
constexpr auto both = FramingError::both;

constexpr std::string_view length = "Content-Length";
constexpr std::string_view coding = "Transfer-Encoding";

// What a table says of a framing: an error, or a kind and a length.
struct Expected {
    Expected(FramingError failure) : error{failure} {}
    Expected(Kind kind, std::uint64_t bytes = 0) : framing{kind, bytes} {}

    bool matches(const Result<Framing, FramingError> &result) const {
        return error_of(result) == error && (error || *result == framing);
    }

    std::optional<FramingError> error;
    Framing framing;
};

}  // namespace

TEST_CASE("a request's body is delimited by RFC 9112 section 6.3, and doubt is refused") {
    struct Row {
        std::string_view section;
        Fields fields;
        Expected expected;
        Version version = Version::http11;
        Method method = Method::post;
    };
    const std::vector<Row> rows{
        {"6.3 7", make_fields({}), Kind::none},
        {"6.3 7", make_fields({{"Host", "a"}}), Kind::none, Version::http10},
        {"6.3 6", make_fields({{length, "5"}}), {Kind::sized, 5}},
        {"6.3 6", make_fields({{"content-length", "5"}}), {Kind::sized, 5}, Version::http10},
        {"6.3 6", make_fields({{length, "0"}}), Kind::none},
        {"6.2", make_fields({{length, "007"}}), {Kind::sized, 7}},
        {"6.2", make_fields({{length, "9223372036854775807"}}), {Kind::sized, INT64_MAX}},
        {"6.2", make_fields({{length, "9223372036854775808"}}), bad_length},
        {"6.2", make_fields({{length, "18446744073709551621"}}), bad_length},
        {"6.2", make_fields({{length, "99999999999999999999999"}}), bad_length},
        {"6.2", make_fields({{length, ""}}), bad_length},
        {"6.2", make_fields({{length, "+5"}}), bad_length},
        {"6.2", make_fields({{length, "-5"}}), bad_length},
        {"6.2", make_fields({{length, "0x5"}}), bad_length},
        {"6.2", make_fields({{length, "5a"}}), bad_length},
        {"6.2", make_fields({{length, "5 5"}}), bad_length},
        {"6.2", make_fields({{length, "5."}}), bad_length},
        {"6.2", make_fields({{length, "1e3"}}), bad_length},
        {"8.6 of 9110", make_fields({{length, "5, 5"}}), bad_length},
        {"8.6 of 9110", make_fields({{length, "5,"}}), bad_length},
        {"6.3 5", make_fields({{length, "5"}, {length, "6"}}), bad_length},
        {"6.3 5", make_fields({{length, "5"}, {"X", ""}, {length, "5"}}), bad_length},

        {"6.3 4", make_fields({{coding, "chunked"}}), Kind::chunked},
        {"7", make_fields({{coding, "Chunked"}}), Kind::chunked},
        {"6.1", make_fields({{coding, "chunked"}}), bad_coding, Version::http10},
        {"6.1", make_fields({{coding, "gzip, chunked"}}), unknown},
        {"6.1", make_fields({{coding, "x,y;q=\"1\",chunked"}}), unknown},
        {"6.1", make_fields({{coding, "identity, chunked"}}), unknown},
        {"6.3 4", make_fields({{coding, "gzip"}}), bad_coding},
        {"6.3 4", make_fields({{coding, "identity"}}), bad_coding},
        {"6.3 4", make_fields({{coding, "chunked, gzip"}}), bad_coding},
        {"6.1", make_fields({{coding, "chunked, chunked"}}), bad_coding},
        {"6.1", make_fields({{coding, "chunked, gzip, chunked"}}), bad_coding},
        {"6.1", make_fields({{coding, "chunked"}, {coding, "chunked"}}), bad_coding},
        {"6.1", make_fields({{coding, "gzip"}, {coding, "chunked"}}), bad_coding},
        {"6.1", make_fields({{coding, "chunked,"}}), bad_coding},
        {"6.1", make_fields({{coding, ", chunked"}}), bad_coding},
        {"6.1", make_fields({{coding, ""}}), bad_coding},
        {"6.1", make_fields({{coding, ","}}), bad_coding},
        {"6.1", make_fields({{coding, "chunked;a=b"}}), bad_coding},
        {"6.1", make_fields({{coding, "\"chunked\""}}), bad_coding},
        {"6.1", make_fields({{coding, "xchunked"}}), bad_coding},
        {"6.1", make_fields({{coding, "chunked\x0b"}}), bad_coding},
        {"6.3 3", make_fields({{coding, "chunked"}, {length, "5"}}), both},
        {"6.3 3", make_fields({{length, "0"}, {coding, "x"}}), both},
        {"6.3 3", make_fields({{length, "5"}, {coding, "chunked"}}), both, Version::http10},

        {"9.3.6 of 9110", make_fields({}), Kind::none, Version::http11, Method::connect},
        {"9.3.6 of 9110", make_fields({{length, "5"}}), bad_length, Version::http11,
         Method::connect},
        {"9.3.6 of 9110", make_fields({{length, "0"}}), bad_length, Version::http11,
         Method::connect},
        {"9.3.6 of 9110", make_fields({{coding, "chunked"}}), bad_length, Version::http11,
         Method::connect},
        {"9.3.1 of 9110",
         make_fields({{length, "5"}}),
         {Kind::sized, 5},
         Version::http11,
         Method::get},
    };
    for (std::size_t row_number = 0; row_number < rows.size(); ++row_number) {
        const Row &row = rows[row_number];
        CAPTURE(row_number);
        CAPTURE(row.section);
        if (!row.fields.empty()) CAPTURE(row.fields.back().value);
        RequestHead head;
        head.method = row.method;
        head.version = row.version;
        head.fields = row.fields;
        CHECK(row.expected.matches(request_framing(head)));
    }
}

TEST_CASE("a response's body depends on its status and on the request") {
    struct Row {
        std::string_view section;
        int status;
        Fields fields;
        Expected expected;
        Method method = Method::get;
        Version version = Version::http11;
    };
    const auto http10 = Version::http10;
    const std::vector<Row> rows{
        {"6.3 8", 200, make_fields({}), Kind::until_close},
        {"6.3 8", 404, make_fields({}), Kind::until_close, Method::post, http10},
        {"6.3 6", 200, make_fields({{length, "5"}}), {Kind::sized, 5}},
        {"6.3 6", 200, make_fields({{length, "0"}}), Kind::none},
        {"6.3 5", 200, make_fields({{length, "x"}}), bad_length},
        {"6.3 5", 200, make_fields({{length, "5"}, {length, "5"}}), bad_length},
        {"6.3 4", 200, make_fields({{coding, "chunked"}}), Kind::chunked},
        {"6.1", 200, make_fields({{coding, "chunked"}}), bad_coding, Method::get, http10},
        {"6.1", 200, make_fields({{coding, "gzip, chunked"}}), unknown},
        {"6.3 4", 200, make_fields({{coding, "gzip"}}), bad_coding},
        {"6.3 3", 200, make_fields({{coding, "chunked"}, {length, "5"}}), both},

        {"6.3 1", 200, make_fields({}), Kind::none, Method::head},
        {"6.3 1", 200, make_fields({{length, "5"}}), Kind::none, Method::head},
        {"6.3 1", 200, make_fields({{length, "x"}}), bad_length, Method::head},
        {"6.3 1", 200, make_fields({{coding, "chunked"}}), Kind::none, Method::head},
        {"6.3 3", 200, make_fields({{coding, "chunked"}, {length, "5"}}), both, Method::head},
        {"6.3 1", 304, make_fields({}), Kind::none},
        {"6.3 1", 304, make_fields({{length, "5"}}), Kind::none},
        {"6.3 1", 304, make_fields({{length, "-5"}}), bad_length},
        {"6.1", 304, make_fields({{coding, "chunked"}}), Kind::none},
        {"6.3 1", 204, make_fields({}), Kind::none},
        {"8.6 of 9110", 204, make_fields({{length, "0"}}), Kind::none},
        {"8.6 of 9110", 204, make_fields({{length, "5"}}), bad_length},
        {"6.1", 204, make_fields({{coding, "chunked"}}), bad_coding},
        {"6.3 1", 100, make_fields({}), Kind::none},
        {"6.3 1", 103, make_fields({}), Kind::none},
        {"8.6 of 9110", 100, make_fields({{length, "5"}}), bad_length},
        {"6.1", 103, make_fields({{coding, "chunked"}}), bad_coding},
        {"6.3 8", 205, make_fields({}), Kind::until_close},

        {"7.8 of 9110", 101, make_fields({}), Kind::tunnel},
        {"7.8 of 9110", 101, make_fields({{length, "5"}}), bad_length},
        {"6.3 2", 200, make_fields({}), Kind::tunnel, Method::connect},
        {"6.3 2", 299, make_fields({{length, "5"}}), Kind::tunnel, Method::connect},
        {"6.3 2", 200, make_fields({{coding, "chunked"}}), Kind::tunnel, Method::connect},
        {"6.3 2", 407, make_fields({{length, "5"}}), {Kind::sized, 5}, Method::connect},
        {"6.3 2", 300, make_fields({}), Kind::until_close, Method::connect},
        {"6.3 2", 100, make_fields({}), Kind::none, Method::connect},
    };
    for (std::size_t row_number = 0; row_number < rows.size(); ++row_number) {
        const Row &row = rows[row_number];
        CAPTURE(row_number);
        CAPTURE(row.section);
        ResponseHead head;
        head.status = row.status;
        head.version = row.version;
        head.fields = row.fields;
        CHECK(row.expected.matches(response_framing(head, row.method)));
    }
}

TEST_CASE("a smuggled request is refused, by the head or by its framing") {
    const std::string_view rows[] = {
        "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n",
        "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n",
        "Content-Length: 5\r\nContent-Length: 6\r\n",
        "Content-Length: 5\r\nContent-Length: 5\r\n",
        "Content-Length: 5, 5\r\n",
        "Content-Length : 5\r\n",
        "Content-Length: 5\r\n 6\r\n",
        "Content-Length: +5\r\n",
        "Content-Length: \r\n",
        "Content-Length: 99999999999999999999\r\n",
        "Transfer-Encoding : chunked\r\n",
        "Transfer-Encoding: xchunked\r\n",
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: x\r\n",
        "Transfer-Encoding: x\r\nTransfer-Encoding: chunked\r\n",
        "Transfer-Encoding:\x0b chunked\r\n",
        "Transfer-Encoding: chunked, identity\r\n",
        "Transfer-Encoding:\r\n chunked\r\n",
        " Transfer-Encoding: chunked\r\n",
        "X: y\nTransfer-Encoding: chunked\r\n",
        "X: y\rTransfer-Encoding: chunked\r\n",
    };
    for (const std::string_view fields : rows) {
        const std::string bytes = "POST / HTTP/1.1\r\nHost: a\r\n" + std::string{fields} + "\r\n";
        CAPTURE(fields);
        RequestHead head;
        const bool accepted = parse_request(bytes, HeadLimits{}, head).has_value() &&
                              request_framing(head).has_value();
        CHECK_FALSE(accepted);
    }
}

TEST_CASE("an unknown coding gets through the head, so that it can be answered as such") {
    RequestHead head;
    REQUIRE(parse_request("POST / HTTP/1.1\r\nTransfer-Encoding: gzip, chunked\r\n\r\n",
                          HeadLimits{}, head)
                .has_value());
    CHECK(error_of(request_framing(head)) == unknown);
}

TEST_CASE("a connection persists by RFC 9112 section 9.3") {
    struct Row {
        Version version;
        Fields fields;
        bool alive;
    };
    constexpr auto http10 = Version::http10;
    constexpr auto http11 = Version::http11;
    const std::vector<Row> rows{
        {http11, make_fields({}), true},
        {http11, make_fields({{"Connection", "close"}}), false},
        {http11, make_fields({{"connection", "x, CLOSE ,y"}}), false},
        {http11, make_fields({{"Connection", "keep-alive"}}), true},
        {http11, make_fields({{"Connection", "keep-alive"}, {"Connection", "close"}}), false},
        {http11, make_fields({{"Connection", "close, keep-alive"}}), false},
        {http11, make_fields({{"Connection", "closed"}}), true},
        {http11, make_fields({{"Proxy-Connection", "close"}}), true},
        {http10, make_fields({}), false},
        {http10, make_fields({{"Connection", "Keep-Alive"}}), true},
        {http10, make_fields({{"Connection", "x"}, {"Connection", "keep-alive"}}), true},
        {http10, make_fields({{"Connection", "keep-alive, close"}}), false},
        {http10, make_fields({{"Keep-Alive", "timeout=5"}}), false},
    };
    for (std::size_t row_number = 0; row_number < rows.size(); ++row_number) {
        CAPTURE(row_number);
        CHECK(keeps_alive(rows[row_number].version, rows[row_number].fields) ==
              rows[row_number].alive);
    }
}

TEST_CASE("a list has elements without blanks, and no empty ones") {
    std::string seen;
    for_each_element(" a,, b c\t,\t,d ", [&](std::string_view element) {
        seen.append("<").append(element).append(">");
    });
    CHECK(seen == "<a><b c><d>");
}

}  // namespace uvoy::http
