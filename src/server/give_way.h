#pragma once

#include <cstdint>
#include <thread>

namespace uvoy::server {

/// For long work of the control loop: a worker that shares its CPU waits some tens of microseconds,
/// and not for the end of the time slice that the scheduler gives to who has slept
/// (test/bench/growth.py series: 0 and 3 ms of p99.9).
class GiveWay {
public:
    static constexpr std::uint32_t pieces = 128;

    /// After each small piece of work.
    void count() {
        if (++done_ % pieces == 0) std::this_thread::yield();
    }

private:
    std::uint32_t done_ = 0;
};

}  // namespace uvoy::server
