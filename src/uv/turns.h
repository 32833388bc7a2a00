#pragma once

#include "base/delegate.h"

namespace uvoy::uv {

class Loop;

/// Calls back before each poll of a loop, and when all events that it brought have been delivered.
class Turns {
public:
    Turns(Loop &loop, Delegate<void()> on_begin, Delegate<void()> on_end);
    ~Turns();

    Turns(const Turns &) = delete;
    Turns &operator=(const Turns &) = delete;

    /// The call is wanted soon: between two polls, the next one does not wait.
    void hurry();

private:
    friend class Loop;

    void begin() { on_begin_(); }
    void end();

    Loop &loop_;
    Delegate<void()> on_begin_;
    Delegate<void()> on_end_;
};

}  // namespace uvoy::uv
