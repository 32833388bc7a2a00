#pragma once

#include <cstddef>
#include <cstdint>

namespace uvoy::server {

/// Raises RLIMIT_NOFILE of this process as far as it may; returns what it is then.
std::uint64_t raise_descriptor_limit();

/// What the process needs descriptors for beside connections.
struct DescriptorUse {
    std::size_t workers = 1;
    std::size_t listening = 1;  ///< sockets, over all workers
    std::size_t endpoints = 0;  ///< each may have a health check under way
};

/// How many clients may be connected at once: what the configuration says (0 = what descriptors
/// allow).  A client counts two descriptors, its own and that of an upstream connection.  Throws
/// StartError if `descriptors` are too few, and warns if they leave room for few clients.
std::size_t plan_connections(std::uint64_t descriptors, std::size_t configured,
                             const DescriptorUse &use);

}  // namespace uvoy::server
