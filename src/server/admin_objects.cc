#include "server/admin_objects.h"

#include "config/names.h"
#include "server/code_class.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace uvoy::server {

namespace {

double seconds(Duration duration) { return std::chrono::duration<double>{duration}.count(); }

/// 0 stands for no limit.
Json number_or_null(std::uint64_t number) { return number == 0 ? Json(nullptr) : Json(number); }

Json limit_names(const config::Config &config, const std::vector<std::size_t> &limits) {
    Json names = Json::array();
    for (const std::size_t limit : limits) names.push_back(config.rate_limits[limit].name);
    return names;
}

Json own_json(const config::Config &config, const config::Listener &listener) {
    const config::ListenerTimeouts &timeouts = listener.timeouts;
    const config::ListenerLimits &limits = listener.limits;
    return {
        {"timeouts",
         {{"headers_seconds", seconds(timeouts.headers)},
          {"body_seconds", seconds(timeouts.body)},
          {"keepalive_seconds", seconds(timeouts.keepalive)},
          {"write_seconds", seconds(timeouts.write)}}},
        {"limits",
         {{"header_bytes", limits.header_bytes},
          {"headers", limits.headers},
          {"target_bytes", limits.target_bytes},
          {"connections", number_or_null(limits.connections)},
          {"connections_per_client", number_or_null(limits.connections_per_client)},
          {"requests_per_connection", number_or_null(limits.requests_per_connection)}}},
        {"trusted_proxies", listener.trusted_proxies.size()},
        {"rate_limits", limit_names(config, listener.rate_limits)},
    };
}

Json host_json(const config::HostMatch &host) {
    switch (host.kind) {
        case config::HostMatch::Kind::any:
            break;
        case config::HostMatch::Kind::exact:
            return host.text;
        case config::HostMatch::Kind::suffix:
            return "*" + host.text;
    }
    return nullptr;
}

Json path_json(const config::PathMatch &path) {
    switch (path.kind) {
        case config::PathMatch::Kind::any:
            break;
        case config::PathMatch::Kind::exact:
            return path.text;
        case config::PathMatch::Kind::prefix:
            return {{"prefix", path.text}};
    }
    return nullptr;
}

/// By class of status.  Null: too many routes, so that this one is not counted apart.
Json requests_json(const ServerView &view, std::size_t route) {
    const stats::RequestIndex &index = view.totals.request_index();
    const std::size_t slot = index.slot_of(route);
    if (slot != route) return nullptr;
    std::array<std::uint64_t, stats::code_classes> sums{};
    for (std::size_t i = 0; i < view.runtime.config().listeners.size(); ++i)
        for (std::size_t method = 0; method < stats::methods; ++method)
            for (std::size_t code = 0; code < sums.size(); ++code)
                sums[code] += view.totals.requests(i, slot, method, code);
    Json requests = Json::object();
    for (std::size_t code = 0; code < sums.size(); ++code)
        if (sums[code] > 0) requests[std::string{code_class_names[code]}] = sums[code];
    return requests;
}

Json route_json(const ServerView &view, std::size_t index) {
    const config::Config &config = view.runtime.config();
    const config::Route &route = config.routes[index];
    const auto *const forward = std::get_if<config::Forward>(&route.action);
    const auto *const respond = std::get_if<config::Respond>(&route.action);
    const auto &listener = route.match.listener;
    return {
        {"name", route.name},
        {"match",
         {{"listener", listener ? Json(config.listeners[*listener].name) : Json(nullptr)},
          {"host", host_json(route.match.host)},
          {"path", path_json(route.match.path)}}},
        {"cluster", forward != nullptr ? Json(config.clusters[forward->cluster].name) : Json{}},
        {"respond", respond != nullptr ? Json{{"status", respond->status}} : Json{}},
        {"timeout_seconds", seconds(route.timeout)},
        {"idle_timeout_seconds", seconds(route.idle_timeout)},
        {"max_body", route.max_body ? Json(*route.max_body) : Json(nullptr)},
        {"upgrades", route.upgrades},
        {"retries", route.retry.attempts},
        {"rate_limits", limit_names(config, route.rate_limits)},
        {"access_log", route.access_log},
        {"requests", requests_json(view, index)},
    };
}

/// Names of those that have the limit.
template <typename Objects>
Json users_json(const Objects &objects, std::size_t limit) {
    Json names = Json::array();
    for (const auto &object : objects)
        if (std::ranges::find(object.rate_limits, limit) != object.rate_limits.end())
            names.push_back(object.name);
    return names;
}

Json key_json(const std::vector<config::KeyPart> &parts) {
    Json key = Json::array();
    for (const config::KeyPart &part : parts) {
        const std::string source{config::name(part.source)};
        key.push_back(part.name.empty() ? Json(source) : Json{{source, part.name}});
    }
    return key;
}

Json limit_json(const ServerView &view, std::size_t index) {
    const config::Config &config = view.runtime.config();
    const config::RateLimit &limit = config.rate_limits[index];
    const auto sum = view.totals.limit(index);
    return {
        {"name", limit.name},
        {"requests", limit.rate.requests},
        {"per_seconds", seconds(limit.rate.per)},
        {"burst", limit.burst},
        {"key", key_json(limit.key)},
        {"status", limit.status},
        {"table", limit.table},
        {"dry_run", limit.dry_run},
        {"listeners", users_json(config.listeners, index)},
        {"routes", users_json(config.routes, index)},
        {"admitted", sum.admitted},
        {"rejected", sum.rejected},
        {"would_have_rejected", sum.dry_run},
        {"live_evictions", view.ledgers[index]->live_evictions()},
    };
}

/// Also of former configurations.
std::int64_t requests_in_flight(const ServerView &view, std::size_t worker) {
    std::int64_t sum = 0;
    for (const stats::Totals *totals = &view.totals; totals != nullptr; totals = totals->former()) {
        const stats::WorkerStats &stats = *totals->workers()[worker];
        for (std::size_t i = 0; i < stats.dimensions().listeners; ++i)
            sum += stats.listener(i).requests_active.value();
    }
    return sum;
}

/// The upper bound of the bucket that has it; null: nothing was observed, or it is beyond them.
Json quantile_json(const stats::HistogramValue &histogram, double quantile) {
    const auto rank = quantile * static_cast<double>(histogram.count());
    std::uint64_t seen = 0;
    for (std::size_t i = 0; i < stats::bucket_bounds.size(); ++i) {
        seen += histogram.buckets[i];
        if (seen > 0 && static_cast<double>(seen) >= rank) return seconds(stats::bucket_bounds[i]);
    }
    return nullptr;
}

Json worker_json(const ServerView &view, std::size_t number, Duration uptime) {
    const stats::WorkerStats::Process &process = view.workers[number]->process();
    const stats::HistogramValue lag = process.loop_lag.value();
    const double busy = static_cast<double>(process.busy_nanoseconds.value()) / 1e9;
    return {
        {"worker", number},
        {"connections", process.connections.value()},
        {"requests_in_flight", requests_in_flight(view, number)},
        {"busy_seconds", busy},
        {"busy_share", uptime > Duration::zero() ? busy / seconds(uptime) : 0.0},
        {"loop_lag_p50_seconds", quantile_json(lag, 0.5)},
        {"loop_lag_p99_seconds", quantile_json(lag, 0.99)},
        {"received_bytes", process.received_bytes.value()},
        {"sent_bytes", process.sent_bytes.value()},
        {"connections_given_away", process.accept_handoffs.value()},
        {"log_lines_dropped", process.log_dropped.value()},
    };
}

}  // namespace

Json listeners_json(const ServerView &view, const Moment &) {
    const config::Config &config = view.runtime.config();
    Json listeners = Json::array();
    for (std::size_t i = 0; i < config.listeners.size(); ++i) {
        Json &listener = listeners.emplace_back(listener_json(view, i));
        listener.update(own_json(config, config.listeners[i]));
    }
    return {{"listeners", std::move(listeners)}};
}

Json routes_json(const ServerView &view, const Moment &) {
    Json routes = Json::array();
    for (std::size_t i = 0; i < view.runtime.config().routes.size(); ++i)
        routes.push_back(route_json(view, i));
    return {{"routes", std::move(routes)}};
}

Json limits_json(const ServerView &view, const Moment &) {
    Json limits = Json::array();
    for (std::size_t i = 0; i < view.runtime.config().rate_limits.size(); ++i)
        limits.push_back(limit_json(view, i));
    return {{"limits", std::move(limits)}};
}

Json workers_json(const ServerView &view, const Moment &moment) {
    Json workers = Json::array();
    for (std::size_t i = 0; i < view.workers.size(); ++i)
        workers.push_back(worker_json(view, i, moment.now - view.state.started));
    return {{"workers", std::move(workers)}};
}

}  // namespace uvoy::server
