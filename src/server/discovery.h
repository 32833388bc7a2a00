#pragma once

#include "server/cluster_discovery.h"
#include "server/discovered_endpoints.h"
#include "server/first_answers.h"
#include "uv/loop.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

namespace uvoy::server {

/// The clusters whose endpoints DNS tells.  Of the control loop; nothing in it waits.
class Discovery {
public:
    /// Asks at once, for all of them.
    Discovery(uv::Loop &loop, const EndpointParts &parts, std::uint64_t seed);
    /// The same, but goes on where `former`, which ends, left off for clusters that ask the same,
    /// and begins with `answers` for others.  It may be null: no cluster asked before.
    Discovery(uv::Loop &loop, const EndpointParts &parts, std::uint64_t seed,
              const proxy::Runtime &before, Discovery *former, const FirstAnswers &answers);

    Discovery(const Discovery &) = delete;
    Discovery &operator=(const Discovery &) = delete;

    /// Each of them had a first answer, or had none in time (DnsLookup::longest).
    bool settled() const;

    /// The health of an endpoint of this cluster changed, or it has passed its first check.
    void on_health_change(std::size_t cluster);

    struct Status {
        std::array<std::uint64_t, refresh_results> refreshes;  ///< by RefreshResult
        std::size_t endpoints;                                 ///< that are known now
    };
    /// Nothing: the endpoints of this cluster stand in the configuration.
    std::optional<Status> status(std::size_t cluster) const;

private:
    struct Entry {
        Entry(uv::Loop &loop, const EndpointParts &parts, std::uint16_t cluster, std::uint64_t seed,
              const DnsLookup::Outcome *first = nullptr);
        Entry(uv::Loop &loop, const EndpointParts &parts, std::uint16_t cluster, std::uint64_t seed,
              Entry &former);

        bool on_found(const DnsLookup::Outcome &outcome) {
            return endpoints.apply(outcome, uv::Loop::now());
        }

        DiscoveredEndpoints endpoints;
        ClusterDiscovery questions;
    };

    std::vector<std::unique_ptr<Entry>> entries_;  // by cluster; null: none
};

}  // namespace uvoy::server
