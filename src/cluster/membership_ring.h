#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "cluster/favourites.h"
#include "cluster/rendezvous.h"

namespace uvoy::cluster {

/// How many arcs a member of each weight may own: 1.05 times its share, and at least one.  Together
/// they may own all of them.
std::vector<std::uint32_t> arc_capacities(std::span<const std::uint32_t> weights);

/// Who serves which arc, whatever anybody's health: for each arc the owner and those who come next.
/// Built when endpoints, weights or the seed change.  Every uvoy with the same names, weights and
/// seed builds the same ring, in whatever order they are listed.
///
/// Owners are given by Maglev's population, or found by weighted rendezvous hashing under a cap: no
/// endpoint owns more than 1.05 times its fair share (but one arc if that is less than one).  Of
/// all pairs (arc, endpoint) the one of the lowest cost is settled first; a full endpoint leaves
/// its costliest arcs to the next.
class MembershipRing {
public:
    /// Owner first, then the best of the others; `no_endpoint` where there are not so many.
    using Choices = cluster::Choices;
    static constexpr std::size_t choice_count = cluster::choice_count;

    /// How owners are found.  The choices after them are those of rendezvous hashing.
    enum class Owners : std::uint8_t { rendezvous, maglev };

    /// Names are unique, and there are fewer than `no_endpoint` members.  With the ring of a few
    /// members less, or more, it is the same one, made in a fraction of the time.
    MembershipRing(std::span<const Member> members, std::uint64_t seed,
                   Owners owners = Owners::rendezvous, const MembershipRing *former = nullptr);

    const Choices &choices(std::uint16_t arc) const { return choices_[arc]; }

    /// Who serves `arc` when only the endpoints whose index is `usable` may: the first of its
    /// choices, else the winner of rendezvous hashing among them; `no_endpoint` if there is none.
    std::uint16_t first(std::uint16_t arc, std::predicate<std::uint16_t> auto usable) const {
        for (const std::uint16_t choice : choices_[arc])
            if (choice != no_endpoint && usable(choice)) return choice;
        return rendezvous_.best(arc, usable);
    }

    /// Rendezvous::takes().
    bool takes(std::uint16_t index, std::uint16_t arc, std::uint16_t ramp) const {
        return rendezvous_.takes(index, arc, ramp);
    }

    /// Number of members, empty places included.
    std::size_t size() const { return rendezvous_.size(); }

    /// Equal where names and the first three choices of every arc are.
    std::uint64_t fingerprint() const { return fingerprint_; }

private:
    class Search;

    void settle(const Search &search, std::span<const Member> members);
    void populate(const Search &search);
    void set_owner(std::uint16_t arc, std::uint16_t rank);
    void find_fingerprint();
    void to_indexes();

    Rendezvous rendezvous_;
    std::vector<Choices> choices_;
    std::vector<std::uint16_t> dropped_;  // by arc: the favourite whose place an owner took that is
                                          // none; else no_endpoint
    std::uint64_t fingerprint_ = 0;
};

}  // namespace uvoy::cluster
