#include "server/snapshot_publisher.h"

#include "base/log.h"

#include <algorithm>

namespace uvoy::server {

void SnapshotPublisher::on_change(std::size_t cluster) {
    changed_[cluster] = true;
    if (armed_) return;
    armed_ = true;
    timer_.arm_at(std::max(uv::Loop::now(), last_ + spacing));
}

void SnapshotPublisher::publish() {
    armed_ = false;
    for (std::size_t cluster = 0; cluster < changed_.size(); ++cluster) {
        if (!changed_[cluster]) continue;
        changed_[cluster] = false;
        const bool panicked = clusters_.current(cluster).panic();
        clusters_.publish(cluster, health_->healthy(cluster));
        const cluster::Snapshot &now = clusters_.current(cluster);
        if (now.panic() && !panicked) {
            log::warning("cluster {}: too many endpoints are out ({} of {} healthy): all are used",
                         clusters_.name(cluster), now.healthy_count(),
                         now.membership().endpoints().size());
        }
    }
    last_ = uv::Loop::now();
}

}  // namespace uvoy::server
