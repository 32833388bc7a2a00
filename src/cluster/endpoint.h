#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <utility>

namespace uvoy::cluster {

/// One server that answers requests.  Its identity never changes: a reload that changes it makes
/// another Endpoint.  Shared by all workers; whoever has a request there holds a reference.
struct Endpoint {  // NOLINT(clang-analyzer-optin.performance.Padding): that is the point
    Endpoint(std::string name_, std::string address_, std::uint32_t weight_, std::uint16_t index_)
        : name{std::move(name_)}, address{std::move(address_)}, weight{weight_}, index{index_} {}

    Endpoint(const Endpoint &) = delete;
    Endpoint &operator=(const Endpoint &) = delete;

    const std::string name;      ///< unique in its cluster; what the ring knows it by
    const std::string address;   ///< as the configuration has it
    const std::uint32_t weight;  ///< share relative to the others, at least 1
    const std::uint16_t index;   ///< place in its cluster's list

    /// Requests under way in the whole process: workers add and subtract, relaxed.  The one word
    /// of the request path that workers share, so it has a cache line of its own.
    alignas(64) std::atomic<std::uint32_t> in_flight{0};
};

}  // namespace uvoy::cluster
