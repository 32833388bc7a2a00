#include "cluster/slow_start.h"

#include <doctest/doctest.h>

#include "members.h"

namespace uvoy::cluster {

namespace {

using namespace std::chrono_literals;

/// One cluster whose endpoints come and go.
struct Scene {
    explicit Scene(std::size_t count, Duration period = 10s)
        : list{endpoints(equal_weights(count))}, states(count), slow_start{period, list} {}

    /// The ramps `after` the start.
    std::vector<int> ramps(Duration after) {
        auto copy = states;
        slow_start.apply(list, copy, TimePoint{after});
        std::vector<int> result;
        for (const EndpointState &state : copy) result.push_back(state.ramp);
        return result;
    }

    std::vector<std::shared_ptr<Endpoint>> list;
    std::vector<EndpointState> states;
    SlowStart slow_start;
};

}  // namespace

TEST_CASE("whoever is there at the start has its whole share at once") {
    Scene scene{3};
    CHECK(scene.ramps(0s) == std::vector{1024, 1024, 1024});
    CHECK_FALSE(scene.slow_start.next_step());
}

TEST_CASE("an endpoint that returns goes from a tenth to its whole share over the period") {
    Scene scene{3};
    scene.states[1].healthy = false;
    CHECK(scene.ramps(1s)[1] == 1024);  // of no meaning while it is out
    CHECK_FALSE(scene.slow_start.next_step());
    scene.states[1].healthy = true;
    CHECK(scene.ramps(5s) == std::vector{1024, 102, 1024});
    CHECK(scene.slow_start.next_step() == TimePoint{5s + 156'250us});
    CHECK(scene.ramps(10s) == std::vector{1024, 563, 1024});
    CHECK(scene.ramps(15s) == std::vector{1024, 1024, 1024});
    CHECK_FALSE(scene.slow_start.next_step());
}

TEST_CASE("a step is not shorter than 100 ms") {
    Scene scene{2, 1s};
    scene.states[1].healthy = false;
    scene.ramps(1s);
    scene.states[1].healthy = true;
    CHECK(scene.ramps(2s)[1] == 102);
    CHECK(scene.slow_start.next_step() == TimePoint{2s + 100ms});
}

TEST_CASE("a period of none means at once") {
    Scene scene{2, 0s};
    scene.states[1].healthy = false;
    scene.ramps(1s);
    scene.states[1].healthy = true;
    CHECK(scene.ramps(2s) == std::vector{1024, 1024});
    CHECK_FALSE(scene.slow_start.next_step());
}

TEST_CASE("whoever falls again while it starts begins anew") {
    Scene scene{2};
    scene.states[1].healthy = false;
    scene.ramps(1s);
    scene.states[1].healthy = true;
    scene.ramps(2s);
    CHECK(scene.ramps(7s)[1] == 563);
    scene.states[1].healthy = false;
    scene.ramps(8s);
    CHECK_FALSE(scene.slow_start.next_step());
    scene.states[1].healthy = true;
    CHECK(scene.ramps(9s)[1] == 102);
}

TEST_CASE("a slow start begins when the trial ends") {
    Scene scene{3};
    scene.states[1].healthy = false;
    scene.ramps(1s);
    scene.states[1] = {.healthy = true, .trial = 16};
    CHECK(scene.ramps(2s) == std::vector{1024, 1024, 1024});
    CHECK_FALSE(scene.slow_start.next_step());
    scene.states[1].trial = 1024;
    CHECK(scene.ramps(7s)[1] == 102);
    CHECK(scene.ramps(12s)[1] == 563);
}

TEST_CASE("a start is not slow where nobody carries the load meanwhile, and stays done") {
    Scene scene{3};
    for (EndpointState &state : scene.states) state.healthy = false;
    scene.ramps(1s);
    scene.states[0].healthy = scene.states[1].healthy = true;
    CHECK(scene.ramps(2s) == std::vector{1024, 1024, 1024});
    scene.states[2].healthy = true;
    CHECK(scene.ramps(3s) == std::vector{1024, 1024, 102});
    // The others fall: it is alone, and gets all.
    scene.states[0].healthy = scene.states[1].healthy = false;
    CHECK(scene.ramps(4s)[2] == 1024);
    CHECK_FALSE(scene.slow_start.next_step());
}

TEST_CASE("an endpoint of another priority does not carry the load") {
    Scene scene{2};
    scene.list[1] = std::make_shared<Endpoint>(
        Endpoint::Identity{.name = "e1:80", .address = "e1:80", .index = 1, .priority = 1});
    scene.states[0].healthy = false;
    scene.ramps(1s);
    scene.states[0].healthy = true;
    CHECK(scene.ramps(2s) == std::vector{1024, 1024});
}

TEST_CASE("an endpoint that is new in its place starts slowly") {
    Scene scene{3};
    scene.list[1] = nullptr;
    CHECK(scene.ramps(1s) == std::vector{1024, 1024, 1024});
    scene.list[1] = std::make_shared<Endpoint>(
        Endpoint::Identity{.name = "new:80", .address = "new:80", .index = 1});
    CHECK(scene.ramps(2s) == std::vector{1024, 102, 1024});
    scene.list[2] = std::make_shared<Endpoint>(
        Endpoint::Identity{.name = "newer:80", .address = "newer:80", .index = 2});
    CHECK(scene.ramps(7s) == std::vector{1024, 563, 102});
}

TEST_CASE("a ramp that is low for another reason is lowered further, but never to nothing") {
    Scene scene{2};
    scene.states[1].healthy = false;
    scene.ramps(1s);
    scene.states[1] = {.healthy = true, .ramp = 512};
    CHECK(scene.ramps(2s)[1] == 51);
    scene.states[1].ramp = 1;
    CHECK(scene.ramps(3s)[1] == 1);
}

TEST_CASE("an endpoint that takes another place goes on as it was") {
    Scene scene{3};
    scene.list.resize(4);
    scene.states.resize(4);
    CHECK(scene.ramps(1s)[1] == 1024);
    const Endpoint::Identity moved{
        .name = scene.list[1]->name, .address = {}, .weight = 2, .index = 3};
    scene.list[3] = std::make_shared<Endpoint>(moved);
    scene.list[1].reset();
    CHECK(scene.ramps(2s) == std::vector{1024, 1024, 1024, 1024});
    const Endpoint::Identity other{.name = "other", .address = {}, .index = 1};
    scene.list[1] = std::make_shared<Endpoint>(other);
    CHECK(scene.ramps(3s) == std::vector{1024, 102, 1024, 1024});
}

}  // namespace uvoy::cluster
