#include "base/log.h"
#include "server/admin_json.h"
#include "server/code_class.h"
#include "server/generations.h"
#include "server/health_table.h"
#include "server/wall_time.h"
#include "uv/loop.h"

#include <unistd.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>

namespace uvoy::server {

namespace {

/// Of all routes and methods, by class; uvoy's own answers are among them.
Json requests_json(const ServerView &view, std::size_t listener) {
    const std::size_t slots = view.totals.request_index().route_slots();
    Json requests = Json::object();
    for (std::size_t code = 0; code < stats::code_classes; ++code) {
        std::uint64_t sum = 0;
        for (std::size_t slot = 0; slot < slots; ++slot)
            for (std::size_t method = 0; method < stats::methods; ++method)
                sum += view.totals.requests(listener, slot, method, code);
        if (sum > 0) requests[std::string{code_class_names[code]}] = sum;
    }
    return requests;
}

const char *phase(const ServerState &state) {
    if (state.draining) return "draining";
    return state.serving ? "serving" : "starting";
}

Json upgrade_json(const Upgrade &upgrade) {
    switch (upgrade.phase) {
        case Upgrade::Phase::none:
            break;
        case Upgrade::Phase::running:
            return {{"state", "running"}};
        case Upgrade::Phase::failed:
            return {{"state", "failed"}, {"why", upgrade.why}};
        case Upgrade::Phase::done:
            return {{"state", "done"}};
    }
    return nullptr;
}

}  // namespace

Json listener_json(const ServerView &view, std::size_t index) {
    const config::Listener &config = view.runtime.config().listeners[index];
    const auto sum = view.totals.listener(index);
    Json addresses = Json::array();
    for (const config::Address &address : config.addresses) addresses.push_back(address.text());
    return {
        {"name", config.name},
        {"addresses", std::move(addresses)},
        {"requests_in_flight", sum.requests_active},
        {"requests", requests_json(view, index)},
        {"connections", sum.connections_active},
        {"connections_total", sum.connections_total},
        {"connections_rejected", sum.connections_rejected},
    };
}

Moment this_moment() { return {uv::Loop::now(), unix_milliseconds()}; }

Json status_json(const ServerView &view, const Moment &moment) {
    using std::chrono::duration;
    using std::chrono::duration_cast;
    using std::chrono::milliseconds;
    const ServerState &state = view.state;
    const Duration uptime = moment.now - state.started;
    Json listeners = Json::array();
    std::int64_t requests = 0;
    std::int64_t connections = 0;
    for (std::size_t i = 0; i < view.runtime.config().listeners.size(); ++i) {
        const auto sum = view.totals.listener(i);
        requests += sum.requests_active;
        connections += sum.connections_active;
        listeners.push_back(listener_json(view, i));
    }
    return {
        {"version", state.version},
        {"state", phase(state)},
        {"draining", state.draining},
        {"overloaded", view.runtime.overloaded().load(std::memory_order_relaxed)},
        {"health_frozen", view.health.frozen()},
        {"pid", getpid()},
        {"started",
         rfc3339(moment.unix_milliseconds - duration_cast<milliseconds>(uptime).count())},
        {"uptime_seconds", duration<double>{uptime}.count()},
        {"workers", view.workers.size()},
        {"config",
         {{"path", state.config_path.empty() ? Json{} : Json(state.config_path)},
          {"hash", state.config_hash.empty() ? Json{} : Json(state.config_hash)},
          {"loaded", rfc3339(state.config_loaded)},
          {"last_reload_failed", state.last_reload_failed},
          {"generations", view.generations != nullptr ? view.generations->size() : 1}}},
        {"upgrade", upgrade_json(state.upgrade)},
        {"log_level", log::name(log::level())},
        {"requests_in_flight", requests},
        {"connections", connections},
        {"listeners", std::move(listeners)},
    };
}

}  // namespace uvoy::server
