#pragma once

#include "base/time.h"
#include "cluster/endpoint_state.h"
#include "cluster/health.h"
#include "proxy/ports.h"
#include "proxy/runtime.h"

#include <cstddef>
#include <cstdint>
#include <vector>

namespace uvoy::server {

/// Whether an endpoint belongs to its cluster.
enum class Presence : std::uint8_t {
    absent,  ///< nobody has this place
    trial,   ///< new, and not yet a member: it gets checks only
    member,
};

/// What is known of the health of one endpoint, and what was counted on the way.
struct EndpointHealth {
    cluster::Health health;
    Presence presence = Presence::absent;
    std::uint64_t checks_passed = 0;
    std::uint64_t checks_failed = 0;
    std::uint64_t ejections = 0;  ///< healthy to unhealthy, by checks

    bool takes_requests() const { return presence == Presence::member && health.healthy(); }
};

/// The health of all endpoints, by their places in the configuration.  Belongs to the control loop;
/// the health checker writes it, the admin API and the metrics read it.
class HealthTable {
public:
    HealthTable(const proxy::Runtime &runtime, TimePoint now);

    EndpointHealth &at(proxy::EndpointId id) { return clusters_[id.cluster][id.index]; }
    const EndpointHealth &at(proxy::EndpointId id) const { return clusters_[id.cluster][id.index]; }

    /// One entry for each endpoint: what LiveClusters::publish() takes.
    std::vector<cluster::EndpointState> states(std::size_t cluster) const;
    /// Of the members.
    std::size_t healthy_count(std::size_t cluster) const;
    /// Members.
    std::size_t size(std::size_t cluster) const;

    /// A new endpoint, of whom nothing is known, or nobody.
    void reset(proxy::EndpointId id, Presence presence, TimePoint now);

private:
    static cluster::HealthSettings settings_of(const config::Cluster &cluster);

    const proxy::Runtime &runtime_;
    std::vector<std::vector<EndpointHealth>> clusters_;
};

}  // namespace uvoy::server
