#pragma once

#include "base/time.h"
#include "stats/counter.h"

#include <array>
#include <cstddef>
#include <cstdint>

namespace uvoy::stats {

/// Upper bounds, inclusive as Prometheus' `le`; a last bucket takes what is longer.
inline constexpr std::array<Duration, 15> bucket_bounds = [] {
    using std::chrono::microseconds;
    using std::chrono::milliseconds;
    using std::chrono::seconds;
    return std::array<Duration, 15>{
        microseconds{500}, milliseconds{1},   microseconds{2500}, milliseconds{5},
        milliseconds{10},  milliseconds{25},  milliseconds{50},   milliseconds{100},
        milliseconds{250}, milliseconds{500}, seconds{1},         milliseconds{2500},
        seconds{5},        seconds{10},       seconds{30},
    };
}();
inline constexpr std::size_t bucket_count = bucket_bounds.size() + 1;

/// Index of the bucket that `value` belongs to.  Short ones, the most frequent, are found first.
std::size_t bucket_of(Duration value);

/// A histogram at one moment, of one worker or summed over several.
struct HistogramValue {
    std::array<std::uint64_t, bucket_count> buckets{};  ///< not cumulative
    std::uint64_t sum_nanoseconds = 0;

    std::uint64_t count() const;
    HistogramValue &operator+=(const HistogramValue &other);
    bool operator==(const HistogramValue &) const = default;
};

/// Durations; written by one worker, read by the control loop.
class Histogram {
public:
    /// A negative value counts as zero.
    void observe(Duration value) { observe(value, bucket_of(value)); }
    /// `bucket` is that of the value.
    void observe(Duration value, std::size_t bucket) {
        buckets_[bucket].add();
        if (value > Duration::zero()) sum_.add(static_cast<std::uint64_t>(value.count()));
    }

    HistogramValue value() const;

private:
    std::array<Counter, bucket_count> buckets_;
    Counter sum_;  ///< nanoseconds
};

}  // namespace uvoy::stats
