#include "http/framing.h"
#include "http/head.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "text.h"

namespace uvoy::http {

namespace {

using namespace std::string_view_literals;

constexpr auto malformed = HeadError::malformed;

// "name=value;" of each field.
std::string joined(const Fields &fields) {
    std::string text;
    for (const Field &field : fields)
        text.append(field.name).append("=").append(field.value).append(";");
    return text;
}

}  // namespace

TEST_CASE("field lines are taken strictly by RFC 9112 section 5") {
    struct Row {
        std::string_view section;
        std::string_view bytes;
        std::optional<HeadError> error;
        std::string_view fields = "";
    };
    const std::vector<Row> rows{
        {"2.1", "\r\n", {}, ""},
        {"5", "A: b\r\n\r\n", {}, "A=b;"},
        {"5", "A: b\r\nC: d\r\nA: e\r\n\r\n", {}, "A=b;C=d;A=e;"},
        {"5", "A:b\r\n\r\n", {}, "A=b;"},
        {"5.1", "A: \t b c\t \r\n\r\n", {}, "A=b c;"},
        {"5.1", "A:\r\nB: c\r\n\r\n", {}, "A=;B=c;"},
        {"5.1", "A: \t\r\nB:\r\n\r\n", {}, "A=;B=;"},
        {"5.5 of 9110", "A: b\tc\xe4\x80\r\n\r\n", {}, "A=b\tc\xe4\x80;"},
        {"5.5 of 9110", "A: :,;\"()[]{}\r\n\r\n", {}, "A=:,;\"()[]{};"},
        {"5.6.2 of 9110", "!#$%&'*+-.^_`|~09azAZ: x\r\n\r\n", {}, "!#$%&'*+-.^_`|~09azAZ=x;"},
        {"7.6.1 of 9110", "Connection: close, x \r\n\r\n", {}, "Connection=close, x;"},
        {"6.1", "Transfer-Encoding: \tchunked \r\n\r\n", {}, "Transfer-Encoding=chunked;"},
        {"6.1", "Transfer-Encoding: gzip\r\n\r\n", {}, "Transfer-Encoding=gzip;"},
        // What lengths and codings mean is framing.cc's to judge.
        {"6.3",
         "Content-Length: 5\r\nContent-Length: x\r\nTransfer-Encoding: y\r\n\r\n",
         {},
         "Content-Length=5;Content-Length=x;Transfer-Encoding=y;"},
        {"6.2", "Content-Length:\t5 \t\r\n\r\n", {}, "Content-Length=5;"},
        {"6.2", "Content-Length:  5  \r\nA: b\r\n\r\n", {}, "Content-Length=5;A=b;"},
        {"7.8 of 9110",
         "Upgrade: a\r\nConnection: Upgrade\r\n\r\n",
         {},
         "Upgrade=a;Connection=Upgrade;"},

        {"5.1", "A : b\r\n\r\n", malformed},
        {"5.1", "A\t: b\r\n\r\n", malformed},
        {"5.1", ": b\r\n\r\n", malformed},
        {"5.1", "A\r\n\r\n", malformed},
        {"5.1", "A b\r\n\r\n", malformed},
        {"5.1", "A b: c\r\n\r\n", malformed},
        {"5.1", "A(: b\r\n\r\n", malformed},
        {"5.1", "\xc4: b\r\n\r\n", malformed},
        {"5.1", "A\0: b\r\n\r\n"sv, malformed},
        {"2.2", " A: b\r\n\r\n", malformed},
        {"2.2", "\tA: b\r\n\r\n", malformed},
        {"2.2", " \r\nA: b\r\n\r\n", malformed},
        {"5.2", "A: b\r\n c\r\n\r\n", malformed},
        {"5.2", "A: b\r\n\tc\r\n\r\n", malformed},
        {"5.2", "A: b\r\n \r\n\r\n", malformed},
        {"5.2", "A:\r\n b\r\n\r\n", malformed},
        {"5.2", "A: \r\n\r\n b\r\n\r\n", malformed},
        {"5.2", "Content-Length: 1\r\n 2\r\n\r\n", malformed},
        {"5.2", "Transfer-Encoding:\r\n chunked\r\n\r\n", malformed},
        {"5.2", "Connection: a\r\n b\r\n\r\n", malformed},
        {"2.2", "A: b\nC: d\r\n\r\n", malformed},
        {"2.2", "A: b\n\nC: d\r\n\r\n", malformed},
        {"2.2", "A: b\rC: d\r\n\r\n", malformed},
        {"2.2", "A: b\r\r\n\r\n", malformed},
        {"2.2", "A:\r\r\n\r\n", malformed},
        {"2.2", "A: b\r\n\r", malformed},
        {"2.2", "A: b\r\n\n", malformed},
        {"2.2", "\n", malformed},
        {"5.5 of 9110", "A: b\0c\r\n\r\n"sv, malformed},
        {"5.5 of 9110", "A: \x01\r\n\r\n", malformed},
        {"5.5 of 9110", "A: b\x0b\r\n\r\n", malformed},
        {"5.5 of 9110", "A: b\x1b[0m\r\n\r\n", malformed},
        {"5.5 of 9110", "A: b\x7f\r\n\r\n", malformed},
        {"5.5 of 9110", "Connection: \x01\r\n\r\n", malformed},
        {"not the end", "", malformed},
        {"not the end", "A: b", malformed},
        {"not the end", "A: b\r\n", malformed},
        {"after the end", "A: b\r\n\r\nC: d\r\n\r\n", malformed},
        {"after the end", "\r\n\r\n", malformed},
    };
    Fields fields;
    for (const Row &row : rows) {
        const std::string bytes = readable(row.bytes);
        CAPTURE(bytes);
        CAPTURE(row.section);
        CHECK(error_of(parse_fields(row.bytes, HeadLimits{}, fields)) == row.error);
        if (!row.error) CHECK(joined(fields) == row.fields);
    }
}

TEST_CASE("every control byte is refused at every place of a field line") {
    const std::string_view line = "Name: some longer value\r\n\r\n";
    Fields fields;
    for (std::size_t at = 0; at < line.size() - 4; ++at) {
        for (int value = 0; value < 256; ++value) {
            const bool control = (value < 0x20 && value != '\t') || value == 0x7f;
            if (!control) continue;
            std::string bytes{line};
            bytes[at] = static_cast<char>(value);
            CAPTURE(at);
            CAPTURE(value);
            CHECK_FALSE(parse_fields(bytes, HeadLimits{}, fields).has_value());
        }
    }
}

TEST_CASE("every byte of a name is a token byte, or the line is refused") {
    constexpr std::string_view others = "!#$%&'*+-.^_`|~";
    Fields fields;
    for (int value = 0; value < 256; ++value) {
        const char byte = static_cast<char>(value);
        const bool token =
            (value < 0x80 && std::isalnum(value)) || others.find(byte) != std::string_view::npos;
        CAPTURE(value);
        if (byte == ':') continue;  // ends the name
        for (std::size_t length = 0; length < 40; ++length) {
            const std::string name = std::string(length, 'n') + byte + "ame";
            CHECK(parse_fields(name + ": x\r\n\r\n", HeadLimits{}, fields).has_value() == token);
        }
    }
}

TEST_CASE("the number of fields is limited") {
    constexpr HeadLimits limits{.header_bytes = 1000, .headers = 3, .target_bytes = 100};
    Fields fields;
    CHECK(parse_fields("A: 1\r\nB: 2\r\nC: 3\r\n\r\n", limits, fields).has_value());
    CHECK(fields.size() == 3);
    CHECK(error_of(parse_fields("A: 1\r\nB: 2\r\nC: 3\r\nD: 4\r\n\r\n", limits, fields)) ==
          HeadError::too_many_fields);
}

TEST_CASE("fields point into the bytes and know their ids") {
    const std::string bytes = "hOST:  a \r\nX: y\r\n\r\n";
    Fields fields;
    REQUIRE(parse_fields(bytes, HeadLimits{}, fields).has_value());
    REQUIRE(fields.size() == 2);
    CHECK(fields[0].id == FieldId::host);
    CHECK(fields[0].name.data() == bytes.data());
    CHECK(fields[0].value.data() == bytes.data() + 7);
    CHECK(fields[1].id == FieldId::other);
}

TEST_CASE("what each lenient mode of llhttp would let through is refused") {
    struct Row {
        std::string_view mode;
        std::string head;
    };
    const std::vector<Row> rows{
        {"LENIENT_HEADERS", "POST / HTTP/1.1\r\nHost: x\r\nA: b\x01\r\n\r\n"},
        {"LENIENT_HEADERS", "POST / HTTP/1.1\r\nHost: x\r\nA: b\r\n c\r\n\r\n"},
        {"LENIENT_HEADERS", "POST / HTTP/1.1\r\nHost: x\r\nA : b\r\n\r\n"},
        {"LENIENT_CHUNKED_LENGTH",
         "POST / HTTP/1.1\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n"},
        {"LENIENT_TRANSFER_ENCODING",
         "POST / HTTP/1.1\r\nTransfer-Encoding: chunked, deflate\r\n\r\n"},
        {"LENIENT_TRANSFER_ENCODING", "POST / HTTP/1.1\r\nTransfer-Encoding: chunkedx\r\n\r\n"},
        {"LENIENT_VERSION", "POST / HTTP/1.7\r\nHost: x\r\n\r\n"},
        {"LENIENT_VERSION", "POST / HTTP/9.9\r\nHost: x\r\n\r\n"},
    };
    for (const Row &row : rows) {
        CAPTURE(row.mode);
        CAPTURE(row.head);
        RequestHead head;
        const bool parsed = parse_request(row.head, HeadLimits{}, head).has_value();
        const bool accepted = parsed && request_framing(head).has_value();
        CHECK_FALSE(accepted);
    }
    // LENIENT_KEEP_ALIVE: who says close is not asked again.
    RequestHead head;
    REQUIRE(parse_request("GET / HTTP/1.1\r\nConnection: a, Close\r\n\r\n", HeadLimits{}, head));
    CHECK_FALSE(keeps_alive(head.version, head.fields));
}

TEST_CASE("a vector of fields is reused without another allocation") {
    Fields fields;
    REQUIRE(parse_fields("A: b\r\nC: d\r\nE: f\r\n\r\n", HeadLimits{}, fields).has_value());
    const Field *const storage = &fields.front();
    REQUIRE(parse_fields("G: h\r\n\r\n", HeadLimits{}, fields).has_value());
    CHECK(&fields.front() == storage);
    CHECK(joined(fields) == "G=h;");
}

TEST_CASE("a head is its start line and its fields") {
    RequestHead request;
    REQUIRE(parse_request("PUT /x HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\n", HeadLimits{},
                          request)
                .has_value());
    CHECK(request.method == Method::put);
    CHECK(joined(request.fields) == "Host=a;Content-Length=3;");

    ResponseHead response;
    REQUIRE(parse_response("HTTP/1.1 204 No Content\r\nServer: s\r\n\r\n", HeadLimits{}, response)
                .has_value());
    CHECK(response.status == 204);
    CHECK(joined(response.fields) == "Server=s;");

    CHECK(error_of(parse_request("GET / HTTP/1.1", HeadLimits{}, request)) == malformed);
    CHECK(error_of(parse_request("GET / HTTP/1.1\r\n", HeadLimits{}, request)) == malformed);
    CHECK(error_of(parse_request("GET / HTTP/1.1\r\n A: b\r\n\r\n", HeadLimits{}, request)) ==
          malformed);
    CHECK(error_of(parse_request("GET / HTTP/2.0\r\n\r\n", HeadLimits{}, request)) ==
          HeadError::unsupported_version);
    CHECK(error_of(parse_response("HTTP/1.1 200 OK\r\nA b\r\n\r\n", HeadLimits{}, response)) ==
          malformed);
    CHECK(error_of(parse_response("HTTP/1.1 200 OK", HeadLimits{}, response)) == malformed);
}

}  // namespace uvoy::http
