#include "config/units.h"

#include <doctest/doctest.h>

#include <utility>
#include <vector>

namespace uvoy::config {

using namespace std::chrono_literals;

TEST_CASE("durations are read and written in their shortest form") {
    const std::vector<std::pair<std::string, Duration>> cases{{"250ms", 250ms},
                                                              {"1s", 1s},
                                                              {"1m30s", 90s},
                                                              {"1h", 1h},
                                                              {"0s", 0s},
                                                              {"24h", 24h},
                                                              {"1h2m3s4ms", 1h + 2min + 3s + 4ms}};
    for (const auto &entry : cases) {
        const auto &text = entry.first;
        const auto &duration = entry.second;
        CAPTURE(text);
        REQUIRE(parse_duration(text).has_value());
        CHECK(parse_duration(text) == duration);
        CHECK(to_text(duration) == text);
    }
    CHECK(parse_duration("90s") == 90s);
    CHECK(parse_duration("0ms") == 0s);
    for (const char *text :
         {"", "s", "1", "1.5s", "-1s", "+1s", " 1s", "1s ", "1S", "1us", "1s1m", "1s1s", "1d", "s1",
          "99999999999999999999s", "9223372036854775807h", "2562047h9999999999m"})
        CHECK_MESSAGE(!parse_duration(text).has_value(), text);
}

TEST_CASE("sizes are powers of 1024 with an i and of 1000 without") {
    const std::vector<std::pair<std::string, std::uint64_t>> cases{{"0B", 0},
                                                                   {"512B", 512},
                                                                   {"64KiB", 65536},
                                                                   {"10KB", 10'000},
                                                                   {"10MB", 10'000'000},
                                                                   {"3MiB", 3u << 20},
                                                                   {"2GiB", 2ull << 30},
                                                                   {"2GB", 2'000'000'000}};
    for (const auto &entry : cases) {
        const auto &text = entry.first;
        const auto &size = entry.second;
        CAPTURE(text);
        REQUIRE(parse_size(text).has_value());
        CHECK(*parse_size(text) == size);
        CHECK(size_to_text(size) == text);
    }
    for (const char *text : {"", "64", "B", "64kB", "64K", "64Kib", "-1B", "1.5KiB", "64Bit",
                             "9223372036854775807GiB"})
        CHECK_MESSAGE(!parse_size(text).has_value(), text);
}

TEST_CASE("shares are hundredths of a percent") {
    const std::vector<std::pair<std::string, std::uint32_t>> cases{
        {"0%", 0},    {"50%", 5000},    {"12.5%", 1250},
        {"0.05%", 5}, {"99.99%", 9999}, {"100%", 10'000}};
    for (const auto &entry : cases) {
        const auto &text = entry.first;
        const auto &basis_points = entry.second;
        CAPTURE(text);
        REQUIRE(parse_share(text).has_value());
        CHECK(parse_share(text)->basis_points == basis_points);
        CHECK(to_text(Share{basis_points}) == text);
    }
    for (const char *text : {"", "%", "50", "-1%", "101%", "100.01%", "1.%", ".5%", "1.234%"})
        CHECK_MESSAGE(!parse_share(text).has_value(), text);
}

TEST_CASE("rates are requests per second, minute or hour") {
    REQUIRE(parse_rate("100/s").has_value());
    CHECK(parse_rate("100/s")->requests == 100);
    CHECK(parse_rate("100/s")->per == 1s);
    CHECK(parse_rate("6000/m")->per == 1min);
    CHECK(parse_rate("10/h")->per == 1h);
    for (const char *text : {"", "100", "/s", "100/", "100/d", "-1/s", "1.5/s", "4294967296/s"})
        CHECK_MESSAGE(!parse_rate(text).has_value(), text);
}

TEST_CASE("status ranges stay inside of 100 to 599") {
    CHECK((parse_status_range("204") == StatusRange{204, 204}));
    CHECK((parse_status_range("200-399") == StatusRange{200, 399}));
    CHECK(to_text(StatusRange{204, 204}) == "204");
    CHECK(to_text(StatusRange{200, 399}) == "200-399");
    for (const char *text : {"", "-", "200-", "-299", "299-200", "99", "600", "200-600", "2xx"})
        CHECK_MESSAGE(!parse_status_range(text).has_value(), text);
}

}  // namespace uvoy::config
