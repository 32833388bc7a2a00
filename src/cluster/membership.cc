#include "cluster/membership.h"

#include <algorithm>
#include <cassert>
#include <utility>

namespace uvoy::cluster {

Membership::Membership(std::vector<std::shared_ptr<Endpoint>> endpoints, const Balancing &balancing,
                       const Membership *former)
    : endpoints_{std::move(endpoints)}, balancing_{balancing} {
    for (std::size_t i = 0; i < endpoints_.size(); ++i) {
        if (!endpoints_[i]) continue;
        assert(endpoints_[i]->index == i);
        assert(endpoints_[i]->weight_now() > 0);
        if (endpoints_[i]->duty == Duty::ready) add(*endpoints_[i]);
    }
    std::ranges::sort(levels_, {}, &Level::priority);
    if (!hashed()) return;
    for (Level &level : levels_)
        level.ring =
            make_ring(level, former != nullptr ? former->ring_of(level.priority) : nullptr);
}

void Membership::add(const Endpoint &endpoint) {
    auto level = std::ranges::find(levels_, endpoint.priority, &Level::priority);
    if (level == levels_.end())
        level = levels_.insert(
            level, {.priority = endpoint.priority, .indexes = {}, .weight = 0, .ring = nullptr});
    level->indexes.push_back(endpoint.index);
    level->weight += endpoint.weight_now();
}

const MembershipRing *Membership::ring_of(std::uint16_t priority) const {
    const auto level = std::ranges::find(levels_, priority, &Level::priority);
    return level != levels_.end() ? level->ring.get() : nullptr;
}

std::unique_ptr<const MembershipRing> Membership::make_ring(const Level &level,
                                                            const MembershipRing *former) const {
    std::vector<Member> members(endpoints_.size(), Member{.name = {}, .weight = 0});
    for (const std::uint16_t index : level.indexes)
        members[index] = {.name = endpoints_[index]->name,
                          .weight = endpoints_[index]->weight_now()};
    const auto owners = balancing_.policy == Policy::maglev ? MembershipRing::Owners::maglev
                                                            : MembershipRing::Owners::rendezvous;
    return std::make_unique<const MembershipRing>(members, balancing_.hash_seed, owners, former);
}

std::uint64_t Membership::fingerprint() const {
    std::uint64_t fingerprint = 0;
    for (const Level &level : levels_) {
        if (!level.ring) continue;
        fingerprint = fingerprint == 0 ? level.ring->fingerprint()
                                       : mix(fingerprint ^ level.ring->fingerprint());
    }
    return fingerprint;
}

}  // namespace uvoy::cluster
