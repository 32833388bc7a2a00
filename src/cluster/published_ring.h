#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "cluster/membership_ring.h"

namespace uvoy::cluster {

/// What workers read: the endpoint that serves each arc now.  Where there are several levels each
/// arc belongs to one of them.  Per arc the first of its membership ring's choices that is healthy,
/// else rendezvous over the healthy.  No arc of a healthy owner is served by another, and an arc
/// comes home when its owner recovers.  An endpoint below its full ramp takes only that part of its
/// arcs, and each other goes on to the arc's next choice: while the ramp rises arcs only come to
/// this endpoint, and none moves between others.  128 KiB: not for the stack.
class PublishedRing {
public:
    /// `ramps` has one entry for each member: EndpointState::ramp, or 0 for one that serves
    /// nothing.
    PublishedRing(const MembershipRing &membership, std::span<const std::uint16_t> ramps);

    /// Serves nothing.
    PublishedRing() { owners_.fill(no_endpoint); }

    /// The same of several levels.  `shares` is what level_shares() says of the `rings`.
    PublishedRing(std::span<const MembershipRing *const> rings,
                  std::span<const std::uint64_t> shares, std::span<const std::uint16_t> ramps);

    /// Index of the endpoint that serves a key; `no_endpoint` if none is healthy.  One load.
    std::uint16_t pick(std::uint64_t hash) const { return owners_[arc_of(hash)]; }

    /// Number of arcs that each member serves; empty if the ring serves nothing.
    std::span<const std::uint32_t> arcs_served() const { return arcs_served_; }

    /// What part of the keys (0..1) the endpoint serves.
    double share(std::size_t index) const {
        if (index >= arcs_served_.size()) return 0;
        return static_cast<double>(arcs_served_[index]) / static_cast<double>(arc_count);
    }

    /// Share of the arcs (0..1) that `previous` had with another endpoint.  `renumbered` holds for
    /// each index of `previous` the index of the same endpoint here, `no_endpoint` if it is gone.
    double moved_ratio(const PublishedRing &previous,
                       std::span<const std::uint16_t> renumbered) const;

private:
    void count_arcs(std::size_t members);

    std::array<std::uint16_t, arc_count> owners_{};
    std::vector<std::uint32_t> arcs_served_;
};

}  // namespace uvoy::cluster
