#include <algorithm>
#include <cassert>
#include <cmath>

#include "cluster/level_shares.h"
#include "cluster/snapshot.h"

// How a snapshot picks, policy by policy.
namespace uvoy::cluster {

namespace {

using Indexes = std::span<const std::uint16_t>;

bool contains(Indexes indexes, std::uint16_t index) {
    return std::ranges::find(indexes, index) != indexes.end();
}

/// The first of `indexes` from place `from` on, round to where it began, that is `usable`.
std::uint16_t first_from(Indexes indexes, std::uint32_t from, std::size_t steps, auto usable) {
    const std::size_t start = from % indexes.size();
    for (std::size_t step = 0; step < steps; ++step) {
        const std::size_t place = start + step;
        const std::uint16_t index =
            indexes[place < indexes.size() ? place : place - indexes.size()];
        if (usable(index)) return index;
    }
    return no_endpoint;
}

/// The same by turns in the schedule.  A heavy endpoint fills many slots in a row when there are
/// few others, so after some of them each endpoint is looked at once.
std::uint16_t next_turn(Indexes schedule, Indexes eligible, std::uint32_t from, auto usable) {
    constexpr std::size_t slots_to_try = 8;
    const std::size_t steps = std::min(schedule.size(), slots_to_try);
    const std::uint16_t index = first_from(schedule, from, steps, usable);
    if (index != no_endpoint) return index;
    return first_from(eligible, from, eligible.size(), usable);
}

/// What `pick` finds in the level of `home`, or else in one of the others.
std::uint16_t from_home(std::size_t home, std::size_t levels, auto pick) {
    const std::uint16_t index = pick(home);
    if (index != no_endpoint || levels == 1) return index;
    for (std::size_t level = 0; level < levels; ++level) {
        if (level == home) continue;
        const std::uint16_t other = pick(level);
        if (other != no_endpoint) return other;
    }
    return no_endpoint;
}

}  // namespace

std::uint16_t Snapshot::pick_with_care(const PickInput &input) const {
    if (!served_) return no_endpoint;
    std::uint16_t picked = no_endpoint;
    if (panic_ && !input.tried.empty()) picked = pick_healthy(input);
    if (picked == no_endpoint) picked = pick_untried(input);
    if (picked == no_endpoint)  // all were tried
        picked = pick_untried({input.hash, input.random, input.cursor, {}, input.now});
    assert(picked != no_endpoint);
    return picked;
}

std::uint16_t Snapshot::pick_untried(const PickInput &input) const {
    return ring_ ? pick_from_ring(input) : pick_in_turn(input);
}

std::size_t Snapshot::level_of_hash(std::uint64_t hash) const {
    return shares_.size() == 1 ? 0 : level_of(shares_, Rendezvous::arc_key(arc_of(hash)));
}

bool Snapshot::over_bound(std::uint16_t index) const {
    if (!load_) return false;
    const auto mine = endpoint(index)->in_flight.load(std::memory_order_relaxed) + 1;
    const auto all = load_->in_flight.load(std::memory_order_relaxed) + 1;
    return mine > std::ceil(bounds_[index] * all);
}

std::uint16_t Snapshot::pick_from_ring(const PickInput &input) const {
    const std::uint16_t owner = ring_->pick(input.hash);
    if (!contains(input.tried, owner) && !over_bound(owner)) return owner;
    const std::uint16_t arc = arc_of(input.hash);
    return from_home(level_of_hash(input.hash), levels_.size(), [&](std::size_t level) {
        const MembershipRing &ring = *membership_->levels()[level].ring;
        const auto usable = [&](std::uint16_t index) {
            return ramps_[index] > 0 && !contains(input.tried, index);
        };
        const auto takes = [&](std::uint16_t index) {
            return usable(index) && ring.takes(index, arc, ramps_[index]);
        };
        std::uint16_t index = no_endpoint;
        if (load_)
            index = ring.first(arc, [&](std::uint16_t i) { return takes(i) && !over_bound(i); });
        if (index == no_endpoint) index = ring.first(arc, takes);
        if (index == no_endpoint) index = ring.first(arc, usable);
        return index;
    });
}

std::uint16_t Snapshot::pick_in_turn(const PickInput &input) const {
    const std::size_t home = levels_.size() == 1 ? 0 : level_of(shares_, input.random.next());
    return from_home(home, levels_.size(), [&](std::size_t level) {
        return levels_[level].eligible.empty() ? no_endpoint : pick_in_level(levels_[level], input);
    });
}

std::uint16_t Snapshot::pick_in_level(const Level &level, const PickInput &input) const {
    const auto untried = [&](std::uint16_t index) { return !contains(input.tried, index); };
    const Policy policy = membership_->balancing().policy;
    if (policy == Policy::least_request || policy == Policy::peak_ewma)
        return pick_of_two(level, input);
    const std::uint32_t from =
        policy == Policy::round_robin
            ? input.cursor++
            : input.random.below(static_cast<std::uint32_t>(level.schedule.size()));
    return next_turn(level.schedule, level.eligible, from, untried);
}

std::uint16_t Snapshot::pick_of_two(const Level &level, const PickInput &input) const {
    const auto size = static_cast<std::uint32_t>(level.schedule.size());
    const std::uint32_t slot = input.random.below(size);
    const auto untried = [&](std::uint16_t index) { return !contains(input.tried, index); };
    const std::uint16_t one = next_turn(level.schedule, level.eligible, slot, untried);
    if (one == no_endpoint || size == 1) return one;

    const std::uint32_t other_slot = slot + 1 + input.random.below(size - 1);
    const auto another = [&](std::uint16_t index) { return index != one && untried(index); };
    const std::uint16_t two = next_turn(level.schedule, level.eligible, other_slot, another);
    if (two == no_endpoint) return one;

    return better(two, one, input.now) ? two : one;
}

/// Whether a request costs less with `index` than with `other`.
bool Snapshot::better(std::uint16_t index, std::uint16_t other, TimePoint now) const {
    const std::uint64_t weight = share(index);
    const std::uint64_t others = share(other);
    const Endpoint &mine = *endpoint(index);
    const Endpoint &its = *endpoint(other);
    // Per weight.
    const std::uint64_t load = mine.in_flight.load(std::memory_order_relaxed) * others;
    const std::uint64_t other_load = its.in_flight.load(std::memory_order_relaxed) * weight;
    if (membership_->balancing().policy == Policy::least_request) return load < other_load;

    const std::uint64_t latency = mine.latency.latency(now);
    const std::uint64_t other_latency = its.latency.latency(now);
    // Who was never seen is taken to be as fast as the other.
    if (latency == 0 || other_latency == 0) return load < other_load;
    // The request itself counts the same with both, for they were drawn by weight.
    const std::uint64_t request = std::min(weight, others);
    return static_cast<double>(latency) * static_cast<double>(load + request) <
           static_cast<double>(other_latency) * static_cast<double>(other_load + request);
}

/// In a panic, when a try has failed already.
std::uint16_t Snapshot::pick_healthy(const PickInput &input) const {
    const auto usable = [&](std::uint16_t index) {
        return states_[index].healthy && !contains(input.tried, index);
    };
    const std::size_t home = ring_ ? level_of_hash(input.hash) : 0;
    return from_home(home, levels_.size(), [&](std::size_t level) {
        if (ring_) return membership_->levels()[level].ring->first(arc_of(input.hash), usable);
        const Indexes eligible = levels_[level].eligible;
        const auto size = static_cast<std::uint32_t>(eligible.size());
        if (size == 0) return no_endpoint;
        return first_from(eligible, input.random.below(size), size, usable);
    });
}

}  // namespace uvoy::cluster
