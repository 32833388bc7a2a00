#pragma once

#include "config/config.h"
#include "proxy/runtime.h"
#include "rcu/published.h"
#include "uv/address.h"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

namespace uvoy::server {

/// Where the endpoints are.  A name may have several addresses ("localhost" is often ::1 and
/// 127.0.0.1): one of them is in use, and whoever fails to connect there moves on to the next.  Any
/// rcu::Thread may call anything but set().
class EndpointAddresses {
public:
    /// Blocks on DNS.  Throws StartError that names the endpoint which cannot be resolved.
    explicit EndpointAddresses(const proxy::Runtime &runtime);

    /// `endpoint` counts over all clusters (proxy::Runtime::endpoint_number()) and has addresses.
    uv::SocketAddress current(std::size_t endpoint) const;

    /// The current address does not take connections.
    void try_next(std::size_t endpoint);

    /// On the control loop: new connections go to these; not empty.  The address in use stays so
    /// if it is among them.  Waits for one grace period.
    void set(std::size_t endpoint, std::vector<uv::SocketAddress> addresses);

private:
    struct List {
        std::vector<uv::SocketAddress> addresses;
        mutable std::atomic<std::uint32_t> current{0};
    };
    using Entry = rcu::Published<List>;

    static std::unique_ptr<const List> list_of(std::vector<uv::SocketAddress> addresses,
                                               std::uint32_t current);

    std::vector<std::unique_ptr<Entry>> entries_;
};

}  // namespace uvoy::server
