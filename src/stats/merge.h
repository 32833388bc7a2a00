#pragma once

#include "stats/fields.h"
#include "stats/worker_stats.h"

#include <cstddef>
#include <cstdint>
#include <span>

/// Sums over workers, made when somebody asks, on the control loop's side.
namespace uvoy::stats {

/// All of the same dimensions.
using Workers = std::span<const WorkerStats *const>;

ListenerFields<Summed> sum_listener(Workers workers, std::size_t index);
ClusterFields<Summed> sum_cluster(Workers workers, std::size_t index);
EndpointFields<Summed> sum_endpoint(Workers workers, std::size_t index);
LimitFields<Summed> sum_limit(Workers workers, std::size_t index);
ProcessFields<Summed> sum_process(Workers workers);

/// `slot` as in RequestIndex.
std::uint64_t sum_requests(Workers workers, std::size_t listener, std::size_t slot,
                           std::size_t method, std::size_t code);

}  // namespace uvoy::stats
