#pragma once

#include "base/time.h"
#include "cluster/endpoint_slots.h"
#include "proxy/runtime.h"
#include "server/dns_lookup.h"
#include "server/health_table.h"
#include "stats/totals.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace uvoy::server {

class EndpointAddresses;
class HealthChecker;
class LiveClusters;
class SnapshotPublisher;

/// What an endpoint that comes or goes concerns.  All of it outlives whoever has this.
struct EndpointParts {
    proxy::Runtime &runtime;
    EndpointAddresses &addresses;
    LiveClusters &clusters;
    HealthChecker &health;
    SnapshotPublisher &publisher;
    stats::Totals &totals;
};

/// Makes the endpoints of a cluster what DNS tells.  They are known by their addresses: those that
/// stay are not touched, those that go finish what they have.  One that comes gets requests when it
/// has passed a first check, or at once where nobody else is healthy or nothing is checked.
class DiscoveredEndpoints {
public:
    DiscoveredEndpoints(const EndpointParts &parts, std::uint16_t cluster);
    /// Goes on where that of another configuration left off; the endpoints are in the runtime, and
    /// what is known of them is in `parts`.
    DiscoveredEndpoints(const EndpointParts &parts, std::uint16_t cluster,
                        DiscoveredEndpoints &&former);

    /// Who has gone is removed, unless its kind of address is unknown.  False if there was no place
    /// for some: ask again soon.
    bool apply(const DnsLookup::Outcome &outcome, TimePoint now);

    /// Some endpoint of the cluster has another health, or has passed its first check.
    void on_health_change();

    /// Those that are known now.
    std::size_t size() const;

private:
    struct Wanted {
        DnsLookup::Found found;
        std::string name;
    };

    std::vector<Wanted> wanted(const DnsLookup::Outcome &outcome);
    /// `former` is who has this name now, or null.  False: there is no place.
    bool add(const Wanted &wanted, const cluster::Endpoint *former, Presence presence,
             TimePoint now);
    void remove(const cluster::Endpoint &endpoint);
    bool is_member(std::uint16_t index) const;
    bool needs_trial() const;
    /// Where nobody healthy is left those on trial have to do: better than no answer at all.
    bool admit_if_alone();
    void publish();
    proxy::EndpointId id(std::uint16_t index) const { return {cluster_, index}; }

    EndpointParts parts_;
    std::uint16_t cluster_;
    const config::Cluster &config_;
    cluster::EndpointSlots slots_;
    std::uint32_t generation_ = 0;  // of the last one that came
    bool crowded_ = false;          // there are more than may be; it was said
};

}  // namespace uvoy::server
