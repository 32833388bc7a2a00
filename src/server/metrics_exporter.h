#pragma once

#include "server/server_view.h"

#include <prometheus/collectable.h>
#include <prometheus/metric_family.h>

#include <vector>

namespace uvoy::server {

/// Sums what the workers count, when somebody asks, and says it in Prometheus' terms.  Names and
/// labels are a contract; label values come from the configuration only.
///
/// Counters by (listener, route, method, code), failures by reason and the like appear with their
/// first event.  Series by endpoint and by cluster are always there: all endpoints have the codes
/// 2xx to 5xx from the start, so that rate() and increase() miss nothing.  For the same reason
/// those of an object that a reload removed are told once more, and again when its last request is
/// over.
class MetricsExporter final : public prometheus::Collectable {
public:
    explicit MetricsExporter(const ServerView &view) : view_{view} {}

    std::vector<prometheus::MetricFamily> Collect() const override;

private:
    const ServerView view_;
};

}  // namespace uvoy::server
