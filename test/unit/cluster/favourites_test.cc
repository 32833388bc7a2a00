#include "cluster/favourites.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <functional>
#include <string>
#include <utility>

#include "cluster/membership_ring.h"
#include "members.h"

namespace uvoy::cluster {

namespace {

constexpr std::uint64_t seed = 0xfa4;

/// A list of members that changes; a weight of 0 is an empty place.
struct Fleet {
    std::vector<std::string> names;
    std::vector<std::uint32_t> weights;

    explicit Fleet(std::vector<std::uint32_t> weights_) : weights{std::move(weights_)} {
        for (std::size_t i = 0; i < weights.size(); ++i) names.push_back("e" + std::to_string(i));
    }
    std::vector<Member> list() const {
        std::vector<Member> result;
        for (std::size_t i = 0; i < names.size(); ++i) result.push_back({names[i], weights[i]});
        return result;
    }
    void add(std::string name, std::uint32_t weight = 1) {
        names.push_back(std::move(name));
        weights.push_back(weight);
    }
};

void check_equal(const MembershipRing &ring, const MembershipRing &expected) {
    CHECK(ring.fingerprint() == expected.fingerprint());
    std::size_t wrong = 0;
    for (std::size_t arc = 0; arc < arc_count; ++arc) {
        const auto number = static_cast<std::uint16_t>(arc);
        if (ring.choices(number) != expected.choices(number)) ++wrong;
    }
    CHECK(wrong == 0);
}

/// Weights of 1 to 3.
std::vector<std::uint32_t> mixed_weights(std::size_t count) {
    std::vector<std::uint32_t> weights;
    for (std::size_t i = 0; i < count; ++i)
        weights.push_back(1 + static_cast<std::uint32_t>(i % 3));
    return weights;
}

}  // namespace

TEST_CASE("favourites are those of lowest cost, in the order of costs") {
    for (const auto &weights : {equal_weights(3), equal_weights(8), equal_weights(50),
                                mixed_weights(9), mixed_weights(60)}) {
        const Fleet fleet{weights};
        const auto members = fleet.list();
        const Rendezvous rendezvous{members, seed};
        for (std::uint32_t arc = 0; arc < arc_count; arc += 61) {
            const auto number = static_cast<std::uint16_t>(arc);
            const std::uint64_t key = Rendezvous::arc_key(number);
            std::vector<std::pair<std::uint64_t, std::uint16_t>> all;
            for (const auto &candidate : rendezvous.candidates())
                all.emplace_back(Rendezvous::cost(key, candidate),
                                 static_cast<std::uint16_t>(all.size()));
            std::ranges::sort(all);
            all.resize(choice_count, {UINT64_MAX, no_endpoint});
            const Favourites favourites{rendezvous, number};
            REQUIRE(favourites.lowest_cost() == all.front().first);
            for (std::size_t i = 0; i < choice_count; ++i)
                REQUIRE(favourites.ranks()[i] == all[i].second);
        }
    }
}

TEST_CASE("of equal costs the lower rank is the better favourite, in whatever order they come") {
    for (const auto &order : {std::vector<std::uint16_t>{0, 1, 2}, {2, 1, 0}, {1, 2, 0}}) {
        Favourites favourites;
        for (const std::uint16_t rank : order) favourites.offer(rank, 5);
        favourites.offer(3, 4);
        CHECK(favourites.ranks() ==
              Choices{3, 0, 1, 2, no_endpoint, no_endpoint, no_endpoint, no_endpoint});
    }
}

TEST_CASE("a ring made from the one before a change is the ring made from nothing") {
    using Change = std::function<void(Fleet &)>;
    const Change changes[] = {
        [](Fleet &) {},
        [](Fleet &fleet) { fleet.add("a"); },  // before all others in the order of names
        [](Fleet &fleet) { fleet.add("e1x", 2); },
        [](Fleet &fleet) { fleet.weights[2] = 0; },
        [](Fleet &fleet) { fleet.weights[1] = 7; },
        [](Fleet &fleet) { fleet.names[0] = "other"; },
        [](Fleet &fleet) {  // all others cost something else
            fleet.weights[0] = 1;
            for (std::size_t i = 1; i < fleet.weights.size(); ++i) fleet.weights[i] += 2;
        },
        [](Fleet &fleet) {
            std::ranges::reverse(fleet.names);
            std::ranges::reverse(fleet.weights);
        },
        [](Fleet &fleet) {
            for (std::size_t i = 1; i < fleet.weights.size(); ++i) fleet.weights[i] = 0;
        },
    };
    for (const auto owners : {MembershipRing::Owners::rendezvous, MembershipRing::Owners::maglev}) {
        for (const std::size_t count : {3U, 7U, 8U, 9U, 40U}) {
            for (const Change &change : changes) {
                CAPTURE(count);
                CAPTURE(&change - changes);
                Fleet fleet{mixed_weights(count)};
                const MembershipRing former{fleet.list(), seed, owners};
                change(fleet);
                const auto members = fleet.list();
                check_equal(MembershipRing{members, seed, owners, &former},
                            MembershipRing{members, seed, owners});
            }
        }
    }
}

TEST_CASE("a ring may come of a ring that came of a ring, through a long history") {
    Fleet fleet{equal_weights(30)};
    Random random{4};
    auto ring = std::make_unique<const MembershipRing>(fleet.list(), seed);
    for (int step = 0; step < 25; ++step) {
        CAPTURE(step);
        const std::uint32_t place = random.below(static_cast<std::uint32_t>(fleet.names.size()));
        switch (random.below(4)) {
            case 0:
                fleet.add("n" + std::to_string(step));
                break;
            case 1:
                fleet.weights[place] = fleet.weights[place] == 0 ? 1 : 0;
                break;
            case 2:
                fleet.weights[place] = 1 + random.below(3);
                break;
            default:
                fleet.names[place] = "r" + std::to_string(step);
        }
        const auto members = fleet.list();
        auto next = std::make_unique<const MembershipRing>(
            members, seed, MembershipRing::Owners::rendezvous, ring.get());
        check_equal(*next, MembershipRing{members, seed});
        ring = std::move(next);
    }
}

TEST_CASE("a ring of another seed is no help, and no harm") {
    const Fleet fleet{equal_weights(20)};
    const auto members = fleet.list();
    const MembershipRing former{members, seed + 1};
    check_equal(MembershipRing{members, seed, MembershipRing::Owners::rendezvous, &former},
                MembershipRing{members, seed});
}

TEST_CASE("what is known is of use where one of many changes, and not where half of them do") {
    Fleet fleet{equal_weights(100)};
    const auto before = fleet.list();
    const Rendezvous former{before, seed};
    fleet.names[5] = "new";
    const auto after = fleet.list();
    CHECK(FormerFavourites(former, Rendezvous{after, seed}).useful());
    std::vector<Member> half = before;
    for (std::size_t i = 0; i < 50; ++i) half[i].weight = 0;
    CHECK_FALSE(FormerFavourites(former, Rendezvous{half, seed}).useful());
}

}  // namespace uvoy::cluster
