#include "cluster/membership_ring.h"

#include <algorithm>
#include <cassert>
#include <numeric>
#include <queue>

#include "cluster/maglev.h"

namespace uvoy::cluster {

namespace {

/// Members are numbered by rank here, their place in the order of names, because that does not
/// depend on the order in which they are listed.
using Rank = std::uint16_t;
using Choices = MembershipRing::Choices;

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

/// The endpoints of lowest cost for an arc, best first.
struct Favourites {
    Choices ranks;
    std::uint64_t lowest_cost;
};

Favourites favourites(const Rendezvous &rendezvous, std::uint16_t arc) {
    const std::uint64_t key = Rendezvous::arc_key(arc);
    Favourites result{};
    result.ranks.fill(no_endpoint);
    std::array<std::uint64_t, MembershipRing::choice_count> costs{};
    costs.fill(UINT64_MAX);
    Rank rank = 0;
    for (const auto &candidate : rendezvous.candidates()) {
        const std::uint64_t cost = Rendezvous::cost(key, candidate);
        if (cost < costs.back()) {
            std::size_t place = costs.size() - 1;
            for (; place > 0 && cost < costs[place - 1]; --place) {
                costs[place] = costs[place - 1];
                result.ranks[place] = result.ranks[place - 1];
            }
            costs[place] = cost;
            result.ranks[place] = rank;
        }
        ++rank;
    }
    result.lowest_cost = costs.front();
    return result;
}

/// By rank.
std::vector<std::uint32_t> capacities(const Rendezvous &rendezvous,
                                      std::span<const Member> members) {
    std::vector<std::uint32_t> weights;
    weights.reserve(members.size());
    for (const auto &candidate : rendezvous.candidates())
        weights.push_back(members[candidate.index].weight);
    return arc_capacities(weights);
}

/// The best bid for `arc` of those who still have room.
Bid next_bid(const Rendezvous &rendezvous, std::uint16_t arc, std::span<const std::uint32_t> room) {
    const std::uint64_t key = Rendezvous::arc_key(arc);
    Bid result{.cost = UINT64_MAX, .arc = arc, .rank = no_endpoint};
    Rank rank = 0;
    for (const auto &candidate : rendezvous.candidates()) {
        if (room[rank] > 0) {
            const std::uint64_t cost = Rendezvous::cost(key, candidate);
            if (cost < result.cost) result = {.cost = cost, .arc = arc, .rank = rank};
        }
        ++rank;
    }
    return result;
}

/// Puts `owner` first and keeps the order of the others; the last one drops out if it was not among
/// them.
void put_first(Choices &choices, Rank owner) {
    const auto found = std::ranges::find(choices, owner);
    const auto end = found == choices.end() ? choices.end() : found + 1;
    std::move_backward(choices.begin(), end - 1, end);
    choices.front() = owner;
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

MembershipRing::MembershipRing(std::span<const Member> members, std::uint64_t seed, Owners owners)
    : rendezvous_{members, seed}, choices_(arc_count) {
    if (rendezvous_.candidates().empty()) {
        for (Choices &choices : choices_) choices.fill(no_endpoint);
        return;
    }
    if (owners == Owners::maglev) {
        const std::vector<Rank> population = maglev_owners(rendezvous_);
        for (std::size_t i = 0; i < arc_count; ++i) {
            choices_[i] = favourites(rendezvous_, static_cast<std::uint16_t>(i)).ranks;
            put_first(choices_[i], population[i]);
        }
    } else {
        settle(members);
    }
    find_fingerprint();
    for (Choices &choices : choices_)
        for (std::uint16_t &choice : choices)
            if (choice != no_endpoint) choice = rendezvous_.candidates()[choice].index;
}

/// Owners by bids, and the best of the others after them.
void MembershipRing::settle(std::span<const Member> members) {
    std::vector<Bid> bids;
    bids.reserve(arc_count);
    for (std::size_t i = 0; i < arc_count; ++i) {
        const auto arc = static_cast<std::uint16_t>(i);
        const Favourites best = favourites(rendezvous_, arc);
        choices_[arc] = best.ranks;
        bids.push_back({.cost = best.lowest_cost, .arc = arc, .rank = best.ranks.front()});
    }

    std::vector<std::uint32_t> room = capacities(rendezvous_, members);
    std::priority_queue<Bid> queue{std::less<Bid>{}, std::move(bids)};
    while (!queue.empty()) {
        const Bid bid = queue.top();
        queue.pop();
        if (room[bid.rank] == 0) {
            queue.push(next_bid(rendezvous_, bid.arc, room));
            continue;
        }
        --room[bid.rank];
        put_first(choices_[bid.arc], bid.rank);
    }
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

}  // namespace uvoy::cluster
