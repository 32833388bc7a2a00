#include "server/exposition.h"

#include "server/metrics_exporter.h"
#include "view.h"

#include <doctest/doctest.h>
#include <prometheus/text_serializer.h>

#include <limits>
#include <string>

namespace uvoy::server {

namespace {

std::string of_library(const MetricFamilies &families) {
    return prometheus::TextSerializer{}.Serialize(families);
}

}  // namespace

TEST_CASE("the text is the library's") {
    Scene scene;
    scene.worker(0).endpoint(1).requests[2].add(3);
    scene.worker(1).cluster(0).connect_duration.observe(std::chrono::microseconds{1234});
    const MetricFamilies families = MetricsExporter{scene.view()}.Collect();
    REQUIRE(families.size() > 20);
    CHECK(exposition(families) == of_library(families));
}

TEST_CASE("values that are no small numbers") {
    MetricFamilies families;
    Gauge gauge{families, "g", "Help."};
    for (const double value : {0.0, -1.0, 0.1, 1e-9, 1.0 / 3, 123456789.125, 1e15, 1e22, 1e300,
                               std::numeric_limits<double>::infinity(),
                               -std::numeric_limits<double>::infinity(), 9007199254740993.0})
        gauge.add({{"a", "b"}}, value);
    gauge.add({}, std::uint64_t{1} << 60);
    gauge.add({}, 5e-324);
    CHECK(exposition(families) == of_library(families));
    MetricFamilies none;
    Gauge{none, "g", "Help."}.add({}, std::numeric_limits<double>::quiet_NaN());
    CHECK(exposition(none) == "# HELP g Help.\n# TYPE g gauge\ng NaN\n");
}

TEST_CASE("label values are escaped") {
    MetricFamilies families;
    Counter{families, "c_total", "Help."}.add({{"x", "a\\b\"c\nd"}, {"y", ""}}, 1.0);
    CHECK(exposition(families) ==
          "# HELP c_total Help.\n# TYPE c_total counter\n"
          "c_total{x=\"a\\\\b\\\"c\\nd\",y=\"\"} 1\n");
    CHECK(exposition(families) == of_library(families));
}

TEST_CASE("summaries and histograms, with labels and without") {
    MetricFamilies families;
    Summary summary{families, "s_seconds", "Help."};
    summary.add({}, 3, 0.25);
    summary.add({{"a", "b"}}, 0, 0);
    families.back().metric.back().summary.quantile = {{.quantile = 0.99, .value = 0.5}};
    Histogram histogram{families, "h_seconds", "Help."};
    stats::HistogramValue value{};
    value.buckets[0] = 1;
    value.buckets[3] = 7;
    value.sum_nanoseconds = 1'500'000'001;
    histogram.add({}, value);
    histogram.add({{"a", "b"}}, value);
    // One that does not say how many there were at all.
    families.back().metric.back().histogram.bucket.pop_back();
    CHECK(exposition(families) == of_library(families));
}

}  // namespace uvoy::server
