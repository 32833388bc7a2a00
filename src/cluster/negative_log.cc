#include "cluster/negative_log.h"

namespace uvoy::cluster {

namespace {

/// Squaring doubles the logarithm, so each squaring that passes 2 yields a one bit of it.
constexpr std::uint32_t log2_of(std::uint64_t value_q31) {
    std::uint32_t bits = 0;
    for (int i = 0; i < 26; ++i) {
        value_q31 = (value_q31 * value_q31) >> 31;
        bits <<= 1;
        if (value_q31 < std::uint64_t{1} << 32) continue;
        value_q31 >>= 1;
        bits |= 1;
    }
    return bits;
}

constexpr std::array<std::uint32_t, 1025> make_table() noexcept {
    std::array<std::uint32_t, 1025> table{};
    for (std::size_t i = 0; i < 1024; ++i) table[i] = log2_of((1024 + std::uint64_t{i}) << 21);
    table[1024] = std::uint32_t{1} << 26;
    return table;
}

}  // namespace

// Before any code runs: rings are built by initializers of tests, too.
constinit const std::array<std::uint32_t, 1025> log2_table = make_table();

}  // namespace uvoy::cluster
