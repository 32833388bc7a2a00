#pragma once

#include "base/delegate.h"
#include "base/random.h"
#include "base/reason.h"
#include "base/time.h"
#include "base/timer_wheel.h"
#include "proxy/ports.h"
#include "proxy/runtime.h"
#include "server/health_probe.h"
#include "server/health_table.h"
#include "uv/loop.h"
#include "uv/timer.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

namespace uvoy::server {

class EndpointAddresses;

/// Runs the active health checks of all clusters on the control loop, one at a time for each
/// endpoint, and keeps the health table.  Endpoints whose checks have the type `none` stay healthy.
class HealthChecker {
public:
    /// The health of an endpoint of this cluster changed: publish a new snapshot.  Called after an
    /// event, from settle() or from the loop's timer, once for each change.
    using OnChange = Delegate<void(std::size_t cluster)>;

    /// The first checks start with the next turn of the loop.  `seed` is of the jitter.
    HealthChecker(uv::Loop &loop, const proxy::Runtime &runtime, EndpointAddresses &addresses,
                  std::uint64_t seed, OnChange on_change);
    /// Ends checks under way without a result.
    ~HealthChecker();

    HealthChecker(const HealthChecker &) = delete;
    HealthChecker &operator=(const HealthChecker &) = delete;

    /// Traffic saw an endpoint fail: checks it soon.
    void on_passive_failure(proxy::EndpointId endpoint, Reason reason, TimePoint now);

    /// Ends an event: part of the control loop's after-event hook.
    void settle(TimePoint now);

    const HealthTable &table() const { return table_; }

    // --- of clusters whose endpoints come and go

    /// A new endpoint is at this place, and has an address: checks it at once.  One on trial is a
    /// change when it passes its first check.
    void add(proxy::EndpointId id, Presence presence, TimePoint now);
    /// The same server as `former`, which is about to go: all that is known stays true.
    void add_like(proxy::EndpointId id, proxy::EndpointId former);
    /// Its trial is over.
    void admit(proxy::EndpointId id) { table_.at(id).presence = Presence::member; }
    void remove(proxy::EndpointId id);

private:
    struct Check;

    void start_checks(proxy::EndpointId id);

    void start(Check &check, TimePoint now);
    void conclude(Check &check, TimePoint now);
    void report(proxy::EndpointId id) const;
    void on_timer();
    void arm();

    uv::Loop &loop_;
    const proxy::Runtime &runtime_;
    EndpointAddresses &addresses_;
    Random random_;
    OnChange on_change_;
    HealthTable table_;
    TimerWheel wheel_;
    uv::Timer timer_;
    TimePoint armed_ = TimePoint::max();
    std::vector<std::unique_ptr<Check>> checks_;  // by endpoint number; null: no checks
    std::vector<Check *> concluded_;              // in this event
};

}  // namespace uvoy::server
