#pragma once

#include "config/config.h"
#include "proxy/ports.h"
#include "stats/totals.h"

#include <cstddef>
#include <optional>
#include <vector>

/// Which objects of one configuration go on in the next one.
namespace uvoy::proxy {

struct ClusterRuntime;
class Runtime;

/// By index in `former`: the listener of `next` that has all its addresses.  No two go on as the
/// same one; the one with its name has precedence.
std::vector<std::optional<std::size_t>> heirs_of_listeners(const config::Config &former,
                                                           const config::Config &next);

/// The endpoints of a cluster by their places.  Who is in `former` by name stays where it was, and
/// the others get what is free; null: a place that is empty.
std::vector<const config::Endpoint *> places_of(const config::Cluster &cluster,
                                                const ClusterRuntime *former);

/// Both get their endpoints from the same question to DNS, so that who comes and goes has the same
/// place in both.
bool same_places(const ClusterRuntime &former, const ClusterRuntime &next);

/// What workers have to know to go from one configuration to the next.
struct Heirs {
    Heirs(const Runtime &former, const Runtime &next);

    std::vector<std::optional<std::size_t>> listeners;  ///< by index in the former
    /// By number in the former: the place of the same server, whose connections are as good.
    std::vector<std::optional<EndpointId>> endpoints;
};

/// Whose counters the objects of `next` go on with: those of the same names.
stats::Lineage lineage(const Runtime &former, const Runtime &next);

}  // namespace uvoy::proxy
