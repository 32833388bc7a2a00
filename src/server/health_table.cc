#include "server/health_table.h"

#include <algorithm>

namespace uvoy::server {

HealthTable::HealthTable(const proxy::Runtime &runtime, TimePoint now) {
    for (const proxy::ClusterRuntime &cluster : runtime.clusters()) {
        const config::HealthCheck &check = cluster.config->health_check;
        const cluster::HealthSettings settings{.interval = check.interval,
                                               .healthy_after = check.healthy_after,
                                               .unhealthy_after = check.unhealthy_after};
        clusters_.emplace_back(cluster.endpoints.size(),
                               EndpointHealth{.health = cluster::Health{settings, now}});
    }
}

std::vector<cluster::EndpointState> HealthTable::states(std::size_t cluster) const {
    std::vector<cluster::EndpointState> states;
    for (const EndpointHealth &endpoint : clusters_[cluster])
        states.push_back({.healthy = endpoint.health.healthy()});
    return states;
}

std::size_t HealthTable::healthy_count(std::size_t cluster) const {
    return static_cast<std::size_t>(
        std::count_if(clusters_[cluster].begin(), clusters_[cluster].end(),
                      [](const EndpointHealth &endpoint) { return endpoint.health.healthy(); }));
}

}  // namespace uvoy::server
