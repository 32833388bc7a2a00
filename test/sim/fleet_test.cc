#include "fleet.h"
#include "seeds.h"

#include <doctest/doctest.h>

#include <cstddef>
#include <cstdint>

namespace uvoy::sim {

TEST_CASE("whatever endpoints do, dead ones go, good ones return and keys move with cause only") {
    const auto [first, count] = Seeds::from_environment(5'000);
    std::size_t ejections = 0;
    std::size_t publishes = 0;
    std::size_t passed = 0;
    std::size_t failed = 0;
    for (std::uint64_t seed = first; seed < first + count; ++seed) {
        CAPTURE(seed);
        Fleet fleet{seed};
        REQUIRE(fleet.run() == "");
        ejections += fleet.ejections();
        publishes += fleet.publishes();
        passed += fleet.passed_trials();
        failed += fleet.failed_trials();
    }
    MESSAGE(ejections << " ejections, " << publishes << " snapshots, " << passed
                      << " trials passed, " << failed << " failed");
    CHECK(ejections > count);
    CHECK(passed * 20 > count);
    CHECK(failed * 20 > count);
}

}  // namespace uvoy::sim
