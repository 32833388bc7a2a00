#include "seeds.h"
#include "world.h"

#include <doctest/doctest.h>

#include <cstddef>
#include <cstdint>

namespace uvoy::sim {

TEST_CASE("whatever the network does, every request gets its own answer and nothing is left over") {
    const auto [first, count] = Seeds::from_environment(5'000);
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
