#pragma once

#include "server/metric_family.h"

#include <string>

namespace uvoy::server {

/// The families in Prometheus' text format, version 0.0.4.  What prometheus::TextSerializer says,
/// without a stream for each number: a scrape of many series must not keep health checks waiting.
std::string exposition(const MetricFamilies &families);

}  // namespace uvoy::server
