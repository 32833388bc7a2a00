#include "server/worker_observer.h"

#include <cstddef>

namespace uvoy::server {

void WorkerObserver::on_endpoint_failure(const proxy::EndpointFailure &failure) {
    failures_.report(worker_, {.generation = generation_, .failure = failure});
}

void WorkerObserver::on_exchange(const proxy::ExchangeRecord &record) {
    if (log_ == nullptr) return;
    if (const std::size_t lost = log_->write(record)) stats_.process().log_dropped.add(lost);
}

}  // namespace uvoy::server
