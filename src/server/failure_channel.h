#pragma once

#include "base/delegate.h"
#include "base/reason.h"
#include "base/time.h"
#include "proxy/ports.h"
#include "server/spsc_queue.h"
#include "uv/async.h"

#include <memory>
#include <vector>

namespace uvoy::server {

/// A request failed at an endpoint.
struct FailureReport {
    proxy::EndpointId endpoint;
    Reason reason = Reason::none;
    TimePoint at{};
};

/// Takes failure reports from the workers to the control loop: a queue for each worker and one
/// wake-up for all.  When a queue is full, what does not fit is dropped: the control loop has
/// plenty to act on already.
class FailureChannel {
public:
    /// `on_report` is called on the loop's thread.
    FailureChannel(uv::Loop &control_loop, std::size_t workers,
                   Delegate<void(const FailureReport &)> on_report);

    /// On worker `worker`.
    void report(std::size_t worker, const FailureReport &report);

private:
    using Queue = SpscQueue<FailureReport, 1024>;

    void on_wake();

    std::vector<std::unique_ptr<Queue>> queues_;
    Delegate<void(const FailureReport &)> on_report_;
    uv::Async wake_;
};

}  // namespace uvoy::server
