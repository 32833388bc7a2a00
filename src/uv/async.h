#pragma once

#include "base/delegate.h"
#include "uv/handle.h"

namespace uvoy::uv {

class Loop;

/// Wakes a loop from any thread.
class Async {
public:
    Async(Loop &loop, Delegate<void()> on_wake);

    Async(const Async &) = delete;
    Async &operator=(const Async &) = delete;

    /// The only member for other threads.  Calls before the loop turns melt into one.  Pass data
    /// through an atomic or a lock of your own; the owner joins its senders before it destroys
    /// this.
    void send();

private:
    Handle<uv_async_t> handle_;
    Delegate<void()> on_wake_;
};

}  // namespace uvoy::uv
