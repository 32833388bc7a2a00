#include "cluster/outlier.h"

#include <doctest/doctest.h>

#include <vector>

namespace uvoy::cluster {

namespace {

using namespace std::chrono_literals;

constexpr std::uint32_t half = 5'000;

std::vector<std::size_t> outliers(const std::vector<std::pair<unsigned, unsigned>> &failed_of,
                                  std::uint32_t ratio = half) {
    std::vector<Traffic> window;
    for (const auto &[failed, tries] : failed_of)
        window.push_back({.tries = tries, .failed = failed, .answers = tries});
    return failing_outliers(window, ratio);
}

using Indexes = std::vector<std::size_t>;

}  // namespace

TEST_CASE("an endpoint that fails often stands out only from peers that do not") {
    struct Case {
        std::vector<std::pair<unsigned, unsigned>> failed_of;
        Indexes expected;
    };
    const Case cases[] = {
        {{{10, 20}, {0, 20}, {0, 20}}, {0}},
        {{{9, 20}, {0, 20}, {0, 20}}, {}},          // below the ratio
        {{{19, 19}, {0, 20}, {0, 20}}, {}},         // too few tries to tell
        {{{20, 20}, {20, 20}, {20, 20}}, {}},       // all alike
        {{{100, 100}, {34, 100}, {35, 100}}, {}},   // not three times the median
        {{{100, 100}, {33, 100}, {33, 100}}, {0}},  // just three times
        {{{60, 100}, {20, 100}, {20, 100}, {19, 100}}, {0}},
        {{{20, 20}, {20, 20}, {0, 20}, {0, 20}}, {0, 1}},           // half of them
        {{{20, 20}, {20, 20}, {20, 20}, {0, 20}}, {}},              // most of them
        {{{15, 20}, {20, 20}, {0, 20}, {0, 20}, {0, 20}}, {1, 0}},  // the worst first
        {{}, {}},
    };
    for (const Case &test : cases) CHECK(outliers(test.failed_of) == test.expected);
}

TEST_CASE("with fewer than three endpoints that tell, the others together are the measure") {
    CHECK(outliers({{20, 20}, {0, 20}}) == Indexes{0});
    CHECK(outliers({{20, 20}, {7, 20}}).empty());
    CHECK(outliers({{20, 20}, {6, 20}}) == Indexes{0});
    CHECK(outliers({{20, 20}, {0, 5}, {0, 5}}) == Indexes{0});
    CHECK(outliers({{20, 20}, {5, 5}, {0, 5}}).empty());
    CHECK(outliers({{20, 20}, {0, 0}}) == Indexes{0});  // nobody else was asked
    CHECK(outliers({{20, 20}}) == Indexes{0});
}

TEST_CASE("the ratio is that of the configuration") {
    CHECK(outliers({{1, 100}, {0, 100}, {0, 100}}, 100) == Indexes{0});
    CHECK(outliers({{1, 101}, {0, 100}, {0, 100}}, 100).empty());
    CHECK(outliers({{99, 100}, {0, 100}, {0, 100}}, 10'000).empty());
    CHECK(outliers({{100, 100}, {0, 100}, {0, 100}}, 10'000) == Indexes{0});
}

TEST_CASE("more failures than tries, as when counters are read one after the other, are all") {
    CHECK(outliers({{25, 20}, {0, 20}, {0, 20}}, 10'000) == Indexes{0});
}

TEST_CASE("failures in a row count where the others do not fail in a row as well") {
    struct Case {
        std::uint32_t in_row;
        std::vector<std::uint32_t> others;
        bool expected;
    };
    const Case cases[] = {
        {4, {0, 0, 0}, false},   {5, {0, 0, 0}, true},       {5, {}, true},
        {5, {2, 2, 2}, true},    {5, {3, 0}, true},  // a second one dies
        {5, {3, 3, 0}, false},                       // most of them do
        {5, {9, 9, 0, 0}, true}, {500, {3, 3, 3, 3}, false},
    };
    for (const Case &test : cases) {
        CAPTURE(test.in_row);
        CHECK(fails_alone(test.in_row, 5, test.others) == test.expected);
    }
    CHECK(fails_alone(1, 1, std::vector<std::uint32_t>{0}));
    CHECK_FALSE(fails_alone(1, 1, std::vector<std::uint32_t>{1}));
}

TEST_CASE("a third of tries that failed are no better than all, and a few may be chance") {
    struct Case {
        std::uint64_t failed, tries;
        bool expected;
    };
    const Case cases[] = {
        {0, 0, false}, {2, 2, false}, {3, 3, true}, {3, 9, true}, {3, 10, false}, {50, 100, true},
    };
    for (const Case &test : cases) {
        CAPTURE(test.tries);
        const Traffic lately{.tries = test.tries,
                             .failed = test.failed,
                             .answers = test.tries,
                             .latency_nanoseconds = 0};
        CHECK(is_no_better(lately, 0s) == test.expected);
        CHECK(is_no_better(lately, 1s) == test.expected);
    }
}

TEST_CASE("an endpoint whose answers take a third of a time-out is no better than a silent one") {
    struct Case {
        std::uint64_t answers;
        Duration latency, silent;
        bool expected;
    };
    const Case cases[] = {
        {10, 160ms, 500ms, false}, {10, 170ms, 500ms, true}, {10, 450ms, 500ms, true},
        {3, 170ms, 500ms, true},   {2, 170ms, 500ms, false},  // hardly any
        {10, 170ms, 0s, false},                               // another one refused
        {0, 0s, 500ms, false},
    };
    for (const Case &test : cases) {
        CAPTURE(test.latency.count());
        const auto sum = static_cast<std::uint64_t>(test.latency.count()) * test.answers;
        const Traffic lately{
            .tries = 20, .failed = 0, .answers = test.answers, .latency_nanoseconds = sum};
        CHECK(is_no_better(lately, test.silent) == test.expected);
    }
}

TEST_CASE("no more than the share goes out, always one may, never the last healthy one") {
    struct Case {
        Census census;
        std::uint32_t most;
        bool expected;
    };
    const Case cases[] = {
        {{.endpoints = 10, .healthy = 10, .ejected = 0}, half, true},
        {{.endpoints = 10, .healthy = 6, .ejected = 4}, half, true},
        {{.endpoints = 10, .healthy = 5, .ejected = 5}, half, false},
        {{.endpoints = 10, .healthy = 4, .ejected = 4}, half, true},  // two are out by checks
        {{.endpoints = 3, .healthy = 3, .ejected = 0}, half, true},
        {{.endpoints = 3, .healthy = 2, .ejected = 1}, half, false},
        {{.endpoints = 2, .healthy = 2, .ejected = 0}, 0, true},
        {{.endpoints = 2, .healthy = 1, .ejected = 0}, 10'000, false},
        {{.endpoints = 1, .healthy = 1, .ejected = 0}, 10'000, false},
        {{.endpoints = 4, .healthy = 2, .ejected = 2}, 10'000, true},
        {{.endpoints = 4, .healthy = 1, .ejected = 3}, 10'000, false},
    };
    for (const Case &test : cases) CHECK(may_eject(test.census, test.most) == test.expected);
}

TEST_CASE("who is on trial stands in for none that is proven") {
    const HealthSettings settings{.checks = false, .backoff = {.first = std::chrono::seconds{5}}};
    const TimePoint start{std::chrono::hours{1}};
    Health proven{settings, start};
    Health tried = proven;
    tried.eject(EjectionCause::failure_ratio, "", start);
    const Health out = tried;
    REQUIRE(tried.on_time(start + std::chrono::seconds{6}));
    REQUIRE(tried.on_trial());

    Census of_proven{.endpoints = 4};
    of_proven.count(proven, true);
    for (const Health &other : {tried, tried, out}) of_proven.count(other, false);
    CHECK(of_proven.healthy == 1);
    CHECK(of_proven.ejected == 3);
    CHECK_FALSE(may_eject(of_proven, 10'000));

    Census of_tried{.endpoints = 4};
    of_tried.count(tried, true);
    of_tried.count(proven, false);
    for (const Health &other : {tried, out}) of_tried.count(other, false);
    CHECK(of_tried.healthy == 2);
    CHECK(of_tried.ejected == 2);
    CHECK(may_eject(of_tried, 7'500));
    CHECK_FALSE(may_eject(of_tried, 7'400));
}

}  // namespace uvoy::cluster
