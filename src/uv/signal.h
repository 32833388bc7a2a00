#pragma once

#include "base/delegate.h"
#include "uv/handle.h"

namespace uvoy::uv {

class Loop;

/// Calls on the loop's thread when the process gets `signum`.
class Signal {
public:
    Signal(Loop &loop, int signum, Delegate<void()> on_signal);

    Signal(const Signal &) = delete;
    Signal &operator=(const Signal &) = delete;

private:
    Handle<uv_signal_t> handle_;
    Delegate<void()> on_signal_;
};

}  // namespace uvoy::uv
