#include "server/endpoint_addresses.h"

#include "server/start_error.h"

#include <fmt/format.h>

#include <algorithm>
#include <cassert>
#include <utility>

namespace uvoy::server {

namespace {

Result<std::vector<uv::SocketAddress>, std::string> addresses_of(
    const config::Address &address, EndpointAddresses::Resolve resolve) {
    if (!address.is_unix()) return resolve(address.host, address.port);
    auto parsed = uv::parse_address(address.text());
    if (!parsed) return Unexpected{parsed.error()};
    return std::vector{*parsed};
}

std::vector<uv::SocketAddress> addresses_of(const config::Cluster &cluster,
                                            const config::Endpoint &endpoint,
                                            EndpointAddresses::Resolve resolve) {
    auto found = addresses_of(endpoint.address, resolve);
    if (!found) {
        throw StartError{fmt::format("/clusters/{}/endpoints/{}", pointer_step(cluster.name),
                                     &endpoint - cluster.endpoints.data()),
                         found.error() + "; correct the name, or write the IP address"};
    }
    return std::move(*found);
}

}  // namespace

EndpointAddresses::EndpointAddresses(const proxy::Runtime &runtime, Resolve resolve) {
    for (const proxy::ClusterRuntime &cluster : runtime.clusters())
        for (std::size_t i = 0; i < cluster.endpoints.size(); ++i) add(cluster, i, resolve);
}

EndpointAddresses::EndpointAddresses(const proxy::Runtime &runtime, const EndpointAddresses &former,
                                     const proxy::Heirs &heirs, Resolve resolve) {
    std::vector<std::optional<std::size_t>> ancestors(runtime.dimensions().endpoints);
    for (std::size_t i = 0; i < heirs.endpoints.size(); ++i)
        if (const auto heir = heirs.endpoints[i]) ancestors[runtime.endpoint_number(*heir)] = i;
    for (const proxy::ClusterRuntime &cluster : runtime.clusters()) {
        for (std::size_t i = 0; i < cluster.endpoints.size(); ++i) {
            const auto ancestor = ancestors[cluster.first_endpoint + i];
            if (!ancestor) {
                add(cluster, i, resolve);
                continue;
            }
            const rcu::ReadSection section;
            const List &list = former.entries_[*ancestor]->read(section);
            entries_.push_back(std::make_unique<Entry>(
                list_of(list.addresses, list.current.load(std::memory_order_relaxed))));
        }
    }
}

void EndpointAddresses::add(const proxy::ClusterRuntime &cluster, std::size_t index,
                            Resolve resolve) {
    std::vector<uv::SocketAddress> addresses;
    if (index < cluster.configured.size() && cluster.configured[index] != nullptr)
        addresses = addresses_of(*cluster.config, *cluster.configured[index], resolve);
    entries_.push_back(std::make_unique<Entry>(list_of(std::move(addresses), 0)));
}

std::unique_ptr<const EndpointAddresses::List> EndpointAddresses::list_of(
    std::vector<uv::SocketAddress> addresses, std::uint32_t current) {
    auto list = std::make_unique<List>();
    list->addresses = std::move(addresses);
    list->current.store(current, std::memory_order_relaxed);
    return list;
}

uv::SocketAddress EndpointAddresses::current(std::size_t endpoint) const {
    const rcu::ReadSection section;
    const List &list = entries_[endpoint]->read(section);
    assert(!list.addresses.empty());
    return list.addresses[list.current.load(std::memory_order_relaxed)];
}

std::vector<uv::SocketAddress> EndpointAddresses::all(std::size_t endpoint) const {
    const rcu::ReadSection section;
    return entries_[endpoint]->read(section).addresses;
}

void EndpointAddresses::try_next(std::size_t endpoint) {
    const rcu::ReadSection section;
    const List &list = entries_[endpoint]->read(section);
    const auto count = static_cast<std::uint32_t>(list.addresses.size());
    if (count < 2) return;
    std::uint32_t tried = list.current.load(std::memory_order_relaxed);
    // When another thread has moved on meanwhile, one step is enough for both.
    list.current.compare_exchange_strong(tried, (tried + 1) % count, std::memory_order_relaxed);
}

void EndpointAddresses::set(std::size_t endpoint, std::vector<uv::SocketAddress> addresses) {
    assert(!addresses.empty());
    std::uint32_t current = 0;
    {
        const rcu::ReadSection section;
        const List &former = entries_[endpoint]->read(section);
        if (former.addresses == addresses) return;
        if (!former.addresses.empty()) {
            const auto &used = former.addresses[former.current.load(std::memory_order_relaxed)];
            const auto found = std::ranges::find(addresses, used);
            if (found != addresses.end())
                current = static_cast<std::uint32_t>(found - addresses.begin());
        }
    }
    entries_[endpoint]->publish(list_of(std::move(addresses), current));
}

}  // namespace uvoy::server
