#include "limit/connection_counts.h"

#include <doctest/doctest.h>

#include <atomic>
#include <cstdint>
#include <thread>
#include <vector>

namespace uvoy::limit {

TEST_CASE("a client has as many connections as its limit, whatever others have") {
    ConnectionCounts counts;
    CHECK(counts.enter(1, 2));
    CHECK(counts.enter(1, 2));
    CHECK_FALSE(counts.enter(1, 2));
    CHECK(counts.enter(65, 2));  // of the same part
    counts.leave(1);
    CHECK(counts.enter(1, 2));
    CHECK_FALSE(counts.enter(1, 2));
    CHECK_FALSE(counts.enter(2, 0));
    counts.leave(1);
    counts.leave(1);
    counts.leave(65);
    CHECK(counts.enter(1, 1));
}

TEST_CASE("connections are counted over all threads") {
    constexpr std::uint32_t limit = 3;
    ConnectionCounts counts;
    std::atomic<std::uint32_t> inside = 0;
    std::atomic<bool> exceeded = false;
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i) {
        threads.emplace_back([&] {
            for (int round = 0; round < 20'000; ++round) {
                if (!counts.enter(7, limit)) continue;
                if (inside.fetch_add(1) >= limit) exceeded = true;
                inside.fetch_sub(1);
                counts.leave(7);
            }
        });
    }
    for (std::thread &thread : threads) thread.join();
    CHECK_FALSE(exceeded);
    for (std::uint32_t i = 0; i < limit; ++i) CHECK(counts.enter(7, limit));
    CHECK_FALSE(counts.enter(7, limit));
}

}  // namespace uvoy::limit
