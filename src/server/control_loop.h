#pragma once

#include "config/config.h"
#include "config/load.h"
#include "rcu/rcu.h"
#include "server/accept_balance.h"
#include "server/admin.h"
#include "server/catch_up.h"
#include "server/connection_budget.h"
#include "server/drain.h"
#include "server/failure_channel.h"
#include "server/farewell.h"
#include "server/flight_recorder.h"
#include "server/generations.h"
#include "server/log_writer.h"
#include "server/lost_lines.h"
#include "server/memory_guard.h"
#include "server/predecessor.h"
#include "server/reload_result.h"
#include "server/server_view.h"
#include "server/service_manager.h"
#include "server/steering.h"
#include "server/successor.h"
#include "server/supervision.h"
#include "server/worker.h"
#include "uv/loop.h"
#include "uv/signal.h"
#include "uv/timer.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace uvoy::server {

/// The main thread: the only writer of shared state.  Owns all that runs, publishes the health of
/// endpoints, serves the admin API and ends the process in good order.
class ControlLoop final : public Steering {
public:
    struct Settings {
        config::Config config;
        std::string config_path;                   ///< empty if there is no file
        std::string config_hash;                   ///< hexadecimal; empty if there is no file
        std::string config_shown{};                ///< JSON; empty if there is no file
        bool ends_on_hangup = false;               ///< SIGHUP drains, as when a terminal is closed
        std::string program{};                     ///< path of uvoy; empty: it cannot be upgraded
        std::optional<Predecessor> predecessor{};  ///< whose place it takes
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

    static std::unique_ptr<Generation> first_generation(config::Config &config, unsigned workers);
    void guard_memory();
    std::shared_ptr<LogWriter> log_for(const config::Config &next);
    void make_workers(std::size_t count, std::vector<std::vector<BoundSocket>> sockets);
    const config::Config &config() const { return generations_.present().runtime().config(); }
    ServerView view() const { return view_of(generations_.present()); }
    ServerView view_of(const Generation &generation) const;
    void on_generation_end(const Generation &generation);
    void after_event(TimePoint now);
    void discover();
    void on_failure(const FailureChannel::Report &report);
    void on_lost_reports() { supervision_->on_lost_reports(); }
    ReloadResult reload() override;
    ReloadResult preview(std::string_view text) const override;
    ReloadResult judge(const config::Loaded &loaded) const;
    ReloadResult try_reload();
    std::uint64_t hash_seed_for(const config::Config &next) const;
    void replace(config::Config next);
    std::unique_ptr<Admin> admin_for(const config::Config &next);
    void end_former_admins();
    void on_end_signal();
    void on_hangup();
    void on_reopen_signal();
    void on_upgrade_signal();
    void begin_end();
    std::optional<Refusal> set_draining(bool draining) override;
    std::optional<Refusal> upgrade() override;
    std::optional<Refusal> change_endpoint(const EndpointChange &change) override;
    void on_successor_ready(int pid);
    void on_successor_failed(const char *why);
    bool workers_live();
    Drain::Load load();
    void on_drained(Drain::End how);

    rcu::Thread rcu_thread_;
    uv::Loop loop_;
    ServerState state_;
    bool ends_on_hangup_;
    mutable Farewell farewell_;                            // who looks at the metrics empties it
    LostLines lost_lines_{0};                              // its writers are those of generations
    std::vector<std::shared_ptr<LogWriter>> ending_logs_;  // of generations that are over
    Generations generations_;
    std::unique_ptr<Supervision> supervision_;  // of the present one
    ConnectionBudget budget_;
    std::optional<MemoryGuard> memory_guard_;
    FailureChannel failures_;
    AcceptBalance balance_;
    std::vector<std::unique_ptr<FlightRecorder>> recorders_;  // by worker
    std::vector<std::unique_ptr<Worker>> workers_;
    mutable CatchUp catch_up_;
    std::unique_ptr<Admin> admin_;
    std::vector<std::unique_ptr<Admin>> former_admins_;  // at addresses that reloads took away
    uv::Timer admin_end_;
    Drain drain_;
    bool told_to_end_ = false;  // by a signal
    std::string program_;
    std::optional<Predecessor> predecessor_;
    std::optional<Successor> successor_;
    ServiceManager service_;
    std::vector<std::uint64_t> turns_;  // of the workers, when all had turned
    std::vector<std::unique_ptr<uv::Signal>> signals_;
    int exit_code_ = 1;
};

}  // namespace uvoy::server
