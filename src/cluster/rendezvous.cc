#include "cluster/rendezvous.h"

#include <algorithm>
#include <cassert>

#include "base/hash.h"

namespace uvoy::cluster {

Rendezvous::Rendezvous(std::span<const Member> members, std::uint64_t seed) {
    assert(members.size() < no_endpoint);
    std::vector<std::uint16_t> by_name;
    std::uint64_t lightest = UINT32_MAX;
    for (const Member &member : members) {
        const auto index = static_cast<std::uint16_t>(&member - members.data());
        identities_.push_back(hash(member.name, seed));
        if (member.weight == 0) continue;
        by_name.push_back(index);
        lightest = std::min<std::uint64_t>(lightest, member.weight);
    }
    const auto name_of = [&](std::uint16_t index) { return members[index].name; };
    std::ranges::sort(by_name, {}, name_of);
    assert(std::ranges::adjacent_find(by_name, {}, name_of) == by_name.end());

    candidates_.reserve(by_name.size());
    for (const std::uint16_t index : by_name) {
        const Member &member = members[index];
        // Relative to the lightest, so that weights 2, 4 make the ring that 1, 2 make.
        const std::uint64_t inverse = lightest * UINT32_MAX / member.weight;
        candidates_.push_back({.identity = identities_[index],
                               .inverse_weight = static_cast<std::uint32_t>(inverse),
                               .weight = member.weight,
                               .index = index});
    }
}

}  // namespace uvoy::cluster
