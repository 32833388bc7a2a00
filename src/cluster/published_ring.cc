#include "cluster/published_ring.h"

#include <cassert>

namespace uvoy::cluster {

PublishedRing::PublishedRing(const MembershipRing &membership,
                             std::span<const std::uint16_t> ramps) {
    assert(ramps.size() == membership.size());
    const auto serves = [&](std::uint16_t index) { return ramps[index] > 0; };
    for (std::size_t i = 0; i < arc_count; ++i) {
        const auto arc = static_cast<std::uint16_t>(i);
        owners_[arc] = membership.first(arc, [&](std::uint16_t index) {
            return serves(index) && membership.takes(index, arc, ramps[index]);
        });
        // Better one that is starting than none.
        if (owners_[arc] == no_endpoint) owners_[arc] = membership.first(arc, serves);
    }
}

std::vector<std::uint32_t> PublishedRing::arcs_served(std::size_t endpoint_count) const {
    std::vector<std::uint32_t> arcs(endpoint_count);
    for (const std::uint16_t owner : owners_)
        if (owner != no_endpoint) ++arcs[owner];
    return arcs;
}

double PublishedRing::moved_ratio(const PublishedRing &previous,
                                  std::span<const std::uint16_t> renumbered) const {
    std::size_t moved = 0;
    for (std::size_t arc = 0; arc < arc_count; ++arc) {
        const std::uint16_t before = previous.owners_[arc];
        const std::uint16_t expected = before == no_endpoint ? no_endpoint : renumbered[before];
        // An arc that nobody served, or whose endpoint is gone, counts if somebody serves it now.
        if (owners_[arc] != expected) ++moved;
    }
    return static_cast<double>(moved) / static_cast<double>(arc_count);
}

}  // namespace uvoy::cluster
