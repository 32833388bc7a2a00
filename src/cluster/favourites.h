#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "cluster/rendezvous.h"

namespace uvoy::cluster {

/// So many that where half of a hundred are out, hardly an arc is left to rendezvous hashing, which
/// looks at each endpoint.
inline constexpr std::size_t choice_count = 8;

/// Endpoints by number, `no_endpoint` behind the last of them.
using Choices = std::array<std::uint16_t, choice_count>;

/// The candidates of lowest cost for an arc, by rank (their place in Rendezvous::candidates(),
/// which does not depend on the order in which endpoints are listed).  Of equal costs the lower
/// rank comes first.
class Favourites {
public:
    Favourites() {
        ranks_.fill(no_endpoint);
        costs_.fill(UINT64_MAX);
    }
    /// Of all candidates.
    Favourites(const Rendezvous &rendezvous, std::uint16_t arc);

    /// Best first.
    const Choices &ranks() const { return ranks_; }
    std::uint64_t lowest_cost() const { return costs_.front(); }

    /// Takes it in if it is among the best.  Nobody is offered twice.
    void offer(std::uint16_t rank, std::uint64_t cost);

private:
    Choices ranks_;
    std::array<std::uint64_t, choice_count> costs_;
};

/// What is known of every arc's favourites from a ring with other candidates.  To look at those who
/// are new is enough for most arcs, so the work follows the number of changes and not that of
/// endpoints: where one of some hundred comes, goes or changes its weight, a tenth of it is left
/// or less.
class FormerFavourites {
public:
    /// Both live longer.
    FormerFavourites(const Rendezvous &former, const Rendezvous &now);

    /// False: too little of what is known is true of `now` to be of use.
    bool useful() const { return useful_; }

    /// Equal to Favourites{now, arc}.  `known` are those of the former ring, in any order, by index
    /// in its list of members.
    Favourites update(std::uint16_t arc, const Choices &known) const;

private:
    const Rendezvous &former_;
    const Rendezvous &now_;
    std::vector<std::uint16_t> former_rank_;  // by former index
    std::vector<std::uint16_t> rank_;         // by former rank; no_endpoint: gone or changed
    std::vector<std::uint16_t> fresh_;        // ranks of those that are new or changed
    bool useful_ = false;
};

}  // namespace uvoy::cluster
