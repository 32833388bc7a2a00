#include "uv/kernel_timer.h"

#include "uv/loop.h"

#include <sys/timerfd.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <memory>

namespace uvoy::uv {

namespace {

using Nanoseconds = std::chrono::duration<std::int64_t, std::nano>;

/// Zero would take a timer back.
itimerspec at(TimePoint deadline) {
    const auto since_epoch = std::max<Nanoseconds>(deadline.time_since_epoch(), Nanoseconds{1});
    const auto seconds = std::chrono::floor<std::chrono::seconds>(since_epoch);
    itimerspec time{};
    time.it_value.tv_sec = seconds.count();
    time.it_value.tv_nsec = (since_epoch - seconds).count();
    return time;
}

}  // namespace

KernelTimer::KernelTimer(Loop &loop, Delegate<void()> on_expired)
    : on_expired_{on_expired}, timer_{timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK)} {
    auto handle = std::make_unique<uv_poll_t>();
    if (!timer_ || uv_poll_init(&loop.raw(), handle.get(), timer_.get()) != 0) {
        in_its_place_.emplace(loop, on_expired);
        return;
    }
    handle_.reset(handle.release());
    handle_->data = this;
    const int status = uv_poll_start(handle_.get(), UV_READABLE, [](uv_poll_t *poll, int, int) {
        const Loop::Callback callback{poll->loop};
        static_cast<KernelTimer *>(poll->data)->expired();
    });
    require(status, "uv_poll_start");
}

void KernelTimer::arm_at(TimePoint deadline) {
    if (in_its_place_) {
        in_its_place_->arm_at(deadline);
        return;
    }
    const itimerspec time = at(deadline);
    require(timerfd_settime(timer_.get(), TFD_TIMER_ABSTIME, &time, nullptr), "timerfd_settime");
}

void KernelTimer::expired() {
    std::uint64_t times = 0;
    // Nothing, if it was armed anew since.
    if (read(timer_.get(), &times, sizeof times) == sizeof times) on_expired_();
}

}  // namespace uvoy::uv
