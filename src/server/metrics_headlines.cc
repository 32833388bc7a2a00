#include "server/code_class.h"
#include "server/metrics_sections.h"

namespace uvoy::server {

namespace {

void append_requests(MetricFamilies &list, const ServerView &view) {
    Counter requests{list, "requests_total", "Requests routed to an endpoint, by status class."};
    for (const proxy::ClusterRuntime &cluster : view.runtime.clusters()) {
        for (const auto &endpoint : cluster.endpoints) {
            if (!endpoint) continue;
            const auto sum = view.totals.endpoint(cluster.first_endpoint + endpoint->index);
            for (std::size_t code = 0; code < stats::code_classes; ++code) {
                // From 2xx on they are there from the start, so that rate() misses no first event.
                if (code < 2 && sum.requests[code] == 0) continue;
                requests.add({{"backend", endpoint->name},
                              {"cluster", cluster.config->name},
                              {"code", code_class_names[code]}},
                             sum.requests[code]);
            }
        }
    }
}

}  // namespace

void append_headlines(MetricFamilies &list, const ServerView &view) {
    append_requests(list, view);

    const config::Config &config = view.runtime.config();
    Counter dropped{list, "requests_dropped_total", "Requests rejected by a rate limit."};
    for (std::size_t i = 0; i < config.rate_limits.size(); ++i) {
        dropped.add({{"limit", config.rate_limits[i].name}}, view.totals.limit(i).rejected);
    }

    Gauge active{list, "active_connections",
                 "Requests now in flight (open sockets are uvoy_connections_active)."};
    for (std::size_t i = 0; i < config.listeners.size(); ++i) {
        active.add({{"listener", config.listeners[i].name}},
                   view.totals.listener(i).requests_active);
    }

    Histogram duration{list, "request_duration_seconds",
                       "From the first byte of a request to the last byte of its response."};
    for (std::size_t i = 0; i < config.clusters.size(); ++i) {
        duration.add({{"cluster", config.clusters[i].name}}, view.totals.cluster(i).duration);
    }
}

}  // namespace uvoy::server
