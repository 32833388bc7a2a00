#include "server/failure_channel.h"

namespace uvoy::server {

FailureChannel::FailureChannel(uv::Loop &control_loop, std::size_t workers, OnReport on_report,
                               Delegate<void()> on_lost)
    : on_report_{on_report},
      on_lost_{on_lost},
      wake_{control_loop, Delegate<void()>::bind<&FailureChannel::on_wake>(*this)} {
    for (std::size_t i = 0; i < workers; ++i) queues_.push_back(std::make_unique<Queue>());
}

void FailureChannel::report(std::size_t worker, const Report &report) {
    const bool queued = queues_[worker]->push(report);
    // A read-modify-write also if nothing is lost: libuv looks whether a wake-up is on its way
    // without a barrier, and could find one that has been served before the push was seen.
    lost_.fetch_add(queued ? 0 : 1);
    wake_.send();
}

void FailureChannel::on_wake() {
    const bool lost = lost_.exchange(0) != 0;
    for (const auto &queue : queues_)
        while (const auto report = queue->pop()) on_report_(*report);
    if (lost) on_lost_();
}

}  // namespace uvoy::server
