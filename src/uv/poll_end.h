#pragma once

#include "base/delegate.h"
#include "uv/handle.h"

namespace uvoy::uv {

class Loop;

/// Calls back when all events that one poll of the loop brought have been delivered.
class PollEnd {
public:
    PollEnd(Loop &loop, Delegate<void()> on_end);

    PollEnd(const PollEnd &) = delete;
    PollEnd &operator=(const PollEnd &) = delete;

    /// The call is wanted soon: between two polls, the next one does not wait.
    void hurry();

private:
    Handle<uv_check_t> check_;
    Handle<uv_idle_t> idle_;  // while it is active, polls do not wait
    Delegate<void()> on_end_;
};

}  // namespace uvoy::uv
