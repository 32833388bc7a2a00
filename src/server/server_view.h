#pragma once

#include "base/delegate.h"
#include "base/time.h"
#include "limit/ledger.h"
#include "proxy/runtime.h"
#include "server/lost_lines.h"
#include "stats/totals.h"

#include <cstdint>
#include <memory>
#include <span>
#include <string>

namespace uvoy::server {

class Discovery;
class Farewell;
class FlightRecorder;
class Generations;
class HealthTable;
class LiveClusters;

/// Of the last attempt to hand over to a new process.
struct Upgrade {
    enum class Phase : std::uint8_t { none, running, failed, done };

    Phase phase = Phase::none;
    std::string why;  ///< it failed
};

/// Facts about the process that only the control loop changes.
struct ServerState {
    std::string version;         ///< of uvoy
    std::string config_path;     ///< as it was given; empty if there is no file
    std::string config_hash;     ///< hexadecimal; empty if there is no file
    std::string config_shown{};  ///< JSON, see config/shown.h; empty if there is no file
    TimePoint started{};
    std::int64_t config_loaded = 0;  ///< milliseconds since 1970
    std::uint64_t reloads_done = 0;
    std::uint64_t reloads_failed = 0;  ///< the configuration in use stayed
    bool last_reload_failed = false;
    bool serving = false;  ///< the listeners accept
    Upgrade upgrade;
    bool draining = false;  ///< answers close connections; with !serving: it ends
};

/// What the admin API and the metrics look at, on the control loop.  All of it outlives them.
struct ServerView {
    const ServerState &state;
    const proxy::Runtime &runtime;
    stats::Workers workers;  ///< under the present configuration
    const stats::Totals &totals;
    const LiveClusters &clusters;
    const HealthTable &health;
    std::span<limit::Ledger *const> ledgers;  ///< one for each of Config::rate_limits
    /// Lines that destinations of the access log did not take; null: there is none.
    const LostLines *lost_lines = nullptr;
    /// Null: no cluster has endpoints that DNS tells.
    const Discovery *discovery = nullptr;
    /// Null: there is one configuration for ever.
    const Generations *generations = nullptr;
    /// Null: nothing is ever removed.
    Farewell *farewell = nullptr;
    /// By worker.
    std::span<const std::unique_ptr<FlightRecorder>> recorders{};
    /// Waits until what was answered before is counted; null: it always is.
    Delegate<void()> catch_up{};
};

}  // namespace uvoy::server
