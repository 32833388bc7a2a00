#pragma once

#include "config/config.h"
#include "limit/ledger.h"
#include "proxy/runtime.h"
#include "rcu/rcu.h"
#include "server/accept_balance.h"
#include "server/admin.h"
#include "server/connection_budget.h"
#include "server/discovery.h"
#include "server/drain.h"
#include "server/endpoint_addresses.h"
#include "server/endpoint_names.h"
#include "server/endpoint_totals.h"
#include "server/failure_channel.h"
#include "server/health_checker.h"
#include "server/health_keeper.h"
#include "server/live_clusters.h"
#include "server/log_writer.h"
#include "server/memory_guard.h"
#include "server/outlier_watch.h"
#include "server/server_view.h"
#include "server/snapshot_publisher.h"
#include "server/steering.h"
#include "server/worker.h"
#include "uv/loop.h"
#include "uv/signal.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace uvoy::server {

/// The main thread: the only writer of shared state.  Owns all that runs, publishes the health of
/// endpoints, serves the admin API and ends the process in good order.
class ControlLoop final : public Steering {
public:
    struct Settings {
        config::Config config;
        std::string config_path;      ///< empty if there is no file
        std::string config_hash;      ///< hexadecimal; empty if there is no file
        bool ends_on_hangup = false;  ///< SIGHUP drains, as when a terminal is closed
    };

    /// Takes its ports; nothing is accepted yet.  Throws StartError.
    explicit ControlLoop(Settings settings);
    ~ControlLoop();

    ControlLoop(const ControlLoop &) = delete;
    ControlLoop &operator=(const ControlLoop &) = delete;

    /// Serves until a signal ends it.  Returns the exit code of the process: 0 when every request
    /// was answered, 1 when some were cut off.
    int run();

    uv::Loop &loop() { return loop_; }

private:
    struct Plan;

    ControlLoop(Settings &settings, Plan plan);

    void make_ledgers();
    void make_workers(std::vector<std::vector<BoundSocket>> sockets);
    void make_admin();
    void after_event(TimePoint now);
    void discover();
    void on_health_change(std::size_t cluster);
    void on_failure(const proxy::EndpointFailure &failure);
    void on_lost_reports() { outliers_.on_lost_reports(uv::Loop::now()); }
    void on_end_signal();
    void on_hangup();
    void on_reopen_signal();
    void on_other_signal();
    std::optional<Refusal> set_draining(bool draining) override;
    Drain::Load load();
    void on_drained(Drain::End how);

    rcu::Thread rcu_thread_;
    uv::Loop loop_;
    ServerState state_;
    bool ends_on_hangup_;
    proxy::Runtime runtime_;
    EndpointAddresses addresses_;
    EndpointNames names_;
    LiveClusters clusters_;
    ConnectionBudget budget_;
    std::optional<MemoryGuard> memory_guard_;
    std::vector<std::unique_ptr<limit::Ledger>> ledgers_;
    std::vector<limit::Ledger *> ledger_list_;
    std::optional<LogWriter> log_writer_;
    SnapshotPublisher publisher_;
    HealthKeeper health_;
    HealthChecker checker_;
    OutlierWatch outliers_;
    EndpointTotals totals_;
    std::optional<Discovery> discovery_;  // none: all endpoints stand in the configuration
    FailureChannel failures_;
    AcceptBalance balance_;
    std::vector<std::unique_ptr<Worker>> workers_;
    std::vector<const stats::WorkerStats *> worker_stats_;
    std::optional<Admin> admin_;
    Drain drain_;
    std::vector<std::unique_ptr<uv::Signal>> signals_;
    int exit_code_ = 1;
};

}  // namespace uvoy::server
