#include <doctest/doctest.h>

#include "cluster/snapshot.h"
#include "members.h"

namespace uvoy::cluster {

namespace {

/// A cluster whose endpoints may have half more than their share.
struct Bounded {
    explicit Bounded(std::vector<std::uint32_t> weights) {
        const auto load = std::make_shared<ClusterLoad>();
        std::vector<std::shared_ptr<Endpoint>> list;
        for (const auto &plain : endpoints(weights))
            list.push_back(std::make_shared<Endpoint>(Endpoint::Identity{.name = plain->name,
                                                                         .address = plain->address,
                                                                         .weight = plain->weight,
                                                                         .index = plain->index},
                                                      load));
        membership = std::make_shared<const Membership>(
            list, Balancing{.hash_seed = 7, .bounded_load = 150});
    }

    std::uint16_t pick(const Snapshot &snapshot, std::uint64_t hash) {
        const std::uint16_t index =
            snapshot.pick({.hash = hash, .random = random, .cursor = cursor, .tried = {}});
        REQUIRE(index != no_endpoint);
        return index;
    }

    std::shared_ptr<const Membership> membership;
    Random random{11};
    std::uint32_t cursor = 0;
};

}  // namespace

TEST_CASE("keys stay at home while their endpoint is below its bound") {
    Bounded bounded{equal_weights(4)};
    const Snapshot snapshot{bounded.membership, std::vector<EndpointState>(4)};
    for (std::uint16_t i = 0; i < 4; ++i)
        for (int n = 0; n < 10; ++n) snapshot.endpoint(i)->enter();
    for (int round = 0; round < 1'000; ++round) {
        const std::uint64_t hash = bounded.random.next();
        REQUIRE(bounded.pick(snapshot, hash) == snapshot.ring()->pick(hash));
    }
}

TEST_CASE("one hot key uses its choices in their order, none above one and a half of the mean") {
    Bounded bounded{equal_weights(4)};
    const Snapshot snapshot{bounded.membership, std::vector<EndpointState>(4)};
    const std::uint64_t hash = 0x1234'5678'9abc'def0;
    for (std::uint32_t n = 0; n < 400; ++n)
        snapshot.endpoint(bounded.pick(snapshot, hash))->enter();
    const auto &choices = bounded.membership->levels()[0].ring->choices(arc_of(hash));
    std::uint32_t before = UINT32_MAX;
    std::uint32_t total = 0;
    for (std::size_t i = 0; i < 4; ++i) {
        const std::uint32_t in_flight = snapshot.endpoint(choices[i])->in_flight;
        CHECK(in_flight <= 150);
        CHECK(in_flight <= before);
        before = in_flight;
        total += in_flight;
    }
    CHECK(total == 400);
    CHECK(snapshot.endpoint(choices[0])->in_flight == 150);
    CHECK(snapshot.endpoint(choices[1])->in_flight == 150);
    // It comes home as soon as there is room.
    snapshot.endpoint(choices[0])->leave();
    CHECK(bounded.pick(snapshot, hash) == choices[0]);
}

TEST_CASE("the bound follows the weight, and who is out has no share") {
    Bounded bounded{{1, 3, 4}};
    std::vector<EndpointState> states(3);
    states[2].healthy = false;
    const Snapshot snapshot{bounded.membership, states};
    REQUIRE_FALSE(snapshot.panic());
    for (int n = 0; n < 400; ++n)
        snapshot.endpoint(bounded.pick(snapshot, bounded.random.next()))->enter();
    CHECK(snapshot.endpoint(0)->in_flight <= 151);
    CHECK(snapshot.endpoint(1)->in_flight >= 249);
    CHECK(snapshot.endpoint(2)->in_flight == 0);
}

TEST_CASE("an endpoint above its bound is better than none") {
    Bounded bounded{equal_weights(2)};
    const Snapshot snapshot{bounded.membership, std::vector<EndpointState>(2)};
    for (int n = 0; n < 100; ++n) snapshot.endpoint(0)->enter();
    std::uint32_t cursor = 0;
    const std::uint16_t tried[] = {1};
    CHECK(snapshot.pick({.hash = 5, .random = bounded.random, .cursor = cursor, .tried = tried}) ==
          0);
}

}  // namespace uvoy::cluster
