#pragma once

#include "base/delegate.h"
#include "proxy/proxy.h"
#include "server/spsc_queue.h"
#include "uv/async.h"

#include <atomic>
#include <cstdint>
#include <memory>
#include <vector>

namespace uvoy::server {

/// Takes the workers' reports of failures to the control loop: a queue for each worker and one
/// wake-up for all.  When a queue is full, what does not fit is dropped, and the control loop is
/// told that something was.
class FailureChannel {
public:
    struct Report {
        std::uint32_t generation = 0;  ///< that the endpoint's place is of
        proxy::EndpointFailure failure;
    };
    using OnReport = Delegate<void(const Report &)>;

    /// `on_report`, and `on_lost` after it, are called on the loop's thread.
    FailureChannel(uv::Loop &control_loop, std::size_t workers, OnReport on_report,
                   Delegate<void()> on_lost);

    /// On worker `worker`.
    void report(std::size_t worker, const Report &report);

private:
    using Queue = SpscQueue<Report, 1024>;

    void on_wake();

    std::vector<std::unique_ptr<Queue>> queues_;
    std::atomic<std::uint32_t> lost_{0};
    OnReport on_report_;
    Delegate<void()> on_lost_;
    uv::Async wake_;
};

}  // namespace uvoy::server
