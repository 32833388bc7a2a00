#pragma once

#include "server/give_way.h"
#include "stats/histogram.h"

#include <prometheus/metric_family.h>

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string_view>
#include <utility>
#include <vector>

namespace uvoy::server {

using MetricFamilies = std::vector<prometheus::MetricFamily>;

/// Appends one family and its series to a list.  Several can be filled side by side.
class MetricFamily {
public:
    using Labels = std::initializer_list<std::pair<std::string_view, std::string_view>>;

    void add(Labels labels, double value);
    void add(Labels labels, std::uint64_t value) { add(labels, static_cast<double>(value)); }
    void add(Labels labels, std::int64_t value) { add(labels, static_cast<double>(value)); }
    void add(Labels labels, const stats::HistogramValue &value);
    /// Of a summary: how many values there were, and their sum.
    void add(Labels labels, std::uint64_t count, double sum);

    void add_if_positive(Labels labels, std::uint64_t value) {
        if (value > 0) add(labels, value);
    }

protected:
    MetricFamily(MetricFamilies &list, std::string_view name, std::string_view help,
                 prometheus::MetricType type);

private:
    prometheus::ClientMetric &append(Labels labels);

    MetricFamilies &list_;
    std::size_t index_;
    GiveWay give_way_;
    prometheus::MetricType type_;
};

struct Counter : MetricFamily {
    Counter(MetricFamilies &list, std::string_view name, std::string_view help)
        : MetricFamily{list, name, help, prometheus::MetricType::Counter} {}
};

struct Gauge : MetricFamily {
    Gauge(MetricFamilies &list, std::string_view name, std::string_view help)
        : MetricFamily{list, name, help, prometheus::MetricType::Gauge} {}
};

/// Without quantiles: nothing but a mean can be had of it, for two series.
struct Summary : MetricFamily {
    Summary(MetricFamilies &list, std::string_view name, std::string_view help)
        : MetricFamily{list, name, help, prometheus::MetricType::Summary} {}
};

/// Values are durations in seconds.
struct Histogram : MetricFamily {
    Histogram(MetricFamilies &list, std::string_view name, std::string_view help)
        : MetricFamily{list, name, help, prometheus::MetricType::Histogram} {}
};

}  // namespace uvoy::server
