#include "base/random.h"
#include "limit/shard.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <atomic>
#include <latch>
#include <limits>
#include <thread>
#include <vector>

namespace uvoy::limit {

using namespace std::chrono_literals;

/// A simulated clock of several threads.  Each pushes it by `step`; none gets further ahead of the
/// slowest than real loops would, whatever the scheduler does.
class SharedClock {
public:
    SharedClock(int threads, Duration step)
        : step_{step}, seen_(static_cast<std::size_t>(threads)) {
        for (auto &seen : seen_) seen = start;
    }

    TimePoint advance(std::size_t thread) {
        const std::int64_t now = clock_.fetch_add(step_.count());
        seen_[thread] = now;
        while (now - *std::min_element(seen_.begin(), seen_.end()) > farthest)
            std::this_thread::yield();
        return TimePoint{Duration{now}};
    }

    void leave(std::size_t thread) { seen_[thread] = std::numeric_limits<std::int64_t>::max(); }

    static constexpr std::int64_t start = Duration{1h}.count();

private:
    static constexpr std::int64_t farthest = Duration{20ms}.count();

    Duration step_;
    std::atomic<std::int64_t> clock_{start};
    std::vector<std::atomic<std::int64_t>> seen_;
};

/// Every thread has a shard and asks for all keys at every step.  Returns what was admitted in all.
static std::uint64_t run(Ledger &ledger, int threads, int keys, Duration step, Duration length) {
    SharedClock clock{threads, step};
    const TimePoint end{Duration{SharedClock::start} + length};
    std::atomic<std::uint64_t> admitted{0};
    std::vector<std::thread> workers;
    for (int thread = 0; thread < threads; ++thread) {
        workers.emplace_back([&, thread] {
            const auto self = static_cast<std::size_t>(thread);
            Shard shard{ledger};
            std::uint64_t mine = 0;
            for (TimePoint now = clock.advance(self); now < end; now = clock.advance(self)) {
                if (shard.deadline() <= now) shard.on_deadline(now);
                for (int k = 1; k <= keys; ++k)
                    mine += shard.admit(mix(static_cast<std::uint64_t>(k)), now).admitted;
            }
            clock.leave(self);
            admitted += mine;
        });
    }
    for (std::thread &worker : workers) worker.join();
    return admitted;
}

TEST_CASE("threads that take and return at the same moment lose no token and make none") {
    constexpr std::uint32_t burst = 400'000;
    Ledger ledger{{1, 1h, burst}, 8};
    const TimePoint now{1h};
    std::atomic<std::uint64_t> kept{0};
    std::latch together{4};
    std::vector<std::thread> workers;
    for (int thread = 0; thread < 4; ++thread) {
        workers.emplace_back([&] {
            std::uint64_t mine = 0;
            together.arrive_and_wait();
            while (const std::uint32_t tokens = ledger.take(7, 3, now).tokens) {
                if (tokens == 3) ledger.give_back(7, 1, now);
                mine += tokens == 3 ? 2 : tokens;
            }
            kept += mine;
        });
    }
    for (std::thread &worker : workers) worker.join();
    CHECK(kept == burst - ledger.take(7, burst, now).tokens);
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
    CHECK(admitted <= 8 * 1020);
    CHECK(admitted >= 8 * 1010);
    CHECK(ledger.live_evictions() == 0);
}

}  // namespace uvoy::limit
