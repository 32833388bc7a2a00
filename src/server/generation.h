#pragma once

#include "limit/ledger.h"
#include "proxy/kinship.h"
#include "proxy/runtime.h"
#include "server/endpoint_addresses.h"
#include "server/live_clusters.h"
#include "server/log_writer.h"
#include "stats/totals.h"
#include "stats/worker_stats.h"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <utility>
#include <vector>

namespace uvoy::server {

/// All that is made of one configuration and that workers look at.  A reload makes another one
/// beside it, and this one ends when the last request that began with it does.  Made, changed and
/// destroyed on the control loop.
class Generation {
public:
    /// The first.  Throws StartError.
    Generation(config::Config config, std::uint64_t hash_seed, unsigned workers,
               std::uint64_t instance);
    /// The next one: has in common with `former` what did not change.  Throws StartError, and then
    /// nothing has changed.
    Generation(config::Config config, std::uint64_t hash_seed, const Generation &former);

    Generation(const Generation &) = delete;
    Generation &operator=(const Generation &) = delete;

    /// Counts from 0.
    std::uint32_t number() const { return number_; }

    proxy::Runtime &runtime() { return runtime_; }
    const proxy::Runtime &runtime() const { return runtime_; }
    EndpointAddresses &addresses() { return addresses_; }
    const EndpointAddresses &addresses() const { return addresses_; }
    LiveClusters &clusters() { return clusters_; }
    const LiveClusters &clusters() const { return clusters_; }
    /// One for each of Config::rate_limits.
    std::span<limit::Ledger *const> ledgers() const { return ledger_list_; }
    stats::WorkerStats &stats(std::size_t worker) { return *stats_[worker]; }
    stats::Workers worker_stats() const { return stats_list_; }
    stats::Totals &totals() { return totals_; }
    const stats::Totals &totals() const { return totals_; }
    /// Where its exchanges are told; null: nowhere.  To be set before a worker has it.
    const std::shared_ptr<LogWriter> &log() const { return log_; }
    void set_log(std::shared_ptr<LogWriter> log) { log_ = std::move(log); }
    /// Who of the former one goes on here; of no meaning in the first.
    const proxy::Heirs &heirs() const { return *heirs_; }

    /// On a worker: it has nothing of this generation any more.
    void let_go() { holders_.fetch_sub(1, std::memory_order_release); }
    /// No worker has, nor will.
    bool is_over() const { return holders_.load(std::memory_order_acquire) == 0; }

private:
    void add_stats(unsigned workers, const Generation *former);
    void add_ledgers(const Generation *former);

    std::uint32_t number_;
    proxy::Runtime runtime_;
    std::optional<proxy::Heirs> heirs_;
    EndpointAddresses addresses_;
    LiveClusters clusters_;
    std::vector<std::shared_ptr<limit::Ledger>> ledgers_;
    std::vector<limit::Ledger *> ledger_list_;
    std::vector<std::unique_ptr<stats::WorkerStats>> stats_;  // by worker
    std::vector<const stats::WorkerStats *> stats_list_;
    stats::Totals totals_;
    std::shared_ptr<LogWriter> log_;
    std::atomic<std::size_t> holders_;
};

}  // namespace uvoy::server
