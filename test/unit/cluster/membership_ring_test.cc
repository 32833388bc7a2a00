#include "cluster/membership_ring.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <numeric>
#include <set>
#include <string_view>
#include <utility>

#include "members.h"

namespace uvoy::cluster {

namespace {

constexpr std::uint64_t seed = 0x5eed;

std::vector<std::uint32_t> arcs_owned(const MembershipRing &ring) {
    std::vector<std::uint32_t> arcs(ring.size());
    for (std::size_t arc = 0; arc < arc_count; ++arc)
        ++arcs[ring.choices(static_cast<std::uint16_t>(arc)).front()];
    return arcs;
}

/// The arc's choices in words, so that rings with different numbering can be compared.
std::vector<std::string_view> names(const MembershipRing &ring, const std::vector<Member> &members,
                                    std::uint16_t arc) {
    std::vector<std::string_view> result;
    for (const std::uint16_t choice : ring.choices(arc))
        result.push_back(choice == no_endpoint ? "-" : members[choice].name);
    return result;
}

}  // namespace

TEST_CASE("owners follow the weights, and none has more than 1.05 times its share") {
    struct Case {
        std::vector<std::uint32_t> weights;
        double lowest, highest;  // owned arcs by fair share
    };
    std::vector<std::uint32_t> mixed;
    for (std::uint32_t i = 0; i < 60; ++i) mixed.push_back(1 + i % 7);
    const Case cases[] = {
        {{1}, 1, 1},
        {{1, 2, 4}, 0.97, 1.03},
        {{10, 20, 40}, 0.97, 1.03},
        {{1, 100}, 0.9, 1.05},
        {equal_weights(10), 0.94, 1.05},
        {equal_weights(100), 0.85, 1.05},
        {equal_weights(500), 0.65, 1.05},
        {mixed, 0.75, 1.05},
    };
    for (const Case &test : cases) {
        CAPTURE(test.weights.size());
        const Members members{test.weights};
        const MembershipRing ring{members.list(), seed};
        double total = 0;
        for (const std::uint32_t weight : test.weights) total += weight;
        const auto arcs = arcs_owned(ring);
        for (std::size_t i = 0; i < arcs.size(); ++i) {
            const double fair = static_cast<double>(arc_count) * test.weights[i] / total;
            CHECK(arcs[i] <= test.highest * fair);
            CHECK(arcs[i] >= test.lowest * fair);
        }
    }
}

TEST_CASE("without a cap some endpoint of a hundred would be above it") {
    // Else the case above would show nothing about the cap.
    const Members members{equal_weights(100)};
    const Rendezvous rendezvous{members.list(), seed};
    std::vector<std::uint32_t> arcs(100);
    for (std::size_t arc = 0; arc < arc_count; ++arc)
        ++arcs[rendezvous.best(static_cast<std::uint16_t>(arc),
                               [](std::uint16_t) { return true; })];
    CHECK(*std::ranges::max_element(arcs) > arc_count * 105 / 10'000);
}

TEST_CASE("endpoints whose share is below one arc own one at most") {
    std::vector<std::uint32_t> weights(200, 1);
    weights.push_back(109'000);  // leaves each of the others 0.6 of an arc
    const Members members{weights};
    auto arcs = arcs_owned(MembershipRing{members.list(), seed});
    arcs.pop_back();
    CHECK(std::ranges::max(arcs) == 1);
    CHECK(std::ranges::count(arcs, 1u) > 50);
}

TEST_CASE("however many members there are, together they have room for all arcs") {
    for (std::size_t count = 1; count < 10'000; count += 1 + count / 500) {
        CAPTURE(count);
        auto weights = equal_weights(count);
        for (const std::uint32_t first : {1u, 3u, 1000u}) {
            weights.front() = first;
            const auto arcs = arc_capacities(weights);
            CHECK(std::accumulate(arcs.begin(), arcs.end(), std::size_t{0}) >= arc_count);
            const double fair =
                static_cast<double>(arc_count) / static_cast<double>(count - 1 + first);
            CHECK(arcs.back() <= 1.05 * fair * (count == 1 ? first : 1) + 1);
        }
    }
}

TEST_CASE("the order of the members does not matter") {
    std::vector<std::uint32_t> weights;
    for (std::uint32_t i = 0; i < 40; ++i) weights.push_back(1 + i % 3);
    const Members members{weights};
    std::vector<Member> shuffled = members.list();
    Random random{9};
    for (std::uint32_t i = 40; i > 1; --i) std::swap(shuffled[i - 1], shuffled[random.below(i)]);
    REQUIRE(shuffled.front().name != members.list().front().name);

    const MembershipRing one{members.list(), seed};
    const MembershipRing other{shuffled, seed};
    CHECK(one.fingerprint() == other.fingerprint());
    for (std::size_t i = 0; i < arc_count; ++i) {
        const auto arc = static_cast<std::uint16_t>(i);
        REQUIRE(names(one, members.list(), arc) == names(other, shuffled, arc));
    }
}

TEST_CASE("names, weights and the seed change the ring and its fingerprint") {
    const Members members{{1, 1, 1}};
    const std::uint64_t fingerprint = MembershipRing{members.list(), seed}.fingerprint();
    CHECK(MembershipRing{members.list(), seed}.fingerprint() == fingerprint);
    CHECK(MembershipRing{members.list(), seed + 1}.fingerprint() != fingerprint);
    std::vector<Member> changed = members.list();
    changed[1].weight = 2;
    CHECK(MembershipRing{changed, seed}.fingerprint() != fingerprint);
    changed = members.list();
    changed[1].name = "other:80";
    CHECK(MembershipRing{changed, seed}.fingerprint() != fingerprint);
    changed = members.list();
    changed.pop_back();
    CHECK(MembershipRing{changed, seed}.fingerprint() != fingerprint);
}

TEST_CASE("weights count relative to each other") {
    const Members light{{1, 2, 3}};
    const Members heavy{{90'000'000, 180'000'000, 270'000'000}};
    CHECK(MembershipRing{light.list(), seed}.fingerprint() ==
          MembershipRing{heavy.list(), seed}.fingerprint());
}

TEST_CASE("every machine builds this ring") {
    // Golden: fleets mix versions while they are upgraded, so a change here moves keys.
    const Members members{{1, 2, 3, 4, 5}};
    const MembershipRing ring{members.list(), 42};
    const auto first_three = [&](std::uint16_t arc) {
        const auto &choices = ring.choices(arc);
        return std::vector<std::uint16_t>{choices.begin(), choices.begin() + 3};
    };
    using First = std::vector<std::uint16_t>;
    CHECK(ring.fingerprint() == 0x5f1855bf2cf858dc);
    CHECK(first_three(0) == First{1, 4, 3});
    CHECK(first_three(1) == First{3, 2, 1});
    CHECK(first_three(40'000) == First{2, 4, 1});
    CHECK(first_three(65'535) == First{2, 4, 3});
    const Members hundred{equal_weights(100)};
    CHECK(MembershipRing{hundred.list(), 42}.fingerprint() == 0xc0d52551d1e34fef);
    const std::vector<Member> fleet{{"10.0.0.1:8080", 1},
                                    {"10.0.0.2:8080", 2},
                                    {"10.0.0.3:8080", 4},
                                    {"10.0.0.4:8080", 1},
                                    {"10.0.0.5:8080", 3}};
    const MembershipRing maglev{fleet, seed, MembershipRing::Owners::maglev};
    CHECK(maglev.fingerprint() == 0xa8f58b51ade6c852);
}

TEST_CASE("the choices of an arc are different endpoints, as many as there are") {
    for (const std::size_t count : {0u, 1u, 2u, 3u, 4u, 50u}) {
        CAPTURE(count);
        const Members members{equal_weights(count)};
        const MembershipRing ring{members.list(), seed};
        for (std::size_t arc = 0; arc < arc_count; ++arc) {
            const auto &choices = ring.choices(static_cast<std::uint16_t>(arc));
            const std::size_t expected = std::min(count, MembershipRing::choice_count);
            const std::set<std::uint16_t> distinct{choices.begin(), choices.begin() + expected};
            REQUIRE(distinct.size() == expected);
            for (const std::uint16_t choice : distinct) REQUIRE(choice < count);
            for (std::size_t i = expected; i < choices.size(); ++i)
                REQUIRE(choices[i] == no_endpoint);
        }
    }
}

TEST_CASE("the second and third choice are the best of the others") {
    const Members members{equal_weights(30)};
    const MembershipRing ring{members.list(), seed};
    const Rendezvous rendezvous{members.list(), seed};
    int displaced = 0;
    for (std::size_t i = 0; i < arc_count; ++i) {
        const auto arc = static_cast<std::uint16_t>(i);
        const std::uint16_t first = ring.choices(arc)[0];
        const std::uint16_t second = ring.choices(arc)[1];
        const std::uint16_t third = ring.choices(arc)[2];
        if (first != rendezvous.best(arc, [](std::uint16_t) { return true; })) ++displaced;
        const auto not_first = [&](std::uint16_t index) { return index != first; };
        REQUIRE(second == rendezvous.best(arc, not_first));
        const auto rest = [&](std::uint16_t index) { return index != first && index != second; };
        REQUIRE(third == rendezvous.best(arc, rest));
    }
    CHECK(displaced > 0);
    CHECK(displaced < static_cast<int>(arc_count) / 20);
}

TEST_CASE("a new endpoint takes its share and moves little else") {
    const Members before{equal_weights(20)};
    const Members after{equal_weights(21)};
    const MembershipRing old_ring{before.list(), seed};
    const MembershipRing new_ring{after.list(), seed};
    int taken = 0;
    int moved = 0;
    for (std::size_t i = 0; i < arc_count; ++i) {
        const auto arc = static_cast<std::uint16_t>(i);
        const std::uint16_t owner = new_ring.choices(arc).front();
        if (owner == 20) ++taken;
        else if (owner != old_ring.choices(arc).front()) ++moved;
    }
    CHECK(taken > static_cast<int>(arc_count) / 21 * 9 / 10);
    // What the cap makes move: owners that were full and have room now, and the other way round.
    CHECK(moved < static_cast<int>(arc_count) / 100);
}

TEST_CASE(
    "of 100 equal endpoints none has more than 1.06 of the mean, of 500 none more than 1.08") {
    for (const auto &[count, most] : {std::pair{100U, 1.06}, std::pair{500U, 1.08}}) {
        const Members members{equal_weights(count)};
        const auto arcs = arcs_owned(MembershipRing{members.list(), seed});
        CHECK(std::ranges::max(arcs) * count <= most * arc_count);
    }
}

}  // namespace uvoy::cluster
