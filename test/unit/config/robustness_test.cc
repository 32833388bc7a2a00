#include "base/random.h"
#include "problems.h"

#include <doctest/doctest.h>

#include <algorithm>

namespace uvoy::config {

namespace {

constexpr std::string_view valid = R"({
  "workers": 2, // as mäny
  "listeners": {"web": {"address": ["0.0.0.0:3000", "[::]:3001"], "timeouts": {"body": "1m30s"},
                        "limits": {"header_bytes": "64KiB"}, "rate_limits": ["one"]}},
  "clusters": {"app": {"endpoints": ["a.example:8081", {"address": "unix:/a", "weight": 3}],
                       "health_check": {"path": "/", "status": ["200-299", 404]},
                       "load_balancing": {"hash_key": [{"header": "x-user"}, "path"]}}},
  "routes": [{"match": {"host": "*.example.com", "path": {"prefix": "/a"}}, "cluster": "app"},
             {"respond": {"body": "\u00e4\ud83d\ude00", "headers": {"a": "${ENV:HOST:-b}"}}}],
  "rate_limits": {"one": {"rate": "100/s", "key": ["client_ip"]}},
  "admin": null, /* off */ "access_log": {"path": "stdout"}, "hash_seed": "x"
})";

constexpr std::string_view interesting = "{}[]\",:/*\\ \n\r\t0189.-+eE%$truefalsn\x01\x7f\xc3\xff";

std::string mutate(std::string text, Random &random) {
    const std::uint32_t count = 1 + random.below(3);
    for (std::uint32_t i = 0; i < count && !text.empty(); ++i) {
        const std::size_t at = random.below(static_cast<std::uint32_t>(text.size()));
        const char c = interesting[random.below(static_cast<std::uint32_t>(interesting.size()))];
        const std::size_t length = std::min<std::size_t>(1 + random.below(20), text.size() - at);
        switch (random.below(5)) {
            case 0:
                text[at] = c;
                break;
            case 1:
                text.insert(at, 1, c);
                break;
            case 2:
                text.erase(at, length);
                break;
            case 3:
                text.insert(random.below(static_cast<std::uint32_t>(text.size())),
                            text.substr(at, length));
                break;
            default:
                text[at] = static_cast<char>(random.below(256));
        }
    }
    return text;
}

}  // namespace

TEST_CASE("no mutation of a file is too much for the parser, and every problem has a place") {
    std::size_t accepted = 0;
    for (std::uint64_t seed = 0; seed < 20'000; ++seed) {
        CAPTURE(seed);
        Random random{mix(seed)};
        const std::string text = mutate(std::string{valid}, random);
        const Loaded loaded = parse_for_test(text);
        REQUIRE(loaded.config.has_value() == loaded.problems.empty());
        if (loaded.config) ++accepted;
        const auto lines = static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n')) + 1;
        for (const Problem &problem : loaded.problems) {
            REQUIRE(problem.line >= 1);
            REQUIRE(problem.line <= lines);
            REQUIRE(problem.column >= 1);
            REQUIRE_FALSE(problem.text.empty());
            REQUIRE(format("f", problem).find('\n') == std::string::npos);
        }
    }
    // Neither all nor none: the mutations reach behind the syntax.
    CHECK(accepted > 100);
    CHECK(accepted < 10'000);
}

}  // namespace uvoy::config
