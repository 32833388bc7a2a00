#include "server/snapshot_balancer.h"

namespace uvoy::server {

SnapshotBalancer::SnapshotBalancer(const LiveClusters &clusters, std::uint64_t seed)
    : clusters_{clusters}, random_{seed} {
    for (std::size_t i = 0; i < clusters.size(); ++i)
        cursors_.push_back(static_cast<std::uint32_t>(random_.next()));
}

std::optional<std::uint16_t> SnapshotBalancer::pick(std::uint16_t cluster, std::uint64_t hash,
                                                    std::span<const std::uint16_t> tried) {
    const rcu::ReadSection section;
    return clusters_.read(cluster, section)
        .pick({.hash = hash, .random = random_, .cursor = cursors_[cluster], .tried = tried});
}

}  // namespace uvoy::server
