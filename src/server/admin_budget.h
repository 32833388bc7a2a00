#pragma once

#include "base/time.h"

#include <algorithm>

namespace uvoy::server {

/// How much of the control loop's time answers may take: it checks endpoints in the same thread,
/// and whoever asks without end must not make it find them late.
class AdminBudget {
public:
    /// At once.  Well below the time-out of a health check.
    static constexpr Duration burst = std::chrono::milliseconds{200};
    /// Of the time that passes, three quarters.
    static constexpr Duration::rep quarters = 3;

    /// Whether another answer may be made.
    bool has_room(TimePoint now) {
        const Duration elapsed = std::max(now - filled_, Duration::zero());
        filled_ = now;
        left_ = std::min(burst, left_ + elapsed * quarters / 4);
        return left_ > Duration::zero();
    }

    /// One took so much CPU time.
    void spend(Duration time) { left_ -= time; }

private:
    Duration left_ = burst;
    TimePoint filled_{};
};

}  // namespace uvoy::server
