#include "http/head.h"

#include <doctest/doctest.h>

#include <array>
#include <random>
#include <string>

#include "llhttp_fields.h"
#include "text.h"

namespace uvoy::http {

namespace {

using namespace std::string_view_literals;

constexpr std::array seeds{
    "Host: example.org\r\nAccept: */*\r\nUser-Agent: curl/7.88.1\r\n\r\n"sv,
    "Content-Length: 5\r\nTransfer-Encoding: chunked\r\nConnection: close, x\r\n\r\n"sv,
    "A:b\r\nC: \t d \t\r\nE:\r\nF: g\th\r\nLonger-Name: a value\xe4 of more bytes, 0-9\r\n\r\n"sv,
    "Upgrade: websocket\r\nConnection: Upgrade\r\nX_Forwarded_For: 1\r\n\r\n"sv,
};
// What a message is made of, and what breaks it.
constexpr std::array pieces{"\r\n"sv, "\r"sv, "\n"sv, ":"sv, " "sv,     "\t"sv, "\0"sv,  "\x7f"sv,
                            "\x80"sv, "a"sv,  ","sv,  "("sv, "\r\n "sv, ": "sv, "\x0b"sv};

class Mutator {
public:
    explicit Mutator(unsigned seed) : random_{seed} {}

    std::string next() {
        std::string text{seeds.at(below(seeds.size()))};
        for (std::size_t changes = below(4); changes > 0; --changes) change(text);
        return text;
    }

private:
    std::size_t below(std::size_t bound) {
        return std::uniform_int_distribution<std::size_t>{0, bound - 1}(random_);
    }
    void change(std::string &text) {
        const std::size_t at = below(text.size() + 1);
        if (below(3) == 0) text.erase(at, below(3) + 1);
        else text.insert(at, pieces.at(below(pieces.size())));
        if (below(8) == 0 && !text.empty())
            text[below(text.size())] = static_cast<char>(below(256));
    }

    std::mt19937 random_;
};

std::string fields_of(const Fields &fields) {
    std::string text;
    for (const Field &field : fields)
        text.append(field.name)
            .append("=")
            .append(field.value)
            .append(";")
            .append(std::to_string(static_cast<int>(field.id)));
    return text;
}

}  // namespace

TEST_CASE("field lines are split as llhttp splits them, or refused as it refuses them") {
    Mutator mutator{1};
    Fields ours;
    Fields theirs;
    unsigned accepted = 0;
    constexpr unsigned rounds = 50'000;
    for (unsigned round = 0; round < rounds; ++round) {
        const std::string text = mutator.next();
        const auto error = error_of(parse_fields(text, HeadLimits{}, ours));
        const auto their_error = error_of(parse_fields_by_llhttp(text, HeadLimits{}, theirs));
        if (error == their_error && (error || fields_of(ours) == fields_of(theirs))) {
            if (!error) ++accepted;
            continue;
        }
        const std::string bytes = readable(text);
        CAPTURE(bytes);
        CHECK(error == their_error);
        CHECK(fields_of(ours) == fields_of(theirs));
    }
    CHECK(accepted > rounds / 10);
    CHECK(accepted < rounds / 10 * 9);
}

TEST_CASE("a line is plain exactly if it could be sent again as it came") {
    Fields fields;
    REQUIRE(parse_fields("A: b\r\nC:d\r\nE:  f\r\nG: h \r\nI:\tj\r\nK: \r\nL: m\tn\r\n\r\n",
                         HeadLimits{}, fields));
    std::string plain;
    for (const Field &field : fields)
        if (field.plain) plain += field.name;
    CHECK(plain == "AKL");
}

}  // namespace uvoy::http
