#pragma once

#include "base/delegate.h"
#include "base/time.h"
#include "uv/fd.h"
#include "uv/timer.h"
#include "uv/watch.h"

#include <cstdint>
#include <optional>

namespace uvoy::uv {

class Loop;

/// One-shot timer that is a descriptor (timerfd_create(2)).  Arming it is a system call and so is
/// its end, but the loop waits for nothing else meanwhile; with a Timer each wait sets a timer of
/// the kernel's and takes it back.  So: for a loop that waits often, and a timer that is armed
/// seldom.  A Timer in its place where there is no descriptor left, or no more may be watched.
///
/// Never early, never after destruction; arming an armed timer moves it.  It may be armed or
/// destroyed inside its own call.
class KernelTimer {
public:
    KernelTimer(Loop &loop, Delegate<void()> on_expired);

    KernelTimer(const KernelTimer &) = delete;
    KernelTimer &operator=(const KernelTimer &) = delete;

    /// Of Loop::now()'s clock.  In the past: as soon as the loop turns, never inside this call.
    void arm_at(TimePoint deadline);

private:
    void on_ready(std::uint32_t events);

    Delegate<void()> on_expired_;
    FileDescriptor timer_;
    Watch watch_;
    std::optional<Timer> in_its_place_;
};

}  // namespace uvoy::uv
