#include "cluster/published_ring.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <memory>
#include <numeric>

#include "members.h"

namespace uvoy::cluster {

namespace {

constexpr std::uint64_t seed = 0x5eed;

std::unique_ptr<const PublishedRing> publish(const MembershipRing &ring,
                                             const std::vector<bool> &healthy) {
    std::vector<std::uint16_t> ramps;
    for (const bool is_healthy : healthy) ramps.push_back(is_healthy ? full_ramp : 0);
    return std::make_unique<const PublishedRing>(ring, ramps);
}

std::uint64_t hash_on(std::size_t arc) { return (std::uint64_t{arc} << 48) | 0x1234; }

}  // namespace

TEST_CASE("a key's hash falls on the arc of its top 16 bits") {
    CHECK(arc_of(0) == 0);
    CHECK(arc_of(0x0000'ffff'ffff'ffff) == 0);
    CHECK(arc_of(0x0001'0000'0000'0000) == 1);
    CHECK(arc_of(UINT64_MAX) == 65'535);
}

TEST_CASE("no key of a healthy endpoint moves on a flip, and keys come home") {
    constexpr std::size_t sampled = 11;  // no divisor of the number of arcs
    for (const std::vector<std::uint32_t> &weights : {equal_weights(2),
                                                      equal_weights(3),
                                                      equal_weights(10),
                                                      equal_weights(60),
                                                      {1, 2, 4, 8, 3}}) {
        CAPTURE(weights.size());
        const Members members{weights};
        const MembershipRing membership{members.list(), seed};
        std::vector<bool> healthy(weights.size(), true);
        const auto home = publish(membership, healthy);

        Random random{3};
        auto before = publish(membership, healthy);
        for (int flip = 0; flip < 16; ++flip) {
            const auto index = random.below(static_cast<std::uint32_t>(weights.size()));
            healthy[index] = !healthy[index];
            auto after = publish(membership, healthy);
            int served_by_dead = 0;
            int not_at_home = 0;
            int moved_needlessly = 0;
            for (std::size_t arc = 0; arc < arc_count; arc += sampled) {
                const std::uint16_t was = before->pick(hash_on(arc));
                const std::uint16_t is = after->pick(hash_on(arc));
                const std::uint16_t owner = home->pick(hash_on(arc));
                if (is != no_endpoint && !healthy[is]) ++served_by_dead;
                if (healthy[owner] && is != owner) ++not_at_home;
                if (was != is && was != index && is != index) ++moved_needlessly;
            }
            CHECK(served_by_dead == 0);
            CHECK(not_at_home == 0);
            CHECK(moved_needlessly == 0);
            before = std::move(after);
        }
        healthy.assign(weights.size(), true);
        const auto again = publish(membership, healthy);
        for (std::size_t arc = 0; arc < arc_count; arc += sampled)
            REQUIRE(again->pick(hash_on(arc)) == home->pick(hash_on(arc)));
    }
}

TEST_CASE("while an endpoint ramps up arcs only come to it, and none moves between others") {
    const Members members{{1, 2, 1, 3, 1, 1, 1}};
    const MembershipRing membership{members.list(), seed};
    for (const std::uint16_t ramping : std::array<std::uint16_t, 3>{0, 3, 6}) {
        // Where the owner is out, the next of the arc's choices may be the one that ramps.
        for (const std::uint16_t out : std::array<std::uint16_t, 3>{5, 6, 0}) {
            if (out == ramping) continue;
            std::vector<std::uint16_t> ramps(7, full_ramp);
            ramps[out] = 0;
            ramps[ramping] = 0;
            auto before = std::make_unique<const PublishedRing>(membership, ramps);
            ramps[ramping] = full_ramp;
            const auto full = std::make_unique<const PublishedRing>(membership, ramps);
            const double whole = full->arcs_served()[ramping];
            for (std::uint16_t ramp = 64; ramp <= full_ramp; ramp += 64) {
                ramps[ramping] = ramp;
                auto after = std::make_unique<const PublishedRing>(membership, ramps);
                int strayed = 0;
                for (std::size_t arc = 0; arc < arc_count; ++arc) {
                    const std::uint16_t was = before->pick(hash_on(arc));
                    const std::uint16_t is = after->pick(hash_on(arc));
                    if (is != was && is != ramping) ++strayed;
                }
                CHECK(strayed == 0);
                CHECK(after->arcs_served()[ramping] / whole ==
                      doctest::Approx(ramp / 1024.0).epsilon(0.05));
                before = std::move(after);
            }
            CHECK(std::ranges::equal(before->arcs_served(), full->arcs_served()));
        }
    }
}

TEST_CASE("several may ramp at once, at different speeds") {
    const Members members{equal_weights(6)};
    const MembershipRing membership{members.list(), seed};
    std::vector<std::uint16_t> ramps{full_ramp, 100, 100, 100, 512, 0};
    auto before = std::make_unique<const PublishedRing>(membership, ramps);
    Random random{5};
    for (int step = 0; step < 60; ++step) {
        std::vector<bool> rose(6);
        for (std::uint16_t i = 1; i < 6; ++i) {
            if (random.below(3) == 0) continue;
            rose[i] = true;
            ramps[i] = static_cast<std::uint16_t>(std::min(1024u, ramps[i] + random.below(60)));
        }
        auto after = std::make_unique<const PublishedRing>(membership, ramps);
        int strayed = 0;
        for (std::size_t arc = 0; arc < arc_count; ++arc) {
            const std::uint16_t is = after->pick(hash_on(arc));
            if (is != before->pick(hash_on(arc)) && !rose[is]) ++strayed;
        }
        CHECK(strayed == 0);
        before = std::move(after);
    }
}

TEST_CASE("an arc that only ramping endpoints could take is not left alone") {
    const Members members{equal_weights(3)};
    const MembershipRing membership{members.list(), seed};
    const std::vector<std::uint16_t> ramps{1, 1, 0};
    const auto ring = std::make_unique<const PublishedRing>(membership, ramps);
    const auto arcs = ring->arcs_served();
    CHECK(arcs[0] + arcs[1] == arc_count);
    CHECK(arcs[0] > arc_count / 3);
    CHECK(arcs[1] > arc_count / 3);
}

TEST_CASE("empty places serve nothing and change nothing for the others") {
    const Members members{equal_weights(3)};
    std::vector<Member> holed{{{}, 0},           members.list()[0], {{}, 0},
                              members.list()[1], members.list()[2], {{}, 0}};
    const MembershipRing one{members.list(), seed};
    const MembershipRing other{holed, seed};
    CHECK(one.fingerprint() == other.fingerprint());
    const auto plain = publish(one, std::vector<bool>(3, true));
    const auto with_holes = publish(other, {false, true, false, true, true, false});
    const std::uint16_t place[] = {1, 3, 4};
    for (std::size_t arc = 0; arc < arc_count; ++arc)
        REQUIRE(with_holes->pick(hash_on(arc)) == place[plain->pick(hash_on(arc))]);
}

TEST_CASE("while all are healthy the owners serve, so that the cap holds") {
    const Members members{equal_weights(100)};
    const MembershipRing membership{members.list(), seed};
    const auto ring = publish(membership, std::vector<bool>(100, true));
    int elsewhere = 0;
    for (std::size_t arc = 0; arc < arc_count; ++arc)
        if (ring->pick(hash_on(arc)) != membership.choices(static_cast<std::uint16_t>(arc))[0])
            ++elsewhere;
    CHECK(elsewhere == 0);
    CHECK(std::ranges::max(ring->arcs_served()) <= arc_count * 105 / 10'000);
}

TEST_CASE("when all choices of an arc are dead, rendezvous finds a healthy endpoint") {
    const Members members{equal_weights(12)};
    const MembershipRing membership{members.list(), seed};
    std::vector<bool> healthy(12, false);
    for (const std::size_t index : {2u, 5u, 7u, 11u}) healthy[index] = true;
    const auto ring = publish(membership, healthy);
    const Rendezvous rendezvous{members.list(), seed};
    int beyond = 0;
    for (std::size_t i = 0; i < arc_count; ++i) {
        const auto arc = static_cast<std::uint16_t>(i);
        bool chosen = false;
        for (const std::uint16_t choice : membership.choices(arc)) chosen |= healthy[choice];
        if (chosen) continue;
        ++beyond;
        const auto is_healthy = [&](std::uint16_t index) { return healthy[index]; };
        REQUIRE(ring->pick(hash_on(i)) == rendezvous.best(arc, is_healthy));
    }
    CHECK(beyond > 100);
    const auto arcs = ring->arcs_served();
    CHECK(std::accumulate(arcs.begin(), arcs.end(), 0u) == arc_count);
    for (std::size_t i = 0; i < 12; ++i) CHECK((arcs[i] > arc_count / 5) == healthy[i]);
}

TEST_CASE("without healthy endpoints a pick finds none") {
    const Members members{equal_weights(4)};
    const MembershipRing membership{members.list(), seed};
    CHECK(publish(membership, std::vector<bool>(4, false))->pick(42) == no_endpoint);
    const MembershipRing empty{{}, seed};
    CHECK(publish(empty, {})->pick(42) == no_endpoint);
}

TEST_CASE("the moved ratio is the share of arcs with another endpoint") {
    const Members members{equal_weights(10)};
    const MembershipRing membership{members.list(), seed};
    std::vector<std::uint16_t> same(10);
    std::iota(same.begin(), same.end(), std::uint16_t{0});
    const auto all = publish(membership, std::vector<bool>(10, true));
    std::vector<bool> healthy(10, true);
    healthy[3] = false;
    const auto without = publish(membership, healthy);
    const double share = all->arcs_served()[3] / static_cast<double>(arc_count);
    CHECK(all->moved_ratio(*all, same) == 0);
    CHECK(without->moved_ratio(*all, same) == doctest::Approx(share));
    CHECK(all->moved_ratio(*without, same) == doctest::Approx(share));
    const auto none = publish(membership, std::vector<bool>(10, false));
    CHECK(none->moved_ratio(*all, same) == 1);
    CHECK(none->moved_ratio(*none, same) == 0);
}

TEST_CASE("the moved ratio sees through a new numbering") {
    const Members members{equal_weights(5)};
    const std::vector<Member> reversed{members.list().rbegin(), members.list().rend()};
    const MembershipRing one{members.list(), seed};
    const MembershipRing other{reversed, seed};
    const std::vector<bool> healthy(5, true);
    const std::vector<std::uint16_t> renumbered{4, 3, 2, 1, 0};
    CHECK(publish(other, healthy)->moved_ratio(*publish(one, healthy), renumbered) == 0);
    const std::vector<std::uint16_t> gone{no_endpoint, 3, 2, 1, 0};
    CHECK(publish(other, healthy)->moved_ratio(*publish(one, healthy), gone) > 0.15);
}

}  // namespace uvoy::cluster
