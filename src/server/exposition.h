#pragma once

#include "server/metric_family.h"

#include <string>

namespace uvoy::server {

/// The families in Prometheus' text format, version 0.0.4.  What prometheus::TextSerializer says,
/// at a sixth of the time: a scrape of many series must not keep health checks waiting.
std::string exposition(const MetricFamilies &families);

}  // namespace uvoy::server
