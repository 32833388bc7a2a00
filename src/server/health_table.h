#pragma once

#include "base/time.h"
#include "cluster/endpoint_state.h"
#include "cluster/health.h"
#include "cluster/outlier.h"
#include "proxy/kinship.h"
#include "proxy/ports.h"
#include "proxy/runtime.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <numeric>
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
    std::uint16_t share = cluster::full_ramp;  ///< less for one that answers slowly
    std::uint64_t checks_passed = 0;
    std::uint64_t checks_failed = 0;
    std::uint64_t checks_skipped = 0;  ///< traffic had told what they would have
    std::array<std::uint64_t, cluster::ejection_causes> ejections{};  ///< by EjectionCause

    bool takes_requests() const { return presence == Presence::member && health.healthy(); }
    /// It is relied upon.
    bool proven() const { return takes_requests() && !health.on_trial(); }

    std::uint64_t all_ejections() const {
        return std::accumulate(ejections.begin(), ejections.end(), std::uint64_t{0});
    }
};

/// The health of all endpoints, by their places in the configuration.  Belongs to the control loop;
/// the health keeper writes it, the admin API and the metrics read it.
class HealthTable {
public:
    HealthTable(const proxy::Runtime &runtime, TimePoint now);
    /// Of endpoints that go on all stays known.
    HealthTable(const proxy::Runtime &runtime, const HealthTable &former, const proxy::Heirs &heirs,
                TimePoint now);

    EndpointHealth &at(proxy::EndpointId id) { return clusters_[id.cluster][id.index]; }
    const EndpointHealth &at(proxy::EndpointId id) const { return clusters_[id.cluster][id.index]; }

    /// One entry for each endpoint: what LiveClusters::publish() takes.
    std::vector<cluster::EndpointState> states(std::size_t cluster) const;
    /// Of the members.
    std::size_t healthy_count(std::size_t cluster) const;
    /// Members.
    std::size_t size(std::size_t cluster) const;
    /// Of the members, for a judgement of one of them.
    cluster::Census census(proxy::EndpointId judged) const;

    /// A new endpoint, of whom nothing is known, or nobody.
    void reset(proxy::EndpointId id, Presence presence, TimePoint now);

    /// The network of this process is suspected: see cluster::Suspicion.
    bool frozen() const { return frozen_; }
    void set_frozen(bool frozen) { frozen_ = frozen; }

    /// Calls `f` with the EndpointId and the EndpointHealth of each place that somebody has.
    template <typename F>
    void for_each(F f) {
        for (std::size_t i = 0; i < clusters_.size(); ++i) {
            for (std::size_t j = 0; j < clusters_[i].size(); ++j) {
                if (clusters_[i][j].presence == Presence::absent) continue;
                f(proxy::EndpointId{static_cast<std::uint16_t>(i), static_cast<std::uint16_t>(j)},
                  clusters_[i][j]);
            }
        }
    }

private:
    void adopt(proxy::EndpointId id, const EndpointHealth &former, const config::Cluster &before,
               TimePoint now);
    static cluster::HealthSettings settings_of(const config::Cluster &cluster);

    const proxy::Runtime &runtime_;
    std::vector<std::vector<EndpointHealth>> clusters_;
    bool frozen_ = false;
};

}  // namespace uvoy::server
