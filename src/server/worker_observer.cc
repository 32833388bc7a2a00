#include "server/worker_observer.h"

#include <string_view>

namespace uvoy::server {

void WorkerObserver::on_endpoint_failure(const proxy::EndpointFailure &failure) {
    failures_.report(worker_, {.generation = generation_, .failure = failure});
}

void WorkerObserver::on_exchange(const proxy::ExchangeRecord &record) {
    if (log_ == nullptr) return;
    std::string_view line{line_.data(), proxy::format_json(record, line_)};
    if (line.empty()) {
        long_line_.clear();
        proxy::append_access_log_line(long_line_, record);
        line = long_line_;
    }
    if (!log_->push(line)) stats_.process().log_dropped.add();
}

}  // namespace uvoy::server
