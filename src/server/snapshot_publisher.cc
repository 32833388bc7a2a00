#include "server/snapshot_publisher.h"

#include "base/log.h"

#include <algorithm>
#include <span>
#include <utility>

namespace uvoy::server {

namespace {

/// Of endpoints that return: they may be other processes, and failures counted as slowness.
void forget_latency(const cluster::Snapshot &before,
                    std::span<const cluster::EndpointState> states) {
    for (const auto &endpoint : before.membership().endpoints())
        if (endpoint && !before.healthy(endpoint->index) && states[endpoint->index].healthy)
            endpoint->latency.forget();
}

}  // namespace

SnapshotPublisher::SnapshotPublisher(uv::Loop &loop, LiveClusters &clusters)
    : clusters_{clusters},
      timer_{loop, Delegate<void()>::bind<&SnapshotPublisher::on_timer>(*this)} {
    for (std::size_t i = 0; i < clusters.size(); ++i) {
        const cluster::Membership &membership = clusters.current(i).membership();
        entries_.push_back(
            {.slow_start = {membership.balancing().slow_start, membership.endpoints()}});
    }
}

SnapshotPublisher::SnapshotPublisher(uv::Loop &loop, LiveClusters &clusters,
                                     const SnapshotPublisher &former)
    : SnapshotPublisher{loop, clusters} {
    for (std::size_t i = 0; i < clusters.size(); ++i) {
        entries_[i].due = uv::Loop::now();
        for (std::size_t j = 0; j < former.clusters_.size(); ++j)
            if (former.clusters_.name(j) == clusters.name(i) &&
                former.clusters_.membership(j).balancing().slow_start ==
                    clusters.membership(i).balancing().slow_start)
                entries_[i].slow_start = former.entries_[j].slow_start;
    }
}

void SnapshotPublisher::on_change(std::size_t cluster) {
    entries_[cluster].due = std::max(uv::Loop::now(), last_ + spacing);
    arm();
}

void SnapshotPublisher::on_timer() {
    armed_ = TimePoint::max();
    const TimePoint now = uv::Loop::now();
    for (std::size_t cluster = 0; cluster < entries_.size(); ++cluster)
        if (entries_[cluster].due <= now) publish(cluster, now);
    last_ = uv::Loop::now();
    arm();
}

void SnapshotPublisher::publish_now() {
    const TimePoint now = uv::Loop::now();
    for (std::size_t cluster = 0; cluster < entries_.size(); ++cluster)
        if (entries_[cluster].due != TimePoint::max()) publish(cluster, now);
    last_ = now;
}

void SnapshotPublisher::publish(std::size_t cluster, TimePoint now) {
    const bool panicked = clusters_.current(cluster).panic();
    auto states = health_->states(cluster);
    // Who is back from a duty other than to serve returns as from an illness.
    for (const auto &endpoint : clusters_.membership(cluster).endpoints())
        if (endpoint && endpoint->duty != cluster::Duty::ready)
            states[endpoint->index].healthy = false;
    forget_latency(clusters_.current(cluster), states);
    Entry &entry = entries_[cluster];
    entry.slow_start.apply(clusters_.membership(cluster).endpoints(), states, now);
    entry.due = entry.slow_start.next_step().value_or(TimePoint::max());
    clusters_.publish(cluster, std::move(states));
    const cluster::Snapshot &published = clusters_.current(cluster);
    if (published.panic() && !panicked) {
        log::warning("cluster {}: too many endpoints are out ({} of {} healthy): all are used",
                     clusters_.name(cluster), published.healthy_count(), health_->size(cluster));
    }
}

void SnapshotPublisher::arm() {
    if (entries_.empty()) return;
    const TimePoint due = std::ranges::min(entries_, {}, &Entry::due).due;
    // A timer that comes early finds nothing to do and is armed anew.
    if (due >= armed_) return;
    armed_ = due;
    timer_.arm_at(due);
}

}  // namespace uvoy::server
