#include "cluster/snapshot.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "cluster/level_shares.h"
#include "cluster/schedule.h"
#include "cluster/trial.h"

namespace uvoy::cluster {

namespace {

/// Coarser parts of a ramp keep schedules short and sums small.
std::uint64_t grains(std::uint16_t ramp) {
    return std::max<std::uint64_t>(1, ramp / Trial::first_share);
}

/// Of a healthy endpoint; trials count beside others that can be relied upon.
std::uint16_t ramp_of(const EndpointState &state, bool trials_count) {
    const std::uint32_t trial = trials_count ? state.trial : full_ramp;
    return static_cast<std::uint16_t>(std::max(1U, state.ramp * trial / full_ramp));
}

}  // namespace

Snapshot::Snapshot(std::shared_ptr<const Membership> membership, std::vector<EndpointState> states)
    : membership_{std::move(membership)}, states_{std::move(states)} {
    assert(states_.size() == membership_->endpoints().size());
    judge();
    weigh();
    if (membership_->hashed() && served_) {
        std::vector<const MembershipRing *> rings;
        for (const Membership::Level &level : membership_->levels())
            rings.push_back(level.ring.get());
        ring_ = rings.size() == 1 ? std::make_unique<const PublishedRing>(*rings.front(), ramps_)
                                  : std::make_unique<const PublishedRing>(rings, shares_, ramps_);
        bound();
    } else if (membership_->hashed()) {
        ring_ = std::make_unique<const PublishedRing>();
    }
}

/// Counts who is healthy, and decides on a panic.
void Snapshot::judge() {
    std::vector<LevelWeight> weights;
    std::uint64_t total = 0;
    std::uint64_t out = 0;
    for (const Membership::Level &level : membership_->levels()) {
        LevelWeight &weight =
            weights.emplace_back(LevelWeight{.serving = 0, .total = level.weight});
        for (const std::uint16_t index : level.indexes) {
            if (!states_[index].healthy) continue;
            weight.serving += endpoint(index)->weight_now();
            ++healthy_count_;
        }
        total += weight.total;
        out += weight.total - weight.serving;
    }
    panic_ = out * 10'000 > total * membership_->balancing().panic_threshold;
    // Those that stand by for others are many, and may carry everything.
    if (weights.size() > 1 && levels_suffice(weights)) panic_ = false;
}

/// Decides who serves how much.
void Snapshot::weigh() {
    ramps_.resize(states_.size());
    std::vector<LevelWeight> weights;
    for (const Membership::Level &level : membership_->levels()) {
        LevelWeight &weight = weights.emplace_back(
            LevelWeight{.serving = 0, .total = level.weight * grains(full_ramp)});
        Level &served = levels_.emplace_back();
        std::vector<std::uint64_t> turns;
        const bool relies = relies_on_proven(level);
        for (const std::uint16_t index : level.indexes) {
            const EndpointState &state = states_[index];
            if (!panic_ && !state.healthy) continue;
            ramps_[index] = panic_ ? full_ramp : ramp_of(state, relies);
            weight.serving +=
                endpoint(index)->weight_now() * grains(panic_ ? full_ramp : state.trial);
            served.eligible.push_back(index);
            turns.push_back(share(index));
        }
        served_ = served_ || weight.serving > 0;
        if (membership_->hashed()) continue;
        served.schedule = weighted_schedule(turns);
        for (std::uint16_t &turn : served.schedule) turn = served.eligible[turn];
    }
    shares_ = level_shares(weights);
}

/// Trials are for those who can be spared: the proven ones would get what the others do not.
bool Snapshot::relies_on_proven(const Membership::Level &level) const {
    std::uint64_t proven = 0;
    for (const std::uint16_t index : level.indexes)
        if (states_[index].proven()) proven += endpoint(index)->weight_now();
    return proven * 2 >= level.weight;
}

/// Says how much each endpoint may have in flight.
void Snapshot::bound() {
    const std::uint32_t bounded_load = membership_->balancing().bounded_load;
    if (bounded_load == 0) return;
    bounds_.resize(states_.size());
    for (std::size_t number = 0; number < levels_.size(); ++number) {
        std::uint64_t sum = 0;
        for (const std::uint16_t index : levels_[number].eligible) sum += share(index);
        for (const std::uint16_t index : levels_[number].eligible) {
            load_ = endpoint(index)->load;
            bounds_[index] = bounded_load / 100.0 * static_cast<double>(shares_[number]) /
                             static_cast<double>(all_requests) * static_cast<double>(share(index)) /
                             static_cast<double>(sum);
        }
    }
    assert(load_);
}

/// Weight x ramp.
std::uint64_t Snapshot::share(std::uint16_t index) const {
    return endpoint(index)->weight_now() * grains(ramps_[index]);
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
