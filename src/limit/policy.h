#pragma once

#include "base/time.h"

#include <cstdint>

namespace uvoy::limit {

/// A rate limit as configured: `tokens` come back in every `period`, up to `burst` wait to be used.
/// "100/s" is {100, 1s}; all three are at least 1.
struct Policy {
    std::uint32_t tokens = 1;
    Duration period = std::chrono::seconds{1};
    std::uint32_t burst = 1;

    bool operator==(const Policy &) const = default;
};

/// What a bucket says about one request: the source of Retry-After and RateLimit.
struct Verdict {
    bool admitted = false;
    std::uint32_t remaining = 0;  ///< tokens left after this one
    std::uint64_t debt = 0;       ///< tokens owed after this one: for Meter::retry_after()
};

}  // namespace uvoy::limit
