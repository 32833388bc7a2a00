#include "server/live_clusters.h"

#include <algorithm>
#include <utility>

namespace uvoy::server {

namespace {

cluster::Policy policy_of(config::Policy policy) {
    switch (policy) {
        case config::Policy::ring_hash:
            return cluster::Policy::ring_hash;
        case config::Policy::maglev:
            return cluster::Policy::maglev;
        case config::Policy::least_request:
            return cluster::Policy::least_request;
        case config::Policy::peak_ewma:
            return cluster::Policy::peak_ewma;
        case config::Policy::round_robin:
            return cluster::Policy::round_robin;
        case config::Policy::random:
            return cluster::Policy::random;
    }
    return cluster::Policy::ring_hash;
}

std::unique_ptr<const cluster::Snapshot> all_healthy(
    const std::shared_ptr<const cluster::Membership> &membership) {
    return std::make_unique<const cluster::Snapshot>(
        membership, std::vector<cluster::EndpointState>(membership->endpoints().size()));
}

/// Those that DNS told and that were no members yet stay outside.
std::vector<std::shared_ptr<cluster::Endpoint>> members_of(const proxy::ClusterRuntime &cluster,
                                                           const cluster::Membership *before) {
    auto members = cluster.endpoints;
    if (!cluster.config->discovery) return members;
    for (std::size_t i = 0; i < members.size(); ++i) {
        const bool was_member = before != nullptr && i < before->endpoints().size() &&
                                before->endpoints()[i] == members[i];
        if (!was_member) members[i] = nullptr;
    }
    return members;
}

}  // namespace

cluster::Balancing balancing_of(const config::LoadBalancing &config, std::uint64_t hash_seed) {
    return {.policy = policy_of(config.policy),
            .hash_seed = hash_seed,
            .panic_threshold = config.panic_threshold.basis_points,
            .bounded_load = config.bounded_load ? config.bounded_load->hundredths : 0,
            .slow_start = config.slow_start};
}

LiveClusters::Entry::Entry(std::string name_,
                           std::shared_ptr<const cluster::Membership> membership_)
    : name{std::move(name_)},
      membership{std::move(membership_)},
      published{all_healthy(membership)} {}

LiveClusters::LiveClusters(const proxy::Runtime &runtime) {
    for (const proxy::ClusterRuntime &cluster : runtime.clusters()) {
        entries_.push_back(std::make_unique<Entry>(
            cluster.config->name,
            std::make_shared<const cluster::Membership>(
                cluster.endpoints,
                balancing_of(cluster.config->load_balancing, runtime.hash_seed()))));
    }
}

LiveClusters::LiveClusters(const proxy::Runtime &runtime, const LiveClusters &former)
    : publishes_{former.publishes_} {
    for (const proxy::ClusterRuntime &cluster : runtime.clusters()) {
        const cluster::Balancing balancing =
            balancing_of(cluster.config->load_balancing, runtime.hash_seed());
        const Entry *const before = former.find(cluster.config->name);
        auto members = members_of(cluster, before != nullptr ? before->membership.get() : nullptr);
        std::shared_ptr<const cluster::Membership> membership;
        if (before != nullptr && before->membership->endpoints() == members &&
            before->membership->balancing() == balancing)
            membership = before->membership;
        else
            membership = std::make_shared<const cluster::Membership>(
                std::move(members), balancing,
                before != nullptr ? before->membership.get() : nullptr);
        entries_.push_back(std::make_unique<Entry>(cluster.config->name, std::move(membership)));
    }
}

const LiveClusters::Entry *LiveClusters::find(const std::string &name) const {
    const auto found = std::ranges::find(
        entries_, name, [](const auto &entry) -> auto & { return entry->name; });
    return found == entries_.end() ? nullptr : found->get();
}

const cluster::Snapshot &LiveClusters::current(std::size_t cluster) const {
    // The one thread that replaces snapshots needs no section to keep them.
    const rcu::ReadSection section;
    return entries_[cluster]->published.read(section);
}

void LiveClusters::set_members(std::size_t cluster,
                               std::vector<std::shared_ptr<cluster::Endpoint>> endpoints) {
    Entry &entry = *entries_[cluster];
    entry.membership = std::make_shared<const cluster::Membership>(
        std::move(endpoints), entry.membership->balancing(), entry.membership.get());
}

void LiveClusters::reweigh(std::size_t cluster) {
    set_members(cluster, entries_[cluster]->membership->endpoints());
}

void LiveClusters::publish(std::size_t cluster, std::vector<cluster::EndpointState> states) {
    Entry &entry = *entries_[cluster];
    auto next = std::make_unique<const cluster::Snapshot>(entry.membership, std::move(states));
    entry.moved_ratio = next->moved_ratio(current(cluster));
    entry.published.publish(std::move(next));
    ++publishes_;
}

}  // namespace uvoy::server
