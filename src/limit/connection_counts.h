#pragma once

#include <array>
#include <cstdint>
#include <mutex>
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
        std::mutex mutex;
        std::unordered_map<std::uint64_t, std::uint32_t> counts;
    };
    Part &part_of(std::uint64_t client) { return parts_[client % parts_.size()]; }

    std::array<Part, 64> parts_;
};

}  // namespace uvoy::limit
