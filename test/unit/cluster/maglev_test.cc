#include "cluster/maglev.h"

#include <doctest/doctest.h>

#include <cmath>

#include "cluster/membership_ring.h"
#include "members.h"

namespace uvoy::cluster {

namespace {

std::vector<int> arcs_owned(const std::vector<std::uint32_t> &weights) {
    const Members members{weights};
    const MembershipRing ring{members.list(), 7, MembershipRing::Owners::maglev};
    std::vector<int> arcs(weights.size());
    for (std::size_t arc = 0; arc < arc_count; ++arc)
        ++arcs[ring.choices(static_cast<std::uint16_t>(arc)).front()];
    return arcs;
}

}  // namespace

TEST_CASE("each owns its share to within two arcs") {
    for (const std::vector<std::uint32_t> &weights :
         {equal_weights(1), equal_weights(3), equal_weights(500), {1, 2, 4}, {1, 1000, 7}}) {
        double total = 0;
        for (const std::uint32_t weight : weights) total += weight;
        const auto arcs = arcs_owned(weights);
        for (std::size_t i = 0; i < weights.size(); ++i)
            CHECK(std::abs(arcs[i] - arc_count * weights[i] / total) <= 2);
    }
}

TEST_CASE("of a hundred members one that leaves moves few arcs of the others") {
    const Members members{equal_weights(100)};
    const MembershipRing all{members.list(), 7, MembershipRing::Owners::maglev};
    std::vector<Member> fewer = members.list();
    fewer[50].weight = 0;
    const MembershipRing without{fewer, 7, MembershipRing::Owners::maglev};
    int moved = 0;
    for (std::size_t i = 0; i < arc_count; ++i) {
        const auto arc = static_cast<std::uint16_t>(i);
        const std::uint16_t owner = all.choices(arc).front();
        if (owner != 50 && without.choices(arc).front() != owner) ++moved;
    }
    CHECK(moved < static_cast<int>(arc_count) / 20);
}

TEST_CASE("the order of the members does not matter to a maglev ring") {
    const Members members{{3, 1, 2, 5}};
    const std::vector<Member> reversed{members.list().rbegin(), members.list().rend()};
    const MembershipRing one{members.list(), 7, MembershipRing::Owners::maglev};
    const MembershipRing other{reversed, 7, MembershipRing::Owners::maglev};
    CHECK(one.fingerprint() == other.fingerprint());
    CHECK(one.fingerprint() != MembershipRing{members.list(), 7}.fingerprint());
}

}  // namespace uvoy::cluster
