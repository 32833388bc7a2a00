#pragma once

#include "base/time.h"
#include "cluster/endpoint_state.h"
#include "cluster/health.h"
#include "proxy/ports.h"
#include "proxy/runtime.h"

#include <cstddef>
#include <cstdint>
#include <vector>

namespace uvoy::server {

/// What is known of the health of one endpoint, and what was counted on the way.
struct EndpointHealth {
    cluster::Health health;
    std::uint64_t checks_passed = 0;
    std::uint64_t checks_failed = 0;
    std::uint64_t ejections = 0;  ///< healthy to unhealthy, by checks
};

/// The health of all endpoints, by their places in the configuration.  Belongs to the control loop;
/// the health checker writes it, the admin API and the metrics read it.
class HealthTable {
public:
    HealthTable(const proxy::Runtime &runtime, TimePoint now);

    EndpointHealth &at(proxy::EndpointId id) { return clusters_[id.cluster][id.index]; }
    const EndpointHealth &at(proxy::EndpointId id) const { return clusters_[id.cluster][id.index]; }

    /// One entry for each endpoint: what LiveClusters::publish() takes.
    std::vector<cluster::EndpointState> states(std::size_t cluster) const;
    std::size_t healthy_count(std::size_t cluster) const;
    std::size_t size(std::size_t cluster) const { return clusters_[cluster].size(); }

private:
    std::vector<std::vector<EndpointHealth>> clusters_;
};

}  // namespace uvoy::server
