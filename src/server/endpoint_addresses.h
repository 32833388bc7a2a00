#pragma once

#include "config/config.h"
#include "uv/address.h"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace uvoy::server {

/// Where the endpoints are, resolved once at start.  A name may have several addresses ("localhost"
/// is often ::1 and 127.0.0.1): one of them is in use, and whoever fails to connect there moves on
/// to the next.  Any thread may call anything.
class EndpointAddresses {
public:
    /// Blocks on DNS.  Throws StartError that names the endpoint which cannot be resolved.
    explicit EndpointAddresses(const config::Config &config);

    /// `endpoint` counts over all clusters (proxy::Runtime::endpoint_number()).
    const uv::SocketAddress &current(std::size_t endpoint) const {
        const Entry &entry = entries_[endpoint];
        return entry.addresses[entry.current.load(std::memory_order_relaxed)];
    }

    /// The current address does not take connections.
    void try_next(std::size_t endpoint);

private:
    struct Entry {
        std::vector<uv::SocketAddress> addresses;
        std::atomic<std::uint32_t> current{0};
    };

    std::vector<Entry> entries_;  // sized once: an Entry cannot move
};

}  // namespace uvoy::server
