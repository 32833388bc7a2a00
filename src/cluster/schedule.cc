#include "cluster/schedule.h"

#include <algorithm>
#include <cassert>
#include <numeric>

namespace uvoy::cluster {

std::vector<std::uint16_t> weighted_schedule(std::span<const std::uint64_t> weights) {
    assert(weights.size() <= UINT16_MAX);
    if (weights.empty()) return {};
    std::uint64_t divisor = 0;
    std::uint64_t total = 0;
    for (const std::uint64_t weight : weights) {
        assert(weight > 0);
        divisor = std::gcd(divisor, weight);
        total += weight;
    }
    assert(divisor > 0);
    const bool fits = total / divisor <= schedule_limit;

    struct Turn {
        std::uint64_t due;  // in units of 2^-32 of the cycle
        std::uint16_t position;
    };
    std::vector<Turn> turns;
    turns.reserve(fits ? total / divisor : schedule_limit + weights.size());
    std::uint16_t position = 0;
    for (const std::uint64_t weight : weights) {
        const std::uint64_t count =
            fits ? weight / divisor : std::max(std::uint64_t{1}, weight * schedule_limit / total);
        // In the middle of each of `count` equal parts of the cycle.
        for (std::uint64_t n = 0; n < count; ++n)
            turns.push_back({.due = ((2 * n + 1) << 31) / count, .position = position});
        ++position;
    }
    std::ranges::stable_sort(turns, {}, &Turn::due);

    std::vector<std::uint16_t> schedule;
    schedule.reserve(turns.size());
    for (const Turn &turn : turns) schedule.push_back(turn.position);
    return schedule;
}

}  // namespace uvoy::cluster
