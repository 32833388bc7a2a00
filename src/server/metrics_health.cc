#include "server/health_table.h"
#include "server/live_clusters.h"
#include "server/metrics_sections.h"

#include <chrono>

namespace uvoy::server {

namespace {

void append_endpoints(MetricFamilies &list, const ServerView &view) {
    Gauge healthy{list, "uvoy_endpoint_healthy", "1 if the endpoint is healthy, else 0."};
    Counter ejections{list, "uvoy_endpoint_ejections_total",
                      "How often the endpoint was taken out, by cause."};
    Gauge lengths{list, "uvoy_endpoint_ejection_seconds",
                  "How long the present or last ejection has to last at least; doubles while the "
                  "endpoint flaps."};
    Gauge shares{
        list, "uvoy_endpoint_latency_share",
        "How much of its share an endpoint gets while it is slower than its peers, 0 to 1."};
    Counter checks{list, "uvoy_health_checks_total", "Active health checks, by result."};
    for (std::size_t i = 0; i < view.runtime.clusters().size(); ++i) {
        const std::string_view cluster = view.runtime.cluster(i).config->name;
        for (std::size_t j = 0; j < view.runtime.cluster(i).endpoints.size(); ++j) {
            const proxy::EndpointId id{static_cast<std::uint16_t>(i),
                                       static_cast<std::uint16_t>(j)};
            if (!view.runtime.has_endpoint(id)) continue;
            const EndpointHealth &endpoint = view.health.at(id);
            const std::string_view backend = view.runtime.endpoint(id).name;
            healthy.add({{"cluster", cluster}, {"backend", backend}},
                        endpoint.takes_requests() ? 1.0 : 0.0);
            for (std::size_t k = 0; k < cluster::ejection_causes; ++k)
                ejections.add({{"cluster", cluster},
                               {"backend", backend},
                               {"cause", name(static_cast<cluster::EjectionCause>(k))}},
                              endpoint.ejections[k]);
            lengths.add({{"cluster", cluster}, {"backend", backend}},
                        std::chrono::duration<double>{endpoint.health.backoff().length()}.count());
            shares.add({{"cluster", cluster}, {"backend", backend}},
                       static_cast<double>(endpoint.share) / cluster::full_ramp);
            checks.add({{"cluster", cluster}, {"backend", backend}, {"result", "success"}},
                       endpoint.checks_passed);
            checks.add({{"cluster", cluster}, {"backend", backend}, {"result", "failure"}},
                       endpoint.checks_failed);
            checks.add({{"cluster", cluster}, {"backend", backend}, {"result", "skipped"}},
                       endpoint.checks_skipped);
        }
    }
}

void append_rings(MetricFamilies &list, const ServerView &view) {
    Gauge share{list, "uvoy_ring_share", "Share of the keys that the endpoint now serves, 0 to 1."};
    Gauge moved{list, "uvoy_ring_moved_ratio",
                "Share of the keys that the last change of the ring moved, 0 to 1."};
    Gauge fingerprint{list, "uvoy_ring_fingerprint",
                      "Equal for all uvoy whose rings are equal (upper 53 of 64 bits)."};
    for (std::size_t i = 0; i < view.clusters.size(); ++i) {
        const cluster::Snapshot &snapshot = view.clusters.current(i);
        const std::string_view cluster = view.runtime.cluster(i).config->name;
        const auto &endpoints = snapshot.membership().endpoints();
        if (snapshot.ring() == nullptr) continue;
        for (std::size_t j = 0; j < endpoints.size(); ++j)
            if (endpoints[j])
                share.add({{"cluster", cluster}, {"backend", endpoints[j]->name}},
                          snapshot.ring()->share(j));
        moved.add({{"cluster", cluster}}, view.clusters.moved_ratio(i));
        // A double has no more bits.
        fingerprint.add({{"cluster", cluster}}, snapshot.membership().fingerprint() >> 11);
    }
}

}  // namespace

void append_health(MetricFamilies &list, const ServerView &view) {
    append_endpoints(list, view);
    append_rings(list, view);
    Gauge{list, "uvoy_health_frozen",
          "1 if the network of this host is suspected and silence takes no endpoint out, else 0."}
        .add({}, view.health.frozen() ? 1.0 : 0.0);
    Counter{list, "uvoy_ring_publishes_total", "Snapshots of clusters given to the workers."}.add(
        {}, view.clusters.publishes());
    Gauge panic{list, "uvoy_cluster_panic",
                "1 if so few endpoints are healthy that all are used, else 0."};
    for (std::size_t i = 0; i < view.clusters.size(); ++i)
        panic.add({{"cluster", view.runtime.cluster(i).config->name}},
                  view.clusters.current(i).panic() ? 1.0 : 0.0);
}

}  // namespace uvoy::server
