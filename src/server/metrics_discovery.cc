#include "server/discovery.h"
#include "server/live_clusters.h"
#include "server/metrics_sections.h"

namespace uvoy::server {

void append_discovery(MetricFamilies &list, const ServerView &view) {
    if (view.discovery == nullptr) return;
    Counter refreshes{list, "uvoy_discovery_refreshes_total",
                      "Questions to DNS for the endpoints of the cluster, by result."};
    Gauge endpoints{list, "uvoy_discovery_endpoints", "Endpoints that DNS told."};
    for (std::size_t i = 0; i < view.clusters.size(); ++i) {
        const auto status = view.discovery->status(i);
        if (!status) continue;
        const std::string_view cluster = view.runtime.cluster(i).config->name;
        for (std::size_t j = 0; j < refresh_results; ++j)
            refreshes.add({{"cluster", cluster}, {"result", refresh_result_names[j]}},
                          status->refreshes[j]);
        endpoints.add({{"cluster", cluster}}, static_cast<double>(status->endpoints));
    }
}

}  // namespace uvoy::server
