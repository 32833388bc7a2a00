#pragma once

#include "cluster/membership.h"
#include "cluster/snapshot.h"
#include "proxy/runtime.h"
#include "rcu/published.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace uvoy::server {

cluster::Balancing balancing_of(const config::LoadBalancing &config, std::uint64_t hash_seed);

/// The clusters as workers see them now.  The control loop is the only one that changes them.
class LiveClusters {
public:
    /// Everything is healthy at first.
    explicit LiveClusters(const proxy::Runtime &runtime);
    /// Clusters whose endpoints did not change keep their rings, and those of `runtime` that DNS
    /// tells are members if they were.
    LiveClusters(const proxy::Runtime &runtime, const LiveClusters &former);

    LiveClusters(const LiveClusters &) = delete;
    LiveClusters &operator=(const LiveClusters &) = delete;

    /// For workers: valid as long as `section` lives.
    const cluster::Snapshot &read(std::size_t cluster, const rcu::ReadSection &section) const {
        return entries_[cluster]->published.read(section);
    }

    // --- on the control loop only

    std::size_t size() const { return entries_.size(); }

    const std::string &name(std::size_t cluster) const { return entries_[cluster]->name; }

    /// Valid until the next publish().
    const cluster::Snapshot &current(std::size_t cluster) const;

    /// From the next publish() on these are the endpoints: by index, null where a place is empty.
    void set_members(std::size_t cluster,
                     std::vector<std::shared_ptr<cluster::Endpoint>> endpoints);
    /// From the next publish() on the duties and weights that the endpoints have now are what
    /// counts.
    void reweigh(std::size_t cluster);
    /// Those of the next publish().
    const cluster::Membership &membership(std::size_t cluster) const {
        return *entries_[cluster]->membership;
    }

    std::shared_ptr<const cluster::Membership> shared_membership(std::size_t cluster) const {
        return entries_[cluster]->membership;
    }

    /// `states` has one entry for each endpoint.  Waits for one grace period.
    void publish(std::size_t cluster, std::vector<cluster::EndpointState> states);

    /// Share of the keys that the last publish() moved.
    double moved_ratio(std::size_t cluster) const { return entries_[cluster]->moved_ratio; }
    /// Of all clusters, since the start.
    std::uint64_t publishes() const { return publishes_; }

private:
    struct Entry {
        Entry(std::string name_, std::shared_ptr<const cluster::Membership> membership_);

        std::string name;
        std::shared_ptr<const cluster::Membership> membership;
        rcu::Published<cluster::Snapshot> published;
        double moved_ratio = 0;
    };

    const Entry *find(const std::string &name) const;

    std::vector<std::unique_ptr<Entry>> entries_;
    std::uint64_t publishes_ = 0;
};

}  // namespace uvoy::server
