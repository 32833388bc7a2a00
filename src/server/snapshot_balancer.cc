#include "server/snapshot_balancer.h"

namespace uvoy::server {

SnapshotBalancer::SnapshotBalancer(const LiveClusters &clusters, std::uint64_t seed)
    : clusters_{clusters}, random_{seed} {
    for (std::size_t i = 0; i < clusters.size(); ++i)
        cursors_.push_back(static_cast<std::uint32_t>(random_.next()));
}

std::optional<proxy::Balancer::Pick> SnapshotBalancer::pick(std::uint16_t cluster,
                                                            std::uint64_t hash,
                                                            std::span<const std::uint16_t> tried,
                                                            TimePoint now) {
    const rcu::ReadSection section;
    const cluster::Snapshot &snapshot = clusters_.read(cluster, section);
    const std::uint16_t index = snapshot.pick(
        {.hash = hash, .random = random_, .cursor = cursors_[cluster], .tried = tried, .now = now});
    if (index == cluster::no_endpoint) return std::nullopt;
    // Within the section, for from now on the count keeps the endpoint.
    cluster::Endpoint &endpoint = *snapshot.endpoint(index);
    return Pick{.endpoint = &endpoint, .in_flight = endpoint.enter()};
}

std::uint64_t SnapshotBalancer::in_flight(std::uint16_t cluster) const {
    const rcu::ReadSection section;
    std::uint64_t sum = 0;
    for (const auto &endpoint : clusters_.read(cluster, section).membership().endpoints())
        if (endpoint) sum += endpoint->in_flight.load(std::memory_order_relaxed);
    return sum;
}

bool SnapshotBalancer::is_out(proxy::EndpointId endpoint) const {
    const rcu::ReadSection section;
    const cluster::Snapshot &snapshot = clusters_.read(endpoint.cluster, section);
    return !snapshot.panic() && !snapshot.healthy(endpoint.index);
}

}  // namespace uvoy::server
