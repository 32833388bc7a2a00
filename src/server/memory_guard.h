#pragma once

#include "base/delegate.h"
#include "base/time.h"
#include "uv/fd.h"
#include "uv/timer.h"

#include <atomic>
#include <cstdint>

namespace uvoy::uv {
class Loop;
}

namespace uvoy::server {

/// Watches the resident memory of the process and says when new work must be refused: above the
/// limit, until it is below 95 % of it.  Memory that the allocator keeps for later is given back to
/// the kernel before work is refused.
class MemoryGuard {
public:
    static constexpr Duration interval = std::chrono::milliseconds{100};

    /// `overloaded` is set and cleared by it alone.  Throws std::system_error if /proc is not
    /// there.
    MemoryGuard(uv::Loop &loop, std::uint64_t limit_bytes, std::atomic<bool> &overloaded);

    MemoryGuard(const MemoryGuard &) = delete;
    MemoryGuard &operator=(const MemoryGuard &) = delete;

    /// Whether new work is to be refused with that much in use, if it `was` before.
    static bool decide(bool was, std::uint64_t resident_bytes, std::uint64_t limit_bytes);

private:
    void on_timer();
    std::uint64_t resident() const;

    std::uint64_t limit_;
    std::atomic<bool> &overloaded_;
    uv::FileDescriptor statm_;  // kept open: it is needed most when descriptors are short
    TimePoint next_trim_{};
    uv::Timer timer_;
};

}  // namespace uvoy::server
