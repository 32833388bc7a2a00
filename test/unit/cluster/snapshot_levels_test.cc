#include <doctest/doctest.h>

#include <algorithm>

#include "cluster/snapshot.h"
#include "cluster/trial.h"
#include "members.h"

namespace uvoy::cluster {

namespace {

constexpr Policy all_policies[] = {Policy::ring_hash, Policy::maglev,      Policy::least_request,
                                   Policy::peak_ewma, Policy::round_robin, Policy::random};

/// Ten endpoints of priority 0 and five of priority 1.
struct Levels {
    explicit Levels(Policy policy) {
        std::vector<std::shared_ptr<Endpoint>> list;
        for (const auto &plain : endpoints(equal_weights(15)))
            list.push_back(std::make_shared<Endpoint>(Endpoint::Identity{
                .name = plain->name,
                .address = plain->address,
                .index = plain->index,
                .priority = plain->index < 10 ? std::uint16_t{0} : std::uint16_t{1}}));
        membership =
            std::make_shared<const Membership>(list, Balancing{.policy = policy, .hash_seed = 7});
    }

    /// With the first `out` of priority 0 out, and the first `standby_out` of priority 1.
    Snapshot snapshot(std::size_t out, std::size_t standby_out = 0) const {
        std::vector<EndpointState> states(15);
        for (std::size_t i = 0; i < out; ++i) states[i].healthy = false;
        for (std::size_t i = 0; i < standby_out; ++i) states[10 + i].healthy = false;
        return {membership, states};
    }

    std::uint16_t pick(const Snapshot &snapshot, std::uint64_t hash,
                       const std::vector<std::uint16_t> &tried = {}) {
        const std::uint16_t index =
            snapshot.pick({.hash = hash, .random = random, .cursor = cursor, .tried = tried});
        REQUIRE(index != no_endpoint);
        return index;
    }

    /// The part of 10,000 requests that priority 1 gets.
    double spilled(const Snapshot &snapshot) {
        int count = 0;
        for (int i = 0; i < 10'000; ++i)
            if (pick(snapshot, random.next()) >= 10) ++count;
        return count / 10'000.0;
    }

    std::shared_ptr<const Membership> membership;
    Random random{11};
    std::uint32_t cursor = 0;
};

}  // namespace

TEST_CASE("the second priority serves only what the first cannot carry") {
    for (const Policy policy : all_policies) {
        CAPTURE(static_cast<int>(policy));
        Levels levels{policy};
        CHECK(levels.spilled(levels.snapshot(0)) == 0);
        CHECK(levels.spilled(levels.snapshot(2)) == 0);
        CHECK(levels.spilled(levels.snapshot(5)) == doctest::Approx(0.3).epsilon(0.07));
        CHECK(levels.spilled(levels.snapshot(9)) == doctest::Approx(0.86).epsilon(0.05));
        CHECK(levels.spilled(levels.snapshot(10)) == 1);
        CHECK(levels.spilled(levels.snapshot(2, 5)) == 0);
    }
}

TEST_CASE("a priority on trial takes as little as it is proven, if others carry the rest") {
    for (const Policy policy : all_policies) {
        CAPTURE(static_cast<int>(policy));
        Levels levels{policy};
        std::vector<EndpointState> states(15);
        for (std::size_t i = 0; i < 10; ++i) {
            states[i].healthy = i < 2;
            if (i < 2) states[i].trial = Trial::first_share;
        }
        CHECK(levels.spilled({levels.membership, states}) > 0.99);
        for (std::size_t i = 0; i < 10; ++i) states[i] = {};
        for (std::size_t i = 5; i < 10; ++i) states[i].trial = Trial::first_share;
        CHECK(levels.spilled({levels.membership, states}) == doctest::Approx(0.29).epsilon(0.1));
        for (std::size_t i = 0; i < 15; ++i)
            states[i] = {.healthy = i < 10, .trial = Trial::first_share};
        CHECK(levels.spilled({levels.membership, states}) == 0);
    }
}

TEST_CASE("there is no panic while the priorities together carry everything") {
    const Levels levels{Policy::ring_hash};
    CHECK_FALSE(levels.snapshot(10).panic());  // two thirds of the weight are out
    CHECK_FALSE(levels.snapshot(10, 1).panic());
    CHECK(levels.snapshot(10, 2).panic());
    CHECK(levels.snapshot(9, 3).panic());
    CHECK_FALSE(levels.snapshot(4, 3).panic());  // more than half serve
}

TEST_CASE("in a panic the first priority serves, as if all were well") {
    for (const Policy policy : all_policies) {
        Levels levels{policy};
        CHECK(levels.spilled(levels.snapshot(10, 5)) == 0);
    }
}

TEST_CASE("while the first priority fails one by one, no key of a healthy endpoint of it returns") {
    for (const Policy policy : {Policy::ring_hash, Policy::maglev}) {
        Levels levels{policy};
        for (std::size_t out = 0; out < 10; ++out) {
            const Snapshot before = levels.snapshot(out);
            const Snapshot after = levels.snapshot(out + 1);
            int strayed = 0;
            for (int i = 0; i < 5'000; ++i) {
                const std::uint64_t hash = levels.random.next();
                const std::uint16_t was = levels.pick(before, hash);
                const std::uint16_t is = levels.pick(after, hash);
                if (was == is || was == out) continue;
                // What the level cannot carry any more goes to the next, and nothing comes back.
                if (was >= 10 || is < 10) ++strayed;
            }
            CHECK(strayed == 0);
        }
    }
}

TEST_CASE("a retry stays in its priority while there is another, and then goes to the next") {
    for (const Policy policy : all_policies) {
        CAPTURE(static_cast<int>(policy));
        Levels levels{policy};
        const Snapshot snapshot = levels.snapshot(0);
        for (int round = 0; round < 50; ++round) {
            const std::uint64_t hash = levels.random.next();
            std::vector<std::uint16_t> tried;
            while (tried.size() < 15) {
                const std::uint16_t index = levels.pick(snapshot, hash, tried);
                CHECK(std::ranges::find(tried, index) == tried.end());
                CHECK((index < 10) == (tried.size() < 10));
                tried.push_back(index);
            }
        }
    }
}

}  // namespace uvoy::cluster
