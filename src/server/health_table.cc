#include "server/health_table.h"

#include <algorithm>

namespace uvoy::server {

cluster::HealthSettings HealthTable::settings_of(const config::Cluster &cluster) {
    const config::HealthCheck &check = cluster.health_check;
    cluster::HealthSettings settings{.checks = check.type != config::HealthCheck::Type::none,
                                     .interval = check.interval,
                                     .healthy_after = check.healthy_after,
                                     .unhealthy_after = check.unhealthy_after,
                                     .backoff = {.first = {}, .longest = {}}};
    if (const auto &outlier = cluster.outlier_detection)
        settings.backoff = {.first = outlier->eject, .longest = outlier->max_eject};
    return settings;
}

HealthTable::HealthTable(const proxy::Runtime &runtime, TimePoint now) : runtime_{runtime} {
    for (const proxy::ClusterRuntime &cluster : runtime.clusters()) {
        auto &endpoints = clusters_.emplace_back();
        for (const auto &endpoint : cluster.endpoints) {
            endpoints.push_back({.health = cluster::Health{settings_of(*cluster.config), now},
                                 .presence = endpoint ? Presence::member : Presence::absent});
        }
    }
}

void HealthTable::reset(proxy::EndpointId id, Presence presence, TimePoint now) {
    const config::Cluster &config = *runtime_.cluster(id.cluster).config;
    at(id) = {.health = cluster::Health{settings_of(config), now}, .presence = presence};
}

std::vector<cluster::EndpointState> HealthTable::states(std::size_t cluster) const {
    std::vector<cluster::EndpointState> states;
    for (const EndpointHealth &endpoint : clusters_[cluster])
        states.push_back({.healthy = endpoint.health.healthy(),
                          .ramp = endpoint.share,
                          .trial = endpoint.health.trial_share()});
    return states;
}

std::size_t HealthTable::healthy_count(std::size_t cluster) const {
    return static_cast<std::size_t>(
        std::ranges::count_if(clusters_[cluster], &EndpointHealth::takes_requests));
}

std::size_t HealthTable::size(std::size_t cluster) const {
    return static_cast<std::size_t>(
        std::ranges::count(clusters_[cluster], Presence::member, &EndpointHealth::presence));
}

cluster::Census HealthTable::census(proxy::EndpointId judged) const {
    cluster::Census census{.endpoints = size(judged.cluster)};
    for (const EndpointHealth &endpoint : clusters_[judged.cluster]) {
        if (endpoint.presence == Presence::member)
            census.count(endpoint.health, &endpoint == &at(judged));
    }
    return census;
}

}  // namespace uvoy::server
