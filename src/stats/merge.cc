#include "stats/merge.h"

namespace uvoy::stats {

namespace {

struct AddField {
    void operator()(std::uint64_t &sum, const Counter &counter) const { sum += counter.value(); }
    void operator()(std::int64_t &sum, const Gauge &gauge) const { sum += gauge.value(); }
    void operator()(HistogramValue &sum, const Histogram &histogram) const {
        sum += histogram.value();
    }
};

/// `of_worker` chooses one struct of each worker.
template <template <typename> typename Fields, typename OfWorker>
Fields<Summed> sum(Workers workers, OfWorker of_worker) {
    Fields<Summed> total;
    for (const WorkerStats *worker : workers)
        Fields<Summed>::each(AddField{}, total, of_worker(*worker));
    return total;
}

}  // namespace

ListenerFields<Summed> sum_listener(Workers workers, std::size_t index) {
    return sum<ListenerFields>(
        workers, [&](const WorkerStats &worker) -> auto & { return worker.listener(index); });
}

ClusterFields<Summed> sum_cluster(Workers workers, std::size_t index) {
    return sum<ClusterFields>(
        workers, [&](const WorkerStats &worker) -> auto & { return worker.cluster(index); });
}

EndpointFields<Summed> sum_endpoint(Workers workers, std::size_t index) {
    return sum<EndpointFields>(
        workers, [&](const WorkerStats &worker) -> auto & { return worker.endpoint(index); });
}

LimitFields<Summed> sum_limit(Workers workers, std::size_t index) {
    return sum<LimitFields>(
        workers, [&](const WorkerStats &worker) -> auto & { return worker.limit(index); });
}

ProcessFields<Summed> sum_process(Workers workers) {
    return sum<ProcessFields>(
        workers, [](const WorkerStats &worker) -> auto & { return worker.process(); });
}

std::uint64_t sum_requests(Workers workers, std::size_t listener, std::size_t slot,
                           std::size_t method, std::size_t code) {
    std::uint64_t total = 0;
    for (const WorkerStats *worker : workers)
        total += worker->requests_in_slot(listener, slot, method, code).value();
    return total;
}

}  // namespace uvoy::stats
