#include "stats/worker_stats.h"

#include <utility>

namespace uvoy::stats {

WorkerStats::WorkerStats(const Dimensions &dimensions, std::shared_ptr<Process> process)
    : dimensions_{dimensions},
      request_index_{dimensions},
      listeners_(dimensions.listeners),
      clusters_(dimensions.clusters),
      endpoints_(dimensions.endpoints),
      limits_(dimensions.limits),
      requests_((request_index_.size() + counters_of_a_line - 1) / counters_of_a_line),
      process_{process ? std::move(process) : std::make_shared<Process>()} {}

}  // namespace uvoy::stats
