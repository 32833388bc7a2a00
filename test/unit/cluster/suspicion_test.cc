#include "cluster/suspicion.h"

#include <doctest/doctest.h>

#include <vector>

namespace uvoy::cluster {

namespace {

using namespace std::chrono_literals;

constexpr TimePoint start{std::chrono::hours{5}};

/// Ten endpoints in two clusters.
struct Bench {
    bool justified(TimePoint now) const {
        return suspicion.justified(now, [&](std::size_t i) { return !unhealthy[i]; });
    }

    Suspicion suspicion{{0, 0, 0, 0, 0, 1, 1, 1, 1, 1}};
    std::vector<bool> unhealthy = std::vector<bool>(10);
};

}  // namespace

TEST_CASE("nine of ten that fall silent within seconds raise a suspicion, eight do not") {
    Bench bench;
    for (std::size_t i = 0; i < 8; ++i)
        bench.suspicion.on_silence(i, start + std::chrono::milliseconds{100 * i});
    CHECK_FALSE(bench.justified(start + 1s));
    bench.suspicion.on_silence(8, start + 1s);
    CHECK(bench.justified(start + 1s));
}

TEST_CASE("endpoints that were out before do not count") {
    Bench bench;
    for (std::size_t i = 0; i < 7; ++i) bench.suspicion.on_silence(i, start);
    CHECK_FALSE(bench.justified(start));
    for (std::size_t i = 7; i < 10; ++i) bench.unhealthy[i] = true;
    CHECK(bench.justified(start));
}

TEST_CASE("one sign of life ends it, and the silence of before is void") {
    Bench bench;
    for (std::size_t i = 0; i < 10; ++i) bench.suspicion.on_silence(i, start);
    CHECK(bench.justified(start));
    bench.suspicion.on_life(start + 1s);
    CHECK_FALSE(bench.justified(start + 1s));
    for (std::size_t i = 0; i < 8; ++i) bench.suspicion.on_silence(i, start + 2s);
    CHECK_FALSE(bench.justified(start + 2s));
    bench.suspicion.on_silence(8, start + 2s);
    CHECK(bench.justified(start + 2s));
}

TEST_CASE("silence that came slowly is that of the endpoints") {
    Bench bench;
    for (std::size_t i = 0; i < 10; ++i) {
        CHECK_FALSE(bench.justified(start + std::chrono::seconds{i}));
        bench.suspicion.on_silence(i, start + std::chrono::seconds{i});
    }
    CHECK_FALSE(bench.justified(start + 9s));
}

TEST_CASE("one cluster, or three endpoints, are too few for a suspicion") {
    Suspicion one_cluster{std::vector<std::uint16_t>(10)};
    for (std::size_t i = 0; i < 10; ++i) one_cluster.on_silence(i, start);
    CHECK_FALSE(one_cluster.justified(start, [](std::size_t) { return true; }));

    Suspicion three{{0, 1, 2}};
    for (std::size_t i = 0; i < 3; ++i) three.on_silence(i, start);
    CHECK_FALSE(three.justified(start, [](std::size_t) { return true; }));

    Suspicion four{{0, 0, 0, 1}};
    for (std::size_t i = 0; i < 4; ++i) four.on_silence(i, start);
    CHECK(four.justified(start, [](std::size_t) { return true; }));

    // Two clusters, but all that is silent is in one of them.
    Suspicion lopsided{{0, 0, 0, 0, 0, 0, 0, 0, 0, 1}};
    for (std::size_t i = 0; i < 9; ++i) lopsided.on_silence(i, start);
    CHECK_FALSE(lopsided.justified(start, [](std::size_t) { return true; }));
}

}  // namespace uvoy::cluster
