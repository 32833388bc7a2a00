#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

namespace uvoy::server {

/// How many clients the whole process may have.  Workers report what they have after each event, or
/// some that were told together, and before they accept; so the bound may be exceeded by what they
/// accept at the same instant.
class ConnectionBudget {
public:
    explicit ConnectionBudget(std::size_t limit) : limit_{static_cast<std::int64_t>(limit)} {}

    void set_limit(std::size_t limit) {
        limit_.store(static_cast<std::int64_t>(limit), std::memory_order_relaxed);
    }

    bool has_room() const {
        return in_use_.load(std::memory_order_relaxed) < limit_.load(std::memory_order_relaxed);
    }

    /// This worker had `before` and now has `after`.
    void change(std::size_t before, std::size_t after) {
        const auto difference =
            static_cast<std::int64_t>(after) - static_cast<std::int64_t>(before);
        in_use_.fetch_add(difference, std::memory_order_relaxed);
    }

    std::size_t limit() const {
        return static_cast<std::size_t>(limit_.load(std::memory_order_relaxed));
    }

private:
    std::atomic<std::int64_t> limit_;
    alignas(64) std::atomic<std::int64_t> in_use_{0};
};

}  // namespace uvoy::server
