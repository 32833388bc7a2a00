#include "fleet.h"
#include "seeds.h"

#include <doctest/doctest.h>

#include <cstddef>
#include <cstdint>

namespace uvoy::sim {

TEST_CASE("whatever endpoints do, dead ones go, good ones return and keys move with cause only") {
    const auto [first, count] = Seeds::from_environment(2'000);
    std::size_t ejections = 0;
    std::size_t publishes = 0;
    for (std::uint64_t seed = first; seed < first + count; ++seed) {
        CAPTURE(seed);
        Fleet fleet{seed};
        REQUIRE(fleet.run() == "");
        ejections += fleet.ejections();
        publishes += fleet.publishes();
    }
    MESSAGE(ejections << " ejections, " << publishes << " snapshots");
    CHECK(ejections > count);
}

}  // namespace uvoy::sim
