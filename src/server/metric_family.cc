#include "server/metric_family.h"

#include <chrono>
#include <limits>
#include <string>

namespace uvoy::server {

namespace {

double in_seconds(Duration duration) { return std::chrono::duration<double>{duration}.count(); }

prometheus::ClientMetric::Histogram convert(const stats::HistogramValue &value) {
    prometheus::ClientMetric::Histogram histogram;
    histogram.bucket.reserve(stats::bucket_count);
    std::uint64_t cumulative = 0;
    for (std::size_t i = 0; i < stats::bucket_count; ++i) {
        cumulative += value.buckets[i];
        const double bound = i < stats::bucket_bounds.size()
                                 ? in_seconds(stats::bucket_bounds[i])
                                 : std::numeric_limits<double>::infinity();
        histogram.bucket.push_back({.cumulative_count = cumulative, .upper_bound = bound});
    }
    histogram.sample_count = cumulative;
    histogram.sample_sum = static_cast<double>(value.sum_nanoseconds) / 1e9;
    return histogram;
}

}  // namespace

MetricFamily::MetricFamily(MetricFamilies &list, std::string_view name, std::string_view help,
                           prometheus::MetricType type)
    : list_{list}, index_{list.size()}, type_{type} {
    list.push_back({std::string{name}, std::string{help}, type, {}});
}

prometheus::ClientMetric &MetricFamily::append(Labels labels) {
    give_way_.count();
    prometheus::ClientMetric &metric = list_[index_].metric.emplace_back();
    metric.label.reserve(labels.size());
    for (const auto &[name, value] : labels)
        metric.label.push_back({std::string{name}, std::string{value}});
    return metric;
}

void MetricFamily::add(Labels labels, double value) {
    prometheus::ClientMetric &metric = append(labels);
    if (type_ == prometheus::MetricType::Counter) metric.counter.value = value;
    else metric.gauge.value = value;
}

void MetricFamily::add(Labels labels, const stats::HistogramValue &value) {
    append(labels).histogram = convert(value);
}

void MetricFamily::add(Labels labels, std::uint64_t count, double sum) {
    append(labels).summary = {.sample_count = count, .sample_sum = sum, .quantile = {}};
}

}  // namespace uvoy::server
