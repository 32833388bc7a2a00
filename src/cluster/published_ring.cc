#include "cluster/published_ring.h"

#include <algorithm>
#include <bit>
#include <cassert>

#include "cluster/level_shares.h"

namespace uvoy::cluster {

namespace {

/// Finds who serves an arc.
class Servers {
public:
    explicit Servers(std::span<const std::uint16_t> ramps) : ramps_{ramps} {
        for (const std::uint16_t ramp : ramps) serving_.push_back(ramp > 0 ? 1 : 0);
    }

    std::uint16_t of(const MembershipRing &ring, std::uint16_t arc) const {
        const MembershipRing::Choices &choices = ring.choices(arc);
        if (choices.back() == no_endpoint) return search(ring, arc);
        // Without a branch for each of them: who is out cannot be foretold.
        unsigned usable = 0;
        for (std::size_t i = 0; i < choices.size(); ++i)
            usable |= unsigned{serving_[choices[i]]} << i;
        if (usable == 0) return search(ring, arc);
        const std::uint16_t first = choices[static_cast<std::size_t>(std::countr_zero(usable))];
        return ramps_[first] >= full_ramp ? first : search(ring, arc);
    }

private:
    std::uint16_t search(const MembershipRing &ring, std::uint16_t arc) const {
        const auto serves = [&](std::uint16_t index) { return serving_[index] != 0; };
        const std::uint16_t found = ring.first(arc, [&](std::uint16_t index) {
            return serves(index) && ring.takes(index, arc, ramps_[index]);
        });
        // Better one that is starting than none.
        return found != no_endpoint ? found : ring.first(arc, serves);
    }

    std::span<const std::uint16_t> ramps_;
    std::vector<std::uint8_t> serving_;
};

}  // namespace

PublishedRing::PublishedRing(const MembershipRing &membership,
                             std::span<const std::uint16_t> ramps) {
    assert(ramps.size() == membership.size());
    const Servers servers{ramps};
    for (std::size_t i = 0; i < arc_count; ++i)
        owners_[i] = servers.of(membership, static_cast<std::uint16_t>(i));
    count_arcs(ramps.size());
}

PublishedRing::PublishedRing(std::span<const MembershipRing *const> rings,
                             std::span<const std::uint64_t> shares,
                             std::span<const std::uint16_t> ramps) {
    assert(!rings.empty() && rings.size() == shares.size());
    const Servers servers{ramps};
    for (std::size_t i = 0; i < arc_count; ++i) {
        const auto arc = static_cast<std::uint16_t>(i);
        owners_[i] = servers.of(*rings[level_of(shares, Rendezvous::arc_key(arc))], arc);
    }
    count_arcs(ramps.size());
}

void PublishedRing::count_arcs(std::size_t members) {
    // In turn in several rows: few endpoints have many arcs in a row, and each count would wait for
    // the one before to be stored.  The last column is that of nobody.
    constexpr std::size_t rows = 8;
    const std::size_t columns = members + 1;
    std::vector<std::uint32_t> counts(rows * columns);
    for (std::size_t arc = 0; arc < arc_count; ++arc)
        ++counts[arc % rows * columns + std::min<std::size_t>(owners_[arc], members)];
    arcs_served_.resize(members);
    for (std::size_t i = 0; i < counts.size(); ++i)
        if (i % columns < members) arcs_served_[i % columns] += counts[i];
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
