#include "cluster/ejection_backoff.h"

#include <doctest/doctest.h>

#include <vector>

namespace uvoy::cluster {

namespace {

using namespace std::chrono_literals;

constexpr TimePoint start{std::chrono::hours{5}};

struct Bench {
    explicit Bench(const EjectionBackoff::Settings &settings = {}) : backoff{settings} {}

    /// Out and, as soon as that may be but not before `at_least`, back.  Returns how long it was.
    Duration out(bool timed = true, Duration at_least = 0s) {
        backoff.on_out(now, timed);
        const TimePoint back = std::max(backoff.until(), now + at_least);
        const Duration length = back - now;
        now = back;
        backoff.on_back(now);
        return length;
    }

    TimePoint now = start;
    EjectionBackoff backoff;
};

}  // namespace

TEST_CASE("time out doubles while an endpoint fails as soon as it is back, up to the longest") {
    Bench bench;
    for (const Duration expected : {5s, 10s, 20s, 40s, 80s, 160s, 300s, 300s, 300s}) {
        CHECK(bench.out() == expected);
        CHECK(bench.backoff.length() == expected);
        bench.now += 1s;
    }
}

TEST_CASE("the first ejection by checks has no time, those that follow soon have") {
    Bench bench;
    CHECK(bench.out(false) == 0s);
    bench.now += 1s;
    CHECK(bench.out(false) == 10s);
    bench.now += 1s;
    CHECK(bench.out(false) == 20s);
    bench.now += 1s;
    CHECK(bench.out(true) == 40s);
}

TEST_CASE("an ejection is forgotten when the endpoint was in for as long as it was out") {
    struct Case {
        std::vector<Duration> in;  // after each ejection of 5, 10, 20 s
        unsigned level;
    };
    const Case cases[] = {
        {{1s, 1s, 0s}, 3},  {{1s, 1s, 19'999ms}, 3}, {{1s, 1s, 20s}, 2},
        {{1s, 1s, 40s}, 1}, {{1s, 1s, 59'999ms}, 1}, {{1s, 1s, 60s}, 0},
        {{1s, 1s, 24h}, 0}, {{4'999ms}, 1},          {{5s}, 0},
    };
    for (const Case &test : cases) {
        Bench bench;
        for (const Duration in : test.in) {
            bench.out();
            bench.now += in;
        }
        CHECK(bench.backoff.level(bench.now) == test.level);
    }
}

TEST_CASE(
    "a short ejection by checks is remembered for the first time, a long one for the longest") {
    Bench bench;
    bench.out(false, 1s);
    CHECK(bench.backoff.level(bench.now + 4s) == 1);
    CHECK(bench.backoff.level(bench.now + 5s) == 0);

    Bench other;
    other.out(false, 2h);
    CHECK(other.backoff.level(other.now + 299s) == 1);
    CHECK(other.backoff.level(other.now + 300s) == 0);
}

TEST_CASE("after the longest time an endpoint that behaves is back at the first in a few of them") {
    Bench bench;
    for (int i = 0; i < 100; ++i) bench.out();
    CHECK(bench.backoff.level(bench.now) == 6);
    CHECK(bench.backoff.level(bench.now + 6 * 300s) == 0);
    bench.now += 6 * 300s;
    CHECK(bench.out() == 5s);
}

TEST_CASE("without a first time nothing has to stay out") {
    Bench bench{{.first = 0s, .longest = 0s}};
    for (int i = 0; i < 5; ++i) {
        CHECK(bench.out(i % 2 == 0) == 0s);
        CHECK(bench.backoff.level(bench.now) == 0);
    }
}

}  // namespace uvoy::cluster
