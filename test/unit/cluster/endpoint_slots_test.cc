#include "cluster/endpoint_slots.h"

#include <doctest/doctest.h>

#include <string>

namespace uvoy::cluster {

namespace {

constexpr TimePoint start{std::chrono::hours{1}};
constexpr Duration long_after = EndpointSlots::rest;

/// Puts an endpoint into the next free place.
std::shared_ptr<Endpoint> seat(EndpointSlots &slots, TimePoint now) {
    const auto index = slots.find_free(now);
    REQUIRE(index);
    auto endpoint = std::make_shared<Endpoint>(
        Endpoint::Identity{.name = std::to_string(*index), .address = {}, .index = *index});
    slots.put(endpoint);
    return endpoint;
}

}  // namespace

TEST_CASE("places are given in turn, each of them once, and no more than there are") {
    EndpointSlots slots{3};
    for (std::uint16_t i = 0; i < 3; ++i) CHECK(seat(slots, start)->index == i);
    CHECK_FALSE(slots.find_free(start + long_after));
}

TEST_CASE("a place that was never used goes before one that was") {
    EndpointSlots slots{3};
    seat(slots, start);
    slots.remove(0);
    CHECK(seat(slots, start + long_after)->index == 1);
    CHECK(seat(slots, start + 2 * long_after)->index == 2);
    CHECK(seat(slots, start + 3 * long_after)->index == 0);
}

TEST_CASE("the place that is unused for the longest time goes first") {
    EndpointSlots slots{3};
    for (int i = 0; i < 3; ++i) seat(slots, start);
    slots.remove(2);
    CHECK_FALSE(slots.find_free(start));
    slots.remove(0);
    CHECK(slots.find_free(start + long_after) == 2);
    CHECK(slots.find_free(start + 2 * long_after) == 2);
    CHECK(seat(slots, start + 2 * long_after)->index == 2);
    CHECK(seat(slots, start + 2 * long_after)->index == 0);
}

TEST_CASE("a place is kept as long as somebody holds its former endpoint") {
    EndpointSlots slots{1};
    std::shared_ptr<Endpoint> held = seat(slots, start);
    slots.remove(0);
    CHECK(slots.at(0) == nullptr);
    CHECK_FALSE(slots.find_free(start + long_after));
    CHECK_FALSE(slots.find_free(start + 3 * long_after));
    held.reset();
    CHECK_FALSE(slots.find_free(start + 4 * long_after));
    CHECK(slots.find_free(start + 5 * long_after) == 0);
}

TEST_CASE("a place is kept as long as requests are under way at its former endpoint") {
    EndpointSlots slots{1};
    Endpoint *const endpoint = seat(slots, start).get();
    endpoint->enter();
    slots.remove(0);
    CHECK_FALSE(slots.find_free(start + long_after));
    CHECK_FALSE(slots.find_free(start + 3 * long_after));
    endpoint->leave();
    CHECK_FALSE(slots.find_free(start + 4 * long_after));
    CHECK(slots.find_free(start + 5 * long_after) == 0);
}

}  // namespace uvoy::cluster
