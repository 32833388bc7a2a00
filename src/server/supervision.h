#pragma once

#include "server/discovery.h"
#include "server/endpoint_memory.h"
#include "server/endpoint_names.h"
#include "server/generation.h"
#include "server/health_checker.h"
#include "server/health_keeper.h"
#include "server/outlier_watch.h"
#include "server/snapshot_publisher.h"
#include "uv/loop.h"

#include <cstddef>
#include <memory>
#include <optional>
#include <vector>

namespace uvoy::server {

/// What the control loop does for the endpoints of the present generation: finds them, checks them,
/// judges them by traffic, and publishes what that makes of them.
class Supervision {
public:
    Supervision(uv::Loop &loop, Generation &generation);
    /// Takes over from `former`, of the generation before, which is destroyed: what is known of
    /// endpoints that go on stays known, and clusters that are new to DNS begin with `answers`.
    /// Publishes all of it.
    Supervision(uv::Loop &loop, Generation &generation, std::unique_ptr<Supervision> former,
                const FirstAnswers &answers);

    Supervision(const Supervision &) = delete;
    Supervision &operator=(const Supervision &) = delete;

    /// Each cluster has found its endpoints, or had time to.
    bool settled() const { return !discovery_ || discovery_->settled(); }
    void publish_now() { publisher_.publish_now(); }

    /// Goes on with what a former process knew of those endpoints that are still there.  Publishes
    /// it.
    void recall(const std::vector<EndpointMemory> &memories);
    /// To be published: a duty or a weight of the cluster's endpoints has changed.
    void on_duty_change(std::size_t cluster);
    void on_failure(const proxy::EndpointFailure &failure);
    void on_lost_reports() { outliers_.on_lost_reports(uv::Loop::now()); }
    /// Ends an event: part of the control loop's after-event hook.
    void settle(TimePoint now) { checker_.settle(now); }

    const HealthTable &health() const { return keeper_.table(); }
    /// Null: no cluster has endpoints that DNS tells.
    const Discovery *discovery() const { return discovery_ ? &*discovery_ : nullptr; }

private:
    bool needs_discovery() const;
    EndpointParts parts();
    void on_health_change(std::size_t cluster);

    Generation &generation_;
    std::unique_ptr<Supervision> former_;  // until the constructor is through
    EndpointNames names_;
    SnapshotPublisher publisher_;
    HealthKeeper keeper_;
    HealthChecker checker_;
    OutlierWatch outliers_;
    std::optional<Discovery> discovery_;
};

}  // namespace uvoy::server
