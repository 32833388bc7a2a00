#pragma once

#include "base/delegate.h"
#include "uv/handle.h"

namespace uvoy::uv {

class Loop;

/// Calls back before each poll of a loop, and when all events that it brought have been delivered.
class Turns {
public:
    Turns(Loop &loop, Delegate<void()> on_begin, Delegate<void()> on_end);

    Turns(const Turns &) = delete;
    Turns &operator=(const Turns &) = delete;

    /// The call is wanted soon: between two polls, the next one does not wait.
    void hurry();

private:
    Handle<uv_prepare_t> prepare_;
    Handle<uv_check_t> check_;
    Handle<uv_idle_t> idle_;  // while it is active, polls do not wait
    Delegate<void()> on_begin_;
    Delegate<void()> on_end_;
};

}  // namespace uvoy::uv
