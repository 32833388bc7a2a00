#include "cluster/latency_outliers.h"

#include <doctest/doctest.h>

#include <vector>

namespace uvoy::cluster {

namespace {

/// Four endpoints, the first of which is the one to look at; the others answer in 10 ms.
struct Bench {
    explicit Bench(std::uint32_t ratio = 3) : outliers{4, ratio} {}

    /// One window in which it answers in so many milliseconds.
    std::uint16_t window(std::uint64_t milliseconds, std::uint64_t answers = 20,
                         std::uint64_t others = 10) {
        std::vector<Traffic> traffic(4);
        for (Traffic &each : traffic) each = of(others, 100);
        traffic[0] = of(milliseconds, answers);
        outliers.on_window(traffic);
        return outliers.share(0);
    }

    static Traffic of(std::uint64_t milliseconds, std::uint64_t answers) {
        return {.tries = answers,
                .answers = answers,
                .latency_nanoseconds = milliseconds * answers * 1'000'000};
    }

    LatencyOutliers outliers;
};

}  // namespace

TEST_CASE("an endpoint that is slow for three windows gets half as much, at last a quarter") {
    Bench bench;
    std::vector<std::uint16_t> shares;
    for (int i = 0; i < 12; ++i) shares.push_back(bench.window(35));
    CHECK(shares ==
          std::vector<std::uint16_t>{1024, 1024, 512, 512, 512, 256, 256, 256, 256, 256, 256, 256});
    for (std::size_t i = 1; i < 4; ++i) CHECK(bench.outliers.share(i) == 1024);
}

TEST_CASE("what is slow depends on the ratio and on the time that is lost") {
    struct Case {
        std::uint64_t mean, others;
        std::uint32_t ratio;
        bool slow;
    };
    const Case cases[] = {
        {35, 10, 3, true},  {34, 10, 3, false},  // less than 25 ms above
        {26, 1, 3, true},   {25, 1, 3, false},  {90, 30, 3, true},
        {89, 30, 3, false}, {89, 30, 2, true},  {900, 30, 0, false},  // off
        {10, 10, 3, false},
    };
    for (const Case &test : cases) {
        CAPTURE(test.mean);
        CAPTURE(test.others);
        Bench bench{test.ratio};
        for (int i = 0; i < 3; ++i) bench.window(test.mean, 20, test.others);
        CHECK((bench.outliers.share(0) < 1024) == test.slow);
    }
}

TEST_CASE("a window that is not slow, or tells nothing, starts the count anew") {
    for (const std::uint64_t answers : {20u, 19u}) {
        Bench bench;
        for (int i = 0; i < 10; ++i) {
            bench.window(100);
            bench.window(100);
            bench.window(answers == 20 ? 10 : 100, answers);
        }
        CHECK(bench.outliers.share(0) == 1024);
    }
}

TEST_CASE("the share doubles back with each window below twice the median") {
    Bench bench;
    for (int i = 0; i < 6; ++i) bench.window(300, 20, 100);
    REQUIRE(bench.outliers.share(0) == 256);
    CHECK(bench.window(200, 20, 100) == 256);  // neither slow nor well
    CHECK(bench.window(199, 20, 100) == 512);
    CHECK(bench.window(100, 20, 100) == 1024);
    CHECK(bench.window(100, 20, 100) == 1024);
}

TEST_CASE("without traffic the share doubles back every ten windows") {
    Bench bench;
    for (int i = 0; i < 6; ++i) bench.window(100);
    for (int i = 0; i < 9; ++i) CHECK(bench.window(0, 0) == 256);
    CHECK(bench.window(0, 0) == 512);
    for (int i = 0; i < 9; ++i) CHECK(bench.window(0, 0) == 512);
    CHECK(bench.window(0, 0) == 1024);
}

TEST_CASE("of two endpoints nobody can tell which is the slow one") {
    LatencyOutliers outliers{2, 3};
    const std::vector<Traffic> traffic{Bench::of(1000, 100), Bench::of(10, 100)};
    for (int i = 0; i < 10; ++i) outliers.on_window(traffic);
    CHECK(outliers.share(0) == 1024);
}

TEST_CASE("where all are slow nobody is") {
    Bench bench;
    for (int i = 0; i < 10; ++i) CHECK(bench.window(1000, 20, 1000) == 1024);
}

TEST_CASE("what goes out is forgotten") {
    Bench bench;
    for (int i = 0; i < 8; ++i) bench.window(100);
    bench.outliers.forget(0);
    CHECK(bench.outliers.share(0) == 1024);
    for (int i = 0; i < 2; ++i) CHECK(bench.window(100) == 1024);
    CHECK(bench.window(100) == 512);
}

}  // namespace uvoy::cluster
