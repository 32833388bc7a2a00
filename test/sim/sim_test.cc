#include "world.h"

#include <doctest/doctest.h>

#include <cstdlib>
#include <string>

namespace uvoy::sim {

namespace {

std::uint64_t number_from(const char *variable, std::uint64_t otherwise) {
    const char *text = std::getenv(variable);
    return text != nullptr ? std::stoull(text) : otherwise;
}

}  // namespace

// UVOY_SIM_SEED=N replays one run; UVOY_SIM_SEEDS=N makes so many, from UVOY_SIM_FIRST on.
TEST_CASE("whatever the network does, every request gets its own answer and nothing is left over") {
    const std::uint64_t only = number_from("UVOY_SIM_SEED", 0);
    const std::uint64_t first = only != 0 ? only : number_from("UVOY_SIM_FIRST", 1);
    const std::uint64_t count = only != 0 ? 1 : number_from("UVOY_SIM_SEEDS", 5'000);
    std::size_t good = 0;
    std::size_t requests = 0;
    for (std::uint64_t seed = first; seed < first + count; ++seed) {
        CAPTURE(seed);
        World world{seed};
        REQUIRE(world.run() == "");
        good += world.good();
        requests += world.requests();
    }
    MESSAGE(requests << " requests, " << good << " answered by an endpoint");
    // A simulator in which everything fails would prove nothing.
    CHECK(good * 2 > requests);
}

TEST_CASE("equal seeds give equal runs") {
    for (std::uint64_t seed = 1; seed <= 20; ++seed) {
        World one{seed};
        World two{seed};
        CHECK(one.run() == two.run());
        CHECK(one.answered() == two.answered());
    }
}

}  // namespace uvoy::sim
