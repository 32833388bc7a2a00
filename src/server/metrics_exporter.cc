#include "server/metrics_exporter.h"

#include "server/farewell.h"
#include "server/metrics_sections.h"

namespace uvoy::server {

std::vector<prometheus::MetricFamily> MetricsExporter::Collect() const {
    MetricFamilies list;
    append_headlines(list, view_);
    append_downstream(list, view_);
    append_upstream(list, view_);
    append_health(list, view_);
    append_discovery(list, view_);
    append_limits(list, view_);
    append_process(list, view_);
    if (view_.farewell != nullptr) view_.farewell->tell(list);
    // What has no series yet is not there at all.
    std::erase_if(list, [](const auto &family) { return family.metric.empty(); });
    return list;
}

}  // namespace uvoy::server
