#include "cluster/snapshot.h"

#include <doctest/doctest.h>

#include <algorithm>

#include "members.h"

namespace uvoy::cluster {

namespace {

constexpr Policy all_policies[] = {Policy::ring_hash, Policy::maglev,      Policy::least_request,
                                   Policy::peak_ewma, Policy::round_robin, Policy::random};

/// One cluster and the state that a worker brings along.
struct Bench {
    Bench(Policy policy, const std::vector<std::uint32_t> &weights,
          std::uint32_t panic_threshold = 5'000)
        : membership{std::make_shared<const Membership>(
              endpoints(weights),
              Balancing{.policy = policy, .hash_seed = 7, .panic_threshold = panic_threshold})} {}

    Snapshot snapshot(const std::vector<bool> &healthy) const {
        std::vector<EndpointState> states;
        for (const bool is_healthy : healthy) states.push_back({.healthy = is_healthy});
        return {membership, states};
    }
    Snapshot snapshot() const { return snapshot(std::vector<bool>(count(), true)); }

    std::uint16_t pick(const Snapshot &snapshot, std::uint64_t hash = 0,
                       const std::vector<std::uint16_t> &tried = {}) {
        return snapshot.pick({.hash = hash, .random = random, .cursor = cursor, .tried = tried});
    }

    /// How often each endpoint is picked.
    std::vector<int> picks(const Snapshot &snapshot, int rounds) {
        std::vector<int> result(count());
        for (int i = 0; i < rounds; ++i) {
            const std::uint16_t index = pick(snapshot, random.next());
            REQUIRE(index < count());
            ++result[index];
        }
        return result;
    }

    std::size_t count() const { return membership->endpoints().size(); }

    std::shared_ptr<const Membership> membership;
    Random random{11};
    std::uint32_t cursor = 0;
};

}  // namespace

TEST_CASE("every policy follows the weights") {
    for (const Policy policy : all_policies) {
        CAPTURE(static_cast<int>(policy));
        Bench bench{policy, {1, 2, 4}};
        const auto picks = bench.picks(bench.snapshot(), 70'000);
        for (std::size_t i = 0; i < picks.size(); ++i) {
            const int fair = 10'000 << i;
            CHECK(picks[i] > fair * 95 / 100);
            CHECK(picks[i] < fair * 105 / 100);
        }
    }
}

TEST_CASE("round robin is exact over a cycle, whatever the cursor begins with") {
    for (const std::uint32_t cursor : {0u, 5u, 1'000'000u}) {
        Bench bench{Policy::round_robin, {1, 2, 4}};
        bench.cursor = cursor;
        CHECK(bench.picks(bench.snapshot(), 7) == std::vector<int>{1, 2, 4});
    }
}

TEST_CASE("only healthy endpoints are picked") {
    for (const Policy policy : all_policies) {
        CAPTURE(static_cast<int>(policy));
        Bench bench{policy, equal_weights(5)};
        const Snapshot snapshot = bench.snapshot({true, false, true, false, true});
        CHECK_FALSE(snapshot.panic());
        CHECK(snapshot.healthy_count() == 3);
        const auto picks = bench.picks(snapshot, 3'000);
        for (std::uint16_t i = 0; i < 5; ++i) CHECK((picks[i] > 500) == snapshot.healthy(i));
    }
}

TEST_CASE("an endpoint is not tried twice while another eligible one lives") {
    for (const Policy policy : all_policies) {
        for (const bool panic : {false, true}) {
            CAPTURE(static_cast<int>(policy));
            CAPTURE(panic);
            Bench bench{policy, {1, 50, 1, 2, 3, 1}};
            std::vector<bool> healthy{true, true, false, true, true, true};
            if (panic) healthy[1] = false;
            const Snapshot snapshot = bench.snapshot(healthy);
            REQUIRE(snapshot.panic() == panic);
            const std::size_t eligible = panic ? 6 : 5;
            for (int round = 0; round < 500; ++round) {
                const std::uint64_t hash = bench.random.next();
                std::vector<std::uint16_t> tried;
                while (tried.size() < eligible) {
                    const std::uint16_t index = bench.pick(snapshot, hash, tried);
                    REQUIRE(index != no_endpoint);
                    REQUIRE((panic || healthy[index]));
                    REQUIRE(std::ranges::find(tried, index) == tried.end());
                    tried.push_back(index);
                }
                // All were tried: better one of them again than none.
                const std::uint16_t index = bench.pick(snapshot, hash, tried);
                REQUIRE(index != no_endpoint);
                REQUIRE((panic || healthy[index]));
            }
        }
    }
}

TEST_CASE("the ring's retries go to the arc's next choices, in their order") {
    Bench bench{Policy::ring_hash, equal_weights(8)};
    const Snapshot snapshot = bench.snapshot();
    for (int round = 0; round < 1'000; ++round) {
        const std::uint64_t hash = bench.random.next();
        std::vector<std::uint16_t> tried;
        for (const std::uint16_t choice :
             bench.membership->levels()[0].ring->choices(arc_of(hash))) {
            REQUIRE(bench.pick(snapshot, hash, tried) == choice);
            tried.push_back(choice);
        }
    }
}

TEST_CASE("a retry goes where the key goes when its endpoint is found dead") {
    Bench bench{Policy::ring_hash, equal_weights(8)};
    const Snapshot all = bench.snapshot();
    for (std::uint16_t dead = 0; dead < 8; ++dead) {
        std::vector<bool> healthy(8, true);
        healthy[dead] = false;
        const Snapshot without = bench.snapshot(healthy);
        for (int round = 0; round < 500; ++round) {
            const std::uint64_t hash = bench.random.next();
            if (bench.pick(all, hash) != dead) continue;
            REQUIRE(bench.pick(all, hash, {dead}) == bench.pick(without, hash));
        }
    }
}

TEST_CASE("least request takes the less busy of two") {
    Bench bench{Policy::least_request, equal_weights(2)};
    const Snapshot snapshot = bench.snapshot();
    snapshot.endpoint(0)->in_flight = 3;
    snapshot.endpoint(1)->in_flight = 4;
    CHECK(bench.picks(snapshot, 100) == std::vector<int>{100, 0});
    snapshot.endpoint(0)->in_flight = 5;
    CHECK(bench.picks(snapshot, 100) == std::vector<int>{0, 100});
}

TEST_CASE("least request never takes the busiest of many, and spreads over the others") {
    Bench bench{Policy::least_request, equal_weights(10)};
    const Snapshot snapshot = bench.snapshot();
    snapshot.endpoint(6)->in_flight = 1;
    const auto picks = bench.picks(snapshot, 9'000);
    for (std::size_t i = 0; i < 10; ++i) {
        if (i == 6) CHECK(picks[i] == 0);
        else CHECK(picks[i] > 800);
    }
}

TEST_CASE("least request measures by weight") {
    Bench bench{Policy::least_request, {1, 3}};
    const Snapshot snapshot = bench.snapshot();
    snapshot.endpoint(0)->in_flight = 2;
    snapshot.endpoint(1)->in_flight = 5;
    CHECK(bench.picks(snapshot, 100) == std::vector<int>{0, 100});
    snapshot.endpoint(1)->in_flight = 7;
    CHECK(bench.picks(snapshot, 100) == std::vector<int>{100, 0});
}

TEST_CASE("least request sees past a much heavier endpoint") {
    Bench bench{Policy::least_request, {1, 1000}};
    const Snapshot snapshot = bench.snapshot();
    snapshot.endpoint(1)->in_flight = 5;
    CHECK(bench.picks(snapshot, 100) == std::vector<int>{100, 0});
}

TEST_CASE("panic begins when more than the threshold of the weight is out") {
    struct Case {
        std::vector<std::uint32_t> weights;
        std::vector<bool> healthy;
        std::uint32_t threshold;
        bool panic;
    };
    const Case cases[] = {
        {{1, 1}, {true, false}, 5'000, false},
        {{1, 1}, {false, false}, 5'000, true},
        {{1, 1, 1}, {true, false, false}, 5'000, true},
        {{2, 1, 1}, {true, false, false}, 5'000, false},
        {{1, 1, 2}, {true, true, false}, 5'000, false},
        {{1, 1, 3}, {true, true, false}, 5'000, true},
        {{1}, {false}, 5'000, true},
        {{1}, {false}, 10'000, false},
        {{1}, {true}, 0, false},
        {{1, 999}, {false, true}, 0, true},
        {{1, 1, 1, 1}, {true, true, true, false}, 2'499, true},
        {{1, 1, 1, 1}, {true, true, true, false}, 2'500, false},
        {{1, 1, 1, 1}, {true, true, true, true}, 0, false},
        {{}, {}, 5'000, false},
    };
    for (const Case &test : cases) {
        for (const Policy policy : all_policies) {
            CAPTURE(test.weights.size());
            Bench bench{policy, test.weights, test.threshold};
            CHECK(bench.snapshot(test.healthy).panic() == test.panic);
        }
    }
}

TEST_CASE("in a panic the membership ring serves, so that keys stay") {
    Bench bench{Policy::ring_hash, equal_weights(10)};
    const Snapshot all = bench.snapshot();
    const Snapshot panic = bench.snapshot(std::vector<bool>(10, false));
    REQUIRE(panic.panic());
    CHECK(panic.moved_ratio(all) == 0);
    for (int round = 0; round < 1'000; ++round) {
        const std::uint64_t hash = bench.random.next();
        REQUIRE(bench.pick(panic, hash) == bench.pick(all, hash));
    }
}

TEST_CASE("in a panic a retry goes to a healthy endpoint while there is an untried one") {
    for (const Policy policy : all_policies) {
        CAPTURE(static_cast<int>(policy));
        Bench bench{policy, equal_weights(6)};
        const Snapshot snapshot = bench.snapshot({false, true, false, false, true, false});
        REQUIRE(snapshot.panic());
        for (int round = 0; round < 200; ++round) {
            const std::uint64_t hash = bench.random.next();
            const std::uint16_t second = bench.pick(snapshot, hash, {0});
            REQUIRE((second == 1 || second == 4));
            const std::uint16_t other = second == 1 ? 4 : 1;
            REQUIRE(bench.pick(snapshot, hash, {0, second}) == other);
            const std::uint16_t last = bench.pick(snapshot, hash, {0, 1, 4});
            REQUIRE((last == 2 || last == 3 || last == 5));
        }
    }
}

TEST_CASE("nothing is picked when nobody is eligible") {
    for (const Policy policy : all_policies) {
        CAPTURE(static_cast<int>(policy));
        Bench dead{policy, equal_weights(3), 10'000};
        CHECK(dead.pick(dead.snapshot({false, false, false})) == no_endpoint);
        Bench empty{policy, {}};
        CHECK(empty.pick(empty.snapshot()) == no_endpoint);
    }
}

TEST_CASE("an endpoint below its full ramp gets that part of its share") {
    for (const Policy policy : all_policies) {
        CAPTURE(static_cast<int>(policy));
        Bench bench{policy, {2, 2, 4}};
        std::vector<EndpointState> states(3);
        states[2].ramp = full_ramp / 4;
        const Snapshot snapshot{bench.membership, states};
        const auto picks = bench.picks(snapshot, 50'000);
        CHECK(picks[0] ==
              doctest::Approx(bench.membership->hashed() ? 21'800 : 20'000).epsilon(0.05));
        CHECK(picks[2] ==
              doctest::Approx(bench.membership->hashed() ? 6'250 : 10'000).epsilon(0.05));
        // Unless it is the only one that was not tried.
        CHECK(bench.pick(snapshot, bench.random.next(), {0, 1}) == 2);
    }
}

TEST_CASE("an endpoint on trial gets a 64th, the last one all") {
    for (const Policy policy : all_policies) {
        CAPTURE(static_cast<int>(policy));
        Bench bench{policy, equal_weights(3), 10'000};
        std::vector<EndpointState> states(3);
        states[2].trial = full_ramp / 64;
        const Snapshot tried{bench.membership, states};
        const auto picks = bench.picks(tried, 50'000);
        CHECK(picks[2] > 100);
        CHECK(picks[2] < 500);
        states[0].trial = full_ramp / 64;
        states[1].healthy = false;
        const Snapshot alone{bench.membership, states};
        for (const std::size_t index : {0u, 2u}) {
            CHECK(alone.ramp(static_cast<std::uint16_t>(index)) == full_ramp);
            CHECK(bench.picks(alone, 9'000)[index] > 3'000);
        }
    }
}

TEST_CASE("trials do not count where the few that are proven would get all") {
    Bench bench{Policy::ring_hash, equal_weights(10)};
    std::vector<EndpointState> states(10);
    for (std::size_t i = 1; i < 6; ++i) states[i].trial = full_ramp / 64;
    for (std::size_t i = 6; i < 10; ++i) states[i].healthy = false;
    const Snapshot few{bench.membership, states};
    REQUIRE_FALSE(few.panic());
    CHECK(bench.picks(few, 9'000)[0] < 3'000);
    for (std::size_t i = 1; i < 5; ++i) states[i].trial = full_ramp;
    const Snapshot half{bench.membership, states};
    CHECK(half.ramp(5) == full_ramp / 64);
}

TEST_CASE("when a trial ends only keys of that endpoint come home") {
    Bench bench{Policy::ring_hash, equal_weights(5)};
    std::vector<EndpointState> states(5);
    for (std::uint16_t trial = 16; trial < full_ramp;
         trial = static_cast<std::uint16_t>(trial * 2)) {
        states[1].trial = trial;
        const Snapshot before{bench.membership, states};
        states[1].trial = static_cast<std::uint16_t>(trial * 2);
        const Snapshot after{bench.membership, states};
        for (std::uint64_t arc = 0; arc < 65'536; arc += 7) {
            const std::uint16_t from = before.ring()->pick(arc << 48);
            const std::uint16_t to = after.ring()->pick(arc << 48);
            if (from != to) REQUIRE(to == 1);
        }
    }
}

TEST_CASE("in a panic ramps do not count") {
    for (const Policy policy : all_policies) {
        CAPTURE(static_cast<int>(policy));
        Bench bench{policy, equal_weights(3)};
        const Snapshot snapshot{bench.membership, {{true, 1}, {false, 1}, {false, 1}}};
        REQUIRE(snapshot.panic());
        for (const int picks : bench.picks(snapshot, 9'000)) CHECK(picks > 2'700);
    }
}

TEST_CASE("empty places are never picked") {
    for (const Policy policy : all_policies) {
        CAPTURE(static_cast<int>(policy));
        Bench bench{policy, equal_weights(5)};
        auto list = bench.membership->endpoints();
        list[0] = list[3] = nullptr;
        bench.membership = std::make_shared<const Membership>(list, bench.membership->balancing());
        const Snapshot snapshot = bench.snapshot();
        CHECK(snapshot.healthy_count() == 3);
        const auto picks = bench.picks(snapshot, 3'000);
        CHECK(picks[0] + picks[3] == 0);
        for (const int index : {1, 2, 4}) CHECK(picks[static_cast<std::size_t>(index)] > 800);
        CHECK(snapshot.moved_ratio(snapshot) == 0);
    }
}

TEST_CASE("the moved ratio compares by name") {
    const Bench bench{Policy::ring_hash, equal_weights(4)};
    const Snapshot before = bench.snapshot();
    std::vector<std::shared_ptr<Endpoint>> list;
    for (std::uint16_t i = 0; i < 4; ++i) {
        const Endpoint &old = *before.endpoint(static_cast<std::uint16_t>(3 - i));
        list.push_back(std::make_shared<Endpoint>(Endpoint::Identity{
            .name = old.name, .address = old.address, .weight = old.weight, .index = i}));
    }
    const Snapshot after{std::make_shared<const Membership>(list, bench.membership->balancing()),
                         std::vector<EndpointState>(4)};
    CHECK(after.moved_ratio(before) == 0);
    CHECK(bench.snapshot({true, false, true, true}).moved_ratio(before) ==
          doctest::Approx(0.25).epsilon(0.05));
    const Bench ringless{Policy::random, equal_weights(4)};
    CHECK(ringless.snapshot().moved_ratio(before) == 0);
}

TEST_CASE("an endpoint's in-flight word has a cache line of its own") {
    const auto list = endpoints({1, 1});
    for (const auto &endpoint : list) {
        const auto address = reinterpret_cast<std::uintptr_t>(&endpoint->in_flight);
        CHECK(address % 64 == 0);
        CHECK(reinterpret_cast<std::uintptr_t>(endpoint.get()) + sizeof(Endpoint) >= address + 64);
    }
}

TEST_CASE("an endpoint that drains gets nothing, nor in a panic, and counts for nothing") {
    for (const Policy policy : all_policies) {
        CAPTURE(static_cast<int>(policy));
        Bench bench{policy, {1, 1, 1}};
        auto members = bench.membership->endpoints();
        members[1]->duty = Duty::drain;
        bench.membership =
            std::make_shared<const Membership>(members, bench.membership->balancing());
        for (const bool healthy : {true, false}) {
            const Snapshot snapshot = bench.snapshot({healthy, true, healthy});
            CHECK(snapshot.panic() == !healthy);
            const std::vector<int> picks = bench.picks(snapshot, 300);
            CHECK(picks[1] == 0);
            CHECK(std::min(picks[0], picks[2]) > 50);
        }
        members[0]->duty = members[2]->duty = Duty::maintenance;
        bench.membership =
            std::make_shared<const Membership>(members, bench.membership->balancing());
        CHECK(bench.pick(bench.snapshot()) == no_endpoint);
    }
}

TEST_CASE("a weight that is changed counts from the next membership on") {
    Bench bench{Policy::ring_hash, {1, 1}};
    auto members = bench.membership->endpoints();
    members[0]->set_weight(9);
    bench.membership = std::make_shared<const Membership>(members, bench.membership->balancing());
    CHECK(bench.picks(bench.snapshot(), 1000)[0] > 800);
}

}  // namespace uvoy::cluster
