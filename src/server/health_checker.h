#pragma once

#include "base/delegate.h"
#include "base/reason.h"
#include "base/time.h"
#include "base/timer_wheel.h"
#include "proxy/ports.h"
#include "proxy/runtime.h"
#include "server/health_keeper.h"
#include "server/health_probe.h"
#include "server/traffic_proof.h"
#include "uv/loop.h"
#include "uv/timer.h"

#include <cstddef>
#include <memory>
#include <vector>

namespace uvoy::server {

class EndpointAddresses;

/// Runs the active health checks of all clusters on the control loop, one at a time for each
/// endpoint, and gives their results to the health keeper.
class HealthChecker {
public:
    /// The first checks start with the next turn of the loop.
    HealthChecker(uv::Loop &loop, const proxy::Runtime &runtime, EndpointAddresses &addresses,
                  HealthKeeper &keeper);
    /// Ends checks under way without a result.
    ~HealthChecker();

    HealthChecker(const HealthChecker &) = delete;
    HealthChecker &operator=(const HealthChecker &) = delete;

    /// From now on, endpoints that this traffic proves alive need no TCP check.
    void start(stats::Workers workers) { proof_.start(workers); }

    /// Checks of a cluster may be due sooner than they were.
    void on_change(std::size_t cluster);

    /// Traffic saw an endpoint fail: checks it soon.
    void on_passive_failure(proxy::EndpointId endpoint, Reason reason, TimePoint now);

    /// Ends an event: part of the control loop's after-event hook.
    void settle(TimePoint now);

    const HealthTable &table() const { return keeper_.table(); }

    // --- of clusters whose endpoints come and go

    /// A new endpoint is at this place, and has an address: checks it at once.  One on trial is a
    /// change when it passes its first check.
    void add(proxy::EndpointId id, Presence presence, TimePoint now);
    /// The same server as `former`, which is about to go: all that is known stays true.
    void add_like(proxy::EndpointId id, proxy::EndpointId former);
    /// Its trial is over.
    void admit(proxy::EndpointId id) { keeper_.admit(id); }
    void remove(proxy::EndpointId id);

private:
    struct Check;

    void start_checks(proxy::EndpointId id);
    bool needs(const Check &check);
    HealthProbe::Ping ping(const Check &check) const;
    void start(Check &check, TimePoint now);
    void conclude(Check &check, TimePoint now);
    void on_timer();
    void arm();

    uv::Loop &loop_;
    const proxy::Runtime &runtime_;
    EndpointAddresses &addresses_;
    HealthKeeper &keeper_;
    TrafficProof proof_;
    TimerWheel wheel_;
    uv::Timer timer_;
    TimePoint armed_ = TimePoint::max();
    std::vector<std::unique_ptr<Check>> checks_;  // by endpoint number; null: no checks
    std::vector<Check *> concluded_;              // in this event
};

}  // namespace uvoy::server
