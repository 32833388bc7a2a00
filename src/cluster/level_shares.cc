#include "cluster/level_shares.h"

#include <algorithm>
#include <cassert>
#include <numeric>

namespace uvoy::cluster {

namespace {

std::uint64_t capacity(const LevelWeight &level) {
    assert(level.total > 0 && level.serving <= level.total);
    return std::min(all_requests, all_requests * level.serving * 14 / (level.total * 10));
}

}  // namespace

std::vector<std::uint64_t> level_shares(std::span<const LevelWeight> levels) {
    std::vector<std::uint64_t> shares;
    std::uint64_t left = all_requests;
    for (const LevelWeight &level : levels) {
        shares.push_back(std::min(left, capacity(level)));
        left -= shares.back();
    }
    const std::uint64_t sum = all_requests - left;
    if (sum == 0 || left == 0) return shares;
    for (std::uint64_t &share : shares) share = share * all_requests / sum;
    // What division cut off goes to the last that takes any.
    const std::uint64_t given = std::accumulate(shares.begin(), shares.end(), std::uint64_t{0});
    const auto last =
        std::find_if(shares.rbegin(), shares.rend(), [](std::uint64_t share) { return share > 0; });
    *last += all_requests - given;
    return shares;
}

bool levels_suffice(std::span<const LevelWeight> levels) {
    std::uint64_t sum = 0;
    for (const LevelWeight &level : levels) sum += capacity(level);
    return sum >= all_requests;
}

}  // namespace uvoy::cluster
