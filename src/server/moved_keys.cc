#include "server/moved_keys.h"

#include "cluster/snapshot.h"

#include <optional>
#include <utility>

namespace uvoy::server {

namespace {

/// Those who are new are taken to be well.
std::vector<cluster::EndpointState> states_for(const cluster::Membership &membership,
                                               const cluster::Snapshot &present) {
    std::vector<cluster::EndpointState> states(membership.endpoints().size());
    for (std::size_t i = 0; i < states.size(); ++i) {
        const auto &before = present.membership().endpoints();
        const auto &after = membership.endpoints();
        if (i < before.size() && before[i] && after[i] && before[i]->name == after[i]->name &&
            before[i]->address == after[i]->address)
            states[i] = present.state(static_cast<std::uint16_t>(i));
    }
    return states;
}

std::optional<std::size_t> index_of(const LiveClusters &clusters, const std::string &name) {
    for (std::size_t i = 0; i < clusters.size(); ++i)
        if (clusters.name(i) == name) return i;
    return std::nullopt;
}

}  // namespace

std::vector<ReloadResult::MovedKeys> moved_keys(const Generation &present,
                                                const proxy::Runtime &next) {
    const LiveClusters clusters{next, present.clusters()};
    std::vector<ReloadResult::MovedKeys> list;
    for (std::size_t i = 0; i < clusters.size(); ++i) {
        const auto former = index_of(present.clusters(), clusters.name(i));
        const auto membership = clusters.shared_membership(i);
        if (!former || !membership->hashed()) continue;
        const cluster::Snapshot &before = present.clusters().current(*former);
        const cluster::Snapshot after{membership, states_for(*membership, before)};
        list.push_back({.cluster = clusters.name(i), .share = after.moved_ratio(before)});
    }
    return list;
}

}  // namespace uvoy::server
