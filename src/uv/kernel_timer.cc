#include "uv/kernel_timer.h"

#include "uv/handle.h"
#include "uv/loop.h"

#include <sys/timerfd.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>

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
    : on_expired_{on_expired},
      timer_{timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK)},
      watch_{loop, timer_.get(), Watch::OnReady::bind<&KernelTimer::on_ready>(*this)} {
    if (!timer_ || !watch_.want(Watch::readable)) in_its_place_.emplace(loop, on_expired);
}

void KernelTimer::arm_at(TimePoint deadline) {
    if (in_its_place_) {
        in_its_place_->arm_at(deadline);
        return;
    }
    const itimerspec time = at(deadline);
    require(timerfd_settime(timer_.get(), TFD_TIMER_ABSTIME, &time, nullptr), "timerfd_settime");
}

void KernelTimer::on_ready(std::uint32_t) {
    std::uint64_t times = 0;
    // Nothing, if it was armed anew since.
    if (read(timer_.get(), &times, sizeof times) != sizeof times) return;
    const Loop::Callback callback{watch_.loop()};
    on_expired_();
}

}  // namespace uvoy::uv
