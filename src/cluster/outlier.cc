#include "cluster/outlier.h"

#include <algorithm>

namespace uvoy::cluster {

namespace {

constexpr std::uint64_t whole = 10'000;  // hundredths of a percent
constexpr std::uint64_t times_worse = 3;
constexpr std::size_t peers_of_a_median = 3;
constexpr std::uint64_t more_than_chance = 3;  // tries of one kind

/// In hundredths of a percent.
std::uint64_t share(const Traffic &traffic) {
    return traffic.tries == 0 ? 0 : std::min(traffic.failed * whole / traffic.tries, whole);
}

}  // namespace

std::uint64_t lower_median(std::vector<std::uint64_t> &values) {
    const auto middle = values.begin() + static_cast<std::ptrdiff_t>((values.size() - 1) / 2);
    std::ranges::nth_element(values, middle);
    return *middle;
}

std::vector<std::size_t> failing_outliers(std::span<const Traffic> window, std::uint32_t ratio) {
    Traffic all;
    std::vector<std::uint64_t> shares;  // of those that tell
    std::vector<std::size_t> failing;
    for (std::size_t i = 0; i < window.size(); ++i) {
        all.tries += window[i].tries;
        all.failed += window[i].failed;
        if (window[i].tries < telling_tries) continue;
        shares.push_back(share(window[i]));
        if (shares.back() >= ratio && window[i].failed > 0) failing.push_back(i);
    }
    if (failing.empty()) return failing;
    const bool has_median = shares.size() >= peers_of_a_median;
    const std::uint64_t middle = lower_median(shares);
    std::erase_if(failing, [&](std::size_t i) {
        const std::uint64_t usual = has_median ? middle : share(all - window[i]);
        return share(window[i]) < times_worse * usual;
    });
    std::ranges::stable_sort(
        failing, [&](std::size_t a, std::size_t b) { return share(window[a]) > share(window[b]); });
    return failing;
}

bool is_no_better(const Traffic &lately, Duration silent) {
    if (lately.failed >= more_than_chance && lately.failed * times_worse >= lately.tries)
        return true;
    if (silent == Duration::zero() || lately.answers < more_than_chance) return false;
    const std::uint64_t mean = lately.latency_nanoseconds / lately.answers;
    return mean * times_worse > static_cast<std::uint64_t>(silent.count());
}

bool fails_alone(std::uint32_t in_row, std::uint32_t threshold,
                 std::span<const std::uint32_t> others) {
    if (in_row < threshold) return false;
    const std::uint32_t on_the_way = (threshold + 1) / 2;
    const auto failing =
        std::ranges::count_if(others, [&](std::uint32_t other) { return other >= on_the_way; });
    return static_cast<std::size_t>(failing) * 2 <= others.size();
}

void Census::count(const Health &health, bool judged) {
    if (health.healthy() && (judged || !health.on_trial())) ++healthy;
    else if (health.on_trial() || health.ejected_by_traffic()) ++ejected;
}

bool may_eject(const Census &census, std::uint32_t most) {
    if (census.healthy <= 1) return false;
    return census.ejected == 0 || (census.ejected + 1) * whole <= census.endpoints * most;
}

}  // namespace uvoy::cluster
