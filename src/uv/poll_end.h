#pragma once

#include "base/delegate.h"
#include "uv/handle.h"

namespace uvoy::uv {

class Loop;

/// Calls back when all events that one poll of the loop brought have been delivered, if someone
/// asked for it meanwhile.
class PollEnd {
public:
    PollEnd(Loop &loop, Delegate<void()> on_end);

    PollEnd(const PollEnd &) = delete;
    PollEnd &operator=(const PollEnd &) = delete;

    /// Calls back once, at the end of this poll; between two polls, at the end of the next one,
    /// which then does not wait.
    void ask();

private:
    Handle<uv_check_t> check_;
    Handle<uv_idle_t> idle_;  // while it is active, polls do not wait
    Delegate<void()> on_end_;
};

}  // namespace uvoy::uv
