#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "base/random.h"

namespace uvoy::cluster {

/// The endpoints of one priority, by weight.
struct LevelWeight {
    std::uint64_t serving;
    std::uint64_t total;  ///< at least 1
};

/// All requests, in the units of level_shares().
inline constexpr std::uint64_t all_requests = std::uint64_t{1} << 30;

/// What part of the requests each level takes, first priority first: as much as is left over, but
/// no more than 1.4 times its serving share, so that a level spills over only when more than two
/// sevenths of it are out (Envoy's overprovisioning factor).  If all together cannot carry
/// everything, their parts are scaled up to it.  The sum is `all_requests`, or 0 if nobody serves.
std::vector<std::uint64_t> level_shares(std::span<const LevelWeight> levels);

/// Whether the levels carry everything without being scaled up.
bool levels_suffice(std::span<const LevelWeight> levels);

/// The level of the request that drew `draw`, an even 64-bit number; `shares` is not all 0.  Each
/// level draws anew, so as its part of what is left shrinks requests only leave it.
inline std::size_t level_of(std::span<const std::uint64_t> shares, std::uint64_t draw) {
    std::uint64_t left = all_requests;
    for (std::size_t level = 0; level + 1 < shares.size(); ++level) {
        draw = mix(draw);
        if ((draw >> 34) * left < shares[level] * all_requests) return level;
        left -= shares[level];
    }
    return shares.size() - 1;
}

}  // namespace uvoy::cluster
