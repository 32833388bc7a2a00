#pragma once

#include <atomic>
#include <cstdint>

namespace uvoy::stats {

/// Written by one worker, read by the control loop.  The plain load and store need no locked
/// instruction.
class Counter {
public:
    void add(std::uint64_t n = 1) {
        value_.store(value_.load(std::memory_order_relaxed) + n, std::memory_order_relaxed);
    }
    std::uint64_t value() const { return value_.load(std::memory_order_relaxed); }

private:
    std::atomic<std::uint64_t> value_{0};
};

}  // namespace uvoy::stats
