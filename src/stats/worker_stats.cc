#include "stats/worker_stats.h"

namespace uvoy::stats {

WorkerStats::WorkerStats(const Dimensions &dimensions)
    : dimensions_{dimensions},
      request_index_{dimensions},
      listeners_(dimensions.listeners),
      clusters_(dimensions.clusters),
      endpoints_(dimensions.endpoints),
      limits_(dimensions.limits),
      requests_((request_index_.size() + counters_of_a_line - 1) / counters_of_a_line) {}

}  // namespace uvoy::stats
