#include "proxy/runtime.h"

#include "proxy/kinship.h"

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

bool logs_query(const config::Config &config) {
    using config::LogField;
    return std::ranges::any_of(config.access_log, [](const config::AccessLog &log) {
        return log.format.has(LogField::query) || log.format.has(LogField::request);
    });
}

/// Who was there already, if nothing about it has changed.
std::shared_ptr<cluster::Endpoint> endpoint_at(std::size_t index, const ClusterRuntime &cluster,
                                               const ClusterRuntime *former) {
    const config::Endpoint *const config = cluster.configured[index];
    if (config == nullptr) return nullptr;
    cluster::Endpoint::Identity identity{.name = config->name,
                                         .address = config->address.text(),
                                         .weight = config->weight,
                                         .index = static_cast<std::uint16_t>(index),
                                         .priority = config->priority};
    if (former != nullptr && index < former->configured.size() && former->endpoints[index]) {
        const auto &before = former->endpoints[index];
        if (before->name == identity.name && before->address == identity.address &&
            before->weight == identity.weight && before->priority == identity.priority &&
            before->load == cluster.load)
            return before;
    }
    return std::make_shared<cluster::Endpoint>(std::move(identity), cluster.load);
}

}  // namespace

Runtime::Runtime(config::Config config, std::uint64_t hash_seed, unsigned workers,
                 std::uint64_t instance)
    : Runtime{std::move(config), hash_seed, workers,
              fmt::format("uvoy-{:08x}", instance & 0xffff'ffff), nullptr} {}

Runtime::Runtime(config::Config config, std::uint64_t hash_seed, unsigned workers,
                 const Runtime &former)
    : Runtime{std::move(config), hash_seed, workers, former.pseudonym_, &former} {}

Runtime::Runtime(config::Config config, std::uint64_t hash_seed, unsigned workers,
                 std::string pseudonym, const Runtime *former)
    : config_{std::move(config)},
      routes_{config_.routes},
      hash_seed_{hash_seed},
      logs_query_{proxy::logs_query(config_)},
      pseudonym_{std::move(pseudonym)},
      overloaded_{former != nullptr ? former->overloaded_
                                    : std::make_shared<std::atomic<bool>>(false)} {
    for (const config::Cluster &cluster : config_.clusters) add_cluster(cluster, workers, former);
    add_counts(former);
    for (const config::Listener &listener : config_.listeners) {
        head_limits_.push_back({.header_bytes = listener.limits.header_bytes,
                                .headers = listener.limits.headers,
                                .target_bytes = listener.limits.target_bytes});
        path_rules_.push_back(rules_of(listener.normalize));
    }
    for (const config::Route &route : config_.routes)
        retry_classes_.push_back(proxy::retry_classes(route.retry));
}

const ClusterRuntime *Runtime::find_cluster(std::string_view name) const {
    const auto found = std::ranges::find(
        clusters_, name,
        [](const ClusterRuntime &cluster) -> std::string_view { return cluster.config->name; });
    return found == clusters_.end() ? nullptr : &*found;
}

void Runtime::add_cluster(const config::Cluster &cluster, unsigned workers, const Runtime *former) {
    const ClusterRuntime *const before =
        former != nullptr ? former->find_cluster(cluster.name) : nullptr;
    ClusterRuntime &runtime = clusters_.emplace_back();
    runtime.config = &cluster;
    runtime.first_endpoint = endpoints_;
    runtime.connections_per_worker = share(cluster.limits.connections, workers);
    runtime.pending_per_worker = share(cluster.limits.pending, workers);
    if (cluster.load_balancing.bounded_load)
        runtime.load = before != nullptr && before->load ? before->load
                                                         : std::make_shared<cluster::ClusterLoad>();
    if (cluster.discovery) {
        // As many may come as are leaving.
        if (before != nullptr && same_places(*before, runtime))
            runtime.endpoints = before->endpoints;
        else runtime.endpoints.resize(std::size_t{2} * cluster.discovery->max_endpoints);
    } else {
        runtime.configured = places_of(cluster, before);
        for (std::size_t i = 0; i < runtime.configured.size(); ++i)
            runtime.endpoints.push_back(endpoint_at(i, runtime, before));
    }
    endpoints_ += runtime.endpoints.size();
}

void Runtime::add_counts(const Runtime *former) {
    counts_.resize(config_.listeners.size());
    if (former != nullptr) {
        const auto heirs = heirs_of_listeners(former->config_, config_);
        for (std::size_t i = 0; i < heirs.size(); ++i)
            if (heirs[i]) counts_[*heirs[i]] = former->counts_[i];
    }
    for (auto &counts : counts_)
        if (!counts) counts = std::make_shared<ListenerCounts>();
}

stats::Dimensions Runtime::dimensions() const {
    return {.listeners = config_.listeners.size(),
            .routes = config_.routes.size(),
            .clusters = config_.clusters.size(),
            .endpoints = endpoints_,
            .limits = config_.rate_limits.size()};
}

}  // namespace uvoy::proxy
