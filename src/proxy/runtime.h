#pragma once

#include "cluster/endpoint.h"
#include "config/config.h"
#include "http/head.h"
#include "http/path.h"
#include "limit/connection_counts.h"
#include "proxy/failure.h"
#include "proxy/ports.h"
#include "proxy/retry_credit.h"
#include "route/table.h"
#include "stats/worker_stats.h"

#include <atomic>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace uvoy::proxy {

/// One cluster, ready to run.
struct ClusterRuntime {
    const config::Cluster *config = nullptr;
    /// What the configuration lists, by index; null: an empty place.  Nothing with discovery.
    std::vector<const config::Endpoint *> configured;
    std::shared_ptr<cluster::ClusterLoad> load;  ///< null where no policy asks for it
    /// By index; of the control loop alone, but for its size.  Null: nobody has this place now.
    std::vector<std::shared_ptr<cluster::Endpoint>> endpoints;
    std::size_t first_endpoint = 0;  ///< number of its first endpoint, counted over all clusters
    /// This worker's part of the limits that the configuration states for the process.
    std::uint32_t connections_per_worker = 1;
    std::uint32_t pending_per_worker = 1;
    /// Retries under way in the whole process; written by a retry only.
    mutable std::atomic<std::uint32_t> retries{0};
    mutable RetryCredit retry_credit;
};

/// What is counted of a listener for its limits.
struct ListenerCounts {
    /// Clients in the whole process: workers add and subtract as they come and go.
    std::atomic<std::uint32_t> connections{0};
    /// Of Config::Listener's connections_per_client.
    limit::ConnectionCounts clients;
};

/// A checked configuration in the form the workers run on.  Immutable but for the endpoints of
/// clusters with discovery, the endpoints' in-flight words, the counts of connections and the
/// overload flag; shared by all workers.
class Runtime {
public:
    /// `instance` tells this process from all others.
    Runtime(config::Config config, std::uint64_t hash_seed, unsigned workers,
            std::uint64_t instance = 0);
    /// Takes the place of `former`: has the words of endpoints, listeners and the process in common
    /// with it, where those go on.
    Runtime(config::Config config, std::uint64_t hash_seed, unsigned workers,
            const Runtime &former);

    Runtime(const Runtime &) = delete;
    Runtime &operator=(const Runtime &) = delete;

    const config::Config &config() const { return config_; }
    const route::Table &routes() const { return routes_; }
    const ClusterRuntime &cluster(std::size_t index) const { return clusters_[index]; }
    const std::deque<ClusterRuntime> &clusters() const { return clusters_; }
    /// Null: there is none of this name.
    const ClusterRuntime *find_cluster(std::string_view name) const;
    const http::HeadLimits &head_limits(std::size_t listener) const {
        return head_limits_[listener];
    }
    ListenerCounts &counts(std::size_t listener) const { return *counts_[listener]; }
    const http::PathRules &path_rules(std::size_t listener) const { return path_rules_[listener]; }
    /// Our name in Via, unique to this process.
    std::string_view pseudonym() const { return pseudonym_; }
    /// While it is set, new connections and new requests are refused.
    std::atomic<bool> &overloaded() const { return *overloaded_; }
    const RetryClasses &retry_classes(std::size_t route) const { return retry_classes_[route]; }
    std::uint64_t hash_seed() const { return hash_seed_; }
    /// Whether a format of an access log has it.
    bool logs_query() const { return logs_query_; }

    std::size_t endpoint_number(EndpointId id) const {
        return clusters_[id.cluster].first_endpoint + id.index;
    }
    /// The place is not empty.
    cluster::Endpoint &endpoint(EndpointId id) const {
        return *clusters_[id.cluster].endpoints[id.index];
    }
    bool has_endpoint(EndpointId id) const {
        return clusters_[id.cluster].endpoints[id.index] != nullptr;
    }
    /// On the control loop, of a cluster with discovery.
    void set_endpoint(EndpointId id, std::shared_ptr<cluster::Endpoint> endpoint) {
        clusters_[id.cluster].endpoints[id.index] = std::move(endpoint);
    }

    stats::Dimensions dimensions() const;

private:
    Runtime(config::Config config, std::uint64_t hash_seed, unsigned workers, std::string pseudonym,
            const Runtime *former);

    void add_cluster(const config::Cluster &cluster, unsigned workers, const Runtime *former);
    void add_counts(const Runtime *former);

    config::Config config_;
    route::Table routes_;
    std::uint64_t hash_seed_;
    bool logs_query_;
    std::string pseudonym_;
    std::shared_ptr<std::atomic<bool>> overloaded_;
    std::vector<std::shared_ptr<ListenerCounts>> counts_;
    std::deque<ClusterRuntime> clusters_;
    std::size_t endpoints_ = 0;  // places of all clusters
    std::vector<http::HeadLimits> head_limits_;
    std::vector<http::PathRules> path_rules_;
    std::vector<RetryClasses> retry_classes_;
};

}  // namespace uvoy::proxy
