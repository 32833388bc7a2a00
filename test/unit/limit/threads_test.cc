#include "base/random.h"
#include "limit/shard.h"

#include <doctest/doctest.h>

#include <atomic>
#include <thread>
#include <vector>

namespace uvoy::limit {

using namespace std::chrono_literals;

/// Every thread has a shard and spins on the keys until the simulated clock, which all share and
/// push, reaches `length`.  Returns what was admitted in all.
static std::uint64_t run(Ledger &ledger, int threads, int keys, Duration step, Duration length) {
    std::atomic<std::int64_t> clock{Duration{1h}.count()};
    std::atomic<std::uint64_t> admitted{0};
    std::vector<std::thread> workers;
    for (int thread = 0; thread < threads; ++thread) {
        workers.emplace_back([&] {
            Shard shard{ledger};
            std::uint64_t mine = 0;
            for (;;) {
                const TimePoint now{Duration{clock.fetch_add(step.count())}};
                if (now >= TimePoint{1h + length}) break;
                if (shard.deadline() <= now) shard.on_deadline(now);
                for (int k = 1; k <= keys; ++k)
                    mine += shard.admit(mix(static_cast<std::uint64_t>(k)), now).admitted;
            }
            admitted += mine;
        });
    }
    for (std::thread &worker : workers) worker.join();
    return admitted;
}

TEST_CASE("threads that compete for one key admit exactly its limit") {
    Ledger ledger{{100, 1s, 20}, 1024};
    const std::uint64_t admitted = run(ledger, 4, 1, 100us, 20s);
    CHECK(admitted <= 2020);
    CHECK(admitted >= 2000);
}

TEST_CASE("leases lose and invent nothing between threads") {
    Ledger ledger{{20'000, 1s, 200}, 1024};
    const std::uint64_t admitted = run(ledger, 4, 1, 5us, 1s);
    CHECK(admitted <= 20'200);
    CHECK(admitted >= 19'900);
}

TEST_CASE("keys of one set do not disturb each other between threads") {
    Ledger ledger{{100, 1s, 20}, 8};
    const std::uint64_t admitted = run(ledger, 4, 8, 500us, 10s);
    // A clock may lag behind the others' when its thread sleeps, and see a word as free late.
    CHECK(admitted <= 8 * 1020);
    CHECK(admitted >= 8 * 1010);
    CHECK(ledger.live_evictions() == 0);
}

}  // namespace uvoy::limit
