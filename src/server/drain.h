#pragma once

#include "base/delegate.h"
#include "base/time.h"
#include "uv/loop.h"
#include "uv/timer.h"

#include <cstddef>
#include <cstdint>

namespace uvoy::server {

/// The end in good order: waits until the workers have nothing left, at most for the drain
/// time-out, and says in the log how it goes.
class Drain {
public:
    enum class End : std::uint8_t {
        complete,     ///< all requests were answered
        timed_out,    ///< some were cut off
        interrupted,  ///< by a second signal
    };

    struct Load {
        std::size_t exchanges = 0;  ///< requests in flight
        bool drained = false;       ///< nor is any connection left
    };

    struct Settings {
        Duration timeout{};
        Delegate<Load()> load;
        Delegate<void(End)> on_end;  ///< called once
    };

    Drain(uv::Loop &loop, const Settings &settings);

    void set_timeout(Duration timeout) { settings_.timeout = timeout; }
    void begin();
    bool begun() const { return begun_; }
    /// Ends a drain that has begun, at once.
    void interrupt();

private:
    static constexpr Duration poll_interval = std::chrono::milliseconds{10};
    static constexpr Duration log_interval = std::chrono::seconds{1};

    void look();
    void end(End how);

    Settings settings_;
    uv::Timer timer_;
    bool begun_ = false;
    TimePoint since_{};
    TimePoint next_line_{};
};

}  // namespace uvoy::server
