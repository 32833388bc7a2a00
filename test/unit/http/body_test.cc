#include "http/body.h"

#include <doctest/doctest.h>

#include <array>
#include <string>
#include <vector>

#include "text.h"

namespace uvoy::http {

namespace {

using namespace std::string_literals;
using Kind = Framing::Kind;
using State = BodyDecoder::State;

struct Outcome {
    State state = State::more;
    std::string data;
    std::string trailers;
    std::size_t consumed = 0;

    friend bool operator==(const Outcome &, const Outcome &) = default;
};

// Feeds one piece until it is used up or the message ends.
void feed(BodyDecoder &decoder, std::string_view piece, Outcome &outcome) {
    while (!piece.empty() && outcome.state == State::more) {
        const BodyDecoder::Step step = decoder.decode(piece);
        REQUIRE(step.consumed <= piece.size());
        outcome.state = step.state;
        outcome.data += step.data;
        // Zero-copy: the data is within what was consumed.
        if (!step.data.empty()) {
            REQUIRE(step.data.data() >= piece.data());
            REQUIRE(step.data.data() + step.data.size() <= piece.data() + step.consumed);
        }
        REQUIRE((step.consumed > 0 || step.state != State::more));
        outcome.consumed += step.consumed;
        piece.remove_prefix(step.consumed);
    }
}

Outcome decode(const Framing &framing, const std::vector<std::string_view> &pieces) {
    BodyDecoder decoder{framing};
    Outcome outcome;
    for (const std::string_view piece : pieces) feed(decoder, piece, outcome);
    REQUIRE(decoder.done() == (outcome.state == State::done));
    // How many bytes an error leaves is nobody's business.
    if (outcome.state != State::done && outcome.state != State::more) outcome.consumed = 0;
    if (outcome.state == State::done) outcome.trailers = decoder.trailers();
    return outcome;
}

Outcome decode_bytewise(const Framing &framing, std::string_view bytes) {
    std::vector<std::string_view> pieces;
    for (std::size_t i = 0; i < bytes.size(); ++i) pieces.push_back(bytes.substr(i, 1));
    return decode(framing, pieces);
}

}  // namespace

TEST_CASE("a chunked body is decoded strictly, the same however it is cut") {
    struct Row {
        std::string_view section;  // of RFC 9112
        std::string bytes;
        State state;
        std::string_view data = "";
        std::string_view trailers = "";
        std::size_t left = 0;  // bytes of the next message
    };
    constexpr auto bad = State::malformed;
    const std::string x4096(4096, 'x');
    const std::string x8185(8185, 'x');
    const std::vector<Row> rows{
        {"7.1", "0\r\n\r\n", State::done},
        {"7.1", "000\r\n\r\n", State::done},
        {"7.1", "5\r\nhello\r\n0\r\n\r\n", State::done, "hello"},
        {"7.1", "5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n", State::done, "hello world"},
        {"7.1", "a\r\n0123456789\r\n0\r\n\r\n", State::done, "0123456789"},
        {"7.1", "A\r\n\r\n\r\n\r\n\r\n\r\n\r\n0\r\n\r\n", State::done, "\r\n\r\n\r\n\r\n\r\n"},
        {"7.1", "0000000000000005\r\nhello\r\n0\r\n\r\n", State::done, "hello"},
        {"7.1", "1\r\nx\r\n0\r\n\r\nGET / HTTP/1.1", State::done, "x", "", 14},
        {"7.1", "1\r\nx\r\n0\r\n\r\n\n", State::done, "x", "", 1},
        {"7.1", "5\r\nhel", State::more, "hel"},
        {"7.1", "5\r\nhello\r\n0\r\n", State::more, "hello"},
        {"7.1", "5\r\nhello\r\n0\r\n\r", State::more, "hello"},
        {"7.1", "7fffffffffffffff\r\nx", State::more, "x"},
        {"7.1.1", "1;a\r\nx\r\n0;b=c\r\n\r\n", State::done, "x"},
        {"7.1.1", "1;a=\"b;\tc\"; d\r\nx\r\n0\r\n\r\n", State::done, "x"},
        {"7.1.1", "1;a=\"\";b = c ;d\r\nx\r\n0\r\n\r\n", State::done, "x"},
        {"7.1.1", "1;a=\"b\\\"c\\\\\xe4\"\r\nx\r\n0; e\r\n\r\n", State::done, "x"},
        {"7.1.2", "0\r\nA: b\r\n\r\n", State::done, "", "A: b\r\n\r\n"},
        {"7.1.2", "0\r\nDate: x\r\n\r\n", State::done, "", "Date: x\r\n\r\n"},
        {"7.1.2", "1\r\nx\r\n0\r\nA: b\r\nC: d\r\n\r\nE", State::done, "x", "A: b\r\nC: d\r\n\r\n",
         1},

        {"7.1", "\r\n", bad},
        {"7.1", ";a\r\n", bad},
        {"7.1", "g\r\n", bad},
        {"7.1", "-1\r\n", bad},
        {"7.1", "+1\r\n", bad},
        {"7.1", "0x1\r\n", bad},
        {"7.1", " 1\r\n", bad},
        {"7.1", "1 \r\nx\r\n", bad},
        {"7.1", "1 ;a\r\nx\r\n", bad},
        {"7.1", "1\t\r\nx\r\n", bad},
        {"7.1", "1\nx\n0\n\n", bad},
        {"7.1", "1\r\r\nx\r\n", bad},
        {"7.1", "1\rx\r\n", bad},
        {"7.1", "8000000000000000\r\nx", bad},
        {"7.1", "ffffffffffffffff\r\nx", bad},
        {"7.1", "00000000000000001\r\nx", bad},
        {"7.1", "10000000000000001\r\nx", bad},
        {"7.1", "1\r\nxy\r\n0\r\n\r\n", bad, "x"},
        {"7.1", "1\r\nx\n0\r\n\r\n", bad, "x"},
        {"7.1", "1\r\nxy\n0\r\n\r\n", bad, "x"},
        {"7.1", "1\r\nx\ry0\r\n\r\n", bad, "x"},
        {"7.1", "1\r\nx0\r\n\r\n", bad, "x"},
        {"7.1", "1\r\nx\r0\r\n\r\n", bad, "x"},
        {"7.1.1", "1;a\nx\r\n", bad},
        {"7.1.1", "1;a\rb\r\n", bad},
        {"7.1.1", "1;a\0\r\nx"s, bad},
        {"7.1.1", "1;a\x1b\r\nx", bad},
        {"7.1.1", "1;a\x7f\r\nx", bad},
        {"7.1.1", "1;\r\nx", bad},
        {"7.1.1", "1; \r\nx", bad},
        {"7.1.1", "1;a;\r\nx", bad},
        {"7.1.1", "1;a \r\nx", bad},
        {"7.1.1", "1;a=\r\nx", bad},
        {"7.1.1", "1;=b\r\nx", bad},
        {"7.1.1", "1;a b\r\nx", bad},
        {"7.1.1", "1;a=b c\r\nx", bad},
        {"7.1.1", "1;a=\"b\r\nx", bad},
        {"7.1.1", "1;a=\"b\\\"\r\nx", bad},
        {"7.1.1", "1;a=\"\r\nx\"\r\n", bad},
        {"7.1.1", "1;a=\"b\"c\r\nx", bad},
        {"7.1.1", "1;a=\"b\" \r\nx", bad},
        {"7.1.1", "1;a=b\"\r\nx", bad},
        {"7.1.1", "1;(a)\r\nx", bad},
        {"7.1.1", "1;" + x4096.substr(1) + "\r\nx\r\n0\r\n\r\n", State::done, "x"},
        {"7.1.1", "1;" + x4096 + "\r\nx\r\n0\r\n\r\n", bad},
        {"7.1.1", "1;" + x4096.substr(1) + "\r\nx\r\n0;\r\n\r\n", bad, "x"},
        {"7.1.2", "0\r\n\n", bad},
        {"7.1.2", "0\r\nA: b\n\r\n", bad},
        {"7.1.2", "0\r\nA: b\r\n\n", bad},
        {"7.1.2", "0\r\n A: b\r\n\r\n", bad},
        {"7.1.2", "0\r\nA : b\r\n\r\n", bad},
        {"7.1.2", "0\r\nA: b\r\n c\r\n\r\n", bad},
        {"7.1.2", "0\r\nA\r\n\r\n", bad},
        {"7.1.2", "0\r\nA: \x01\r\n\r\n", bad},
        {"6.5.1", "0\r\nContent-Length: 5\r\n\r\n", bad},
        {"6.5.1", "0\r\nA: b\r\ntransfer-encoding: chunked\r\n\r\n", bad},
        {"6.5.1", "0\r\nContent_Length: 5\r\n\r\n", bad},
        {"6.5.1", "0\r\nHost: x\r\n\r\n", bad},
        {"6.5.1", "0\r\nAuthorization: x\r\n\r\n", bad},
        {"6.5.1", "0\r\nSET-COOKIE: x\r\n\r\n", bad},
        {"6.5.1", "0\r\nX-Forwarded-Port: 1\r\n\r\n", bad},
        {"7.1.2", "0\r\nA: " + x8185 + "\r\n\r\n", State::done, "", "A: ..."},
        {"7.1.2", "0\r\nA: x" + x8185 + "\r\n\r\n", State::trailers_too_large},
        {"7.1.2", "0\r\n" + x8185 + "12345678", State::trailers_too_large},
        {"7.1.2", "0\r\n" + x8185 + "12345678\n", State::trailers_too_large},
    };
    constexpr Framing chunked{Kind::chunked, 0};
    for (const Row &row : rows) {
        const std::string_view bytes = row.bytes;
        const std::string text = readable(bytes);
        CAPTURE(text);
        CAPTURE(row.section);
        const Outcome whole = decode(chunked, {bytes});
        CHECK(whole.state == row.state);
        CHECK(whole.data == row.data);
        if (row.trailers == "A: ...") CHECK(whole.trailers == bytes.substr(3));
        else CHECK(whole.trailers == row.trailers);
        if (row.state == State::done) CHECK(whole.consumed == bytes.size() - row.left);

        CHECK(decode_bytewise(chunked, bytes) == whole);
        bool same = true;
        const std::size_t stride = bytes.size() > 1000 ? 37 : 1;
        for (std::size_t cut = 1; cut < bytes.size(); cut += stride)
            same = same && decode(chunked, {bytes.substr(0, cut), bytes.substr(cut)}) == whole;
        CHECK(same);
    }
}

TEST_CASE("a message of one chunk ends in the step that yields its bytes") {
    BodyDecoder decoder{Framing{Kind::chunked, 0}};
    const BodyDecoder::Step step = decoder.decode("5\r\nhello\r\n0\r\n\r\nnext");
    CHECK(step.data == "hello");
    CHECK(step.consumed == 15);
    CHECK(step.state == State::done);
}

TEST_CASE("an error of the chunking is final") {
    BodyDecoder decoder{Framing{Kind::chunked, 0}};
    REQUIRE(decoder.decode("x").state == State::malformed);
    CHECK(decoder.decode("0\r\n\r\n").state == State::malformed);
    CHECK_FALSE(decoder.done());
    CHECK_FALSE(decoder.finish());

    BodyDecoder trailing{Framing{Kind::chunked, 0}};
    REQUIRE(trailing.decode("0\r\nA b\r\n\r\n").state == State::malformed);
    CHECK(trailing.decode("x").state == State::malformed);
}

TEST_CASE("a sized body ends by its length, and leaves what follows") {
    constexpr Framing framing{Kind::sized, 5};
    const Outcome whole = decode(framing, {"helloGET"});
    CHECK(whole == Outcome{State::done, "hello", "", 5});
    CHECK(decode_bytewise(framing, "helloGET") == whole);
    CHECK(decode(framing, {"hel", "loGET"}) == whole);
    CHECK(decode(framing, {"hell"}) == Outcome{State::more, "hell", "", 4});
    CHECK(decode({Kind::sized, INT64_MAX}, {"hell"}) == Outcome{State::more, "hell", "", 4});
}

TEST_CASE("the end of the stream completes only a body that lasts until then") {
    BodyDecoder until_close{Framing{Kind::until_close, 0}};
    CHECK(until_close.decode("abc").data == "abc");
    CHECK_FALSE(until_close.done());
    CHECK(until_close.finish());
    CHECK(until_close.done());

    BodyDecoder sized{Framing{Kind::sized, 2}};
    REQUIRE(sized.decode("a").state == State::more);
    CHECK_FALSE(sized.finish());
    REQUIRE(sized.decode("b").state == State::done);
    CHECK(sized.finish());

    BodyDecoder chunked{Framing{Kind::chunked, 0}};
    REQUIRE(chunked.decode("1\r\nx\r\n0\r\n").state == State::more);
    CHECK_FALSE(chunked.finish());
}

TEST_CASE("where there is no body, nothing is consumed") {
    for (const Kind kind : {Kind::none, Kind::tunnel}) {
        BodyDecoder decoder{Framing{kind, 0}};
        CHECK(decoder.done());
        const BodyDecoder::Step step = decoder.decode("GET");
        CHECK(step.consumed == 0);
        CHECK(step.data.empty());
        CHECK(step.state == State::done);
        CHECK(decoder.finish());
    }
    CHECK(BodyDecoder{}.done());
}

TEST_CASE("a decoder without input waits") {
    BodyDecoder decoder{Framing{Kind::chunked, 0}};
    CHECK(decoder.decode("").state == State::more);
}

TEST_CASE("a chunk header is the size in hex and CRLF") {
    std::array<char, 18> buffer{};
    CHECK(chunk_header(1, buffer.data()) == "1\r\n");
    CHECK(chunk_header(0x1f, buffer.data()) == "1f\r\n");
    CHECK(chunk_header(65536, buffer.data()) == "10000\r\n");
    CHECK(chunk_header(SIZE_MAX, buffer.data()) == "ffffffffffffffff\r\n");
}

}  // namespace uvoy::http
