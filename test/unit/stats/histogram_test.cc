#include "stats/histogram.h"

#include <doctest/doctest.h>

#include <algorithm>

namespace uvoy::stats {

using namespace std::chrono_literals;

TEST_CASE("a bound belongs to its own bucket and the next nanosecond to the next") {
    CHECK(std::is_sorted(bucket_bounds.begin(), bucket_bounds.end()));
    CHECK(bucket_bounds.front() == 500us);
    CHECK(bucket_bounds.back() == 30s);
    for (std::size_t i = 0; i < bucket_bounds.size(); ++i) {
        CAPTURE(i);
        CHECK(bucket_of(bucket_bounds[i] - 1ns) == i);
        CHECK(bucket_of(bucket_bounds[i]) == i);
        CHECK(bucket_of(bucket_bounds[i] + 1ns) == i + 1);
    }
    CHECK(bucket_of(0ns) == 0);
    CHECK(bucket_of(-1ns) == 0);
    CHECK(bucket_of(Duration::max()) == bucket_count - 1);
}

TEST_CASE("a histogram counts every observation once and sums nanoseconds") {
    Histogram histogram;
    for (const Duration value : {Duration{-5ns}, Duration{300us}, Duration{501us}, Duration{1h}})
        histogram.observe(value);
    const HistogramValue value = histogram.value();
    CHECK(value.count() == 4);
    CHECK(value.buckets[0] == 2);
    CHECK(value.buckets[1] == 1);
    CHECK(value.buckets[bucket_count - 1] == 1);
    CHECK(value.sum_nanoseconds == 801'000 + 3'600'000'000'000);
}

TEST_CASE("the sum of two histograms is that of all their observations") {
    Histogram left, right, both;
    for (int i = 0; i < 1000; ++i) {
        const Duration value = i * i * 41us;
        (i % 3 == 0 ? left : right).observe(value);
        both.observe(value);
    }
    HistogramValue sum = left.value();
    sum += right.value();
    CHECK(sum == both.value());
}

}  // namespace uvoy::stats
