#include "proxy/kinship.h"

#include "proxy/runtime.h"

#include <algorithm>
#include <string_view>
#include <unordered_map>

namespace uvoy::proxy {

namespace {

bool has_all(const config::Listener &listener, const std::vector<config::Address> &addresses) {
    return std::ranges::all_of(addresses, [&](const config::Address &address) {
        return std::ranges::find(listener.addresses, address) != listener.addresses.end();
    });
}

/// For each of `next` the index of the one of that name.
template <typename List>
std::vector<std::size_t> by_name(const List &former, const List &next) {
    std::unordered_map<std::string_view, std::size_t> known;
    for (std::size_t i = 0; i < former.size(); ++i) known.emplace(former[i].name, i);
    std::vector<std::size_t> found;
    for (const auto &one : next) {
        const auto place = known.find(one.name);
        found.push_back(place == known.end() ? stats::Lineage::nobody : place->second);
    }
    return found;
}

bool same_server(const ClusterRuntime &former, const ClusterRuntime &next, std::size_t index) {
    if (index >= former.endpoints.size() || index >= next.endpoints.size()) return false;
    // Who comes and goes is told apart by generation.
    if (next.config->discovery) return same_places(former, next);
    const auto &before = former.endpoints[index];
    const auto &after = next.endpoints[index];
    return !former.config->discovery && before && after && before->name == after->name &&
           before->address == after->address;
}

}  // namespace

std::vector<std::optional<std::size_t>> heirs_of_listeners(const config::Config &former,
                                                           const config::Config &next) {
    std::vector<std::optional<std::size_t>> heirs(former.listeners.size());
    std::vector<bool> taken(next.listeners.size());
    for (const bool by_name : {true, false}) {
        for (std::size_t i = 0; i < heirs.size(); ++i) {
            const config::Listener &listener = former.listeners[i];
            for (std::size_t j = 0; j < taken.size() && !heirs[i]; ++j) {
                const config::Listener &candidate = next.listeners[j];
                if (taken[j] || (by_name && candidate.name != listener.name) ||
                    !has_all(candidate, listener.addresses))
                    continue;
                heirs[i] = j;
                taken[j] = true;
            }
        }
    }
    return heirs;
}

std::vector<const config::Endpoint *> places_of(const config::Cluster &cluster,
                                                const ClusterRuntime *former) {
    std::unordered_map<std::string_view, std::size_t> known;
    if (former != nullptr)
        for (std::size_t i = 0; i < former->configured.size(); ++i)
            if (const config::Endpoint *endpoint = former->configured[i])
                known.emplace(endpoint->name, i);

    std::vector<const config::Endpoint *> places(cluster.endpoints.size());
    std::vector<const config::Endpoint *> others;
    for (const config::Endpoint &endpoint : cluster.endpoints) {
        const auto place = known.find(endpoint.name);
        if (place == known.end()) {
            others.push_back(&endpoint);
            continue;
        }
        if (place->second >= places.size()) places.resize(place->second + 1);
        places[place->second] = &endpoint;
    }
    auto free = places.begin();
    for (const config::Endpoint *endpoint : others) {
        free = std::find(free, places.end(), nullptr);
        // There are at least as many places as endpoints.
        *free = endpoint;
    }
    while (!places.empty() && places.back() == nullptr) places.pop_back();
    return places;
}

bool same_places(const ClusterRuntime &former, const ClusterRuntime &next) {
    return next.config->discovery && former.config->discovery == next.config->discovery &&
           former.load == next.load;
}

Heirs::Heirs(const Runtime &former, const Runtime &next)
    : listeners{heirs_of_listeners(former.config(), next.config())},
      endpoints(former.dimensions().endpoints) {
    const auto clusters = by_name(former.config().clusters, next.config().clusters);
    for (std::size_t i = 0; i < clusters.size(); ++i) {
        if (clusters[i] == stats::Lineage::nobody) continue;
        const ClusterRuntime &before = former.cluster(clusters[i]);
        for (std::size_t j = 0; j < before.endpoints.size(); ++j)
            if (same_server(before, next.cluster(i), j))
                endpoints[before.first_endpoint + j] = {static_cast<std::uint16_t>(i),
                                                        static_cast<std::uint16_t>(j)};
    }
}

stats::Lineage lineage(const Runtime &former, const Runtime &next) {
    const config::Config &before = former.config();
    const config::Config &after = next.config();
    stats::Lineage lineage{.listeners = by_name(before.listeners, after.listeners),
                           .routes = by_name(before.routes, after.routes),
                           .clusters = by_name(before.clusters, after.clusters),
                           .endpoints = {},
                           .limits = by_name(before.rate_limits, after.rate_limits)};
    for (std::size_t i = 0; i < after.clusters.size(); ++i) {
        const std::size_t index = lineage.clusters[i];
        for (std::size_t j = 0; j < next.cluster(i).endpoints.size(); ++j) {
            const bool same = index != stats::Lineage::nobody &&
                              same_server(former.cluster(index), next.cluster(i), j);
            lineage.endpoints.push_back(same ? former.cluster(index).first_endpoint + j
                                             : stats::Lineage::nobody);
        }
    }
    return lineage;
}

}  // namespace uvoy::proxy
