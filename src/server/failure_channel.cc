#include "server/failure_channel.h"

namespace uvoy::server {

FailureChannel::FailureChannel(uv::Loop &control_loop, std::size_t workers,
                               Delegate<void(const FailureReport &)> on_report)
    : on_report_{on_report},
      wake_{control_loop, Delegate<void()>::bind<&FailureChannel::on_wake>(*this)} {
    for (std::size_t i = 0; i < workers; ++i) queues_.push_back(std::make_unique<Queue>());
}

void FailureChannel::report(std::size_t worker, const FailureReport &report) {
    if (queues_[worker]->push(report)) wake_.send();
}

void FailureChannel::on_wake() {
    for (const auto &queue : queues_)
        while (const auto report = queue->pop()) on_report_(*report);
}

}  // namespace uvoy::server
