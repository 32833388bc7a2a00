#include "config/names.h"
#include "server/admin_json.h"
#include "server/code_class.h"
#include "server/health_table.h"
#include "server/live_clusters.h"
#include "server/wall_time.h"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace uvoy::server {

namespace {

Json requests_json(const stats::EndpointFields<stats::Summed> &sum) {
    Json requests = Json::object();
    for (std::size_t code = 0; code < stats::code_classes; ++code)
        if (sum.requests[code] > 0)
            requests[std::string{code_class_names[code]}] = sum.requests[code];
    return requests;
}

Json failures_json(const stats::EndpointFields<stats::Summed> &sum) {
    Json failures = Json::object();
    for (std::size_t i = 0; i < reason_count; ++i)
        if (sum.failures.values[i] > 0)
            failures[std::string{name(static_cast<Reason>(i))}] = sum.failures.values[i];
    return failures;
}

/// Counts, not cumulative, of clusters_json's `bucket_bounds_seconds`; what is zero at the end is
/// left out, which is most of it.
template <typename Buckets>
Json buckets_json(const Buckets &buckets) {
    std::size_t size = buckets.size();
    while (size > 0 && buckets[size - 1] == 0) --size;
    return std::vector<std::uint64_t>(buckets.begin(),
                                      buckets.begin() + static_cast<std::ptrdiff_t>(size));
}

/// Why it is out and for how long; null: it is not.
Json ejection_json(const cluster::Health &health, TimePoint now) {
    using seconds = std::chrono::duration<double>;
    if (health.healthy()) return nullptr;
    Json json{
        {"cause", name(health.cause())},
        {"least_seconds", seconds{health.backoff().length()}.count()},
        {"checks_good", health.checks_good()},
    };
    const auto back = health.back_at();
    json["back_in_seconds"] = back ? Json(seconds{*back - now}.count()) : Json(nullptr);
    return json;
}

/// Whether the endpoint is healthy, since when, and why.
Json health_json(const EndpointHealth &endpoint, bool checked, const Moment &moment) {
    using std::chrono::duration;
    using std::chrono::duration_cast;
    using std::chrono::milliseconds;
    const cluster::Health &health = endpoint.health;
    const Duration age = moment.now - health.since();
    const char *const healthy = endpoint.presence == Presence::trial ? "new" : "healthy";
    return {
        {"state", health.healthy() ? healthy : "unhealthy"},
        {"since", rfc3339(moment.unix_milliseconds - duration_cast<milliseconds>(age).count())},
        {"for_seconds", duration<double>{age}.count()},
        {"why",
         checked || endpoint.all_ejections() > 0 ? health.explanation() : "health checks are off"},
        {"fast_checks", health.fast()},
        {"latency_share", static_cast<double>(endpoint.share) / cluster::full_ramp},
        {"trial_share", static_cast<double>(health.trial_share()) / cluster::full_ramp},
        {"checks_passed", endpoint.checks_passed},
        {"checks_failed", endpoint.checks_failed},
        {"checks_skipped", endpoint.checks_skipped},
        {"ejections", endpoint.all_ejections()},
        {"recent_ejections", health.backoff().level(moment.now)},
        {"ejection", ejection_json(health, moment.now)},
    };
}

Json endpoint_json(const ServerView &view, proxy::EndpointId id, const Moment &moment) {
    const cluster::Endpoint &endpoint = view.runtime.endpoint(id);
    const auto sum = view.totals.endpoint(view.runtime.endpoint_number(id));
    const bool checked = view.runtime.cluster(id.cluster).config->health_check.type !=
                         config::HealthCheck::Type::none;
    Json json{
        {"name", endpoint.name},
        {"address", endpoint.address},
        {"weight", endpoint.weight_now()},
        {"duty", name(endpoint.duty)},
    };
    json.update(health_json(view.health.at(id), checked, moment));
    json["requests_in_flight"] = endpoint.in_flight.load(std::memory_order_relaxed);
    json["requests"] = requests_json(sum);
    json["failures"] = failures_json(sum);
    json["first_byte_buckets"] = buckets_json(sum.latencies);
    return json;
}

Json cluster_json(const ServerView &view, std::uint16_t index, const Moment &moment) {
    const config::Cluster &config = *view.runtime.cluster(index).config;
    const cluster::Snapshot &snapshot = view.clusters.current(index);
    const auto sum = view.totals.cluster(index);
    const std::size_t places = view.runtime.cluster(index).endpoints.size();
    Json endpoints = Json::array();
    for (std::size_t i = 0; i < places; ++i) {
        const proxy::EndpointId id{index, static_cast<std::uint16_t>(i)};
        if (!view.runtime.has_endpoint(id)) continue;
        Json &endpoint = endpoints.emplace_back(endpoint_json(view, id, moment));
        if (snapshot.ring() != nullptr) endpoint["ring_share"] = snapshot.ring()->share(i);
    }
    return {
        {"name", config.name},
        {"policy", config::name(config.load_balancing.policy)},
        {"health_check", config::name(config.health_check.type)},
        {"panic", snapshot.panic()},
        {"healthy", view.health.healthy_count(index)},
        {"requests_pending", sum.pending},
        {"duration_buckets", buckets_json(sum.duration.buckets)},
        {"endpoints", std::move(endpoints)},
    };
}

}  // namespace

Json clusters_json(const ServerView &view, const Moment &moment) {
    Json clusters = Json::array();
    for (std::size_t i = 0; i < view.runtime.clusters().size(); ++i)
        clusters.push_back(cluster_json(view, static_cast<std::uint16_t>(i), moment));
    // Who subtracts two answers needs to know what lies between them.
    using seconds = std::chrono::duration<double>;
    Json bounds = Json::array();
    for (const Duration bound : stats::bucket_bounds) bounds.push_back(seconds{bound}.count());
    return {
        {"uptime_seconds", seconds{moment.now - view.state.started}.count()},
        {"bucket_bounds_seconds", std::move(bounds)},
        {"clusters", std::move(clusters)},
    };
}

}  // namespace uvoy::server
