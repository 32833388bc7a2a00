#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

namespace uvoy::cluster {

/// log2(1 + i / 1024) in units of 2^-26, for i in 0..1024.
extern const std::array<std::uint32_t, 1025> log2_table;

/// -log2(hash / 2^64) in units of 2^-26, by table and linear interpolation: integers only, so every
/// machine gets the same number.  Never rises with `hash`; from 1 (the highest hash) to 2^32 (0 is
/// taken as 1); relative error below 0.1 % but for the highest 2^-16 of the hashes.
inline std::uint64_t negative_log2(std::uint64_t hash) {
    constexpr unsigned step_bits = 22;  // of the mantissa, below the 10 that index the table
    const std::uint64_t positive = hash > 0 ? hash : 1;
    const auto zeros = static_cast<unsigned>(std::countl_zero(positive));
    const std::uint64_t mantissa = (positive << zeros) << 1;  // without its leading one
    const auto index = static_cast<std::size_t>(mantissa >> 54);
    const std::uint64_t within = (mantissa << 10) >> (64 - step_bits);
    const std::uint64_t low = log2_table[index];
    const std::uint64_t log = low + (((log2_table[index + 1] - low) * within) >> step_bits);
    return (std::uint64_t{zeros + 1} << 26) - log;
}

}  // namespace uvoy::cluster
