#pragma once

#include "base/result.h"
#include "config/config.h"
#include "proxy/kinship.h"
#include "proxy/runtime.h"
#include "rcu/published.h"
#include "uv/address.h"
#include "uv/resolver.h"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace uvoy::server {

/// Where the endpoints are.  A name may have several addresses ("localhost" is often ::1 and
/// 127.0.0.1): one of them is in use, and whoever fails to connect there moves on to the next.  Any
/// rcu::Thread may call anything but set().
class EndpointAddresses {
public:
    /// uv::resolve() or what behaves like it.
    using Resolve = Result<std::vector<uv::SocketAddress>, std::string> (*)(const std::string &host,
                                                                            std::uint16_t port);

    /// Blocks on DNS.  Throws StartError that names the endpoint which cannot be resolved.
    explicit EndpointAddresses(const proxy::Runtime &runtime, Resolve resolve = &uv::resolve);

    /// Asks only where those are that `former` does not know.
    EndpointAddresses(const proxy::Runtime &runtime, const EndpointAddresses &former,
                      const proxy::Heirs &heirs, Resolve resolve = &uv::resolve);

    /// `endpoint` counts over all clusters (proxy::Runtime::endpoint_number()) and has addresses.
    uv::SocketAddress current(std::size_t endpoint) const;

    /// All of them, the one in use anywhere among them.
    std::vector<uv::SocketAddress> all(std::size_t endpoint) const;

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

    void add(const proxy::ClusterRuntime &cluster, std::size_t index, Resolve resolve);

    std::vector<std::unique_ptr<Entry>> entries_;
};

}  // namespace uvoy::server
