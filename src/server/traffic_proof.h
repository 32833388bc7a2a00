#pragma once

#include "proxy/ports.h"
#include "proxy/runtime.h"
#include "stats/merge.h"

#include <cstdint>
#include <vector>

namespace uvoy::server {

/// Knows which endpoints real traffic has just proven to be alive, so that a check that only
/// connects would tell nothing new.
class TrafficProof {
public:
    explicit TrafficProof(const proxy::Runtime &runtime);

    /// From now on, looks at these counters, which outlive it.  Nothing is proven before.
    void start(stats::Workers workers) { workers_ = workers; }

    /// Whether since the last call for this endpoint a try was answered and none failed.
    bool take(proxy::EndpointId id);

private:
    struct Counts {
        std::uint64_t answers = 0;
        std::uint64_t failures = 0;
    };

    const proxy::Runtime &runtime_;
    stats::Workers workers_;
    std::vector<Counts> before_;  // by endpoint number
};

}  // namespace uvoy::server
