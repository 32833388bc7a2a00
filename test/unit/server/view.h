#pragma once

#include "rcu/rcu.h"
#include "server/flight_recorder.h"
#include "server/health_table.h"
#include "server/live_clusters.h"
#include "server/server_view.h"

#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace uvoy::server {

inline config::Cluster cluster_of(std::string name, const std::vector<std::string> &endpoints) {
    config::Cluster cluster;
    cluster.name = std::move(name);
    for (const std::string &endpoint : endpoints) {
        cluster.endpoints.push_back(
            {.name = endpoint,
             .address = {.host = "127.0.0.1",
                         .port = static_cast<std::uint16_t>(8081 + cluster.endpoints.size()),
                         .path = {}}});
    }
    return cluster;
}

/// Two listeners, two routes, the cluster "app" (ring of three) and "cache" (one, round robin), and
/// two rate limits.
inline config::Config small_config() {
    config::Config config;
    for (const char *name : {"web", "internal"}) {
        config.listeners.emplace_back().name = name;
        config.listeners.back().addresses = {{.host = "127.0.0.1", .port = 3000, .path = {}}};
    }
    config.clusters = {cluster_of("app", {"a", "b", "c"}), cluster_of("cache", {"only"})};
    config.clusters[1].load_balancing.policy = config::Policy::round_robin;
    config.clusters[1].health_check.type = config::HealthCheck::Type::none;
    config.routes.resize(2);
    config.routes[0].name = "api";
    config.routes[1].name = "rest";
    config.rate_limits.emplace_back().name = "per-client";
    config.rate_limits.emplace_back().name = "trial";
    config.rate_limits[1].dry_run = true;
    return config;
}

/// This thread, which several scenes may need to be a reader of at once.
inline std::shared_ptr<rcu::Thread> registered_thread() {
    static thread_local std::weak_ptr<rcu::Thread> known;
    std::shared_ptr<rcu::Thread> thread = known.lock();
    if (!thread) known = thread = std::make_shared<rcu::Thread>();
    return thread;
}

/// Everything that a ServerView looks at, without threads, with two workers' counters.
struct Scene {
    explicit Scene(config::Config config = small_config())
        : runtime{std::move(config), 42, 2},
          totals{runtime.dimensions()},
          clusters{runtime},
          health{runtime, state.started} {
        for (int i = 0; i < 2; ++i) {
            stats.push_back(std::make_unique<stats::WorkerStats>(runtime.dimensions()));
            recorders.push_back(std::make_unique<FlightRecorder>());
            workers.push_back(stats.back().get());
        }
        totals.start(workers);
        for (std::size_t i = 0; i < runtime.config().rate_limits.size(); ++i) {
            ledgers.push_back(std::make_unique<limit::Ledger>(limit::Policy{}, 8));
            ledger_list.push_back(ledgers.back().get());
        }
    }

    ServerView view() const {
        return {.state = state,
                .runtime = runtime,
                .workers = workers,
                .totals = totals,
                .clusters = clusters,
                .health = health,
                .ledgers = ledger_list,
                .recorders = recorders};
    }

    stats::WorkerStats &worker(std::size_t number) { return *stats[number]; }

    /// Two failed checks.
    void fail(proxy::EndpointId id, TimePoint now) {
        Random random{1};
        for (int i = 0; i < 2; ++i)
            health.at(id).health.on_check_result({.ok = false, .detail = "connect_refused"}, now,
                                                 random);
        clusters.publish(id.cluster, health.states(id.cluster));
    }

    std::shared_ptr<rcu::Thread> thread = registered_thread();
    ServerState state{.version = "1.2.3",
                      .config_path = "uvoy.json",
                      .config_hash = "c0ffee",
                      .started = TimePoint{std::chrono::hours{1}},
                      .serving = true};
    proxy::Runtime runtime;
    stats::Totals totals;
    LiveClusters clusters;
    HealthTable health;
    std::vector<std::unique_ptr<stats::WorkerStats>> stats;
    std::vector<const stats::WorkerStats *> workers;
    std::vector<std::unique_ptr<limit::Ledger>> ledgers;
    std::vector<limit::Ledger *> ledger_list;
    std::vector<std::unique_ptr<FlightRecorder>> recorders;
};

}  // namespace uvoy::server
