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

std::vector<bool> HealthTable::healthy(std::size_t cluster) const {
    std::vector<bool> healthy;
    for (const EndpointHealth &endpoint : clusters_[cluster])
        healthy.push_back(endpoint.health.healthy());
    return healthy;
}

std::size_t HealthTable::healthy_count(std::size_t cluster) const {
    return static_cast<std::size_t>(
        std::count_if(clusters_[cluster].begin(), clusters_[cluster].end(),
                      [](const EndpointHealth &endpoint) { return endpoint.health.healthy(); }));
}

}  // namespace uvoy::server
