#include "cluster/level_shares.h"

#include <algorithm>
#include <bit>
#include <cassert>
#include <numeric>

namespace uvoy::cluster {

namespace {

/// At least 1 if anybody serves.
std::uint64_t capacity(const LevelWeight &level) {
    assert(level.total > 0 && level.serving <= level.total);
    if (level.serving == 0) return 0;
    constexpr int most_bits = 28;  // all_requests times 14 times as many fit into a word
    const int shift = std::max(0, static_cast<int>(std::bit_width(level.total)) - most_bits);
    const std::uint64_t serving = level.serving >> shift;
    const std::uint64_t total = level.total >> shift;
    return std::clamp<std::uint64_t>(all_requests * serving * 14 / (total * 10), 1, all_requests);
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
