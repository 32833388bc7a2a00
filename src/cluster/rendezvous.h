#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "base/random.h"
#include "cluster/endpoint_state.h"
#include "cluster/negative_log.h"

namespace uvoy::cluster {

/// The circle of 64-bit hashes is cut into this many equal arcs (virtual nodes).
inline constexpr std::size_t arc_count = 65'536;

/// "No endpoint", where an index is expected.
inline constexpr std::uint16_t no_endpoint = 0xffff;

/// The arc that a key's hash falls on.
constexpr std::uint16_t arc_of(std::uint64_t hash) {
    return static_cast<std::uint16_t>(hash >> 48);
}

/// What the ring needs to know of an endpoint.
struct Member {
    std::string_view name;
    std::uint32_t weight;  ///< 0: the place is empty, only its index counts
};

/// Weighted rendezvous hashing (Thaler, Ravishankar 1998; weights after Schindelhauer, Schomaker
/// 2005): for every arc each endpoint has the cost -log(h) / weight with h = hash of (endpoint,
/// arc) in 0..1, and the lowest cost wins, so an endpoint's share follows its weight, and its
/// leaving moves only what it owned.  Costs are integers, and depend on names, weights and the seed
/// only.
class Rendezvous {
public:
    /// Names are unique, and there are fewer than `no_endpoint` members.
    Rendezvous(std::span<const Member> members, std::uint64_t seed);

    struct Candidate {
        std::uint64_t identity;        ///< keyed hash of the name
        std::uint32_t inverse_weight;  ///< 2^32 - 1 for the lightest, less for heavier ones
        std::uint32_t weight;
        std::uint16_t index;  ///< in the list of members
    };

    /// In the order of names: where costs are equal, the earlier candidate wins.
    std::span<const Candidate> candidates() const { return candidates_; }

    /// Number of members, empty places included.
    std::size_t size() const { return identities_.size(); }

    static std::uint64_t cost(std::uint64_t arc_key, const Candidate &candidate) {
        return negative_log2(mix(candidate.identity ^ arc_key)) * candidate.inverse_weight;
    }

    /// Whether the endpoint takes `arc` with this part of its share: each arc has a threshold of
    /// its own, drawn apart from its cost, so what it takes grows with `ramp` and never shrinks.
    bool takes(std::uint16_t index, std::uint16_t arc, std::uint16_t ramp) const {
        return ramp >= full_ramp || mix(identities_[index] ^ arc_key(arc)) % full_ramp < ramp;
    }

    static constexpr std::uint64_t arc_key(std::uint16_t arc) { return mix(arc); }

    /// The winner of `arc` among the endpoints whose index is `eligible`, or `no_endpoint`.
    std::uint16_t best(std::uint16_t arc, std::predicate<std::uint16_t> auto eligible) const {
        const std::uint64_t key = arc_key(arc);
        std::uint16_t winner = no_endpoint;
        std::uint64_t lowest = UINT64_MAX;  // above any cost
        for (const Candidate &candidate : candidates_) {
            if (!eligible(candidate.index)) continue;
            const std::uint64_t its_cost = cost(key, candidate);
            if (its_cost >= lowest) continue;
            winner = candidate.index;
            lowest = its_cost;
        }
        return winner;
    }

private:
    std::vector<Candidate> candidates_;
    std::vector<std::uint64_t> identities_;  // by index
};

}  // namespace uvoy::cluster
