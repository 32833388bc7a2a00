#include "server/worker_observer.h"

namespace uvoy::server {

void WorkerObserver::on_endpoint_failure(const proxy::EndpointFailure &failure) {
    failures_.report(worker_, {.generation = generation_, .failure = failure});
}

void WorkerObserver::on_exchange(const proxy::ExchangeRecord &record) {
    if (log_ == nullptr) return;
    line_.clear();
    proxy::append_access_log_line(line_, record);
    if (!log_->push(line_)) stats_.process().log_dropped.add();
}

}  // namespace uvoy::server
