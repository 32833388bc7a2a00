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

HealthTable::HealthTable(const proxy::Runtime &runtime, const HealthTable &former,
                         const proxy::Heirs &heirs, TimePoint now)
    : HealthTable{runtime, now} {
    frozen_ = former.frozen_;
    for (std::size_t i = 0; i < former.clusters_.size(); ++i) {
        const proxy::ClusterRuntime &before = former.runtime_.cluster(i);
        for (std::size_t j = 0; j < former.clusters_[i].size(); ++j)
            if (const auto heir = heirs.endpoints[before.first_endpoint + j])
                adopt(*heir, former.clusters_[i][j], *before.config, now);
    }
}

void HealthTable::adopt(proxy::EndpointId id, const EndpointHealth &former,
                        const config::Cluster &before, TimePoint now) {
    const config::Cluster &config = *runtime_.cluster(id.cluster).config;
    EndpointHealth &endpoint = at(id) = former;
    if (config.health_check == before.health_check &&
        config.outlier_detection == before.outlier_detection)
        return;
    endpoint.health.set_settings(settings_of(config), now);
    const bool by_checks = !endpoint.health.healthy() && !endpoint.health.ejected_by_traffic();
    if (config.health_check.type == config::HealthCheck::Type::none && by_checks)
        endpoint.health = cluster::Health{settings_of(config), now};  // nobody would take it back
    if (!config.outlier_detection && endpoint.health.on_trial())
        endpoint.health.end_trial("outlier detection is off");
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
