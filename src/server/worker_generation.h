#pragma once

#include "limit/shard.h"
#include "server/endpoint_dialer.h"
#include "server/generation.h"
#include "server/proxy_driver.h"
#include "server/snapshot_balancer.h"
#include "server/worker_observer.h"
#include "uv/async.h"

#include <cstdint>
#include <vector>

namespace uvoy::server {

/// What one worker has of a generation: its proxy and all that this one needs.  Made, used and
/// destroyed on the worker's thread, so that its memory comes from there.
class WorkerGeneration {
public:
    struct Settings {
        std::size_t worker = 0;
        std::uint64_t seed = 0;  ///< of its random choices
        FailureChannel &failures;
        FlightRecorder &recorder;
        ConnectionBudget &budget;
        uv::Async *on_end = nullptr;  ///< sent when it let the generation go; may be null
        Delegate<void()> on_settled;
        Delegate<bool(AcceptBalance::Connection &)> hand_over;
    };

    WorkerGeneration(uv::Loop &loop, Generation &generation, const Settings &settings);
    /// Gives back what the limits have lent.
    ~WorkerGeneration();

    WorkerGeneration(const WorkerGeneration &) = delete;
    WorkerGeneration &operator=(const WorkerGeneration &) = delete;

    Generation &generation() { return hold_.generation; }
    ProxyDriver &driver() { return driver_; }
    const ProxyDriver &driver() const { return driver_; }

    /// No other worker gives it connections any more: it may end when it is empty.
    void forget() { forgotten_ = true; }
    bool over() const { return forgotten_ && driver_.empty(); }

private:
    /// The first member, so that all others are gone when the generation is let go.
    struct Hold {
        Generation &generation;
        uv::Async *on_end;

        ~Hold();
    };

    Hold hold_;
    Random seeds_;
    std::vector<limit::Shard> shards_;
    EndpointDialer dialer_;
    SnapshotBalancer balancer_;
    WorkerObserver observer_;
    ProxyDriver driver_;
    bool forgotten_ = false;
};

}  // namespace uvoy::server
