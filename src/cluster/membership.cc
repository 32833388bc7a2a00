#include "cluster/membership.h"

#include <cassert>
#include <utility>

namespace uvoy::cluster {

Membership::Membership(std::vector<std::shared_ptr<Endpoint>> endpoints, const Balancing &balancing)
    : endpoints_{std::move(endpoints)}, balancing_{balancing} {
    std::vector<Member> members;
    members.reserve(endpoints_.size());
    for (const auto &endpoint : endpoints_) {
        if (!endpoint) {
            members.push_back({.name = {}, .weight = 0});
            continue;
        }
        assert(endpoint->index == members.size());
        assert(endpoint->weight > 0);
        members.push_back({.name = endpoint->name, .weight = endpoint->weight});
    }
    if (balancing_.policy == Policy::ring_hash)
        ring_ = std::make_unique<const MembershipRing>(members, balancing_.hash_seed);
}

}  // namespace uvoy::cluster
