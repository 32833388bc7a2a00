#include "cluster/suspicion.h"

#include <algorithm>
#include <utility>

namespace uvoy::cluster {

Suspicion::Suspicion(std::vector<std::uint16_t> cluster_of)
    : cluster_of_{std::move(cluster_of)}, silent_since_(cluster_of_.size()) {
    for (const std::uint16_t cluster : cluster_of_)
        clusters_ = std::max<std::size_t>(clusters_, cluster + 1u);
}

bool Suspicion::on_silence(std::size_t endpoint, TimePoint now) {
    if (silent(endpoint, now)) return false;
    silent_since_[endpoint] = now;
    return true;
}

bool Suspicion::silent(std::size_t endpoint, TimePoint now) const {
    const TimePoint since = silent_since_[endpoint];
    return since > life_ && now - since <= span;
}

}  // namespace uvoy::cluster
