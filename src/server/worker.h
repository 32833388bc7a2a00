#pragma once

#include "limit/ledger.h"
#include "proxy/runtime.h"
#include "server/accept_balance.h"
#include "server/connection_budget.h"
#include "server/failure_channel.h"
#include "server/listening_sockets.h"
#include "server/live_clusters.h"
#include "server/log_ring.h"
#include "stats/worker_stats.h"
#include "uv/async.h"
#include "uv/loop.h"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <span>
#include <thread>
#include <vector>

namespace uvoy::server {

class EndpointAddresses;
class ProxyDriver;

/// What the workers of a process share.  All of it outlives them.
struct Shared {
    const proxy::Runtime &runtime;
    const LiveClusters &clusters;
    const EndpointAddresses &addresses;
    std::span<limit::Ledger *const> ledgers;  ///< one for each of Config::rate_limits
    FailureChannel &failures;
    ConnectionBudget &budget;
    AcceptBalance &balance;
};

/// A thread with a loop, its own listening sockets, its own connections and its own counters.  The
/// members are for the control loop's thread.
class Worker {
public:
    struct Settings {
        std::size_t number = 0;
        std::uint64_t seed = 0;  ///< of its random choices
        std::vector<BoundSocket> sockets;
        LogRing *log = nullptr;  ///< null without an access log
    };

    Worker(const Shared &shared, Settings settings);
    ~Worker();

    Worker(const Worker &) = delete;
    Worker &operator=(const Worker &) = delete;

    void start();
    /// Cuts what is left and ends the thread, if it was started.  Workers give connections to each
    /// other, so none may be destroyed before all are stopped.
    void stop();

    /// Every answer closes its connection and idle ones end, or not any more; accepts nevertheless.
    void set_resting(bool resting);
    /// Stop accepting, finish what is under way.
    void drain();
    /// drain() was carried out and nothing is left.
    bool drained() const { return drained_.load(std::memory_order_acquire); }

    /// Requests that are under way, as of the last event.
    std::size_t exchanges() const { return exchanges_.load(std::memory_order_relaxed); }

    const stats::WorkerStats &stats() const { return stats_; }

private:
    enum class Command : std::uint8_t { serve, rest, drain, stop };

    void run();
    void command(Command next);
    void on_wake();
    bool hand_over(AcceptBalance::Connection &connection);
    void report();

    Shared shared_;
    Settings settings_;
    stats::WorkerStats stats_;
    uv::Loop loop_;
    uv::Async wake_;
    ProxyDriver *driver_ = nullptr;  // on the thread's stack
    std::atomic<Command> command_{Command::serve};
    std::atomic<std::size_t> exchanges_{0};
    std::atomic<bool> drained_{false};
    std::thread thread_;
};

}  // namespace uvoy::server
