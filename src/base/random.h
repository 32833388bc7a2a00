#pragma once

#include <cstdint>

namespace uvoy {

/// Finalizer of SplitMix64 (Steele, Lea, Flood 2014): spreads consecutive numbers over all 64 bits.
constexpr std::uint64_t mix(std::uint64_t x) {
    x += 0x9e3779b97f4a7c15;
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
    x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
    return x ^ (x >> 31);
}

/// SplitMix64: fast, seedable, not for secrets.
class Random {
public:
    explicit constexpr Random(std::uint64_t seed) : state_{seed} {}

    constexpr std::uint64_t next() {
        const std::uint64_t value = mix(state_);
        state_ += 0x9e3779b97f4a7c15;
        return value;
    }

    /// Uniform in 0 .. bound - 1 (Lemire's multiply-shift; bias below 2^-32 for 32-bit bounds).
    constexpr std::uint32_t below(std::uint32_t bound) {
        return static_cast<std::uint32_t>(((next() >> 32) * bound) >> 32);
    }

private:
    std::uint64_t state_;
};

}  // namespace uvoy
