#pragma once

#include "base/time.h"
#include "cluster/health.h"

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

/// Which endpoints of a cluster stand out by what traffic saw of them.  Pure functions of one
/// moment; who asks them decides when, and takes the endpoints out.
///
/// None of them blames an endpoint for what its peers show as well: then the fault lies with what
/// stands behind them all, or with the requests, and taking endpoints out would only overload the
/// rest.  Nor can a client that provokes errors take out more than `max_ejected`.
namespace uvoy::cluster {

/// Tries at one endpoint, counted since the start or within a window.
struct Traffic {
    std::uint64_t tries = 0;
    std::uint64_t failed = 0;   ///< of them: without a whole answer, or with one from 500 on
    std::uint64_t answers = 0;  ///< of them: with a response head
    std::uint64_t errors = 0;   ///< of them: from 500 on
    std::uint64_t latency_nanoseconds = 0;  ///< of `answers`, to the first byte, summed

    friend Traffic operator-(const Traffic &later, const Traffic &earlier) {
        return {.tries = later.tries - earlier.tries,
                .failed = later.failed - earlier.failed,
                .answers = later.answers - earlier.answers,
                .errors = later.errors - earlier.errors,
                .latency_nanoseconds = later.latency_nanoseconds - earlier.latency_nanoseconds};
    }
};

/// With fewer tries in a window, shares say little.
inline constexpr std::uint64_t telling_tries = 20;

/// The median, of two that are in the middle the lower one, so that half of a cluster may stand out
/// from the other half.  Reorders `values`, which are not empty.
std::uint64_t lower_median(std::vector<std::uint64_t> &values);

/// Endpoints that failed in at least `ratio` (hundredths of a percent) of at least `telling_tries`,
/// and at least three times as often as their cluster: as the median of those with as many tries,
/// or as all others together if there are fewer than three such.  The worst first.
std::vector<std::size_t> failing_outliers(std::span<const Traffic> window, std::uint32_t ratio);

/// Whether an endpoint is lately no better than one whose tries fail: at least a third of its own
/// did, or the other one was `silent` for less than three times as long as its answers took on
/// average (zero = it was not silent).  One that hardly had tries is not.
bool is_no_better(const Traffic &lately, Duration silent);

/// Whether an endpoint with `in_row` failures, at least `threshold`, is alone with that: not so if
/// more than half of the others, whose failures in a row are `others`, are on the same way.
bool fails_alone(std::uint32_t in_row, std::uint32_t threshold,
                 std::span<const std::uint32_t> others);

/// How many endpoints of a cluster there are, in which state, when one of them is judged.
struct Census {
    std::size_t endpoints = 0;
    std::size_t healthy = 0;  ///< the one that is judged, and those that are proven
    std::size_t ejected = 0;  ///< by traffic, and not yet proven again

    /// One of `endpoints`.
    void count(const Health &health, bool judged);
};

/// Whether one more may go out by traffic: `most` hundredths of a percent of all may be out, or one
/// where that is less than one; and never the last healthy one.
bool may_eject(const Census &census, std::uint32_t most);

}  // namespace uvoy::cluster
