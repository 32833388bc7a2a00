#pragma once

#include <atomic>
#include <cstdint>

namespace uvoy::stats {

/// Written by one worker, read by the control loop.  One worker's share may be negative when an
/// object ends on another worker than it began; the sum over the workers is right.
class Gauge {
public:
    void add(std::int64_t n = 1) { set(value() + n); }
    void subtract(std::int64_t n = 1) { set(value() - n); }
    void set(std::int64_t value) { value_.store(value, std::memory_order_relaxed); }
    std::int64_t value() const { return value_.load(std::memory_order_relaxed); }

private:
    std::atomic<std::int64_t> value_{0};
};

}  // namespace uvoy::stats
