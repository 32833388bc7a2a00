#pragma once

#include "base/random.h"
#include "proxy/proxy.h"
#include "server/live_clusters.h"

#include <cstdint>
#include <vector>

namespace uvoy::server {

/// Picks a worker's endpoints from the published snapshots.  Of one thread, which is an
/// rcu::Thread.
class SnapshotBalancer final : public proxy::Balancer {
public:
    SnapshotBalancer(const LiveClusters &clusters, std::uint64_t seed);

    std::optional<Pick> pick(std::uint16_t cluster, std::uint64_t hash,
                             std::span<const std::uint16_t> tried, TimePoint now) override;
    std::uint64_t in_flight(std::uint16_t cluster) const override;
    bool is_out(proxy::EndpointId endpoint) const override;

private:
    const LiveClusters &clusters_;
    Random random_;
    std::vector<std::uint32_t> cursors_;  // by cluster
};

}  // namespace uvoy::server
