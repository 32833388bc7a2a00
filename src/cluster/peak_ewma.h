#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>

#include "base/time.h"

namespace uvoy::cluster {

/// How long an endpoint takes to answer, as the policy peak_ewma sees it: a longer time counts at
/// once, a shorter one by and by, with a time constant of ten seconds, and so does silence, so that
/// who was slow is asked again.  One word that all workers write; times come from the caller.
class PeakEwma {
public:
    static constexpr Duration longest = std::chrono::seconds{10};
    /// A failure counts no less.
    static constexpr Duration shortest_failure = std::chrono::milliseconds{10};
    /// Below, the difference between two endpoints is noise.
    static constexpr Duration noise = std::chrono::microseconds{100};

    /// An answer began after this time.
    void observe(Duration latency, TimePoint now) {
        update(now, [&](std::uint64_t /*present*/) { return latency; });
    }

    /// A try ended without a good answer.  It counts twice what the endpoint took so far, or more,
    /// for an endpoint that fails fast would draw all traffic.
    void observe_failure(Duration elapsed, TimePoint now) {
        update(now, [&](std::uint64_t present) {
            const Duration twice{static_cast<Duration::rep>(2 * present)};
            return std::max({elapsed, twice, shortest_failure});
        });
    }

    /// Nanoseconds, at least `noise`; 0: nothing was observed yet.
    std::uint64_t latency(TimePoint now) const {
        const std::uint64_t word = word_.load(std::memory_order_relaxed);
        if (word == 0) return 0;
        constexpr auto least = static_cast<std::uint64_t>(noise.count());
        return std::max(present(word, ticks(now)), least);
    }

    /// As if nothing had been observed: what comes back may be another process.
    void forget() { word_.store(0, std::memory_order_relaxed); }

private:
    // The value in nanoseconds below, the time of the last observation above.  A tick is 4.2 ms, so
    // that the time wraps after 52 days; by then every value is as good as forgotten.
    static constexpr unsigned value_bits = 34;
    static constexpr unsigned tick_bits = 22;
    static constexpr std::uint64_t value_mask = (std::uint64_t{1} << value_bits) - 1;
    static constexpr std::uint64_t stamp_mask = (std::uint64_t{1} << (64 - value_bits)) - 1;
    static_assert(static_cast<std::uint64_t>(longest.count()) <= value_mask);

    static std::uint64_t ticks(TimePoint now) {
        return static_cast<std::uint64_t>(now.time_since_epoch().count()) >> tick_bits;
    }
    static std::uint64_t elapsed(std::uint64_t word, std::uint64_t now);
    static std::uint64_t decayed(std::uint64_t value, std::uint64_t ticks);
    static std::uint64_t present(std::uint64_t word, std::uint64_t now) {
        return decayed(word & value_mask, elapsed(word, now));
    }
    static std::uint64_t merged(std::uint64_t word, Duration observed, std::uint64_t now);

    /// `observation` makes one of the present value.
    void update(TimePoint now, auto observation) {
        const std::uint64_t tick = ticks(now);
        std::uint64_t word = word_.load(std::memory_order_relaxed);
        // Few at most: within a tick nobody writes but who raises the value.
        for (;;) {
            const std::uint64_t next = merged(word, observation(present(word, tick)), tick);
            if (next == word || word_.compare_exchange_weak(word, next, std::memory_order_relaxed))
                return;
        }
    }

    std::atomic<std::uint64_t> word_{0};
};

}  // namespace uvoy::cluster
