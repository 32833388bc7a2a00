#pragma once

#include "base/time.h"

#include <cstddef>
#include <cstdint>
#include <vector>

namespace uvoy::cluster {

/// Suspects that it is this process's own network that failed: nearly all endpoints of all clusters
/// fell silent, one soon after the other, and none has given a sign of life since.
///
/// Silence is a time-out or an unreachable address.  A refused connection or a bad answer is a sign
/// of life: it came over the network.
class Suspicion {
public:
    static constexpr Duration span = std::chrono::seconds{5};
    static constexpr std::size_t least_endpoints = 4;
    static constexpr std::size_t least_clusters = 2;
    static constexpr std::size_t percent = 90;

    /// `cluster_of` has the cluster of each endpoint; endpoints are numbered over all clusters.
    explicit Suspicion(std::vector<std::uint16_t> cluster_of);

    /// False if it was silent() before.
    bool on_silence(std::size_t endpoint, TimePoint now);
    /// Of whichever endpoint.
    void on_life(TimePoint now) { life_ = now; }

    /// Since the last sign of life, and within `span`.
    bool silent(std::size_t endpoint, TimePoint now) const;

    /// Whether nearly all of those endpoints are silent() which count: `counts(number)` is asked
    /// for each, and is true for those that were healthy `span` ago.
    template <typename Counts>
    bool justified(TimePoint now, Counts counts) const {
        std::vector<bool> seen(clusters_);
        std::size_t clusters = 0;
        std::size_t all = 0;
        std::size_t quiet = 0;
        for (std::size_t i = 0; i < cluster_of_.size(); ++i) {
            if (!counts(i)) continue;
            ++all;
            if (!silent(i, now)) continue;
            ++quiet;
            if (!seen[cluster_of_[i]]) ++clusters;
            seen[cluster_of_[i]] = true;
        }
        return all >= least_endpoints && clusters >= least_clusters && quiet * 100 >= all * percent;
    }

private:
    std::vector<std::uint16_t> cluster_of_;
    std::size_t clusters_ = 0;
    std::vector<TimePoint> silent_since_;  // by endpoint; of no meaning if before life_
    TimePoint life_{};
};

}  // namespace uvoy::cluster
