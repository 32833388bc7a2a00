#include "stats/histogram.h"

#include <numeric>

namespace uvoy::stats {

// Not inline: unrolled at each place it costs a request more in code to fetch than a call does.
std::size_t bucket_of(Duration value) {
    std::size_t bucket = 0;
    while (bucket < bucket_bounds.size() && value > bucket_bounds[bucket]) ++bucket;
    return bucket;
}

std::uint64_t HistogramValue::count() const {
    return std::accumulate(buckets.begin(), buckets.end(), std::uint64_t{0});
}

HistogramValue &HistogramValue::operator+=(const HistogramValue &other) {
    for (std::size_t i = 0; i < buckets.size(); ++i) buckets[i] += other.buckets[i];
    sum_nanoseconds += other.sum_nanoseconds;
    return *this;
}

HistogramValue Histogram::value() const {
    HistogramValue value;
    for (std::size_t i = 0; i < buckets_.size(); ++i) value.buckets[i] = buckets_[i].value();
    value.sum_nanoseconds = sum_.value();
    return value;
}

}  // namespace uvoy::stats
