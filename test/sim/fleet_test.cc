#include "fleet.h"

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

// UVOY_SIM_SEED, UVOY_SIM_SEEDS and UVOY_SIM_FIRST as for the other runs.
TEST_CASE("whatever endpoints do, dead ones go, good ones return and keys move with cause only") {
    const std::uint64_t only = number_from("UVOY_SIM_SEED", 0);
    const std::uint64_t first = only != 0 ? only : number_from("UVOY_SIM_FIRST", 1);
    const std::uint64_t count = only != 0 ? 1 : number_from("UVOY_SIM_SEEDS", 2'000);
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
