#pragma once

#include "base/time.h"
#include "cluster/slow_start.h"
#include "server/health_table.h"
#include "server/live_clusters.h"
#include "uv/loop.h"
#include "uv/timer.h"

#include <cstddef>
#include <vector>

namespace uvoy::server {

/// Publishes clusters whose health changed: at once, but not more often than every 10 ms, so that
/// ten endpoints that die together cost one or two publishes.  While endpoints of a cluster start
/// slowly it is published again at each step of theirs.
class SnapshotPublisher {
public:
    static constexpr Duration spacing = std::chrono::milliseconds{10};

    SnapshotPublisher(uv::Loop &loop, LiveClusters &clusters);
    /// Those that start slowly go on doing so.  All clusters are due.
    SnapshotPublisher(uv::Loop &loop, LiveClusters &clusters, const SnapshotPublisher &former);

    /// Where health is looked up; before the first on_change().
    void set_health(const HealthTable &health) { health_ = &health; }

    void on_change(std::size_t cluster);

    /// What is due later, at once: for the start.
    void publish_now();

private:
    struct Entry {
        cluster::SlowStart slow_start;
        TimePoint due = TimePoint::max();  // of the next publish
    };

    void on_timer();
    void publish(std::size_t cluster, TimePoint now);
    void arm();

    LiveClusters &clusters_;
    const HealthTable *health_ = nullptr;
    std::vector<Entry> entries_;  // by cluster
    TimePoint last_{};
    TimePoint armed_ = TimePoint::max();
    uv::Timer timer_;
};

}  // namespace uvoy::server
