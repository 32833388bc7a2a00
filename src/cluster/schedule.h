#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace uvoy::cluster {

/// A cycle that would be longer is scaled down to about this.
inline constexpr std::size_t schedule_limit = 16'384;

/// One cycle of weighted turns: position i stands in it weights[i] / gcd(weights) times, evenly
/// spread, and at least once.  Walked in order it is weighted round robin; a slot drawn at random
/// is a weighted random choice.  Fewer than 65,536 weights, all of them at least 1.
std::vector<std::uint16_t> weighted_schedule(std::span<const std::uint64_t> weights);

}  // namespace uvoy::cluster
