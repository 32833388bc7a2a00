#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace uvoy::cluster {

/// Longest schedule; weights that would need more are scaled down.
inline constexpr std::size_t schedule_limit = 16'384;

/// One cycle of weighted turns: position i stands in it weights[i] / gcd(weights) times, evenly
/// spread, and at least once.  Walked in order it is weighted round robin; a slot drawn at random
/// is a weighted random choice.  At most `schedule_limit` weights, all of them at least 1.
std::vector<std::uint16_t> weighted_schedule(std::span<const std::uint32_t> weights);

}  // namespace uvoy::cluster
