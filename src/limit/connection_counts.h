#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <unordered_map>

namespace uvoy::limit {

/// How many connections each client has, over all workers.  Memory is bounded by the number of
/// connections.  Any thread.  A lock, because it is exact and taken twice in a connection's life,
/// never on behalf of a request.
class ConnectionCounts {
public:
    /// Counts one more for the client of this hash, unless it has `limit` already.
    bool enter(std::uint64_t client, std::uint32_t limit);
    /// After an enter() that was true.
    void leave(std::uint64_t client);

private:
    struct alignas(64) Part {
        std::atomic_flag taken;
        std::unordered_map<std::uint64_t, std::uint32_t> counts;
    };
    /// Holds a part: the core knows atomics, not threads.
    class Hold {
    public:
        explicit Hold(Part &part) : part_{part} {
            while (part_.taken.test_and_set(std::memory_order_acquire)) part_.taken.wait(true);
        }
        ~Hold() {
            part_.taken.clear(std::memory_order_release);
            part_.taken.notify_one();
        }
        Hold(const Hold &) = delete;
        Hold &operator=(const Hold &) = delete;

    private:
        Part &part_;
    };
    Part &part_of(std::uint64_t client) { return parts_[client % parts_.size()]; }

    std::array<Part, 64> parts_;
};

}  // namespace uvoy::limit
