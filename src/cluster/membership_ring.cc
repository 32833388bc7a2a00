#include "cluster/membership_ring.h"

#include <algorithm>
#include <cassert>
#include <numeric>
#include <optional>
#include <queue>

#include "cluster/maglev.h"

namespace uvoy::cluster {

namespace {

/// Members are numbered by rank here, their place in the order of names, because that does not
/// depend on the order in which they are listed.
using Rank = std::uint16_t;

/// A pair (arc, endpoint) that may be settled.
struct Bid {
    std::uint64_t cost;
    std::uint16_t arc;
    Rank rank;

    /// For the queue, whose top is the greatest.
    bool operator<(const Bid &other) const {
        return cost != other.cost ? cost > other.cost : arc > other.arc;
    }
};

/// By rank.
std::vector<std::uint32_t> capacities(const Rendezvous &rendezvous,
                                      std::span<const Member> members) {
    std::vector<std::uint32_t> weights;
    weights.reserve(members.size());
    for (const auto &candidate : rendezvous.candidates())
        weights.push_back(members[candidate.index].weight);
    return arc_capacities(weights);
}

/// The best bid for `arc`, whose favourites are given, of those who still have room.
Bid next_bid(const Rendezvous &rendezvous, std::uint16_t arc, const Choices &favourites,
             std::span<const std::uint32_t> room) {
    const std::uint64_t key = Rendezvous::arc_key(arc);
    const auto candidates = rendezvous.candidates();
    for (const Rank rank : favourites)
        if (rank != no_endpoint && room[rank] > 0)
            return {.cost = Rendezvous::cost(key, candidates[rank]), .arc = arc, .rank = rank};
    Bid result{.cost = UINT64_MAX, .arc = arc, .rank = no_endpoint};
    Rank rank = 0;
    for (const auto &candidate : candidates) {
        if (room[rank] > 0) {
            const std::uint64_t cost = Rendezvous::cost(key, candidate);
            if (cost < result.cost) result = {.cost = cost, .arc = arc, .rank = rank};
        }
        ++rank;
    }
    return result;
}

}  // namespace

std::vector<std::uint32_t> arc_capacities(std::span<const std::uint32_t> weights) {
    const auto total = std::accumulate(weights.begin(), weights.end(), std::uint64_t{0});
    assert(total > 0);
    std::vector<std::uint32_t> result;
    result.reserve(weights.size());
    for (const std::uint64_t weight : weights) {
        const std::uint64_t arcs = arc_count * 105 * weight / (100 * total);
        result.push_back(std::max(std::uint32_t{1}, static_cast<std::uint32_t>(arcs)));
    }
    // With thousands of members what is rounded down may be more than the cap allows for.
    const auto room = std::accumulate(result.begin(), result.end(), std::uint64_t{0});
    if (room < arc_count)
        for (std::uint32_t &arcs : result) ++arcs;
    return result;
}

/// Finds favourites, by what a former ring knows where that helps.
class MembershipRing::Search {
public:
    Search(const Rendezvous &rendezvous, const MembershipRing *former) : rendezvous_{rendezvous} {
        if (former == nullptr) return;
        known_.emplace(former->rendezvous_, rendezvous);
        if (known_->useful()) former_ = former;
    }

    Favourites operator()(std::uint16_t arc) const {
        if (former_ == nullptr) return Favourites{rendezvous_, arc};
        Choices known = former_->choices_[arc];
        if (former_->dropped_[arc] != no_endpoint) known.front() = former_->dropped_[arc];
        return known_->update(arc, known);
    }

private:
    const Rendezvous &rendezvous_;
    std::optional<FormerFavourites> known_;
    const MembershipRing *former_ = nullptr;
};

MembershipRing::MembershipRing(std::span<const Member> members, std::uint64_t seed, Owners owners,
                               const MembershipRing *former)
    : rendezvous_{members, seed}, choices_(arc_count), dropped_(arc_count, no_endpoint) {
    if (rendezvous_.candidates().empty()) {
        for (Choices &choices : choices_) choices.fill(no_endpoint);
        return;
    }
    const Search search{rendezvous_, former};
    if (owners == Owners::maglev) populate(search);
    else settle(search, members);
    find_fingerprint();
    to_indexes();
}

/// Owners by Maglev's population, and the best of the others after them.
void MembershipRing::populate(const Search &search) {
    const std::vector<Rank> population = maglev_owners(rendezvous_);
    for (std::size_t i = 0; i < arc_count; ++i) {
        const auto arc = static_cast<std::uint16_t>(i);
        choices_[arc] = search(arc).ranks();
        set_owner(arc, population[arc]);
    }
}

/// Owners by bids, and the best of the others after them.
void MembershipRing::settle(const Search &search, std::span<const Member> members) {
    std::vector<Bid> bids;
    bids.reserve(arc_count);
    for (std::size_t i = 0; i < arc_count; ++i) {
        const auto arc = static_cast<std::uint16_t>(i);
        const Favourites best = search(arc);
        choices_[arc] = best.ranks();
        bids.push_back({.cost = best.lowest_cost(), .arc = arc, .rank = best.ranks().front()});
    }
    // Sorted once: those who come back for another place are few, and are the queue's.
    std::ranges::sort(bids, [](const Bid &one, const Bid &other) { return other < one; });

    std::vector<std::uint32_t> room = capacities(rendezvous_, members);
    std::priority_queue<Bid> again;
    for (auto next = bids.begin(); next != bids.end() || !again.empty();) {
        const bool first = again.empty() || (next != bids.end() && again.top() < *next);
        const Bid bid = first ? *next : again.top();
        if (first) ++next;
        else again.pop();
        if (room[bid.rank] == 0) {
            again.push(next_bid(rendezvous_, bid.arc, choices_[bid.arc], room));
            continue;
        }
        --room[bid.rank];
        set_owner(bid.arc, bid.rank);
    }
}

/// Puts it first and keeps the order of the others; the last one drops out if it was not among
/// them.
void MembershipRing::set_owner(std::uint16_t arc, std::uint16_t rank) {
    Choices &choices = choices_[arc];
    const auto found = std::ranges::find(choices, rank);
    dropped_[arc] = found == choices.end() ? choices.back() : no_endpoint;
    const auto end = found == choices.end() ? choices.end() : found + 1;
    std::move_backward(choices.begin(), end - 1, end);
    choices.front() = rank;
}

/// While choices are ranks, which do not depend on the order of the list.
void MembershipRing::find_fingerprint() {
    for (const auto &candidate : rendezvous_.candidates())
        fingerprint_ = mix(fingerprint_ ^ candidate.identity);
    for (const Choices &choices : choices_) {
        const std::uint64_t packed =
            choices[0] | std::uint64_t{choices[1]} << 16 | std::uint64_t{choices[2]} << 32;
        fingerprint_ = mix(fingerprint_ ^ packed);
    }
}

void MembershipRing::to_indexes() {
    const auto convert = [this](std::uint16_t &rank) {
        if (rank != no_endpoint) rank = rendezvous_.candidates()[rank].index;
    };
    for (Choices &choices : choices_) std::ranges::for_each(choices, convert);
    std::ranges::for_each(dropped_, convert);
}

}  // namespace uvoy::cluster
