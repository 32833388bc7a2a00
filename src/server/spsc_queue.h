#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <optional>

namespace uvoy::server {

/// Bounded queue from one thread to one other, without locks or allocation.
template <typename T, std::size_t capacity>
class SpscQueue {
public:
    static_assert(capacity != 0 && (capacity & (capacity - 1)) == 0, "a power of two");

    SpscQueue() = default;
    SpscQueue(const SpscQueue &) = delete;
    SpscQueue &operator=(const SpscQueue &) = delete;

    /// For the producer.  False: the queue is full and the value is lost.
    bool push(const T &value) {
        const std::size_t tail = tail_.load(std::memory_order_relaxed);
        if (tail - head_.load(std::memory_order_acquire) == capacity) return false;
        slots_[tail % capacity] = value;
        tail_.store(tail + 1, std::memory_order_release);
        return true;
    }

    /// For the consumer: the oldest value, if there is one.
    std::optional<T> pop() {
        const std::size_t head = head_.load(std::memory_order_relaxed);
        if (head == tail_.load(std::memory_order_acquire)) return std::nullopt;
        const T value = slots_[head % capacity];
        head_.store(head + 1, std::memory_order_release);
        return value;
    }

private:
    alignas(64) std::atomic<std::size_t> head_{0};
    alignas(64) std::atomic<std::size_t> tail_{0};
    alignas(64) std::array<T, capacity> slots_{};
};

}  // namespace uvoy::server
