#include "server/endpoint_addresses.h"

#include "server/start_error.h"
#include "uv/resolver.h"

#include <fmt/format.h>

#include <utility>

namespace uvoy::server {

namespace {

Result<std::vector<uv::SocketAddress>, std::string> addresses_of(const config::Address &address) {
    if (!address.is_unix()) return uv::resolve(address.host, address.port);
    auto parsed = uv::parse_address(address.text());
    if (!parsed) return Unexpected{parsed.error()};
    return std::vector{*parsed};
}

}  // namespace

EndpointAddresses::EndpointAddresses(const config::Config &config) {
    std::size_t count = 0;
    for (const config::Cluster &cluster : config.clusters) count += cluster.endpoints.size();
    entries_ = std::vector<Entry>(count);

    std::size_t number = 0;
    for (const config::Cluster &cluster : config.clusters) {
        for (std::size_t i = 0; i < cluster.endpoints.size(); ++i) {
            auto found = addresses_of(cluster.endpoints[i].address);
            if (!found) {
                throw StartError{
                    fmt::format("/clusters/{}/endpoints/{}", pointer_step(cluster.name), i),
                    found.error() + "; correct the name, or write the IP address"};
            }
            entries_[number++].addresses = std::move(*found);
        }
    }
}

void EndpointAddresses::try_next(std::size_t endpoint) {
    Entry &entry = entries_[endpoint];
    const auto count = static_cast<std::uint32_t>(entry.addresses.size());
    if (count < 2) return;
    std::uint32_t tried = entry.current.load(std::memory_order_relaxed);
    // When another thread has moved on meanwhile, one step is enough for both.
    entry.current.compare_exchange_strong(tried, (tried + 1) % count, std::memory_order_relaxed);
}

}  // namespace uvoy::server
