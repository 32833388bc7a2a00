#pragma once

#include "stats/merge.h"

#include <cstddef>
#include <unordered_map>

namespace uvoy::server {

/// What was counted of each endpoint over all workers.  Workers count by place and never start
/// anew, so for an endpoint that took the place of another one the other's counts are left out.
class EndpointTotals {
public:
    /// A new endpoint is at this place: what was counted there is not its own.
    void restart(std::size_t endpoint, stats::Workers workers) {
        former_[endpoint] = stats::sum_endpoint(workers, endpoint);
    }

    stats::EndpointFields<stats::Summed> sum(std::size_t endpoint, stats::Workers workers) const;

private:
    std::unordered_map<std::size_t, stats::EndpointFields<stats::Summed>> former_;
};

}  // namespace uvoy::server
