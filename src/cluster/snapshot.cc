#include "cluster/snapshot.h"

#include <algorithm>
#include <cassert>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "cluster/schedule.h"

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

}  // namespace

Snapshot::Snapshot(std::shared_ptr<const Membership> membership, std::vector<EndpointState> states)
    : membership_{std::move(membership)}, states_{std::move(states)} {
    const auto &endpoints = membership_->endpoints();
    assert(states_.size() == endpoints.size());
    std::uint64_t total_weight = 0;
    std::uint64_t weight_out = 0;
    for (const auto &endpoint : endpoints) {
        if (!endpoint) continue;
        total_weight += endpoint->weight;
        if (states_[endpoint->index].healthy) ++healthy_count_;
        else weight_out += endpoint->weight;
    }
    const Balancing &balancing = membership_->balancing();
    panic_ = weight_out * 10'000 > total_weight * balancing.panic_threshold;

    ramps_.resize(endpoints.size());
    std::vector<std::uint64_t> shares;
    for (const auto &endpoint : endpoints) {
        if (!endpoint || (!panic_ && !states_[endpoint->index].healthy)) continue;
        std::uint16_t &ramp = ramps_[endpoint->index];
        ramp = panic_ ? full_ramp : std::max<std::uint16_t>(1, states_[endpoint->index].ramp);
        eligible_.push_back(endpoint->index);
        shares.push_back(share(endpoint->index));
    }
    if (balancing.policy == Policy::ring_hash) {
        ring_ = std::make_unique<const PublishedRing>(*membership_->ring(), ramps_);
        return;
    }
    schedule_ = weighted_schedule(shares);
    for (std::uint16_t &turn : schedule_) turn = eligible_[turn];
}

std::uint64_t Snapshot::share(std::uint16_t index) const {
    return std::uint64_t{endpoint(index)->weight} * ramps_[index];
}

std::optional<std::uint16_t> Snapshot::pick(const PickInput &input) const {
    if (eligible_.empty()) return std::nullopt;
    std::uint16_t picked = no_endpoint;
    if (panic_ && !input.tried.empty()) picked = pick_healthy(input);
    if (picked == no_endpoint) picked = pick_by_policy(input);
    if (picked == no_endpoint)  // all were tried
        picked = pick_by_policy({input.hash, input.random, input.cursor, {}});
    assert(picked != no_endpoint);
    return picked;
}

std::uint16_t Snapshot::pick_by_policy(const PickInput &input) const {
    const auto untried = [&](std::uint16_t index) { return !contains(input.tried, index); };
    switch (membership_->balancing().policy) {
        case Policy::ring_hash:
            return pick_from_ring(input);
        case Policy::least_request:
            return pick_less_busy(input);
        case Policy::round_robin:
            return next_turn(schedule_, eligible_, input.cursor++, untried);
        case Policy::random:
            break;
    }
    const auto size = static_cast<std::uint32_t>(schedule_.size());
    return next_turn(schedule_, eligible_, input.random.below(size), untried);
}

std::uint16_t Snapshot::pick_from_ring(const PickInput &input) const {
    const std::uint16_t owner = ring_->pick(input.hash);
    if (!contains(input.tried, owner)) return owner;
    const MembershipRing &ring = *membership_->ring();
    const std::uint16_t arc = arc_of(input.hash);
    const auto usable = [&](std::uint16_t index) {
        return ramps_[index] > 0 && !contains(input.tried, index);
    };
    const std::uint16_t next = ring.first(arc, [&](std::uint16_t index) {
        return usable(index) && ring.takes(index, arc, ramps_[index]);
    });
    return next != no_endpoint ? next : ring.first(arc, usable);
}

std::uint16_t Snapshot::pick_less_busy(const PickInput &input) const {
    const auto size = static_cast<std::uint32_t>(schedule_.size());
    const std::uint32_t slot = input.random.below(size);
    const auto untried = [&](std::uint16_t index) { return !contains(input.tried, index); };
    const std::uint16_t one = next_turn(schedule_, eligible_, slot, untried);
    if (one == no_endpoint || size == 1) return one;

    const std::uint32_t other_slot = slot + 1 + input.random.below(size - 1);
    const auto another = [&](std::uint16_t index) { return index != one && untried(index); };
    const std::uint16_t two = next_turn(schedule_, eligible_, other_slot, another);
    if (two == no_endpoint) return one;

    const auto load = [&](std::uint16_t index, std::uint16_t against) {
        const std::uint64_t in_flight = endpoint(index)->in_flight.load(std::memory_order_relaxed);
        return in_flight * share(against);
    };
    return load(two, one) < load(one, two) ? two : one;
}

/// In a panic, when a try has failed already.
std::uint16_t Snapshot::pick_healthy(const PickInput &input) const {
    const auto usable = [&](std::uint16_t index) {
        return states_[index].healthy && !contains(input.tried, index);
    };
    if (ring_) return membership_->ring()->first(arc_of(input.hash), usable);
    const auto size = static_cast<std::uint32_t>(eligible_.size());
    return first_from(eligible_, input.random.below(size), size, usable);
}

double Snapshot::moved_ratio(const Snapshot &previous) const {
    if (!ring_ || !previous.ring_) return 0;
    std::unordered_map<std::string_view, std::uint16_t> index_of;
    for (const auto &endpoint : membership_->endpoints())
        if (endpoint) index_of.emplace(endpoint->name, endpoint->index);
    std::vector<std::uint16_t> renumbered;
    for (const auto &endpoint : previous.membership_->endpoints()) {
        const auto found = endpoint ? index_of.find(endpoint->name) : index_of.end();
        renumbered.push_back(found == index_of.end() ? no_endpoint : found->second);
    }
    return ring_->moved_ratio(*previous.ring_, renumbered);
}

}  // namespace uvoy::cluster
