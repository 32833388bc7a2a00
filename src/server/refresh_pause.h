#pragma once

#include "base/random.h"
#include "base/time.h"

#include <algorithm>
#include <cstdint>

namespace uvoy::server {

/// When to ask DNS again: when an answer's time is over, after failures at growing distances, and
/// always up to a tenth later, so that the questions of a fleet spread.
class RefreshPause {
public:
    static constexpr Duration shortest = std::chrono::seconds{1};
    static constexpr Duration longest = std::chrono::hours{1};
    static constexpr Duration longest_retry = std::chrono::seconds{30};

    explicit RefreshPause(std::uint64_t seed) : random_{seed} {}

    /// A record's time to live, within reason.
    static Duration bounded(Duration ttl) { return std::clamp(ttl, shortest, longest); }

    /// The next question comes `pause` after an answer.
    Duration after_answer(Duration pause) {
        retry_ = shortest;
        return spread(pause);
    }

    Duration after_failure() {
        const Duration pause = retry_;
        retry_ = std::min(2 * retry_, longest_retry);
        return spread(pause);
    }

private:
    Duration spread(Duration pause) { return pause + pause * random_.below(1024) / 10240; }

    Random random_;
    Duration retry_ = shortest;  // after the next failure
};

}  // namespace uvoy::server
