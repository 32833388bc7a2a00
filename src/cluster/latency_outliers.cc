#include "cluster/latency_outliers.h"

#include <algorithm>
#include <cassert>

namespace uvoy::cluster {

namespace {

constexpr std::uint8_t windows_to_halve = 3;
constexpr std::uint8_t blank_windows_to_double = 10;
constexpr std::uint64_t least_difference = 25'000'000;  // nanoseconds
constexpr std::size_t least_peers = 3;

std::uint64_t mean_of(const Traffic &traffic) {
    return traffic.latency_nanoseconds / traffic.answers;
}

std::uint16_t doubled(std::uint16_t share) {
    return static_cast<std::uint16_t>(std::min(share * 2, int{full_ramp}));
}

}  // namespace

LatencyOutliers::LatencyOutliers(std::size_t endpoints, std::uint32_t ratio)
    : ratio_{ratio}, places_(endpoints) {}

void LatencyOutliers::on_window(std::span<const Traffic> window) {
    assert(window.size() == places_.size());
    if (ratio_ == 0) return;
    std::vector<std::uint64_t> means;
    for (const Traffic &traffic : window)
        if (traffic.answers >= telling_tries) means.push_back(mean_of(traffic));
    const bool tells = means.size() >= least_peers;
    const std::uint64_t median = tells ? lower_median(means) : 0;
    for (std::size_t i = 0; i < window.size(); ++i) {
        if (tells && window[i].answers >= telling_tries)
            judge(places_[i], mean_of(window[i]), median, ratio_);
        else pass_blank(places_[i]);
    }
}

void LatencyOutliers::judge(Place &place, std::uint64_t mean, std::uint64_t median,
                            std::uint32_t ratio) {
    place.blank_windows = 0;
    if (mean >= ratio * median && mean >= median + least_difference) {
        if (++place.slow_windows < windows_to_halve) return;
        place.slow_windows = 0;
        place.share = std::max<std::uint16_t>(place.share / 2, least_share);
        return;
    }
    place.slow_windows = 0;
    if (mean < 2 * median || mean < median + least_difference) place.share = doubled(place.share);
}

void LatencyOutliers::pass_blank(Place &place) {
    place.slow_windows = 0;
    if (++place.blank_windows < blank_windows_to_double) return;
    place.blank_windows = 0;
    place.share = doubled(place.share);
}

}  // namespace uvoy::cluster
