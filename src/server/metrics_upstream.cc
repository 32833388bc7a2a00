#include "server/metrics_sections.h"

#include <array>

namespace uvoy::server {

namespace {

void append_results(MetricFamilies &list, const ServerView &view) {
    static constexpr std::array<std::string_view, 4> connect_results{"ok", "refused", "timeout",
                                                                     "failed"};
    static constexpr std::array<std::string_view, 4> retry_results{"success", "failure",
                                                                   "exhausted", "budget"};
    static constexpr std::array<std::string_view, 3> limits{"connections", "requests", "pending"};
    Counter connects{list, "uvoy_upstream_connects_total",
                     "Connections to endpoints that were tried, by result."};
    Counter retries{list, "uvoy_upstream_retries_total", "Requests tried again, by result."};
    Counter overflows{list, "uvoy_overflows_total",
                      "Requests that met a full limit of their cluster."};
    for (std::size_t i = 0; i < view.runtime.clusters().size(); ++i) {
        const auto sum = view.totals.cluster(i);
        const std::string_view cluster = view.runtime.cluster(i).config->name;
        for (std::size_t j = 0; j < connect_results.size(); ++j)
            connects.add({{"cluster", cluster}, {"result", connect_results[j]}},
                         sum.connects.values[j]);
        for (std::size_t j = 0; j < retry_results.size(); ++j)
            retries.add({{"cluster", cluster}, {"result", retry_results[j]}},
                        sum.retries.values[j]);
        for (std::size_t j = 0; j < limits.size(); ++j)
            overflows.add({{"cluster", cluster}, {"limit", limits[j]}}, sum.overflows.values[j]);
    }
}

void append_clusters(MetricFamilies &list, const ServerView &view) {
    Gauge connections{list, "uvoy_upstream_connections", "Open connections to endpoints."};
    Counter reuses{list, "uvoy_upstream_reuses_total",
                   "Requests sent over a connection that had served another one."};
    Gauge pending{list, "uvoy_upstream_pending", "Requests that wait for a connection."};
    Histogram connect{list, "uvoy_upstream_connect_duration_seconds",
                      "How long connecting to an endpoint took."};
    Histogram first_byte{list, "uvoy_upstream_first_byte_seconds",
                         "From the request's head being sent to the response's first byte."};
    for (std::size_t i = 0; i < view.runtime.clusters().size(); ++i) {
        const auto sum = view.totals.cluster(i);
        const std::string_view cluster = view.runtime.cluster(i).config->name;
        connections.add({{"cluster", cluster}, {"state", "active"}}, sum.connections_active);
        connections.add({{"cluster", cluster}, {"state", "idle"}}, sum.connections_idle);
        reuses.add({{"cluster", cluster}}, sum.reuses);
        pending.add({{"cluster", cluster}}, sum.pending);
        connect.add({{"cluster", cluster}}, sum.connect_duration);
        first_byte.add({{"cluster", cluster}}, sum.first_byte);
    }
}

void append_endpoints(MetricFamilies &list, const ServerView &view) {
    Gauge active{list, "uvoy_upstream_requests_active", "Requests in flight at the endpoint."};
    Counter failures{list, "uvoy_upstream_failures_total",
                     "Tries that failed at the endpoint, by reason."};
    Summary first_byte{list, "uvoy_endpoint_first_byte_seconds",
                       "From the request's head being sent to the endpoint's first byte."};
    for (const proxy::ClusterRuntime &cluster : view.runtime.clusters()) {
        for (const auto &endpoint : cluster.endpoints) {
            if (!endpoint) continue;
            const auto sum = view.totals.endpoint(cluster.first_endpoint + endpoint->index);
            active.add({{"cluster", cluster.config->name}, {"backend", endpoint->name}},
                       std::uint64_t{endpoint->in_flight.load(std::memory_order_relaxed)});
            for (std::size_t i = 0; i < reason_count; ++i)
                failures.add_if_positive({{"cluster", cluster.config->name},
                                          {"backend", endpoint->name},
                                          {"reason", name(static_cast<Reason>(i))}},
                                         sum.failures.values[i]);
            first_byte.add({{"cluster", cluster.config->name}, {"backend", endpoint->name}},
                           sum.answers, static_cast<double>(sum.latency_nanoseconds) / 1e9);
        }
    }
}

}  // namespace

void append_upstream(MetricFamilies &list, const ServerView &view) {
    append_clusters(list, view);
    append_results(list, view);
    append_endpoints(list, view);
}

}  // namespace uvoy::server
