#include "proxy/runtime.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace uvoy::proxy {

namespace {

std::uint32_t share(std::uint32_t whole, unsigned workers) {
    return std::max<std::uint32_t>(1, whole / std::max(1U, workers));
}

http::PathRules rules_of(const config::Normalize &normalize) {
    using From = config::Normalize;
    using To = http::PathRules;
    http::PathRules rules;
    switch (normalize.dot_segments) {
        case From::DotSegments::resolve:
            rules.dot_segments = To::DotSegments::resolve;
            break;
        case From::DotSegments::refuse:
            rules.dot_segments = To::DotSegments::refuse;
            break;
        case From::DotSegments::keep:
            rules.dot_segments = To::DotSegments::keep;
            break;
    }
    switch (normalize.encoded_slashes) {
        case From::EncodedSlashes::keep:
            rules.encoded_slashes = To::EncodedSlashes::keep;
            break;
        case From::EncodedSlashes::decode:
            rules.encoded_slashes = To::EncodedSlashes::decode;
            break;
        case From::EncodedSlashes::refuse:
            rules.encoded_slashes = To::EncodedSlashes::refuse;
            break;
    }
    rules.decode_unreserved = normalize.unreserved == From::Unreserved::decode;
    rules.keep_encoded_controls = normalize.encoded_controls == From::EncodedControls::keep;
    rules.merge_slashes = normalize.merge_slashes;
    return rules;
}

}  // namespace

Runtime::Runtime(config::Config config, std::uint64_t hash_seed, unsigned workers,
                 std::uint64_t instance)
    : config_{std::move(config)},
      routes_{config_.routes},
      hash_seed_{hash_seed},
      pseudonym_{fmt::format("uvoy-{:08x}", instance & 0xffff'ffff)},
      listener_connections_{
          std::make_unique<std::atomic<std::uint32_t>[]>(config_.listeners.size())},
      client_connections_{std::make_unique<limit::ConnectionCounts[]>(config_.listeners.size())} {
    std::size_t first_endpoint = 0;
    for (const config::Cluster &cluster : config_.clusters) {
        ClusterRuntime &runtime = clusters_.emplace_back();
        runtime.config = &cluster;
        runtime.first_endpoint = first_endpoint;
        runtime.connections_per_worker = share(cluster.limits.connections, workers);
        runtime.pending_per_worker = share(cluster.limits.pending, workers);
        const auto load = cluster.load_balancing.bounded_load
                              ? std::make_shared<cluster::ClusterLoad>()
                              : nullptr;
        for (const config::Endpoint &endpoint : cluster.endpoints) {
            runtime.endpoints.push_back(std::make_shared<cluster::Endpoint>(
                cluster::Endpoint::Identity{
                    .name = endpoint.name,
                    .address = endpoint.address.text(),
                    .weight = endpoint.weight,
                    .index = static_cast<std::uint16_t>(runtime.endpoints.size()),
                    .priority = endpoint.priority},
                load));
        }
        // As many may come as are leaving.
        if (cluster.discovery)
            runtime.endpoints.resize(std::size_t{2} * cluster.discovery->max_endpoints);
        first_endpoint += runtime.endpoints.size();
    }
    for (const config::Listener &listener : config_.listeners) {
        head_limits_.push_back({.header_bytes = listener.limits.header_bytes,
                                .headers = listener.limits.headers,
                                .target_bytes = listener.limits.target_bytes});
        path_rules_.push_back(rules_of(listener.normalize));
    }
    for (const config::Route &route : config_.routes)
        retry_classes_.push_back(proxy::retry_classes(route.retry));
}

stats::Dimensions Runtime::dimensions() const {
    stats::Dimensions dimensions{.listeners = config_.listeners.size(),
                                 .routes = config_.routes.size(),
                                 .clusters = config_.clusters.size(),
                                 .limits = config_.rate_limits.size()};
    for (const ClusterRuntime &cluster : clusters_)
        dimensions.endpoints += cluster.endpoints.size();
    return dimensions;
}

}  // namespace uvoy::proxy
