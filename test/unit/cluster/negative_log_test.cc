#include "cluster/negative_log.h"

#include <doctest/doctest.h>

#include <cmath>

#include "base/random.h"

namespace uvoy::cluster {

TEST_CASE("the integer logarithm agrees with the real one to 0.1 percent") {
    Random random{1};
    double worst = 0;
    for (int i = 0; i < 200'000; ++i) {
        // Small numbers, numbers near 2^64, and those between.
        std::uint64_t hash = random.next();
        if (i % 3 == 1) hash >>= random.below(60);
        if (i % 3 == 2) hash = ~(hash >> random.below(16));
        const double exact = (64 - std::log2(static_cast<double>(hash))) * 0x1p26;
        if (hash == 0 || exact < 0x1p26 * 0x1p-16 * 1.4427) continue;
        const auto ours = static_cast<double>(negative_log2(hash));
        worst = std::max(worst, std::abs(ours - exact) / exact);
    }
    CHECK(worst < 0.001);
    CHECK(worst > 0);
}

TEST_CASE("the integer logarithm never rises with the hash") {
    Random random{2};
    for (int i = 0; i < 200'000; ++i) {
        const std::uint64_t hash = (random.next() >> random.below(64)) | 2;
        const std::uint64_t step = (hash >> (1 + random.below(63))) | 1;
        REQUIRE(negative_log2(hash) <= negative_log2(hash - step));
    }
}

TEST_CASE("the integer logarithm is exact at powers of two and bounded at the ends") {
    CHECK(negative_log2(0) == std::uint64_t{64} << 26);
    CHECK(negative_log2(1) == std::uint64_t{64} << 26);
    CHECK(negative_log2(UINT64_MAX) == 1);
    for (unsigned bit = 0; bit < 64; ++bit)
        CHECK(negative_log2(std::uint64_t{1} << bit) == std::uint64_t{64 - bit} << 26);
}

}  // namespace uvoy::cluster
