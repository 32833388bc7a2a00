#include "http/head.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "text.h"

namespace uvoy::http {

namespace {

struct Outcome {
    std::optional<HeadError> error;
    std::size_t begin = 0;
    std::size_t end = 0;

    friend bool operator==(const Outcome &, const Outcome &) = default;
};

// What the scanner says when the bytes arrive `step` at a time, the first piece of `first`.
Outcome scan(std::string_view bytes, const HeadLimits &limits, std::size_t first,
             std::size_t step) {
    HeadScanner scanner;
    Outcome outcome;
    for (std::size_t seen = first;; seen += step) {
        seen = std::min(seen, bytes.size());
        const auto found = scanner.scan(bytes.substr(0, seen), limits);
        if (!found) return {found.error(), 0, 0};
        outcome = {std::nullopt, found->begin, found->end};
        if (found->end != 0 || seen == bytes.size()) return outcome;
    }
}

constexpr HeadLimits small{.header_bytes = 200, .headers = 10, .target_bytes = 50};

}  // namespace

TEST_CASE("the end of a head is found, or refused, the same in whatever pieces it arrives") {
    constexpr auto malformed = HeadError::malformed;
    struct Row {
        std::string_view why;
        std::string bytes;
        Outcome outcome;
    };
    const std::string long_line(115, 'x');  // target_bytes + 64 is 114
    const std::string lines = "GET / HTTP/1.1\r\n" + std::string(90, 'a') + "\r\n";
    const std::vector<Row> rows{
        {"nothing yet", "", {{}, 0, 0}},
        {"no end yet", "GET / HTTP/1.1\r\nHost: a\r\n", {{}, 0, 0}},
        {"no fields", "GET / HTTP/1.1\r\n\r\n", {{}, 0, 18}},
        {"fields", "GET / HTTP/1.1\r\nHost: a\r\n\r\n", {{}, 0, 27}},
        {"pipelined bytes stay", "A\r\n\r\nB\r\n\r\n", {{}, 0, 5}},
        {"pipelined garbage is not looked at", "A\r\n\r\n\n\n", {{}, 0, 5}},
        {"9112 2.2: an empty line before", "\r\nA\r\n\r\n", {{}, 2, 7}},
        {"two empty lines before", "\r\n\r\nA\r\n\r\n", {{}, 4, 9}},
        {"three empty lines before", "\r\n\r\n\r\nA\r\n\r\n", {malformed, 0, 0}},
        {"only empty lines yet", "\r\n\r\n", {{}, 4, 0}},
        {"9112 2.2: a bare LF", "A\r\nB\n\r\n", {malformed, 0, 0}},
        {"a bare LF first", "\nA\r\n\r\n", {malformed, 0, 0}},
        {"a bare LF for the empty line", "A\r\n\n", {malformed, 0, 0}},
        {"LF CR", "A\n\rB\n\r\n\r", {malformed, 0, 0}},
        {"a CR alone ends nothing", "A\r\r\r", {{}, 0, 0}},
        {"start line of just the limit", std::string(113, 'x') + "\r\n\r\n", {{}, 0, 117}},
        {"start line too long", long_line, {HeadError::target_too_long, 0, 0}},
        {"start line too long, ended", long_line + "\r\n\r\n", {HeadError::target_too_long, 0, 0}},
        {"start line too long, bare LF", long_line + "\n", {HeadError::target_too_long, 0, 0}},
        {"other lines may be longer", "A\r\n" + long_line + "\r\n\r\n", {{}, 0, 122}},
        {"of just the limit", lines + std::string(88, 'b') + "\r\n\r\n", {{}, 0, 200}},
        {"one byte above",
         lines + std::string(89, 'b') + "\r\n\r\n",
         {HeadError::head_too_large, 0, 0}},
        {"empty lines do not count",
         "\r\n\r\n" + lines + std::string(88, 'b') + "\r\n\r\n",
         {{}, 4, 204}},
        {"above without any end", lines + std::string(200, 'b'), {HeadError::head_too_large, 0, 0}},
        {"too large before it is malformed",
         lines + std::string(100, 'b') + "\n",
         {HeadError::head_too_large, 0, 0}},
        {"malformed before it is too large",
         lines + "b\n" + std::string(200, 'b'),
         {malformed, 0, 0}},
    };
    for (const Row &row : rows) {
        CAPTURE(row.why);
        CHECK(scan(row.bytes, small, row.bytes.size(), 1) == row.outcome);
        for (std::size_t step = 1; step <= 5; ++step)
            CHECK(scan(row.bytes, small, 1, step) == row.outcome);
        for (std::size_t first = 0; first <= row.bytes.size(); ++first)
            CHECK(scan(row.bytes, small, first, row.bytes.size() + 1) == row.outcome);
    }
}

TEST_CASE("a limit of the target above that of the head does not hide the latter") {
    constexpr HeadLimits limits{.header_bytes = 100, .headers = 10, .target_bytes = 1000};
    const std::string line(1100, 'x');
    CHECK(scan(line, limits, line.size(), 1).error == HeadError::head_too_large);
    CHECK(scan(line, limits, 1, 1).error == HeadError::head_too_large);
}

TEST_CASE("bytes that were seen are not looked at again") {
    HeadScanner scanner;
    std::string bytes = "GET / HTTP/1.1\r\nHost: a\r\n";
    REQUIRE(scanner.scan(bytes, small).has_value());
    // A bare LF where the scanner has been already: it would be refused if it were seen.
    bytes[3] = '\n';
    bytes += "\r\n";
    const auto found = scanner.scan(bytes, small);
    REQUIRE(found.has_value());
    CHECK(found->end == bytes.size());
}

TEST_CASE("a scanner that was reset starts anew") {
    HeadScanner scanner;
    REQUIRE(scanner.scan("\r\nA\r\nB", small).has_value());
    scanner.reset();
    const auto found = scanner.scan("A\r\n\r\n", small);
    REQUIRE(found.has_value());
    CHECK(found->begin == 0);
    CHECK(found->end == 5);
}

TEST_CASE("empty lines are counted also when they are dropped one by one") {
    HeadScanner scanner;
    for (int line = 0; line < 2; ++line) {
        const auto found = scanner.scan("\r\n", {});
        REQUIRE(found);
        CHECK(found->begin == 2);
        scanner.drop_empty_lines();
    }
    CHECK(error_of(scanner.scan("\r\n", {})) == HeadError::malformed);

    scanner.reset();
    CHECK(error_of(scanner.scan("\r\n", {})) == std::nullopt);
    scanner.drop_empty_lines();
    const auto found = scanner.scan("GET / HTTP/1.1\r\n\r\nGET", {});
    REQUIRE(found);
    CHECK(found->begin == 0);
    CHECK(found->end == 18);
}

}  // namespace uvoy::http
