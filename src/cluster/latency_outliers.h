#pragma once

#include "cluster/endpoint_state.h"
#include "cluster/outlier.h"

#include <cstdint>
#include <span>
#include <vector>

namespace uvoy::cluster {

/// Lessens the share of endpoints of one cluster that answer much more slowly than their peers.
/// They stay in: what they are good for they do, and whether they recover is seen.
///
/// An endpoint is slow in a window if its mean time to the first byte, over at least
/// `telling_tries` answers, is at least `ratio` times the cluster's median and 25 ms above it.
/// After three such windows in a row its share is halved, down to a quarter.  A window below twice
/// the median doubles it, and so do ten that tell nothing.  At least three endpoints must have
/// answered enough.
class LatencyOutliers {
public:
    static constexpr std::uint16_t least_share = full_ramp / 4;

    /// With a ratio of 0 nobody is slow.
    LatencyOutliers(std::size_t endpoints, std::uint32_t ratio);

    /// Judges one window of all endpoints.
    void on_window(std::span<const Traffic> window);

    /// It went out: when it comes back, nothing is held against it.
    void forget(std::size_t endpoint) { places_[endpoint] = Place{}; }

    /// Goes on with what `former` has found at its places.
    void inherit(std::size_t endpoint, const LatencyOutliers &former, std::size_t its_endpoint) {
        places_[endpoint] = former.places_[its_endpoint];
    }

    /// In 1/1024.
    std::uint16_t share(std::size_t endpoint) const { return places_[endpoint].share; }

private:
    struct Place {
        std::uint16_t share = full_ramp;
        std::uint8_t slow_windows = 0;   // in a row
        std::uint8_t blank_windows = 0;  // in a row
    };

    static void judge(Place &place, std::uint64_t mean, std::uint64_t median, std::uint32_t ratio);
    static void pass_blank(Place &place);

    std::uint32_t ratio_;
    std::vector<Place> places_;
};

}  // namespace uvoy::cluster
