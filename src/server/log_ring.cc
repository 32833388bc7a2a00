#include "server/log_ring.h"

#include <algorithm>
#include <bit>
#include <cassert>
#include <cstring>

namespace uvoy::server {

LogRing::LogRing(std::size_t bytes)
    : mask_{std::bit_ceil(bytes) - 1}, bytes_{std::make_unique_for_overwrite<char[]>(mask_ + 1)} {}

bool LogRing::push(std::string_view line) {
    const std::size_t pushed = pushed_.load(std::memory_order_relaxed);
    if (line.size() > capacity() - (pushed - dropped_seen_)) {
        dropped_seen_ = dropped_.load(std::memory_order_acquire);
        if (line.size() > capacity() - (pushed - dropped_seen_)) return false;
    }
    const std::size_t at = pushed & mask_;
    const std::size_t before_end = std::min(line.size(), capacity() - at);
    std::memcpy(bytes_.get() + at, line.data(), before_end);
    std::memcpy(bytes_.get(), line.data() + before_end, line.size() - before_end);
    pushed_.store(pushed + line.size(), std::memory_order_release);
    return true;
}

LogRing::Pieces LogRing::peek() const {
    const std::size_t dropped = dropped_.load(std::memory_order_relaxed);
    const std::size_t size = pushed_.load(std::memory_order_acquire) - dropped;
    const std::size_t at = dropped & mask_;
    const std::size_t before_end = std::min(size, capacity() - at);
    return {std::string_view{bytes_.get() + at, before_end},
            std::string_view{bytes_.get(), size - before_end}};
}

void LogRing::drop(std::size_t bytes) {
    const std::size_t dropped = dropped_.load(std::memory_order_relaxed);
    assert(bytes <= pushed_.load(std::memory_order_relaxed) - dropped);
    dropped_.store(dropped + bytes, std::memory_order_release);
}

}  // namespace uvoy::server
