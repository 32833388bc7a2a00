#pragma once

#include "base/time.h"
#include "server/health_table.h"
#include "server/live_clusters.h"
#include "uv/loop.h"
#include "uv/timer.h"

#include <cstddef>
#include <vector>

namespace uvoy::server {

/// Publishes clusters whose health changed: at once, but not more often than every 10 ms, so that
/// ten endpoints that die together cost one or two publishes.
class SnapshotPublisher {
public:
    static constexpr Duration spacing = std::chrono::milliseconds{10};

    SnapshotPublisher(uv::Loop &loop, LiveClusters &clusters)
        : clusters_{clusters},
          changed_(clusters.size(), false),
          timer_{loop, Delegate<void()>::bind<&SnapshotPublisher::publish>(*this)} {}

    /// Where health is looked up; before the first on_change().
    void set_health(const HealthTable &health) { health_ = &health; }

    void on_change(std::size_t cluster);

private:
    void publish();

    LiveClusters &clusters_;
    const HealthTable *health_ = nullptr;
    std::vector<bool> changed_;
    TimePoint last_{};
    bool armed_ = false;
    uv::Timer timer_;
};

}  // namespace uvoy::server
